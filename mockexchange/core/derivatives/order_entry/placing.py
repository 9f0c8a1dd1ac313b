"""The handler of new orders of derivatives: it checks, matches, then rests or cancels what remains."""

from collections.abc import Iterator
from decimal import Decimal

from mockexchange.core.commands import PlaceDerivativeOrder
from mockexchange.core.derivatives.lookup import require_trader
from mockexchange.core.derivatives.order_entry.changes import change, end, enter, list_order, order_changed
from mockexchange.core.derivatives.order_entry.checks import (
    limit_of,
    orderable,
    reached,
    require_funds,
    require_price,
    require_room,
    wanted_of,
)
from mockexchange.core.derivatives.order_entry.matching import best_offer, match, reducible, size_of
from mockexchange.core.derivatives.order_entry.waiting import new_order, place_waiting
from mockexchange.core.derivatives.orders import DerivativeOrder
from mockexchange.core.derivatives.trading.trading import require_amount
from mockexchange.core.derivatives.vocabulary import RESTING_LIVES, CancelReason, OrderLife, OrderState
from mockexchange.core.events import Event
from mockexchange.core.handlers import derivative_handler
from mockexchange.core.model.order_rules import FillRule
from mockexchange.core.model.state import State
from mockexchange.core.refusals import RefusalCode, Refused


@derivative_handler
def place_order(
    state: State, command: PlaceDerivativeOrder, at: int, trigger_order_id: str | None = None
) -> Iterator[Event]:
    """Place an order, or store an order with a trigger until the trigger is reached.

    `trigger_order_id` is None for an order of a user, else the id of the trigger order that this order replaces.
    """
    if command.trigger is not None:
        yield from place_waiting(state, command, at)
        return
    order = _checked(state, command, at)
    limit = limit_of(order)
    wanted = wanted_of(state, order)
    found = reached(state, order, limit, wanted)
    require_funds(state, order, limit)
    order.serial = order.revision = state.next_revision()
    order.trigger_order_id = trigger_order_id
    list_order(state, order)
    if command.life is OrderLife.FILL_OR_KILL and found < order.amount and not _fills_all(state):
        wanted = Decimal(0)
    events = list(match(state, order, limit, wanted, at))
    rest_or_cancel(state, order, at)
    yield order_changed(order)
    yield from events


def rest_or_cancel(state: State, order: DerivativeOrder, at: int) -> None:
    """Let what remains of an order after its matches rest in the order book, or cancel it.

    It is canceled if the order may not rest, or is reduce-only without a position to reduce.
    """
    if order.state is not OrderState.OPEN:
        return
    order.derivative.revision = state.next_revision()
    size = size_of(state, order.subaccount_ref, order.derivative.name)
    if order.life in RESTING_LIVES and order.price is not None and reducible(order, size):
        enter(state, order)
    else:
        change(state, order, at, lambda: end(order, CancelReason.UNFILLED))


def require_resting_price(state: State, order: DerivativeOrder) -> None:
    """Change the price of a post-only order that would trade, so that it can rest.

    The new price is one tick from the best offer of the other side [doc]. Raises Refused instead if the order has
    `reject_post_only`, or if that price would not be above 0.
    """
    assert order.price is not None, "a post-only order has a price"
    best = best_offer(state, order, order.price)
    if best is None:
        return
    message = f"post_only at {order.price} would trade at {best.price}"
    if order.reject_post_only:
        raise Refused(RefusalCode.POST_ONLY_WOULD_CROSS, message)
    price = best.price - order.sign * order.derivative.terms.tick
    if price <= 0:
        message = f"{message}: no price is left below it"
        raise Refused(RefusalCode.NO_PASSIVE_PRICE, message)
    order.price = price


def _fills_all(state: State) -> bool:
    return state.rules.fill is FillRule.ALL


def _checked(state: State, command: PlaceDerivativeOrder, at: int) -> DerivativeOrder:
    """Return the order, which is nowhere yet. Raises Refused."""
    require_trader(state, command.subaccount_ref)
    derivative = orderable(state, command.derivative)
    require_room(state, command.subaccount_ref)
    require_amount(derivative.terms, command.amount)
    if command.price is not None:
        require_price(derivative, command.direction, command.price)
    order = new_order(state, command, derivative, at)
    if order.post_only:
        require_resting_price(state, order)
    return order
