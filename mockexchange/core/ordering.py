"""Handlers: orders that rest, shrink, are canceled or filled.

A resting order shows in the row's resting contracts and holds back the cash it would spend. It does not touch the
row's time of update (recorded 2025-11-03: three orders, one old `last_updated_ts`). When an order is to expire is
written down and told, and nothing more: the exchange acts on commands, and no clock runs in it.
"""

from collections.abc import Callable, Iterator

from mockexchange.core.commands import CancelOrder, Fill, ReduceOrder, RestOrder
from mockexchange.core.decimals import exact
from mockexchange.core.events import Event, OrderCanceled, OrderExecuted, OrderReduced, OrderRested
from mockexchange.core.groups import OrderGroup
from mockexchange.core.holdings import Holdings
from mockexchange.core.listing import refile_market
from mockexchange.core.markets import Market, require_open
from mockexchange.core.orders import Order, OrderStatus
from mockexchange.core.positions import Position
from mockexchange.core.refusals import RefusalCode, Refused
from mockexchange.core.resting import RestingBook
from mockexchange.core.rows import change_row, row_of
from mockexchange.core.state import State
from mockexchange.core.trades import FillRow
from mockexchange.core.vocabulary import Action


def rest_order(state: State, command: RestOrder, at: int) -> Iterator[Event]:
    market = require_open(state.market(command.market))
    holdings = state.holdings_of(command.purse)
    group = _group_for(state, command)
    if command.order in state.orders:
        raise Refused(RefusalCode.ALREADY_EXISTS, f"order {command.order} exists already")
    order = _rested(state, command, holdings, market, at)
    if group is not None:
        order.group = group
        group.orders[order.order_id] = order
    _list(state, order)
    state.resting.setdefault(market.ticker, RestingBook()).add(order)
    holdings.reserved_micros += order.reserve_micros(order.remaining_centis)
    yield OrderRested(
        order_id=order.order_id,
        purse=command.purse,
        market=market.ticker,
        side=order.side,
        action=order.action,
        count_centis=order.initial_centis,
        price_centicents=order.price_centicents,
    )
    yield _show(state, order, order.remaining_centis, at)


def reduce_order(state: State, command: ReduceOrder, at: int) -> Iterator[Event]:
    order = _require_resting(state.order(command.order))
    if command.count_centis >= order.remaining_centis:
        yield from cancel(state, order, at)
        return
    _take_off(state, order, command.count_centis, OrderStatus.CANCELED, at)
    yield OrderReduced(order_id=order.order_id, remaining_centis=order.remaining_centis)
    yield _show(state, order, -command.count_centis, at)


def cancel_order(state: State, command: CancelOrder, at: int) -> Iterator[Event]:
    yield from cancel(state, _require_resting(state.order(command.order)), at)


def cancel(state: State, order: Order, at: int) -> Iterator[Event]:
    """Cancel what rests of an order."""
    released_centis = order.remaining_centis
    _take_off(state, order, released_centis, OrderStatus.CANCELED, at)
    yield OrderCanceled(order_id=order.order_id)
    yield _show(state, order, -released_centis, at)


def cancel_all(state: State, market: Market, at: int) -> Iterator[Event]:
    """Cancel what rests in a market that stops trading."""
    for order in list(state.resting.get(market.ticker, ())):
        yield from cancel(state, order, at)


def require_fillable(order: Order, command: Fill) -> None:
    """Refused unless the fill is a part of this order."""
    if order.has_rested:
        _require_resting(order)
    wanted = (order.holdings.purse, order.market.ticker, order.side, order.action)
    if wanted != (command.purse, command.market, command.side, command.action):
        message = f"order {order.order_id} is {order.action} {order.side} in {order.market.ticker} by {wanted[0]}"
        given = f"{command.action} {command.side} in {command.market} by {command.purse}"
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
    """Count a fill for its order and list an order that is new. What rested gives back what it held for the fill."""
    if order.has_rested:
        _take_off(state, order, fill.trade.count_centis, OrderStatus.EXECUTED, at, fill)
        yield OrderExecuted(order_id=order.order_id, remaining_centis=order.remaining_centis)
    elif order.order_id in state.orders:
        _change(state, order, at, lambda: _count(order, fill))
    else:
        _count(order, fill)
        _list(state, order)


def _group_for(state: State, command: RestOrder) -> OrderGroup | None:
    if command.group is None:
        return None
    group = state.group(command.group)
    if group.purse != command.purse:
        message = f"group {group.group_id} is of {group.purse}, the order of {command.purse}"
        raise Refused(RefusalCode.GROUP_MISMATCH, message)
    if group.is_triggered:
        message = f"group {group.group_id} is triggered: reset it before it takes orders again"
        raise Refused(RefusalCode.GROUP_TRIGGERED, message)
    return group


def _rested(state: State, command: RestOrder, holdings: Holdings, market: Market, at: int) -> Order:
    serial = state.next_revision()
    return Order(
        order_id=command.order or state.new_id("order"),
        client_order_id=command.client_order_id,
        holdings=holdings,
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
    state.accounts[order.purse.account].ledger.orders.add(order, order.serial)


def _count(order: Order, fill: FillRow) -> None:
    """Count a fill. The limit of an order known by its fills alone is the worst of their prices."""
    count_centis, price_centicents = fill.trade.count_centis, fill.price_centicents
    order.fills.append(fill)
    order.filled_centis += count_centis
    if fill.is_taker:
        order.taker_cost_micros += count_centis * price_centicents
        order.taker_fees_micros += fill.fee_micros
    else:
        order.maker_cost_micros += count_centis * price_centicents
        order.maker_fees_micros += fill.fee_micros
    if not order.has_rested:
        worst = max if order.action is Action.BUY else min
        order.initial_centis += count_centis
        order.price_centicents = worst(order.price_centicents, price_centicents)


def _require_resting(order: Order) -> Order:
    if order.status is not OrderStatus.RESTING:
        message = f"order {order.order_id} is {order.status}: only a resting one can change"
        raise Refused(RefusalCode.ORDER_NOT_RESTING, message)
    return order


def _take_off(
    state: State, order: Order, count_centis: int, status: OrderStatus, at: int, fill: FillRow | None = None
) -> None:
    """Take contracts off a resting order, filled ones or not; `status` is what it is once none are left."""

    def apply() -> None:
        order.remaining_centis -= count_centis
        if not order.remaining_centis:
            order.status = status
        if fill is not None:
            _count(order, fill)

    _change(state, order, at, apply)
    order.holdings.reserved_micros -= order.reserve_micros(count_centis)
    state.resting[order.market.ticker].change(order, -count_centis)
    if order.group is not None and not order.remaining_centis:
        del order.group.orders[order.order_id]


def _change(state: State, order: Order, at: int, apply: Callable[[], None]) -> None:
    """Run `apply` on an order and keep true where it is listed."""

    def change() -> None:
        apply()
        order.updated_at = at
        order.is_archived = order.status is not OrderStatus.RESTING and at < state.archived_before

    order.revision = state.next_revision()
    state.accounts[order.purse.account].ledger.orders.refile(order, order.revision, change)


def _show(state: State, order: Order, change_centis: int, at: int) -> Event:
    """Show the change of what rests in the market and in the row."""
    refile_market(state, order.market, at)
    row = row_of(state, order.holdings, order.market, at)
    return change_row(state, order.holdings, row, _add_resting(change_centis))


def _add_resting(change_centis: int) -> Callable[[Position], None]:
    def apply(row: Position) -> None:
        row.resting_centis += change_centis

    return apply
