"""Handlers of orders: resting, reducing, canceling, expiring and filling.

A resting order adds to the resting contracts of its position row and holds back the cash that it would spend. It does
not change the row's time of update (recorded 2025-11-03: three orders, one old `last_updated_ts`). An order's time of
expiry is only stored and shown, because no clock runs in the exchange: an order expires by an ExpireOrder command.
RestOrder states the fact that an order rests; PlaceOrder, in `handlers.placing`, enters an order that may match.
"""

from collections.abc import Iterator

from mockexchange.core.commands import (
    CancelAllOrders,
    CancelOrder,
    ExpireOrder,
    Fill,
    PlaceOrder,
    ReduceOrder,
    RestOrder,
)
from mockexchange.core.decimals import exact
from mockexchange.core.events import Event, OrderCanceled, OrderExecuted, OrderReduced, OrderRested
from mockexchange.core.handlers import handler
from mockexchange.core.handlers.orders.order_changes import (
    count_fill,
    enter_book,
    level_changed,
    list_order,
    order_changed,
    refile_order,
    require_active,
    require_resting,
    show_resting,
    take_off,
)
from mockexchange.core.model.history import EVERYTHING, Selector
from mockexchange.core.model.markets import Market, require_open
from mockexchange.core.model.orders import FillRow, Order, OrderGroup
from mockexchange.core.model.state import State
from mockexchange.core.model.subaccounts import Subaccount
from mockexchange.core.refusals import RefusalCode, Refused
from mockexchange.core.vocabulary import OrderReason, OrderStatus, SubaccountRef


@handler
def rest_order(state: State, command: RestOrder, at: int) -> Iterator[Event]:
    """Place an order that rests in the order book without being matched."""
    market = require_open(state.market(command.market))
    subaccount = state.dollar_subaccount(command.subaccount_ref)
    group = group_for(state, command.group, command.subaccount_ref, market)
    if command.order is not None and command.order in state.orders:
        raise Refused(RefusalCode.ALREADY_EXISTS, f"order {command.order} exists already")
    order = new_order(state, command, subaccount, market, at)
    order.serial = order.revision = state.next_revision()
    order.group = group
    list_order(state, order, order.serial)
    enter_book(state, order)
    yield OrderRested(
        order_id=order.given_id,
        subaccount_ref=command.subaccount_ref,
        market=market.ticker,
        side=order.side,
        action=order.action,
        count_centis=order.initial_centis,
        price_centicents=order.price_centicents,
    )
    yield level_changed(order, order.remaining_centis)
    yield order_changed(order, OrderReason.PLACED)
    yield show_resting(state, order, order.remaining_centis, at)


@handler
def reduce_order(state: State, command: ReduceOrder, at: int) -> Iterator[Event]:
    """Reduce a resting order; cancel it if nothing remains."""
    require_active(state)
    order = require_resting(state.order(command.order))
    if command.count_centis >= order.remaining_centis:
        yield from cancel(state, order, at, OrderReason.DECREASE)
        return
    take_off(state, order, command.count_centis, OrderStatus.CANCELED, at)
    yield OrderReduced(order_id=order.given_id, remaining_centis=order.remaining_centis)
    yield level_changed(order, -command.count_centis)
    yield order_changed(order, OrderReason.DECREASE)
    yield show_resting(state, order, -command.count_centis, at)


@handler
def cancel_order(state: State, command: CancelOrder, at: int) -> Iterator[Event]:
    """Cancel a resting order: of an event market, or of a derivative."""
    if command.order in state.derivatives.orders:
        from mockexchange.core.derivatives import handlers as derivative_handlers

        yield from derivative_handlers.cancel_order(state, command, at)
        return
    require_active(state)
    yield from cancel(state, require_resting(state.order(command.order)), at, OrderReason.CANCEL)


@handler
def expire_order(state: State, command: ExpireOrder, at: int) -> Iterator[Event]:
    """Cancel a resting order as expired."""
    yield from cancel(state, require_resting(state.order(command.order)), at, OrderReason.EXPIRY)


@handler
def cancel_all_orders(state: State, command: CancelAllOrders, at: int) -> Iterator[Event]:
    """Cancel the resting orders that pass the command's filters, in the order of arrival in each market."""
    require_active(state)
    account = state.account(command.account)
    if command.subaccount is not None:
        state.subaccount(SubaccountRef(command.account, command.subaccount))
    market = None if command.market is None else state.market(command.market)
    selector: Selector = EVERYTHING if market is None else market.ticker
    subaccounts = account.subaccounts if command.subaccount is None else (command.subaccount,)
    partitions = [(subaccount, OrderStatus.RESTING, False) for subaccount in subaccounts]
    wanted = [order for each in partitions for order in account.ledger.orders.filed(selector, each)]
    for order in wanted:
        yield from cancel(state, order, at, OrderReason.CANCEL)


def cancel(state: State, order: Order, at: int, reason: OrderReason) -> Iterator[Event]:
    """Cancel the remaining contracts of a resting order."""
    released_centis = order.remaining_centis
    take_off(state, order, released_centis, OrderStatus.CANCELED, at)
    yield OrderCanceled(order_id=order.given_id)
    yield level_changed(order, -released_centis)
    yield order_changed(order, reason)
    yield show_resting(state, order, -released_centis, at)


def cancel_all(state: State, market: Market, at: int) -> Iterator[Event]:
    """Cancel every resting order of a market that stops trading."""
    for order in list(state.order_books.get(market.ticker, ())):
        yield from cancel(state, order, at, OrderReason.CLOSE)


def require_fillable(order: Order, command: Fill) -> None:
    """Raise Refused if a fill does not fit its order's subaccount, market, side, action or remaining count."""
    if order.is_placed:
        require_resting(order)
    wanted = (order.subaccount.ref, order.market.ticker, order.side, order.action)
    if wanted != (command.subaccount_ref, command.market, command.side, command.action):
        message = f"order {order.order_id} is {order.action} {order.side} in {order.market.ticker} by {wanted[0]}"
        given = f"{command.action} {command.side} in {command.market} by {command.subaccount_ref}"
        raise Refused(RefusalCode.ORDER_MISMATCH, f"{message}, got {given}")
    if command.client_order_id not in ("", order.client_order_id):
        message = f"order {order.order_id} has client_order_id {order.client_order_id!r}"
        raise Refused(RefusalCode.ORDER_MISMATCH, f"{message}, got {command.client_order_id!r}")
    if order.is_placed and command.count_centis > order.remaining_centis:
        message = (
            f"order {order.order_id} has {exact(order.remaining_centis, 2)} contracts left,"
            f" got {exact(command.count_centis, 2)}"
        )
        raise Refused(RefusalCode.ORDER_MISMATCH, message)


def execute(state: State, order: Order, fill: FillRow, at: int) -> list[Event]:
    """Apply a fill to its order: a resting order loses contracts and releases cash, a new order is listed."""
    if order.is_placed:
        count_centis = fill.trade.count_centis
        take_off(state, order, count_centis, OrderStatus.EXECUTED, at, fill)
        executed = OrderExecuted(order_id=order.given_id, remaining_centis=order.remaining_centis)
        return [executed, level_changed(order, -count_centis), order_changed(order, OrderReason.TRADE)]
    is_new = order.filled is None
    count_fill(order, fill)
    if is_new:
        list_order(state, order, order.serial)
    else:
        refile_order(state, order, at, order.partition)
    return [order_changed(order, OrderReason.TRADE)]


def group_for(state: State, group_id: str | None, subaccount_ref: SubaccountRef, market: Market) -> OrderGroup | None:
    """Return the order group that a new order names, or None if it names none.

    Raises Refused if the group belongs to another subaccount or shard, or is triggered.
    """
    if group_id is None:
        return None
    group = state.group(group_id)
    if group.subaccount_ref != subaccount_ref:
        message = f"group {group.group_id} is of {group.subaccount_ref}, the order of {subaccount_ref}"
        raise Refused(RefusalCode.GROUP_MISMATCH, message)
    if group.exchange_index != market.event.exchange_index:
        where = f"market {market.ticker} trades on {market.event.exchange_index}"
        message = f"group {group.group_id} is on exchange index {group.exchange_index}, {where}"
        raise Refused(RefusalCode.GROUP_MISMATCH, message)
    if group.is_triggered:
        message = f"group {group.group_id} is triggered: reset it before it takes orders again"
        raise Refused(RefusalCode.GROUP_TRIGGERED, message)
    return group


def new_order(state: State, command: RestOrder | PlaceOrder, subaccount: Subaccount, market: Market, at: int) -> Order:
    """Return a new `Order` with the values of a command; it has no serial, revision or group, and is in no list yet."""
    return Order(
        given_id=command.order or state.new_id("order"),
        client_order_id=command.client_order_id,
        subaccount=subaccount,
        market=market,
        side=command.side,
        action=command.action,
        price_centicents=command.price_centicents,
        initial_centis=command.count_centis,
        remaining_centis=command.count_centis,
        created_at=at,
        updated_at=at,
        serial=0,
        revision=0,
        expires_at=command.expires_at,
        self_trade_prevention=command.self_trade_prevention,
        cancel_on_pause=command.cancel_on_pause,
    )
