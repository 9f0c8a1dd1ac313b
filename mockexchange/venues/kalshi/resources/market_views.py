"""Values of markets and events that are not in the state, computed when their JSON is encoded.

The JSON of a market depends on its event's revision, which changes with each of the event's markets, and on the newest
trade that is older than a day (`aged_serial`). Its bytes are cached by these two and the market's serial.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

from mockexchange.core.instants import MICROSECONDS_PER_SECOND
from mockexchange.core.model.markets import TRADING_US, EventListing, Market
from mockexchange.core.model.paged_history import Window
from mockexchange.core.model.state import State
from mockexchange.core.queries.order_books import Level, levels
from mockexchange.core.vocabulary import CENTICENTS_PER_DOLLAR, MarketStatus, Result, Side
from mockexchange.venues.kalshi.formatting import PAUSED

DAY_US = 86_400 * MICROSECONDS_PER_SECOND
EXPIRING_US = 7 * DAY_US
SERIAL_BITS = 64
NO_BID = Level(0, 0)
VALUES_CENTICENTS = {Result.YES: CENTICENTS_PER_DOLLAR, Result.NO: 0}

# The steps that prices may be on, widest first, and the venue's name for a market of that step.
STRUCTURES = ((100, "linear_cent"), (10, "deci_cent"), (1, "center_centi_edge_centi_cent"))


class PriceRange(NamedTuple):
    start_centicents: int
    end_centicents: int
    step_centicents: int


def aged_serial(state: State, at: int) -> int:
    """Return the serial of the newest trade that is at least a day old.

    Values over the last 24 hours can change only when this serial changes.
    """
    aged = state.tape.find(1, window=Window(latest=at - DAY_US)).rows
    return aged[0].serial if aged else 0


def page_revision(state: State, at: int) -> int:
    """Return a number that changes whenever the answer with a page of markets or events can change."""
    return state.listed_events.revision << SERIAL_BITS | aged_serial(state, at)


def open_at(market: Market) -> int:
    opens_at = market.details.open_at
    return market.created_at if opens_at is None else opens_at


def close_at(market: Market) -> int:
    """Return the close time of a market; a year after its open time if the scenario gives none."""
    closes_at = market.details.close_at
    return open_at(market) + TRADING_US if closes_at is None else closes_at


class LegView(NamedTuple):
    """A side that a market combines, as the market's JSON shows it."""

    event_ticker: str
    market_ticker: str
    side: Side
    yes_settlement_value: None = None


class MarketView:
    """A market as its JSON shows it; values are computed only when the JSON is encoded."""

    nothing = None
    units = "usd_cent"
    market_type = "binary"
    is_fractional = True
    notional_centicents = CENTICENTS_PER_DOLLAR
    expiration_value = ""
    risk_limit_cents = 0
    no_liquidity_micros = 0
    settlement_bounds = "default"
    tick_cents = 1

    def __init__(self, state: State, market: Market, at: int, aged: int) -> None:
        self.market = market
        self.revision = (market.event.revision << SERIAL_BITS | market.serial) << SERIAL_BITS | aged
        self._state = state
        self._now = at

    @property
    def status(self) -> str:
        return PAUSED if is_paused(self.market) else self.market.status

    @property
    def title(self) -> str:
        return self.market.title or self.market.ticker

    @property
    def yes_title(self) -> str:
        return self.market.details.yes_title or self.title

    @property
    def no_title(self) -> str:
        return self.market.details.no_title or self.yes_title

    @property
    def subtitle_or_none(self) -> str | None:
        return self.market.details.subtitle or None

    @property
    def collection_or_none(self) -> str | None:
        return self.market.collection or None

    @property
    def legs(self) -> list[LegView] | None:
        """The sides that the market combines; None if it combines none."""
        return [LegView(leg.event, leg.market, leg.side) for leg in self.market.legs] or None

    @property
    def category(self) -> str:
        return category_of(self.market.event)

    @property
    def open_at(self) -> int:
        return open_at(self.market)

    @property
    def close_at(self) -> int:
        return close_at(self.market)

    @property
    def expected_expiration_at(self) -> int:
        expected_at = self.market.details.expected_expiration_at
        return self.close_at if expected_at is None else expected_at

    @property
    def expiration_at(self) -> int:
        expires_at = self.market.details.expiration_at
        return self.close_at + EXPIRING_US if expires_at is None else expires_at

    @property
    def price_centicents(self) -> int:
        return self.market.price_centicents or 0

    @property
    def previous_centicents(self) -> int:
        return self.market.previous_centicents or 0

    @property
    def value_centicents(self) -> int | None:
        """Payout of one YES contract once the market is determined; None for a void market."""
        market = self.market
        return (
            market.value_centicents
            if market.result is None
            else VALUES_CENTICENTS.get(market.result, market.value_centicents)
        )

    @property
    def open_interest_centis(self) -> int:
        return max(self.market.yes_held_centis, self.market.no_held_centis)

    @property
    def volume_24h_centis(self) -> int:
        """Volume of the last 24 hours: the whole volume less the volume that it was a day ago."""
        market = self.market
        window = Window(latest=self._now - DAY_US)
        aged = self._state.tape.find(1, (market.ticker,), window=window).rows
        return market.volume_centis - (aged[0].market_volume_centis + aged[0].count_centis if aged else 0)

    @cached_property
    def _bids(self) -> dict[Side, list[Level]]:
        return {side: levels(self._state, self.market, side) for side in Side}

    @property
    def yes_bid(self) -> Level:
        return _best(self._bids[Side.YES])

    @property
    def no_bid(self) -> Level:
        return _best(self._bids[Side.NO])

    @property
    def yes_ask_centicents(self) -> int:
        """Best offer of YES in hundredths of a cent: a dollar less the best bid for NO."""
        return CENTICENTS_PER_DOLLAR - self.no_bid.price_centicents

    @property
    def no_ask_centicents(self) -> int:
        return CENTICENTS_PER_DOLLAR - self.yes_bid.price_centicents

    @property
    def liquidity_micros(self) -> int:
        return sum(price * count for bids in self._bids.values() for price, count in bids)

    @property
    def _structure(self) -> tuple[int, str]:
        """The widest price step that all prices of the market are multiples of, and its name."""
        bids = [bid.price_centicents for side in self._bids.values() for bid in side]
        prices = [self.price_centicents, self.previous_centicents, *bids]
        return next(one for one in STRUCTURES if all(price % one[0] == 0 for price in prices))

    @property
    def price_level_structure(self) -> str:
        return self._structure[1]

    @property
    def price_ranges(self) -> tuple[PriceRange, ...]:
        return (PriceRange(0, CENTICENTS_PER_DOLLAR, self._structure[0]),)


class EventView:
    """An event as its JSON shows it, with its markets if requested."""

    nothing = None
    is_brokered = True
    is_brokered_late = False
    sources = ()

    def __init__(self, state: State, event: EventListing, at: int, aged: int, is_nested: bool) -> None:
        self.event = event
        self.revision = event.revision << SERIAL_BITS | aged if is_nested else event.revision
        self.markets = [MarketView(state, market, at, aged) for market in event.markets] if is_nested else None

    @property
    def title(self) -> str:
        return self.event.details.title or self.event.ticker

    @property
    def category(self) -> str:
        return category_of(self.event)

    @property
    def collateral_return_type(self) -> str:
        """The rule for netting positions in markets that exclude each other (recorded); "" for other events."""
        return "MECNET" if self.event.details.mutually_exclusive else ""

    @property
    def strike_period(self) -> str | None:
        return self.event.details.strike_period or None


def is_paused(market: Market) -> bool:
    """Return whether a market is open but trading in it is paused at the moment."""
    return market.status is MarketStatus.OPEN and not market.is_trading


def category_of(event: EventListing) -> str:
    return event.details.category or event.series.details.category


def status_of_event(event: EventListing) -> str:
    """Return an event's status: open while any of its markets is, settled once all are, otherwise closed."""
    statuses = {market.status for market in event.markets}
    if MarketStatus.OPEN in statuses:
        return "open"
    return "settled" if statuses == {MarketStatus.FINALIZED} else "closed"


def _best(bids: Sequence[Level]) -> Level:
    return bids[-1] if bids else NO_BID
