"""The handler of edits, which change an open order.

An order keeps its place in the queue unless its price changes or its amount grows; otherwise it leaves the order book,
matches as a new order would, and joins the end of the queue.
"""

from collections.abc import Iterator
from dataclasses import replace

from mockexchange.core.commands import EditDerivativeOrder
from mockexchange.core.derivatives.order_entry.changes import cancel, change, change_resting, leave, order_changed
from mockexchange.core.derivatives.order_entry.checks import (
    orderable,
    reached,
    require_funds,
    require_price,
    wanted_of,
)
from mockexchange.core.derivatives.order_entry.matching import best_offer, match
from mockexchange.core.derivatives.order_entry.placing import require_resting_price, rest_or_cancel
from mockexchange.core.derivatives.order_entry.waiting import EDITABLE, edit_waiting
from mockexchange.core.derivatives.orders import DerivativeOrder
from mockexchange.core.derivatives.trading.trading import require_amount
from mockexchange.core.derivatives.vocabulary import ALIVE, CancelReason, OrderState
from mockexchange.core.events import Event
from mockexchange.core.handlers import derivative_handler
from mockexchange.core.model.state import State
from mockexchange.core.refusals import RefusalCode, Refused


@derivative_handler
def edit_order(state: State, command: EditDerivativeOrder, at: int) -> Iterator[Event]:
    """Change an open order, which may match then.

    A post-only order that would trade at its new price is canceled if it has `reject_post_only` [doc].
    """
    order = state.derivatives.order(command.order)
    require_open(order)
    if order.state is OrderState.UNTRIGGERED:
        yield from edit_waiting(state, order, command, at)
        return
    edited = _checked(state, order, command)
    if edited is None:
        yield from cancel(state, order, at, CancelReason.EDIT_POST_ONLY)
    elif edited.price == order.price and edited.amount <= order.amount:
        change_resting(state, order, at, lambda: _apply(order, edited))
        yield order_changed(order)
    else:
        yield from _requeue(state, order, edited, at)


def require_open(order: DerivativeOrder) -> None:
    """Raise Refused for an order that is filled, canceled or rejected."""
    if order.state not in ALIVE:
        raise Refused(RefusalCode.ORDER_NOT_RESTING, f"order {order.order_id} is {order.state}: it cannot change")


def _checked(state: State, order: DerivativeOrder, command: EditDerivativeOrder) -> DerivativeOrder | None:
    """Return the order as it is to be, which is nowhere; None if it has to be canceled. Raises Refused."""
    given = {name: value for name in EDITABLE if (value := getattr(command, name)) is not None}
    edited = replace(order, **given)
    assert edited.price is not None, "an open order has a price"
    derivative = orderable(state, order.derivative.name)
    require_amount(derivative.terms, edited.amount)
    if edited.amount <= order.filled:
        message = f"order {order.order_id} has {order.filled} filled: expected more, got {edited.amount}"
        raise Refused(RefusalCode.AMEND_COUNT_TOO_SMALL, message)
    require_price(derivative, order.direction, edited.price)
    if edited.post_only:
        if edited.reject_post_only and best_offer(state, edited, edited.price) is not None:
            return None
        require_resting_price(state, edited)
    reached(state, edited, edited.price, wanted_of(state, edited))
    require_funds(state, edited, edited.price, order)
    return edited


def _requeue(state: State, order: DerivativeOrder, edited: DerivativeOrder, at: int) -> Iterator[Event]:
    """Take an order out of the order book, match it, and let what remains join the end of the queue."""
    leave(state, order)
    change(state, order, at, lambda: _apply(order, edited))
    assert order.price is not None, "an open order has a price"
    events = list(match(state, order, order.price, wanted_of(state, order), at))
    rest_or_cancel(state, order, at)
    yield order_changed(order)
    yield from events


def _apply(order: DerivativeOrder, edited: DerivativeOrder) -> None:
    for name in EDITABLE:
        setattr(order, name, getattr(edited, name))
    order.is_edited = True
