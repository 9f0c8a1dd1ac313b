"""Handlers: orders that rest, shrink, are canceled or filled.

A resting order shows in the row's resting contracts and holds back the cash it would spend. It does not touch the
row's time of update (recorded 2025-11-03: three orders, one old `last_updated_ts`).
"""

from collections.abc import Callable, Iterator

from mockexchange.core.commands import CancelOrder, Fill, ReduceOrder, RestOrder
from mockexchange.core.events import Event, OrderCanceled, OrderExecuted, OrderReduced, OrderRested
from mockexchange.core.markets import Market, require_open
from mockexchange.core.orders import Order, OrderStatus
from mockexchange.core.positions import Position
from mockexchange.core.refusals import RefusalCode, Refused
from mockexchange.core.rows import change_row, row_of
from mockexchange.core.state import State


def rest_order(state: State, command: RestOrder, at: int) -> Iterator[Event]:
    market = require_open(state.market(command.market))
    holdings = state.holdings_of(command.purse)
    order_id = command.order or state.new_id("order")
    if order_id in state.orders:
        raise Refused(RefusalCode.ALREADY_EXISTS, f"order {order_id} exists already")
    count_centis = command.count_centis
    order = state.orders[order_id] = Order(
        order_id,
        holdings,
        market,
        command.side,
        command.action,
        command.price_centicents,
        count_centis,
        count_centis,
        at,
        at,
    )
    state.resting.setdefault(market.ticker, {})[order_id] = order
    yield OrderRested(
        order_id=order_id,
        purse=command.purse,
        market=market.ticker,
        side=order.side,
        action=order.action,
        count_centis=count_centis,
        price_centicents=order.price_centicents,
    )
    yield _hold(state, order, count_centis, at)


def reduce_order(state: State, command: ReduceOrder, at: int) -> Iterator[Event]:
    order = _require_resting(state.order(command.order))
    if command.count_centis >= order.remaining_centis:
        yield from _cancel(state, order, at)
        return
    order.remaining_centis -= command.count_centis
    order.updated_at = at
    yield OrderReduced(order_id=order.order_id, remaining_centis=order.remaining_centis)
    yield _hold(state, order, -command.count_centis, at)


def cancel_order(state: State, command: CancelOrder, at: int) -> Iterator[Event]:
    yield from _cancel(state, _require_resting(state.order(command.order)), at)


def cancel_all(state: State, market: Market, at: int) -> Iterator[Event]:
    """Cancel what rests in a market that stops trading."""
    for order in list(state.resting.get(market.ticker, {}).values()):
        yield from _cancel(state, order, at)


def require_fillable(order: Order, command: Fill) -> None:
    """Refused unless the fill is a part of this order."""
    _require_resting(order)
    wanted = (order.holdings.purse, order.market.ticker, order.side, order.action)
    if wanted != (command.purse, command.market, command.side, command.action):
        message = f"order {order.order_id} is {order.action} {order.side} in {order.market.ticker} by {wanted[0]}"
        raise Refused(RefusalCode.ORDER_MISMATCH, f"{message}: the fill differs")
    if command.count_centis > order.remaining_centis:
        message = (
            f"order {order.order_id} has {order.remaining_centis} centi-contracts left, got {command.count_centis}"
        )
        raise Refused(RefusalCode.ORDER_MISMATCH, message)


def execute_part(state: State, order: Order, count_centis: int, at: int) -> Event:
    """Take filled contracts off the order and release their cash; the fill itself changes the row."""
    order.remaining_centis -= count_centis
    order.updated_at = at
    order.holdings.reserved_micros -= order.reserve_micros(count_centis)
    if not order.remaining_centis:
        _leave_book(state, order, OrderStatus.EXECUTED)
    return OrderExecuted(order_id=order.order_id, remaining_centis=order.remaining_centis)


def _cancel(state: State, order: Order, at: int) -> Iterator[Event]:
    released_centis = order.remaining_centis
    order.remaining_centis = 0
    order.updated_at = at
    _leave_book(state, order, OrderStatus.CANCELED)
    yield OrderCanceled(order_id=order.order_id)
    yield _hold(state, order, -released_centis, at)


def _leave_book(state: State, order: Order, status: OrderStatus) -> None:
    order.status = status
    del state.resting[order.market.ticker][order.order_id]


def _require_resting(order: Order) -> Order:
    if order.status is not OrderStatus.RESTING:
        message = f"order {order.order_id} is {order.status}: only a resting one can change"
        raise Refused(RefusalCode.ORDER_NOT_RESTING, message)
    return order


def _hold(state: State, order: Order, count_centis: int, at: int) -> Event:
    """Add (or, negative, give back) resting contracts and the cash held for them."""
    order.holdings.reserved_micros += order.reserve_micros(count_centis)
    row = row_of(state, order.holdings, order.market, at)
    return change_row(state, order.holdings, row, _add_resting(count_centis))


def _add_resting(count_centis: int) -> Callable[[Position], None]:
    def apply(row: Position) -> None:
        row.resting_centis += count_centis

    return apply
