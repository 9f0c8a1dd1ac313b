"""Series, events and markets, and the life of a market as a table of legal moves."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mockexchange.core.refusals import RefusalCode, Refused
from mockexchange.core.vocabulary import FeeType, MarketStatus, Result

if TYPE_CHECKING:
    from mockexchange.core.positions import Position

# (status, move): status after. A move that is not here is refused.
TRANSITIONS: dict[tuple[MarketStatus, str], MarketStatus] = {
    (MarketStatus.OPEN, "close"): MarketStatus.CLOSED,
    (MarketStatus.OPEN, "determine"): MarketStatus.DETERMINED,
    (MarketStatus.CLOSED, "determine"): MarketStatus.DETERMINED,
    (MarketStatus.DETERMINED, "dispute"): MarketStatus.DISPUTED,
    (MarketStatus.DISPUTED, "determine"): MarketStatus.DETERMINED,
    (MarketStatus.DETERMINED, "finalize"): MarketStatus.FINALIZED,
}


@dataclass(slots=True)
class Series:
    ticker: str
    fee_type: FeeType
    fee_multiplier: int


@dataclass(slots=True)
class EventListing:
    """An event belongs to one series and trades on one exchange shard (`exchange_index`)."""

    ticker: str
    series: Series
    exchange_index: int


@dataclass(slots=True, eq=False)
class Market:
    ticker: str
    event: EventListing
    title: str
    price_centicents: int | None
    status: MarketStatus = MarketStatus.OPEN
    result: Result | None = None
    value_centicents: int | None = None
    positions: "list[Position]" = field(default_factory=list)
    """Every position ever opened here, in that order; they never leave."""


def require_open(market: Market) -> Market:
    """Return the market; Refused when it does not trade."""
    if market.status is not MarketStatus.OPEN:
        message = f"market {market.ticker} is {market.status}: expected an open one"
        raise Refused(RefusalCode.MARKET_NOT_OPEN, message)
    return market


def next_status(market: Market, move: str) -> MarketStatus:
    """Look the move up; Refused when the market cannot make it from where it is."""
    status = TRANSITIONS.get((market.status, move))
    if status is None:
        legal = ", ".join(verb for state, verb in TRANSITIONS if state is market.status) or "nothing more"
        message = f"market {market.ticker} is {market.status}: it cannot {move}; possible now: {legal}"
        raise Refused(RefusalCode.ILLEGAL_TRANSITION, message)
    return status
