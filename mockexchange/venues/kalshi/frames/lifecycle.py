"""Defines the fields of messages of the channel market_lifecycle_v2: changes of markets' states, and new events.

One table serves every event type of a market: each type has its own few keys, and the other keys have no value. The
keys of changed strikes and titles are never used, because the mock never changes them.
"""

from typing import NamedTuple

from mockexchange.core.model.markets import EventListing, Market
from mockexchange.venues.dated_fields import ALWAYS, FOREVER, Field, Nested, Spelling
from mockexchange.venues.kalshi.formatting import (
    BOOLEAN,
    DECIMAL,
    FREE_OBJECT,
    INTEGER,
    LATE_RESULT,
    OLD_RESULT,
    OLD_STRUCTURE,
    PRICE_4,
    RESULT,
    STRIKE_TYPE,
    TEXT,
    UNIX_SECONDS,
    one_of,
)
from mockexchange.venues.kalshi.frames.rows import (
    FRACTIONS_REMOVED,
    LIFECYCLE_INDEX_ADDED,
    METADATA_ADDED,
    PRICE_RANGES_ADDED,
    REVISED,
    SETTLEMENT_VALUE_ADDED,
    STRIKE_UPDATES_ADDED,
    STRUCTURES_ADDED,
    SUBTITLE_UPDATES_ADDED,
    market_ticker,
    row,
)
from mockexchange.venues.kalshi.named_days import AUTUMN_2026, SPRING_2026
from mockexchange.venues.kalshi.resources.market_views import PriceRange

EVENT_TYPES = ("created", "activated", "deactivated", "close_date_updated", "determined", "settled")
FRACTION_EVENT_TYPES = (*EVENT_TYPES, "fractional_trading_updated", "price_level_structure_updated")
STRUCTURE_EVENT_TYPES = (*EVENT_TYPES, "price_level_structure_updated")
LATE_EVENT_TYPES = (*STRUCTURE_EVENT_TYPES, "metadata_updated")
_TYPE_LIVES = (
    (EVENT_TYPES, ALWAYS, STRUCTURES_ADDED, "docs-2025-11"),
    (FRACTION_EVENT_TYPES, STRUCTURES_ADDED, FRACTIONS_REMOVED, "changelog"),
    (STRUCTURE_EVENT_TYPES, FRACTIONS_REMOVED, METADATA_ADDED, "changelog"),
    (LATE_EVENT_TYPES, METADATA_ADDED, FOREVER, "changelog"),
)


def _event_types() -> tuple[Field, ...]:
    """Return the rows of `event_type`, whose list of values changed several times."""
    return tuple(
        row("event_type", one_of(*types), "event_type", since, until, source=source)
        for types, since, until, source in _TYPE_LIVES
    )


def _only(name: str, spelling: Spelling, read: str = "") -> Field:
    """Return the row of a key that only some event types have."""
    return row(name, spelling, read or name, empty="absent")


def _later(name: str, spelling: Spelling, since: str, read: str = "", until: str = FOREVER) -> Field:
    return row(name, spelling, read or name, since, until, source="changelog", empty="absent")


MARKET_METADATA: tuple[Field, ...] = (
    row("name", TEXT, "name"),
    row("title", TEXT, "title"),
    row("yes_sub_title", TEXT, "yes_title"),
    row("no_sub_title", TEXT, "no_title"),
    row("rules_primary", TEXT, "market.details.rules_primary"),
    row("rules_secondary", TEXT, "market.details.rules_secondary"),
    row("can_close_early", BOOLEAN, "market.details.can_close_early"),
    row("event_ticker", TEXT, "market.event.ticker", REVISED, source="asyncapi"),
    row("expected_expiration_ts", UNIX_SECONDS, "expected_expiration_at"),
    row("strike_type", STRIKE_TYPE, "market.details.strike_type", empty="absent"),
    # A string in the documents at first, later a number.
    row("floor_strike", TEXT, "market.details.floor_strike", until=SPRING_2026, empty="absent"),
    row("floor_strike", DECIMAL, "market.details.floor_strike", SPRING_2026, source="asyncapi", empty="absent"),
    row("cap_strike", TEXT, "market.details.cap_strike", until=SPRING_2026, empty="absent"),
    row("cap_strike", DECIMAL, "market.details.cap_strike", SPRING_2026, source="asyncapi", empty="absent"),
    row("custom_strike", FREE_OBJECT, "nothing", empty="absent"),
)
PRICE_BAND: tuple[Field, ...] = (
    row("start", PRICE_4, "start_centicents", PRICE_RANGES_ADDED, source="asyncapi"),
    row("end", PRICE_4, "end_centicents", PRICE_RANGES_ADDED, source="asyncapi"),
    row("step", PRICE_4, "step_centicents", PRICE_RANGES_ADDED, source="asyncapi"),
)
METADATA_NESTED = Nested("MarketMetadata", MARKET_METADATA, is_ordered=True)
BANDS_NESTED = Nested("PriceBand", PRICE_BAND, is_list=True, is_ordered=True)

MARKET_LIFECYCLE: tuple[Field, ...] = (
    market_ticker("market.ticker"),
    *_event_types(),
    _later("exchange_index", INTEGER, LIFECYCLE_INDEX_ADDED),
    _only("open_ts", UNIX_SECONDS, "open_at"),
    _only("close_ts", UNIX_SECONDS, "close_at"),
    row("result", OLD_RESULT, "result", until=SPRING_2026, empty="absent"),
    row("result", RESULT, "result", SPRING_2026, AUTUMN_2026, source="openapi-3.13", empty="absent"),
    row("result", LATE_RESULT, "result", AUTUMN_2026, source="choice", empty="absent"),
    _only("determination_ts", UNIX_SECONDS, "determined_at"),
    _later("settlement_value", PRICE_4, SETTLEMENT_VALUE_ADDED, "value_centicents"),
    _only("settled_ts", UNIX_SECONDS, "settled_at"),
    _only("is_deactivated", BOOLEAN),
    _later("fractional_trading_enabled", BOOLEAN, STRUCTURES_ADDED, "is_fractional", FRACTIONS_REMOVED),
    _later("price_level_structure", OLD_STRUCTURE, STRUCTURES_ADDED, until=AUTUMN_2026),
    row("price_level_structure", TEXT, "price_level_structure", AUTUMN_2026, source="sdk-3.34", empty="absent"),
    Field(
        name="price_ranges",
        spelling=BANDS_NESTED,
        read="price_ranges",
        since=PRICE_RANGES_ADDED,
        empty="absent",
        source="changelog",
    ),
    _later("strike_type", STRIKE_TYPE, STRIKE_UPDATES_ADDED, "nothing"),
    _later("floor_strike", DECIMAL, METADATA_ADDED, "nothing"),
    _later("cap_strike", DECIMAL, STRIKE_UPDATES_ADDED, "nothing"),
    _later("custom_strike", FREE_OBJECT, STRIKE_UPDATES_ADDED, "nothing"),
    _later("yes_sub_title", TEXT, SUBTITLE_UPDATES_ADDED, "nothing"),
    Field(name="additional_metadata", spelling=METADATA_NESTED, read="metadata", empty="absent", source="docs-2025-11"),
)

EVENT_LIFECYCLE: tuple[Field, ...] = (
    row("event_ticker", TEXT, "event.ticker"),
    row("exchange_index", INTEGER, "event.exchange_index", LIFECYCLE_INDEX_ADDED, source="changelog"),
    row("title", TEXT, "title"),
    row("sub_title", TEXT, "event.details.sub_title", until=REVISED),
    row("subtitle", TEXT, "event.details.sub_title", REVISED, source="asyncapi"),
    row("collateral_return_type", one_of("MECNET", "DIRECNET", ""), "collateral_return_type"),
    row("series_ticker", TEXT, "event.series.ticker"),
    row("strike_date", UNIX_SECONDS, "event.details.strike_at", empty="absent"),
    row("strike_period", TEXT, "strike_period", empty="absent"),
)

# --- what they show


class MetadataView:
    """The metadata in the message about a market that is created."""

    nothing = None

    def __init__(self, market: Market, name: str, title: str, expected_expiration_at: int) -> None:
        self.market = market
        self.name, self.title = name, title
        self.yes_title = market.details.yes_title or title
        self.no_title = market.details.no_title or self.yes_title
        self.expected_expiration_at = expected_expiration_at


class LifecycleView:
    """A change of a market's state as its message shows it.

    `event_type` determines which keys have values; the others are None.
    """

    nothing = None
    exchange_index: int | None = None
    open_at: int | None = None
    close_at: int | None = None
    result: str | None = None
    determined_at: int | None = None
    value_centicents: int | None = None
    settled_at: int | None = None
    is_deactivated: bool | None = None
    is_fractional: bool | None = None
    price_level_structure: str | None = None
    price_ranges: tuple[PriceRange, ...] | None = None
    metadata: MetadataView | None = None

    def __init__(self, event_type: str, market: Market) -> None:
        self.event_type = event_type
        self.market = market


class EventLifecycleView(NamedTuple):
    event: EventListing
    title: str
    strike_period: str | None
    collateral_return_type: str
