"""Handlers that place, edit and cancel orders of derivatives, and the orders that wait for a trigger.

A new order is checked and matched; then what remains of it rests or is canceled. An order with a trigger waits: it is
in no order book and needs no margin. When its trigger is reached, a new order replaces the waiting one, and is checked
like any new order.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from mockexchange.core.commands import (
    CancelDerivativeOrders,
    CancelOrder,
    EditDerivativeOrder,
    PlaceDerivativeOrder,
    SetCancelOnDisconnect,
)
from mockexchange.core.derivatives.derivative import Derivative
from mockexchange.core.derivatives.listing import orderable, require_active, require_trader
from mockexchange.core.derivatives.matching import best_offer, match, reducible, size_of
from mockexchange.core.derivatives.order_bookkeeping import (
    book_of,
    cancel,
    end,
    enter,
    leave,
    list_order,
    open_orders_of,
    order_changed,
    refile,
)
from mockexchange.core.derivatives.order_checks import (
    limit_of,
    reached,
    require_funds,
    require_price,
    require_room,
    require_tick,
    wanted_of,
)
from mockexchange.core.derivatives.orders import ALIVE, DerivativeOrder, Trigger
from mockexchange.core.derivatives.precision import ZERO
from mockexchange.core.derivatives.trading import require_amount
from mockexchange.core.derivatives.vocabulary import (
    RESTING_LIVES,
    CancelReason,
    Direction,
    OrderLife,
    OrderState,
    TriggerKind,
    TriggerSource,
)
from mockexchange.core.events import DerivativeQuoted, Event
from mockexchange.core.handlers import derivative_handler
from mockexchange.core.model.order_rules import FillRule
from mockexchange.core.model.state import State
from mockexchange.core.refusals import RefusalCode, Refused
from mockexchange.core.vocabulary import SubaccountRef

EDITABLE = ("amount", "price", "post_only", "reject_post_only", "reduce_only")
UNPREFIXED = "BTC"
"""The currency whose order ids are plain numbers; others begin with the currency [recorded]."""
KIND_LETTERS = {TriggerKind.STOP: "SL", TriggerKind.TAKE: "TP"}
SOURCE_LETTERS = {TriggerSource.INDEX: "I", TriggerSource.MARK: "M", TriggerSource.LAST: "T"}
DIRECTION_LETTERS = {Direction.BUY: "B", Direction.SELL: "S"}
"""Letters in the id of a trigger order.

A stop order that watches the index and sells ETH has the id ETH-SLIS-12 [doc].
"""

# Placing


@derivative_handler
def place_order(
    state: State, command: PlaceDerivativeOrder, at: int, trigger_order_id: str | None = None
) -> Iterator[Event]:
    """Place an order, or store an order with a trigger until the trigger is reached.

    `trigger_order_id` is None for an order of a user, else the id of the trigger order that this order replaces.
    """
    require_trader(state, command.subaccount_ref)
    derivative = orderable(state, command.derivative)
    if command.trigger is not None:
        yield from _place_waiting(state, command, derivative, at)
        return
    require_room(state, command.subaccount_ref)
    require_amount(derivative.terms, command.amount)
    if command.price is not None:
        require_price(derivative, command.direction, command.price)
    order = _new_order(state, command, derivative, at)
    if order.post_only:
        _require_resting_price(state, order)
    limit = limit_of(order)
    wanted = wanted_of(state, order)
    found = reached(state, order, limit, wanted)
    require_funds(state, order, limit)
    order.serial = order.revision = state.next_revision()
    order.trigger_order_id = trigger_order_id
    list_order(state, order)
    if command.life is OrderLife.FILL_OR_KILL and found < order.amount and state.rules.fill is not FillRule.ALL:
        wanted = ZERO
    events = list(match(state, order, limit, wanted, at))
    _rest_or_cancel(state, order, at)
    yield order_changed(order)
    yield from events


def _new_order(state: State, command: PlaceDerivativeOrder, derivative: Derivative, at: int) -> DerivativeOrder:
    """Return the order that a command describes; it is in no list and no order book yet.

    Raises Refused if an order with its id exists.
    """
    orders, currency, trigger = state.derivatives.orders, derivative.terms.settlement_currency, None
    prefix = "" if currency == UNPREFIXED else f"{currency}-"
    if command.trigger is not None and command.trigger_price is not None:
        trigger = Trigger(command.trigger_kind, command.trigger, command.trigger_price)
        letters = KIND_LETTERS[trigger.kind] + SOURCE_LETTERS[trigger.source] + DIRECTION_LETTERS[command.direction]
        prefix = f"{prefix}{letters}-"
    if command.order is None:
        number = state.revision + 1
        while (order_id := f"{prefix}{number}") in orders:
            number += 1
    elif command.order in orders:
        raise Refused(RefusalCode.ALREADY_EXISTS, f"order {command.order} exists already")
    else:
        order_id = command.order
    return DerivativeOrder(
        order_id=order_id,
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


def _require_resting_price(state: State, order: DerivativeOrder) -> None:
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


def _rest_or_cancel(state: State, order: DerivativeOrder, at: int) -> None:
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
        end(state, order, at, CancelReason.UNFILLED)


# Editing


@derivative_handler
def edit_order(state: State, command: EditDerivativeOrder, at: int) -> Iterator[Event]:
    """Change an open order, which may match then.

    It keeps its place in the queue unless its price changes or its amount grows; otherwise it leaves the order book,
    matches as a new order would, and joins the end of the queue. A post-only order that would trade at its new price is
    canceled if it has `reject_post_only` [doc].
    """
    order = _alive(state, command.order)
    given = {name: value for name in EDITABLE if (value := getattr(command, name)) is not None}
    if order.state is OrderState.UNTRIGGERED:
        yield from _edit_waiting(state, order, given, command.trigger_price, at)
        return
    edited = replace(order, **given)  # it is nowhere
    assert edited.price is not None, "an open order has a price"
    derivative = orderable(state, order.derivative.name)
    require_amount(derivative.terms, edited.amount)
    if edited.amount <= order.filled:
        message = f"order {order.order_id} has {order.filled} filled: expected more, got {edited.amount}"
        raise Refused(RefusalCode.AMEND_COUNT_TOO_SMALL, message)
    require_price(derivative, order.direction, edited.price)
    if edited.post_only:
        if edited.reject_post_only and best_offer(state, edited, edited.price) is not None:
            yield from cancel(state, order, at, CancelReason.EDIT_POST_ONLY)
            return
        _require_resting_price(state, edited)
    reached(state, edited, edited.price, wanted_of(state, edited))
    require_funds(state, edited, edited.price, order)
    keeps_place = edited.price == order.price and edited.amount <= order.amount
    if keeps_place:
        open_orders_of(state, order).count(order, -1)
    else:
        leave(state, order)
    before = order.partition
    for name in EDITABLE:
        setattr(order, name, getattr(edited, name))
    order.is_edited = True
    refile(state, order, at, before)
    events: list[Event] = []
    if keeps_place:
        open_orders_of(state, order).count(order, 1)
    else:
        events += match(state, order, edited.price, wanted_of(state, order), at)
        _rest_or_cancel(state, order, at)
    yield order_changed(order)
    yield from events


def _alive(state: State, order_id: str) -> DerivativeOrder:
    """Return an order by its id. Raises Refused if it is unknown, filled, canceled or rejected."""
    order = state.derivatives.order(order_id)
    if order.state not in ALIVE:
        raise Refused(RefusalCode.ORDER_NOT_RESTING, f"order {order.order_id} is {order.state}: it cannot change")
    return order


# Canceling


def cancel_order(state: State, command: CancelOrder, at: int) -> Iterator[Event]:
    """Cancel an open order."""
    require_active(state)
    yield from cancel(state, _alive(state, command.order), at, CancelReason.USER_REQUEST)


@derivative_handler
def cancel_orders(state: State, command: CancelDerivativeOrders, at: int) -> Iterator[Event]:
    """Cancel all open orders of a subaccount that pass the command's filters, the oldest first."""
    require_trader(state, command.subaccount_ref)
    if command.reason is CancelReason.USER_REQUEST:
        require_active(state)
    named = frozenset(command.orders)

    def matches(order: DerivativeOrder) -> bool:
        return (
            command.derivative in (None, order.derivative.name)
            and command.currency in (None, order.currency)
            and (not command.kinds or order.kind in command.kinds)
            and command.label in (None, order.label)
            and (not command.types or order.order_type in command.types)
            and (not named or order.order_id in named)
        )

    for order in open_orders(state, command.subaccount_ref, matches):
        yield from cancel(state, order, at, command.reason)


@derivative_handler
def set_cancel_on_disconnect(state: State, command: SetCancelOnDisconnect, at: int) -> Iterator[Event]:
    """Switch cancel-on-disconnect for the new streams of a subaccount; nothing else in the state depends on it."""
    require_trader(state, command.subaccount_ref)
    account = state.account(command.subaccount_ref.account)
    change = account.disconnect_subaccounts.add if command.enabled else account.disconnect_subaccounts.discard
    change(command.subaccount_ref.subaccount)
    yield from ()


def open_orders(
    state: State, subaccount_ref: SubaccountRef, matches: Callable[[DerivativeOrder], bool]
) -> list[DerivativeOrder]:
    """Return a subaccount's orders that are open or wait for a trigger and that `matches` accepts, oldest first."""
    opened = state.derivatives.open_orders.get(subaccount_ref, {})
    found = [order for one in opened.values() for order in one.orders.values() if matches(order)]
    waiting = state.derivatives.waiting.values()
    found += (order for order in waiting if order.subaccount_ref == subaccount_ref and matches(order))
    return sorted(found, key=lambda order: order.serial)


def end_session(state: State, at: int) -> Iterator[Event]:
    """Cancel the orders that are valid until the end of the session."""
    resting = [order for book in state.derivatives.order_books.values() for order in book.orders]
    for order in (*resting, *state.derivatives.waiting.values()):
        if order.life is OrderLife.GOOD_TIL_DAY:
            yield from cancel(state, order, at, CancelReason.SETTLEMENT)


def close_book(state: State, derivative: Derivative, at: int) -> Iterator[Event]:
    """Cancel all orders of a derivative that is delivered, and remove its outside quotes."""
    book = book_of(state, derivative)
    waiting = [order for order in state.derivatives.waiting.values() if order.derivative is derivative]
    for order in (*book.orders, *waiting):
        yield from cancel(state, order, at, CancelReason.SETTLEMENT)
    if any(book.quotes.values()):
        for levels in book.quotes.values():
            levels.clear()
        yield DerivativeQuoted(derivative=derivative.name, bids=(), asks=())


# Orders that wait for a trigger


def fire(state: State, at: int) -> Iterator[Event]:
    """Place the orders whose trigger is reached, the earliest order first. Their trades may reach further triggers.

    No order is placed while the exchange is paused; the end of the pause calls this function again.

    Cost: O(waiting orders) for each order that is placed.
    """
    waiting = state.derivatives.waiting
    if not (state.service.is_active and state.service.is_trading):
        return
    while order := next((order for order in waiting.values() if is_reached(state, order)), None):
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
        before = order.partition
        try:
            events = list(place_order(state, command, at, order.order_id))
        except Refused:
            events = []
            order.move("refuse")
        else:
            order.move("trigger")
        refile(state, order, at, before)
        yield order_changed(order)
        yield from events


def is_reached(state: State, order: DerivativeOrder) -> bool:
    """Return whether the trigger of an order is reached at the present prices."""
    trigger = order.trigger
    return trigger is not None and trigger.is_reached(order.direction, _watched(state, order.derivative, trigger))


def _place_waiting(state: State, command: PlaceDerivativeOrder, derivative: Derivative, at: int) -> Iterator[Event]:
    require_amount(derivative.terms, command.amount)
    order = _new_order(state, command, derivative, at)
    order.state = OrderState.UNTRIGGERED
    require_tick(derivative, order.price)
    assert order.trigger is not None, "an order that waits has a trigger"
    _require_unreached(state, order, order.trigger)
    order.serial = order.revision = state.next_revision()
    list_order(state, order)
    state.derivatives.waiting[order.order_id] = order
    yield order_changed(order)


def _edit_waiting(
    state: State, order: DerivativeOrder, given: dict[str, Any], trigger_price: Decimal | None, at: int
) -> Iterator[Event]:
    """Change an order that waits for its trigger.

    A new price of a market order is ignored, and so is post-only for an order that cannot rest. Raises Refused for an
    amount or a price that the derivative does not permit, and for a trigger that is reached already.
    """
    if order.price is None:
        given.pop("price", None)
    if order.price is None or order.life not in RESTING_LIVES:
        given.pop("post_only", None)
    require_amount(order.derivative.terms, given.get("amount", order.amount))
    require_tick(order.derivative, given.get("price"))
    trigger = order.trigger
    assert trigger is not None, "an order that waits has a trigger"
    if trigger_price is not None:
        trigger = Trigger(trigger.kind, trigger.source, trigger_price)
        _require_unreached(state, order, trigger)
    before = order.partition
    for name, value in given.items():
        setattr(order, name, value)
    order.trigger, order.is_edited = trigger, True
    refile(state, order, at, before)
    yield order_changed(order)


def _require_unreached(state: State, order: DerivativeOrder, trigger: Trigger) -> None:
    """Refuse a trigger price between the ticks, or one that the watched price has reached already."""
    require_tick(order.derivative, trigger.price)
    current = _watched(state, order.derivative, trigger)
    if trigger.is_reached(order.direction, current):
        message = f"a {trigger.kind} to {order.direction} at {trigger.price}: {trigger.source} is {current} already"
        raise Refused(RefusalCode.TRIGGER_REACHED, message)


def _watched(state: State, derivative: Derivative, trigger: Trigger) -> Decimal | None:
    """Return the price that a trigger watches; None for the last price before the first trade."""
    if trigger.source is TriggerSource.INDEX:
        return state.derivatives.indexes[derivative.terms.index]
    return derivative.mark if trigger.source is TriggerSource.MARK else derivative.last
