"""Trades: the one function by which a fill, a match or a print changes orders, cash and positions.

A trade has one leg or two: the sides that belong to accounts of this exchange. Each leg belongs to an order.
"""

from collections.abc import Iterable

from msgspec import Struct

from mockexchange.core import fees
from mockexchange.core.events import Event, Filled, OrderExecuted, Traded
from mockexchange.core.handlers.markets import reprice, touch_market
from mockexchange.core.handlers.order_bookkeeping import (
    count_fill,
    level_changed,
    list_order,
    order_changed,
    refile_order,
    take_off,
)
from mockexchange.core.handlers.order_groups import count_group_fill
from mockexchange.core.handlers.position_rows import change_row, row_changed, row_of
from mockexchange.core.model.one_or_more import total
from mockexchange.core.model.orders import FillRow, Order, Trade
from mockexchange.core.model.state import State
from mockexchange.core.position_cost import held_fees, trade
from mockexchange.core.vocabulary import MICROS_PER_CENT, AccountKind, OrderReason, Side


class Leg(Struct, frozen=True):
    """One side of a trade, with its order. If no fee is given, the fee formula of the series applies.

    An incoming order is neither listed nor in the order book yet: its command does that after its last match.
    """

    order: Order
    is_taker: bool
    fee_micros: int | None = None
    is_incoming: bool = False


def carry_out(state: State, traded: Trade, legs: Iterable[Leg], at: int) -> list[Event]:
    """Carry out a trade: change the orders, cash and positions of its `legs`, and add it to the public tape.

    The trade also counts for the order groups of its orders.
    """
    events: list[Event] = []
    for leg in legs:
        events += _fill_one(state, traded, leg, at)
    events += print_trade(state, traded, at)
    for side in (traded.maker, traded.taker):
        if side is not None and side.order.group is not None:
            events += count_group_fill(state, side.order.group, traded.count_centis, at)
    return events


def _fill_one(state: State, traded: Trade, leg: Leg, at: int) -> list[Event]:
    """Fill one order by the trade: its cash, its list of fills, the order itself and the position row."""
    order, market, count_centis, subaccount = leg.order, traded.market, traded.count_centis, leg.order.subaccount
    price_centicents = traded.yes_centicents if order.side is Side.YES else traded.no_centicents
    account = state.accounts[subaccount.ref.account]
    row = row_of(state, subaccount, market, at)
    before = row.stake
    stake, change_micros = trade(before, order.side, order.action, count_centis, price_centicents)
    fee_micros = leg.fee_micros
    if fee_micros is None:
        series = market.event.series
        exact_attos = fees.exact_fee_attos(
            series.fee_type, series.fee_multiplier, leg.is_taker, count_centis, price_centicents
        )
        assert exact_attos is not None, "checked before anything changed"
        # The smallest step of a balance: a centi-cent for members, a cent for subtraders of an FCM.
        step_micros = fees.MICROS_PER_CENTICENT if account.kind is AccountKind.MEMBER else MICROS_PER_CENT
        charge = fees.charge(exact_attos, change_micros, state.rounding, step_micros, order.accrued_attos)
        fee_micros, order.accrued_attos = charge
    subaccount.pay(change_micros - fee_micros, at, market.event.exchange_index)

    # The first side has the trade's serial.
    serial = traded.serial if traded.maker is traded.taker is None else state.next_revision()
    done = FillRow(traded, order, is_taker=leg.is_taker, fee_micros=fee_micros, serial=serial)
    account.ledger.fills.add(done, serial)
    if account.kind is AccountKind.FCM:  # which lists a trade once, even if both sides are its own
        listed = (side.subaccount_ref.account for side in (traded.maker, traded.taker) if side is not None)
        if account.name not in listed:
            account.ledger.trades.add(traded, traded.serial)
    if leg.is_taker:
        traded.taker = done
    else:
        traded.maker = done

    events: list[Event] = []
    if leg.is_incoming:
        order.remaining_centis -= count_centis
        count_fill(order, done)
    elif order.is_placed:
        take_off(state, order, count_centis, at, done)
        events.append(OrderExecuted(order_id=order.given_id, remaining_centis=order.remaining_centis))
        events.append(level_changed(order, -count_centis))
        events.append(order_changed(order, OrderReason.TRADE))
    else:
        is_new = order.filled is None
        count_fill(order, done)
        if is_new:
            list_order(state, order, order.serial)
        else:
            refile_order(state, order, at, order.partition)
        events.append(order_changed(order, OrderReason.TRADE))
    events.append(
        Filled(
            fill_id=traded.trade_id,
            order_id=order.order_id,
            subaccount_ref=subaccount.ref,
            market=market.ticker,
            side=order.side,
            action=order.action,
            count_centis=count_centis,
            price_centicents=price_centicents,
            taker=leg.is_taker,
            fee_micros=fee_micros,
            post_position_centis=stake.quantity_centis,
        )
    )

    has_moved = change_row(subaccount, row, serial, stake, total(row.fees_micros, fee_micros))
    row.held_fees_micros = held_fees(row.held_fees_micros, before, stake, count_centis, fee_micros)
    if order.is_placed and not leg.is_incoming:
        row.resting_centis -= count_centis
    row.updated_at = at
    events.append(row_changed(row, has_moved=has_moved))
    return events


def print_trade(state: State, traded: Trade, at: int) -> list[Event]:
    """Add the trade to the public tape, and update the market's volume and last price."""
    if traded.given_id is not None:
        state.named_trades[traded.given_id] = traded
    state.tape.add(traded, traded.serial)
    market = traded.market
    printed = Traded(
        trade_id=traded.trade_id,
        market=market.ticker,
        yes_centicents=traded.yes_centicents,
        count_centis=traded.count_centis,
        taker_side=traded.taker_side,
    )
    market.volume_centis = total(market.volume_centis, traded.count_centis)
    if traded.yes_centicents == market.price_centicents:
        touch_market(state, market, at, traded.serial)
        return [printed]
    return [printed, *reprice(state, market, traded.yes_centicents, at, traded.serial)]
