"""Handlers: fills and opening balances."""

from collections.abc import Iterator
from dataclasses import replace

from mockexchange.core import fees, ordering
from mockexchange.core.commands import Fill, OpenPosition
from mockexchange.core.events import Event, Filled
from mockexchange.core.instruments.binary import Stake, trade
from mockexchange.core.listing import reprice
from mockexchange.core.markets import Market, require_open
from mockexchange.core.positions import Position
from mockexchange.core.refusals import RefusalCode, Refused
from mockexchange.core.rows import change_row, row_of
from mockexchange.core.state import State
from mockexchange.core.vocabulary import (
    CENTICENTS_PER_DOLLAR,
    MICROS_PER_CENT,
    AccountKind,
    Action,
    BookRef,
    MarketStatus,
    Side,
)


def fill(state: State, command: Fill, at: int) -> Iterator[Event]:
    market = require_open(state.market(command.market))
    sides = list(_sides(command))
    for side in sides:
        _require_fillable(state, market, side)
    for place, side in enumerate(sides):
        yield from _fill_one(state, market, side, at, place)
    price_centicents = command.price_centicents
    yes_centicents = price_centicents if command.side is Side.YES else CENTICENTS_PER_DOLLAR - price_centicents
    yield from reprice(state, market, yes_centicents)


def open_position(state: State, command: OpenPosition, at: int) -> Iterator[Event]:
    market = state.market(command.market)
    holdings = state.holdings_of(command.purse)
    if market.status is MarketStatus.FINALIZED:
        message = f"market {market.ticker} is finalized: open the position before it settles"
        raise Refused(RefusalCode.MARKET_NOT_OPEN, message)
    if market.ticker in holdings.positions:
        raise Refused(RefusalCode.POSITION_EXISTS, f"{command.purse} has a row in {market.ticker} already")
    imported = command.cost_micros - command.realized_micros + command.fees_micros
    holdings.contributed_micros += imported
    yield change_row(state, holdings, row_of(state, holdings, market, at), lambda row: _open(row, command))


def _sides(command: Fill) -> Iterator[Fill]:
    """The account's own side, then the counterparty's: the same contracts, the other action and role."""
    yield command
    if command.against is not None:
        action = Action.SELL if command.action is Action.BUY else Action.BUY
        purse, against, taker = command.against, command.purse, not command.taker
        yield replace(command, purse=purse, against=against, action=action, taker=taker, fee_micros=None, order=None)


def _require_fillable(state: State, market: Market, command: Fill) -> None:
    state.holdings_of(command.purse)
    if command.fee_micros is None and _exact_fee(market, command) is None:
        message = (
            f"series {market.event.series.ticker} has fee_type flat, which has no formula: state the fill's fee,"
            " and make `against` a fill of its own"
        )
        raise Refused(RefusalCode.FEE_UNKNOWN, message)
    if command.order is not None and command.order in state.orders:
        ordering.require_fillable(state.orders[command.order], command)


def _fill_one(state: State, market: Market, command: Fill, at: int, place: int) -> Iterator[Event]:
    holdings = state.holdings_of(command.purse)
    row = row_of(state, holdings, market, at)
    stake, change_micros = trade(
        row.stake, command.side, command.action, command.count_centis, command.price_centicents
    )
    fee_micros = _fee(state, market, command, change_micros)
    holdings.cash_micros += change_micros - fee_micros
    rested_centis = 0
    if command.order in state.orders:
        rested_centis = command.count_centis
        yield ordering.execute_part(state, state.orders[command.order], rested_centis, at)
    yield _filled(state, command, fee_micros, place)
    yield change_row(state, holdings, row, lambda row: _apply_trade(row, stake, fee_micros, rested_centis, at))


def _filled(state: State, command: Fill, fee_micros: int, place: int) -> Filled:
    return Filled(
        fill_id=state.new_id(f"fill {place}"),
        order_id=command.order or state.new_id(f"order {place}"),
        purse=command.purse,
        market=command.market,
        side=command.side,
        action=command.action,
        count_centis=command.count_centis,
        price_centicents=command.price_centicents,
        taker=command.taker,
        fee_micros=fee_micros,
    )


def _apply_trade(row: Position, stake: Stake, fee_micros: int, rested_centis: int, at: int) -> None:
    row.stake = stake
    row.fees_micros += fee_micros
    row.resting_centis -= rested_centis
    row.rank = (-at, row.market.ticker)


def _open(row: Position, command: OpenPosition) -> None:
    shares_centis = abs(command.quantity_centis) if command.shares_centis is None else command.shares_centis
    row.stake = Stake(
        command.quantity_centis, command.cost_micros, command.realized_micros, command.traded_micros, shares_centis
    )
    row.fees_micros = command.fees_micros


def _exact_fee(market: Market, command: Fill) -> int | None:
    series = market.event.series
    return fees.exact_fee_attos(
        series.fee_type, series.fee_multiplier, command.taker, command.count_centis, command.price_centicents
    )


def _fee(state: State, market: Market, command: Fill, change_micros: int) -> int:
    """The stated fee, else the series' formula under the scenario's rounding."""
    if command.fee_micros is not None:
        return command.fee_micros
    exact_attos = _exact_fee(market, command)
    assert exact_attos is not None, "checked before anything changed"
    order = (command.purse, command.order or "")
    accrued_attos = state.accrued_attos.get(order, 0)
    step_micros = _balance_step_micros(state, command.purse)
    charge = fees.charge(exact_attos, change_micros, state.rounding, step_micros, accrued_attos)
    if command.order:
        state.accrued_attos[order] = charge.accrued_attos
    return charge.fee_micros


def _balance_step_micros(state: State, purse: BookRef) -> int:
    """Balances move in centi-cents for direct members and in cents for others; an FCM's customers are not direct."""
    is_direct = state.accounts[purse.account].kind is AccountKind.MEMBER
    return fees.MICROS_PER_CENTICENT if is_direct else MICROS_PER_CENT
