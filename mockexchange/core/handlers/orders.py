"""Handlers of orders: resting, reducing, canceling, expiring and filling.

A resting order adds to the resting contracts of its position row and holds back the cash that it would spend. It does
not change the row's time of update (recorded 2025-11-03: three orders, one old `last_updated_ts`). An order's time of
expiry is only stored and shown, because no clock runs in the exchange: an order expires by an ExpireOrder command.
"""

from collections.abc import Iterator

from mockexchange.core.commands import CancelOrder, ExpireOrder, Fill, ReduceOrder, RestOrder
from mockexchange.core.decimals import exact
from mockexchange.core.events import Event, OrderCanceled, OrderExecuted, OrderReduced, OrderRested
from mockexchange.core.handlers.order_changes import (
    change_order,
    count_fill,
    level_changed,
    order_changed,
    require_resting,
    show_resting,
    take_off,
)
from mockexchange.core.model.markets import Market, require_open
from mockexchange.core.model.order_book import OrderBook
from mockexchange.core.model.orders import FillRow, Order, OrderGroup
from mockexchange.core.model.state import State
from mockexchange.core.model.subaccounts import Subaccount
from mockexchange.core.refusals import RefusalCode, Refused
from mockexchange.core.vocabulary import OrderReason, OrderStatus


def rest_order(state: State, command: RestOrder, at: int) -> Iterator[Event]:
    """Place a resting order."""
    market = require_open(state.market(command.market))
    subaccount = state.dollar_subaccount(command.subaccount_ref)
    group = _group_for(state, command)
    if command.order in state.orders:
        raise Refused(RefusalCode.ALREADY_EXISTS, f"order {command.order} exists already")
    order = _rested(state, command, subaccount, market, at)
    if group is not None:
        order.group = group
        group.orders[order.order_id] = order
    _list(state, order)
    state.order_books.setdefault(market.ticker, OrderBook()).add(order)
    subaccount.reserved_micros += order.reserve_micros(order.remaining_centis)
    yield OrderRested(
        order_id=order.order_id,
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


def reduce_order(state: State, command: ReduceOrder, at: int) -> Iterator[Event]:
    """Reduce a resting order; cancel it if nothing remains."""
    order = require_resting(state.order(command.order))
    if command.count_centis >= order.remaining_centis:
        yield from cancel(state, order, at, OrderReason.DECREASE)
        return
    take_off(state, order, command.count_centis, OrderStatus.CANCELED, at)
    yield OrderReduced(order_id=order.order_id, remaining_centis=order.remaining_centis)
    yield level_changed(order, -command.count_centis)
    yield order_changed(order, OrderReason.DECREASE)
    yield show_resting(state, order, -command.count_centis, at)


def cancel_order(state: State, command: CancelOrder, at: int) -> Iterator[Event]:
    """Cancel a resting order."""
    yield from cancel(state, require_resting(state.order(command.order)), at, OrderReason.CANCEL)


def expire_order(state: State, command: ExpireOrder, at: int) -> Iterator[Event]:
    """Cancel a resting order as expired."""
    yield from cancel(state, require_resting(state.order(command.order)), at, OrderReason.EXPIRY)


def cancel(state: State, order: Order, at: int, reason: OrderReason) -> Iterator[Event]:
    """Cancel the remaining contracts of a resting order."""
    released_centis = order.remaining_centis
    take_off(state, order, released_centis, OrderStatus.CANCELED, at)
    yield OrderCanceled(order_id=order.order_id)
    yield level_changed(order, -released_centis)
    yield order_changed(order, reason)
    yield show_resting(state, order, -released_centis, at)


def cancel_all(state: State, market: Market, at: int) -> Iterator[Event]:
    """Cancel every resting order of a market that stops trading."""
    for order in list(state.order_books.get(market.ticker, ())):
        yield from cancel(state, order, at, OrderReason.CLOSE)


def require_fillable(order: Order, command: Fill) -> None:
    """Raise Refused unless the fill fits this order: its subaccount, market, side, action, and remaining count."""
    if order.has_rested:
        require_resting(order)
    wanted = (order.subaccount.ref, order.market.ticker, order.side, order.action)
    if wanted != (command.subaccount_ref, command.market, command.side, command.action):
        message = f"order {order.order_id} is {order.action} {order.side} in {order.market.ticker} by {wanted[0]}"
        given = f"{command.action} {command.side} in {command.market} by {command.subaccount_ref}"
        raise Refused(RefusalCode.ORDER_MISMATCH, f"{message}, got {given}")
    if command.client_order_id not in ("", order.client_order_id):
        message = f"order {order.order_id} has client_order_id {order.client_order_id!r}"
        raise Refused(RefusalCode.ORDER_MISMATCH, f"{message}, got {command.client_order_id!r}")
    if order.has_rested and command.count_centis > order.remaining_centis:
        message = (
            f"order {order.order_id} has {exact(order.remaining_centis, 2)} contracts left,"
            f" got {exact(command.count_centis, 2)}"
        )
        raise Refused(RefusalCode.ORDER_MISMATCH, message)


def execute(state: State, order: Order, fill: FillRow, at: int) -> Iterator[Event]:
    """Count a fill for its order; list a new order. A resting order releases the cash reserved for the fill."""
    if order.has_rested:
        take_off(state, order, fill.trade.count_centis, OrderStatus.EXECUTED, at, fill)
        yield OrderExecuted(order_id=order.order_id, remaining_centis=order.remaining_centis)
        yield level_changed(order, -fill.trade.count_centis)
    elif order.order_id in state.orders:
        change_order(state, order, at, lambda: count_fill(order, fill))
    else:
        count_fill(order, fill)
        _list(state, order)
    yield order_changed(order, OrderReason.TRADE)


def _group_for(state: State, command: RestOrder) -> OrderGroup | None:
    if command.group is None:
        return None
    group = state.group(command.group)
    if group.subaccount_ref != command.subaccount_ref:
        message = f"group {group.group_id} is of {group.subaccount_ref}, the order of {command.subaccount_ref}"
        raise Refused(RefusalCode.GROUP_MISMATCH, message)
    if group.is_triggered:
        message = f"group {group.group_id} is triggered: reset it before it takes orders again"
        raise Refused(RefusalCode.GROUP_TRIGGERED, message)
    return group


def _rested(state: State, command: RestOrder, subaccount: Subaccount, market: Market, at: int) -> Order:
    serial = state.next_revision()
    return Order(
        order_id=command.order or state.new_id("order"),
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
        serial=serial,
        revision=serial,
        expires_at=command.expires_at,
        self_trade_prevention=command.self_trade_prevention,
        cancel_on_pause=command.cancel_on_pause,
    )


def _list(state: State, order: Order) -> None:
    state.orders[order.order_id] = order
    state.accounts[order.subaccount_ref.account].ledger.orders.add(order, order.serial)
