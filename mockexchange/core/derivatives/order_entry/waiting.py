"""Orders that wait for their trigger: how they are placed and edited, and when their trigger is reached.

A waiting order is in no order book and needs no margin. When its trigger is reached, a new order replaces the waiting
one, and is checked like any new order.
"""

from collections.abc import Iterator
from decimal import Decimal

from mockexchange.core.commands import EditDerivativeOrder, PlaceDerivativeOrder
from mockexchange.core.derivatives.derivative import Derivative
from mockexchange.core.derivatives.lookup import require_trader
from mockexchange.core.derivatives.order_entry.changes import change, list_order, order_changed
from mockexchange.core.derivatives.order_entry.checks import orderable
from mockexchange.core.derivatives.orders import DerivativeOrder, Trigger
from mockexchange.core.derivatives.trading.trading import require_amount
from mockexchange.core.derivatives.vocabulary import RESTING_LIVES, Direction, OrderState, TriggerKind, TriggerSource
from mockexchange.core.events import Event
from mockexchange.core.model.state import State
from mockexchange.core.refusals import RefusalCode, Refused

EDITABLE = ("amount", "price", "post_only", "reject_post_only", "reduce_only")
UNPREFIXED = "BTC"
"""The currency whose order ids are plain numbers; others begin with the currency [recorded]."""
KIND_LETTERS = {TriggerKind.STOP: "SL", TriggerKind.TAKE: "TP"}
SOURCE_LETTERS = {TriggerSource.INDEX: "I", TriggerSource.MARK: "M", TriggerSource.LAST: "T"}
DIRECTION_LETTERS = {Direction.BUY: "B", Direction.SELL: "S"}
"""Letters in the id of a trigger order.

A stop order that watches the index and sells ETH has the id ETH-SLIS-12 [doc].
"""


def place_waiting(state: State, command: PlaceDerivativeOrder, at: int) -> Iterator[Event]:
    """Store an order that waits for its trigger."""
    require_trader(state, command.subaccount_ref)
    derivative = orderable(state, command.derivative)
    require_amount(derivative.terms, command.amount)
    order = new_order(state, command, derivative, at)
    order.state = OrderState.UNTRIGGERED
    _require_trigger(state, order)
    order.serial = order.revision = state.next_revision()
    list_order(state, order)
    state.derivatives.waiting[order.order_id] = order
    yield order_changed(order)


def edit_waiting(state: State, order: DerivativeOrder, command: EditDerivativeOrder, at: int) -> Iterator[Event]:
    """Change an order that waits for its trigger.

    A new price of a market order is ignored, and so is post-only for an order that cannot rest. Raises Refused for an
    amount or a price that the derivative does not permit, and for a trigger that is reached already.
    """
    given = {name: value for name in EDITABLE if (value := getattr(command, name)) is not None}
    if order.price is None:
        given.pop("price", None)
    if order.price is None or order.life not in RESTING_LIVES:
        given.pop("post_only", None)
    require_amount(order.derivative.terms, given.get("amount", order.amount))
    _require_tick(order.derivative, given.get("price"))
    trigger = order.trigger
    assert trigger is not None, "an order that waits has a trigger"
    if command.trigger_price is not None:
        trigger = Trigger(trigger.kind, trigger.source, command.trigger_price)
        _require_unreached(state, order, trigger)

    def apply() -> None:
        for name, value in given.items():
            setattr(order, name, value)
        order.trigger, order.is_edited = trigger, True

    change(state, order, at, apply)
    yield order_changed(order)


def is_reached(state: State, order: DerivativeOrder) -> bool:
    """Return whether the trigger of an order is reached at the present prices."""
    trigger = order.trigger
    return trigger is not None and trigger.is_reached(order.direction, _watched(state, order.derivative, trigger))


def new_order(state: State, command: PlaceDerivativeOrder, derivative: Derivative, at: int) -> DerivativeOrder:
    """Return the order that a command describes; it is in no list and no order book yet.

    Raises Refused if an order with its id exists.
    """
    trigger = None
    if command.trigger is not None and command.trigger_price is not None:
        trigger = Trigger(command.trigger_kind, command.trigger, command.trigger_price)
    return DerivativeOrder(
        order_id=_id_of(state, command, derivative, trigger),
        subaccount_ref=command.subaccount_ref,
        derivative=derivative,
        direction=command.direction,
        amount=command.amount,
        price=command.price,
        life=command.life,
        post_only=command.post_only,
        reject_post_only=command.reject_post_only,
        reduce_only=command.reduce_only,
        label=command.label,
        created_at=at,
        updated_at=at,
        serial=0,
        revision=0,
        trigger=trigger,
    )


def _require_trigger(state: State, order: DerivativeOrder) -> None:
    _require_tick(order.derivative, order.price)
    assert order.trigger is not None, "an order that waits has a trigger"
    _require_unreached(state, order, order.trigger)


def _require_unreached(state: State, order: DerivativeOrder, trigger: Trigger) -> None:
    """Refuse a trigger price between the ticks, or one that the watched price has reached already."""
    _require_tick(order.derivative, trigger.price)
    current = _watched(state, order.derivative, trigger)
    if trigger.is_reached(order.direction, current):
        message = f"a {trigger.kind} to {order.direction} at {trigger.price}: {trigger.source} is {current} already"
        raise Refused(RefusalCode.TRIGGER_REACHED, message)


def _require_tick(derivative: Derivative, price: Decimal | None) -> None:
    if price is not None and price % derivative.terms.tick:
        message = f"{derivative.name} at {price}: expected a multiple of {derivative.terms.tick}"
        raise Refused(RefusalCode.PRICE_OFF_GRID, message)


def _watched(state: State, derivative: Derivative, trigger: Trigger) -> Decimal | None:
    """Return the price that a trigger watches; None for the last price before the first trade."""
    if trigger.source is TriggerSource.INDEX:
        return state.derivatives.indexes[derivative.terms.index]
    return derivative.mark if trigger.source is TriggerSource.MARK else derivative.last


def _id_of(state: State, command: PlaceDerivativeOrder, derivative: Derivative, trigger: Trigger | None) -> str:
    orders, currency = state.derivatives.orders, derivative.terms.settlement_currency
    if command.order is not None:
        if command.order in orders:
            raise Refused(RefusalCode.ALREADY_EXISTS, f"order {command.order} exists already")
        return command.order
    prefix = "" if currency == UNPREFIXED else f"{currency}-"
    if trigger is not None:
        letters = KIND_LETTERS[trigger.kind] + SOURCE_LETTERS[trigger.source] + DIRECTION_LETTERS[command.direction]
        prefix = f"{prefix}{letters}-"
    number = state.revision + 1
    while (name := f"{prefix}{number}") in orders:
        number += 1
    return name
