"""Series, events and markets: their descriptive fields, and the legal transitions of a market's status."""

from dataclasses import dataclass, field
from typing import NamedTuple

from msgspec import Struct

from mockexchange.core.instants import MICROSECONDS_PER_DAY
from mockexchange.core.model.paged_history import EVERYTHING, Partition, Selector
from mockexchange.core.refusals import RefusalCode, Refused
from mockexchange.core.vocabulary import FeeType, MarketStatus, Result, Side

# Descriptive fields

TRADING_US = 365 * MICROSECONDS_PER_DAY
"""How long a market without a close time is open; the venue sets one for every market, this length is a choice."""


class SeriesDetails(Struct, frozen=True, kw_only=True):
    """Descriptive fields of a series, such as its title and category."""

    title: str = ""
    category: str = ""
    frequency: str = "custom"
    tags: tuple[str, ...] = ()


class EventDetails(Struct, frozen=True, kw_only=True):
    """Descriptive fields of an event, such as its title and strike."""

    title: str = ""
    sub_title: str = ""
    category: str = ""
    mutually_exclusive: bool = False
    strike_at: int | None = None
    strike_period: str = ""


class Leg(Struct, frozen=True):
    """One side of a market that a combination of markets is about."""

    event: str
    market: str
    side: Side


class MarketDetails(Struct, frozen=True, kw_only=True):
    """Descriptive fields of a market: texts, times and strikes.

    Times are in microseconds; a time that is None is derived from the time of listing.
    """

    subtitle: str = ""
    yes_title: str = ""
    no_title: str = ""
    open_at: int | None = None
    close_at: int | None = None
    expected_expiration_at: int | None = None
    expiration_at: int | None = None
    settlement_timer_s: int = 3_600
    can_close_early: bool = True
    rules_primary: str = ""
    rules_secondary: str = ""
    strike_type: str | None = None
    floor_strike: str | None = None
    cap_strike: str | None = None
    """Strikes are decimal text, in the unit of what the market is about, such as dollars or degrees."""


# Listings


# (status, move): status after. A move that is not here is refused.
TRANSITIONS: dict[tuple[MarketStatus, str], MarketStatus] = {
    (MarketStatus.OPEN, "close"): MarketStatus.CLOSED,
    (MarketStatus.OPEN, "determine"): MarketStatus.DETERMINED,
    (MarketStatus.CLOSED, "determine"): MarketStatus.DETERMINED,
    (MarketStatus.DETERMINED, "dispute"): MarketStatus.DISPUTED,
    (MarketStatus.DISPUTED, "determine"): MarketStatus.DETERMINED,
    (MarketStatus.DETERMINED, "finalize"): MarketStatus.FINALIZED,
}


PLAIN_SERIES = SeriesDetails()
PLAIN_EVENT = EventDetails()
PLAIN_MARKET = MarketDetails()
Levels = dict[Side, dict[int, int]]


class Series(Struct, eq=False):
    """A series of events with one fee schedule."""

    ticker: str
    fee_type: FeeType
    fee_multiplier: int
    details: SeriesDetails = PLAIN_SERIES
    updated_at: int = 0
    seed: int = 0
    """The exchange's seed, from which the ids of its trades are derived."""


@dataclass(slots=True, eq=False)
class EventListing:
    """A listed event with its markets. It belongs to one series and trades on one shard (`exchange_index`)."""

    ticker: str
    series: Series
    exchange_index: int
    serial: int
    created_at: int
    revision: int
    details: EventDetails = PLAIN_EVENT
    markets: "list[Market]" = field(default_factory=list)
    updated_at: int = 0

    @property
    def selectors(self) -> tuple[Selector, ...]:
        return EVERYTHING, ("series", self.series.ticker)

    @property
    def partition(self) -> Partition:
        return ()


class ConsumedQuote(NamedTuple):
    """Contracts that trades took from an outside bid, and the instant at which they come back."""

    back_at: int
    side: Side
    price_centicents: int
    count_centis: int


@dataclass(slots=True, eq=False)
class Market:
    """A market (event contract) that pays one dollar or nothing on an outcome."""

    ticker: str
    event: EventListing
    title: str
    price_centicents: int | None
    """Last traded price of YES; None before the first."""
    serial: int
    created_at: int
    revision: int
    details: MarketDetails = PLAIN_MARKET
    updated_at: int = 0
    status: MarketStatus = MarketStatus.OPEN
    is_trading: bool = True
    """False while trading in this market is paused; meaningless once the market is no longer open."""
    result: Result | None = None
    value_centicents: int | None = None
    settled_at: int | None = None
    previous_centicents: int | None = None
    """The last traded price before the current one; None if there was none."""
    volume_centis: int = 0
    yes_held_centis: int = 0
    """YES contracts held by the accounts of this exchange; the larger of both sides' counts is the open interest."""
    no_held_centis: int = 0
    quotes: Levels | None = None
    """Bids of outside traders, a count for each price of each side. Reads add the accounts' resting orders to them."""
    book_changed: int = 0
    """Sequence number of the command that last changed the order book; 0 if none did."""
    consumed: list[ConsumedQuote] | None = None
    """Contracts that trades took from the outside bids and that come back later, in order of time."""
    collection: str = ""
    """The collection of a market that combines others, the sides in `legs`; empty for every other market."""
    legs: tuple[Leg, ...] = ()
    looked_up_at: int = 0
    """When somebody last asked for this combination by its legs."""

    @property
    def selectors(self) -> tuple[Selector, ...]:
        return EVERYTHING, ("series", self.event.series.ticker)

    @property
    def partition(self) -> Partition:
        """The values by which lists filter the market: (status,)."""
        return (self.status,)


def require_open(market: Market) -> Market:
    """Return the market. Raises Refused if it is not open for trading."""
    if market.status is not MarketStatus.OPEN:
        message = f"market {market.ticker} is {market.status}: expected an open one"
        raise Refused(RefusalCode.MARKET_NOT_OPEN, message)
    return market


def next_status(market: Market, move: str) -> MarketStatus:
    """Return the status of a market after the change `move`, such as "determine" or "finalize".

    Raises Refused if the market's current status does not permit the change.
    """
    status = TRANSITIONS.get((market.status, move))
    if status is None:
        legal = ", ".join(verb for state, verb in TRANSITIONS if state is market.status) or "nothing more"
        message = f"market {market.ticker} is {market.status}: it cannot {move}; possible now: {legal}"
        raise Refused(RefusalCode.ILLEGAL_TRANSITION, message)
    return status
