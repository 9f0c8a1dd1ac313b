"""Handlers: a market's way from open to finalized, and what its settlement pays."""

from collections.abc import Iterator

from mockexchange.core.commands import CloseMarket, DetermineMarket, DisputeMarket, FinalizeMarket, SettleMarket
from mockexchange.core.events import Event, MarketMoved, PositionSettled
from mockexchange.core.instruments.binary import Payout, Stake, settle
from mockexchange.core.markets import Market, next_status
from mockexchange.core.ordering import cancel_all
from mockexchange.core.positions import Position
from mockexchange.core.refusals import RefusalCode, Refused
from mockexchange.core.rows import change_row
from mockexchange.core.state import State
from mockexchange.core.vocabulary import MarketStatus, Result


def close_market(state: State, command: CloseMarket, at: int) -> Iterator[Event]:
    market = state.market(command.market)
    yield _move(market, "close")
    yield from cancel_all(state, market, at)


def determine_market(state: State, command: DetermineMarket, at: int) -> Iterator[Event]:
    yield from _determine(state, state.market(command.market), command.result, command.value_centicents, at)


def dispute_market(state: State, command: DisputeMarket, at: int) -> Iterator[Event]:
    yield _move(state.market(command.market), "dispute")


def finalize_market(state: State, command: FinalizeMarket, at: int) -> Iterator[Event]:
    yield from _finalize(state, state.market(command.market), at)


def settle_market(state: State, command: SettleMarket, at: int) -> Iterator[Event]:
    market = state.market(command.market)
    decided = (command.result, command.value_centicents)
    if market.status is not MarketStatus.DETERMINED:
        yield from _determine(state, market, *decided, at)
    elif (market.result, market.value_centicents) != decided:
        message = f"market {market.ticker} is determined {market.result}: dispute it before it settles otherwise"
        raise Refused(RefusalCode.ILLEGAL_TRANSITION, message)
    yield from _finalize(state, market, at)


def _determine(state: State, market: Market, result: Result, value_centicents: int | None, at: int) -> Iterator[Event]:
    next_status(market, "determine")
    market.result, market.value_centicents = result, value_centicents
    yield _move(market, "determine")
    yield from cancel_all(state, market, at)


def _finalize(state: State, market: Market, at: int) -> Iterator[Event]:
    yield _move(market, "finalize")
    for row in market.positions:
        yield from _settle_row(state, row, at)


def _move(market: Market, move: str) -> Event:
    market.status = next_status(market, move)
    return MarketMoved(
        market=market.ticker, status=market.status, result=market.result, value_centicents=market.value_centicents
    )


def _settle_row(state: State, row: Position, at: int) -> Iterator[Event]:
    market = row.market
    holdings = state.holdings[row.purse]
    assert market.result is not None, "a determined market has a result"
    before, (stake, payout) = row.stake, settle(row.stake, market.result, market.value_centicents)
    holdings.cash_micros += payout.revenue_micros - payout.remainder_micros
    yield PositionSettled(
        purse=row.purse,
        market=market.ticker,
        result=market.result,
        quantity_centis=before.quantity_centis,
        cost_micros=before.cost_micros,
        revenue_micros=payout.revenue_micros,
        remainder_micros=payout.remainder_micros,
    )
    yield change_row(state, holdings, row, lambda row: _apply_settlement(row, stake, payout, at))


def _apply_settlement(row: Position, stake: Stake, payout: Payout, at: int) -> None:
    row.stake = stake
    row.fees_micros += payout.remainder_micros
    row.settled = True
    row.rank = (-at, row.market.ticker)
