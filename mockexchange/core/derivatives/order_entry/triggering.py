"""Places orders whose trigger is reached: a new order replaces each order that waited."""

from collections.abc import Iterator

from mockexchange.core.commands import PlaceDerivativeOrder
from mockexchange.core.derivatives.order_entry.changes import change, leave, order_changed
from mockexchange.core.derivatives.order_entry.placing import place_order
from mockexchange.core.derivatives.order_entry.waiting import is_reached
from mockexchange.core.derivatives.orders import DerivativeOrder
from mockexchange.core.derivatives.vocabulary import OrderState
from mockexchange.core.events import Event
from mockexchange.core.model.state import State
from mockexchange.core.refusals import Refused


def fire(state: State, at: int) -> Iterator[Event]:
    """Place the orders whose trigger is reached, the earliest order first. Their trades may reach further triggers.

    No order is placed while the exchange is paused; the end of the pause calls this function again.

    Cost: O(waiting orders) for each order that is placed.
    """
    waiting = state.derivatives.waiting
    if not (state.service.is_active and state.service.is_trading):
        return
    while order := next((order for order in waiting.values() if is_reached(state, order)), None):
        yield from _replace(state, order, at)


def _replace(state: State, order: DerivativeOrder, at: int) -> Iterator[Event]:
    """Place the order that one waited to place. One that is refused leaves the waiting order rejected."""
    leave(state, order)
    command = PlaceDerivativeOrder(
        subaccount_ref=order.subaccount_ref,
        derivative=order.derivative.name,
        direction=order.direction,
        amount=order.amount,
        price=order.price,
        life=order.life,
        post_only=order.post_only,
        reject_post_only=order.reject_post_only,
        reduce_only=order.reduce_only,
        label=order.label,
    )
    placed_by = order.order_id
    try:
        events = list(place_order(state, command, at, placed_by))
    except Refused:
        events, new_state = [], OrderState.REJECTED
    else:
        new_state = OrderState.TRIGGERED
    change(state, order, at, lambda: setattr(order, "state", new_state))
    yield order_changed(order)
    yield from events
