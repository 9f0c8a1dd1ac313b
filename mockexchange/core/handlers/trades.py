"""Trades: the one way in which a fill, a match or a print changes orders, cash and positions.

A trade has one leg or two: the sides that are of this exchange. Each leg belongs to an order.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mockexchange.core import fees
from mockexchange.core.events import Event, Filled, Traded
from mockexchange.core.handlers import order_groups, orders
from mockexchange.core.handlers.markets import refile_market, reprice
from mockexchange.core.handlers.order_changes import count_fill
from mockexchange.core.handlers.position_changes import change_row, row_of
from mockexchange.core.instruments.binary import Stake, held_fees, trade
from mockexchange.core.model.accounts import Account
from mockexchange.core.model.markets import Market
from mockexchange.core.model.orders import FillRow, Order, Trade
from mockexchange.core.model.positions import Position
from mockexchange.core.model.state import State
from mockexchange.core.vocabulary import MICROS_PER_CENT, AccountKind, Side, SubaccountRef


class Leg(NamedTuple):
    """One side of a trade. Without a given fee the formula of the series applies.

    An incoming order is neither listed nor in the order book yet: its command does that after its last match.
    """

    order: Order
    is_taker: bool
    fee_micros: int | None = None
    is_incoming: bool = False


def carry_out(
    state: State, traded: Trade, legs: Iterable[Leg], at: int, given_id: str | None = None
) -> Iterator[Event]:
    """Carry out a trade for its legs, print it, and count it for the order groups of its orders."""
    for leg in legs:
        yield from _fill_one(state, traded, leg, at)
    yield from print_trade(state, traded, at, given_id)
    for side in (traded.maker, traded.taker):
        if side is not None and side.order.group is not None:
            yield from order_groups.count_fill(state, side.order.group, traded.count_centis, at)


def print_trade(state: State, traded: Trade, at: int, given_id: str | None = None) -> Iterator[Event]:
    """Add the trade to the public tape, and update the market's volume and last price."""
    if given_id is not None:
        state.named_trades[given_id] = traded
    state.tape.add(traded, traded.serial)
    market = traded.market
    yield Traded(
        trade_id=traded.trade_id,
        market=market.ticker,
        yes_centicents=traded.yes_centicents,
        count_centis=traded.count_centis,
        taker_side=traded.taker_side,
    )
    market.volume_centis += traded.count_centis
    if traded.yes_centicents == market.price_centicents:
        refile_market(state, market, at)
    yield from reprice(state, market, traded.yes_centicents, at)


def exact_fee(market: Market, is_taker: bool, count_centis: int, price_centicents: int) -> int | None:
    """Return the fee of a fill before rounding, in 1e-18 dollars; None if the series has no formula."""
    series = market.event.series
    return fees.exact_fee_attos(series.fee_type, series.fee_multiplier, is_taker, count_centis, price_centicents)


def _fill_one(state: State, traded: Trade, leg: Leg, at: int) -> Iterator[Event]:
    order, count_centis = leg.order, traded.count_centis
    price_centicents = traded.yes_centicents if order.side is Side.YES else traded.no_centicents
    subaccount = order.subaccount
    row = row_of(state, subaccount, traded.market, at)
    stake, change_micros = trade(row.stake, order.side, order.action, count_centis, price_centicents)
    fee_micros = _fee(state, leg, traded, price_centicents, change_micros)
    subaccount.pay(change_micros - fee_micros, at)
    done = _list(state, traded, leg, fee_micros)
    rested_centis = 0
    if leg.is_incoming:
        order.remaining_centis -= count_centis
        count_fill(order, done)
    else:
        yield from orders.execute(state, order, done, at)
        rested_centis = count_centis if order.is_placed else 0
    yield _filled(done, stake)
    yield change_row(state, subaccount, row, lambda row: _apply_trade(row, stake, done, rested_centis))


def _list(state: State, traded: Trade, leg: Leg, fee_micros: int) -> FillRow:
    """Add one side of the trade to its account's list of fills; for an FCM add the trade to its list of trades."""
    serial = state.next_revision()
    done = FillRow(traded, leg.order, is_taker=leg.is_taker, fee_micros=fee_micros, serial=serial)
    account = state.accounts[leg.order.subaccount_ref.account]
    account.ledger.fills.add(done, serial)
    if account.kind is AccountKind.FCM:
        _list_trade(account, traded)
    if leg.is_taker:
        traded.taker = done
    else:
        traded.maker = done
    return done


def _list_trade(account: Account, traded: Trade) -> None:
    """Add the trade to an account's list of trades, once even if both sides are of that account."""
    listed = (side.subaccount_ref.account for side in (traded.maker, traded.taker) if side is not None)
    if account.name not in listed:
        account.ledger.trades.add(traded, traded.serial)


def _filled(done: FillRow, stake: Stake) -> Filled:
    return Filled(
        fill_id=done.trade.trade_id,
        order_id=done.order.order_id,
        subaccount_ref=done.subaccount_ref,
        market=done.trade.market.ticker,
        side=done.side,
        action=done.action,
        count_centis=done.trade.count_centis,
        price_centicents=done.price_centicents,
        taker=done.is_taker,
        fee_micros=done.fee_micros,
        post_position_centis=stake.quantity_centis,
    )


def _apply_trade(row: Position, stake: Stake, done: FillRow, rested_centis: int) -> None:
    count_centis, fee_micros = done.trade.count_centis, done.fee_micros
    row.held_fees_micros = held_fees(row.held_fees_micros, row.stake, stake, count_centis, fee_micros)
    row.stake = stake
    row.fees_micros += fee_micros
    row.resting_centis -= rested_centis
    row.rank = (-done.trade.created_at, row.market.ticker)


def _fee(state: State, leg: Leg, traded: Trade, price_centicents: int, change_micros: int) -> int:
    """Return the given fee, or the fee of the series' formula after rounding; the order accumulates the rounding."""
    if leg.fee_micros is not None:
        return leg.fee_micros
    order = leg.order
    exact_attos = exact_fee(traded.market, leg.is_taker, traded.count_centis, price_centicents)
    assert exact_attos is not None, "checked before anything changed"
    step_micros = _balance_step_micros(state, order.subaccount_ref)
    charge = fees.charge(exact_attos, change_micros, state.rounding, step_micros, order.accrued_attos)
    order.accrued_attos = charge.accrued_attos
    return charge.fee_micros


def _balance_step_micros(state: State, subaccount_ref: SubaccountRef) -> int:
    """Return the smallest step of a balance: a centi-cent for members, a cent for subtraders of an FCM."""
    is_direct = state.accounts[subaccount_ref.account].kind is AccountKind.MEMBER
    return fees.MICROS_PER_CENTICENT if is_direct else MICROS_PER_CENT
