"""Handlers that move a market through the stages open, closed, determined and finalized, and pay out its positions."""

from collections.abc import Iterator

from mockexchange.core.commands import CloseMarket, DetermineMarket, DisputeMarket, FinalizeMarket, SettleMarket
from mockexchange.core.events import Event, MarketMoved, PositionSettled
from mockexchange.core.handlers import handler
from mockexchange.core.handlers.markets import touch_market
from mockexchange.core.handlers.order_bookkeeping import cancel
from mockexchange.core.handlers.outside_traders import drop_quotes
from mockexchange.core.handlers.position_rows import change_row, row_changed
from mockexchange.core.model.ledgers import Bought, Ledger, Settlement
from mockexchange.core.model.markets import Market, next_status
from mockexchange.core.model.one_or_more import as_list
from mockexchange.core.model.positions import Position
from mockexchange.core.model.state import State
from mockexchange.core.position_cost import settle
from mockexchange.core.refusals import RefusalCode, Refused
from mockexchange.core.vocabulary import CENTICENTS_PER_DOLLAR, MarketStatus, OrderReason, Result, Side

YES_WORTH_CENTICENTS: dict[Result, int | None] = {Result.YES: CENTICENTS_PER_DOLLAR, Result.NO: 0, Result.VOID: None}
"""Payout of a YES contract by result; None for a void market. Scalar is not listed: its value varies."""


@handler
def close_market(state: State, command: CloseMarket, at: int) -> Iterator[Event]:
    """Stop trading in a market."""
    market = state.market(command.market)
    yield _move(state, market, "close", at)
    yield from _empty_book(state, market, at)


@handler
def determine_market(state: State, command: DetermineMarket, at: int) -> Iterator[Event]:
    """Set the result of a market before its payout."""
    yield from _determine(state, state.market(command.market), command.result, command.value_centicents, at)


@handler
def dispute_market(state: State, command: DisputeMarket, at: int) -> Iterator[Event]:
    """Mark the result of a market as disputed."""
    yield _move(state, state.market(command.market), "dispute", at)


@handler
def finalize_market(state: State, command: FinalizeMarket, at: int) -> Iterator[Event]:
    """Pay out a determined market."""
    yield from _finalize(state, state.market(command.market), at)


@handler
def settle_market(state: State, command: SettleMarket, at: int) -> Iterator[Event]:
    """Determine a market if necessary, then pay it out."""
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
    yield _move(state, market, "determine", at)
    yield from _empty_book(state, market, at)


def _finalize(state: State, market: Market, at: int) -> Iterator[Event]:
    next_status(market, "finalize")
    market.settled_at = at
    yield _move(state, market, "finalize", at)
    for row in as_list(state.market_positions.get(market.ticker)):
        yield from _settle_row(state, row, at)


def _empty_book(state: State, market: Market, at: int) -> Iterator[Event]:
    """Remove the outside bids and cancel the resting orders of a market that does not trade."""
    yield from drop_quotes(market)
    for order in list(state.order_books.get(market.ticker, ())):
        yield from cancel(state, order, at, OrderReason.CLOSE)


def _move(state: State, market: Market, move: str, at: int) -> Event:
    status, before = next_status(market, move), market.partition
    market.status = status
    touch_market(state, market, at)
    state.listed_markets.refile(market, market.revision, before)
    return MarketMoved(
        market=market.ticker, status=market.status, result=market.result, value_centicents=market.value_centicents
    )


def _settle_row(state: State, row: Position, at: int) -> Iterator[Event]:
    """Pay out a position, and add the settlement to the account's list."""
    market = row.market
    subaccount = state.subaccounts[row.subaccount_ref]
    assert market.result is not None, "a determined market has a result"
    before, (stake, payout) = row.stake, settle(row.stake, market.result, market.value_centicents)
    subaccount.pay(payout.revenue_micros - payout.remainder_micros, at, market.event.exchange_index)
    yield PositionSettled(
        subaccount_ref=row.subaccount_ref,
        market=market.ticker,
        result=market.result,
        quantity_centis=before.quantity_centis,
        cost_micros=before.cost_micros,
        revenue_micros=payout.revenue_micros,
        remainder_micros=payout.remainder_micros,
    )
    has_moved = change_row(subaccount, row, state.next_revision(), stake, row.fees_micros + payout.remainder_micros)
    row.held_fees_micros = 0
    row.settled, row.archived = True, at < state.archived_before
    row.updated_at = at
    yield row_changed(row, has_moved=has_moved)
    ledger = state.accounts[row.subaccount_ref.account].ledger
    bought = _bought(ledger, row)
    if not any(side.count_centis for side in bought.values()):  # it has never held contracts of the market
        return
    settlement = Settlement(
        subaccount_ref=row.subaccount_ref,
        market=market,
        result=market.result,
        value_centicents=YES_WORTH_CENTICENTS.get(market.result, market.value_centicents),
        yes=bought[Side.YES],
        no=bought[Side.NO],
        held_centis=before.quantity_centis,
        held_cost_micros=before.cost_micros,
        revenue_micros=payout.revenue_micros - payout.remainder_micros,
        fees_micros=row.fees_micros,
        created_at=at,
        serial=state.next_revision(),
    )
    ledger.settlements.add(settlement, settlement.serial)


def _bought(ledger: Ledger, row: Position) -> dict[Side, Bought]:
    """Return the count and cost of each side acquired over the market's life, opening balance included."""
    opened_side = Side.YES if row.opened.quantity_centis > 0 else Side.NO
    bought = {Side.YES: Bought(), Side.NO: Bought()}
    bought[opened_side] = Bought(abs(row.opened.quantity_centis), row.opened.cost_micros)
    for fill in ledger.fills.filed(row.market.ticker, (row.subaccount_ref.subaccount,)):
        side, count_centis = fill.outcome_side, fill.trade.count_centis
        price_centicents = fill.trade.yes_centicents if side is Side.YES else fill.trade.no_centicents
        before = bought[side]
        bought[side] = Bought(before.count_centis + count_centis, before.cost_micros + count_centis * price_centicents)
    return bought
