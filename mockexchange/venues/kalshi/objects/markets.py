"""Defines the JSON fields of markets for each API date: descriptions, status, prices and bids.

Changes between the documents of November 2025 and April 2026 without a known day are dated 2026-04-01 by choice; counts
and whole numbers came and went on the same days as those of positions. If the changelog names a release day, that day
takes precedence over that of the pages. Keys without a value are left out of every recorded market.
"""

from mockexchange.venues.dated import ALWAYS, Field, Nested, Spelling
from mockexchange.venues.kalshi.dates import AUTUMN_2026, FIXED_POINT_ADDED, INTEGERS_REMOVED, SPRING_2026
from mockexchange.venues.kalshi.formatting import (
    BOOLEAN,
    CENTS,
    CONTRACTS,
    COUNT_2,
    DOLLARS_4,
    INSTANT,
    INTEGER,
    PRICE_4,
    PRICE_CENTS,
    PRICE_CENTS_NUMBER,
    TEXT,
    one_of,
)
from mockexchange.venues.kalshi.market_formatting import (
    DECIMAL,
    FREE_OBJECT,
    LATE_RESULT,
    OLD_RESULT,
    OLD_STATUS,
    OLD_STRUCTURE,
    RESULT,
    STATUS,
    STRIKE_TYPE,
    WINTER_STATUS,
)
from mockexchange.venues.kalshi.objects.rows import CURSOR, exchange_index, list_of, maybe, text

CREATION_ADDED = "2025-11-20"
"""Day on which the creation time was added, with its filters; the official client of December requires it."""
WINTER_2025 = "2025-12-01"
"""Day from which the status of an open market is written active.

Open was recorded in November 2025, active in January 2026; the official client of December knows only active.
"""
NULL_RESULTS_REMOVED = "2025-11-28"
SETTLEMENT_TIME_ADDED = "2025-12-25"
"""Day on which the settlement time was added; the pages have it from 2025-12-20 on."""
CATEGORY_REMOVED = "2026-01-08"
"""Day on which the category keys were removed; the pages lack them from 2026-01-06 on, and recordings on 2026-01-12."""
PROVISIONAL_ADDED = "2026-01-09"
UPDATE_TIME_ADDED = "2026-01-22"
FRACTIONS_ADDED = "2026-02-12"
NO_LIQUIDITY = "2026-02-13"
BID_SIZES_ADDED = "2026-02-25"
EMPTY_SUBTITLES_LEFT_OUT = "2026-03-21"
OCCURRENCE_ADDED = "2026-04-16"
TICK_SIZE_REMOVED = "2026-05-07"
"""Day on which the tick size was removed; the pages lack it from 2026-05-01 on."""
UNITS_REMOVED = "2026-07-09"


def _price(name: str, read: str, cents: Spelling = PRICE_CENTS) -> tuple[Field, ...]:
    return (
        Field(name=name, spelling=cents, read=read, until=INTEGERS_REMOVED, source="wire-2025-11"),
        Field(name=f"{name}_dollars", spelling=PRICE_4, read=read, source="wire-2025-11"),
    )


def _count(name: str, read: str) -> tuple[Field, ...]:
    return (
        Field(name=name, spelling=CONTRACTS, read=read, until=INTEGERS_REMOVED, source="wire-2025-11"),
        Field(name=f"{name}_fp", spelling=COUNT_2, read=read, since=FIXED_POINT_ADDED, source="openapi-3.13"),
    )


def _time(name: str, read: str, since: str = ALWAYS, source: str = "docs-2025-11") -> Field:
    return Field(name=name, spelling=INSTANT, read=read, since=since, source=source)


PRICE_RANGE: tuple[Field, ...] = (
    Field(name="end", spelling=PRICE_4, read="end_centicents", source="openapi-3.13"),
    Field(name="start", spelling=PRICE_4, read="start_centicents", source="openapi-3.13"),
    Field(name="step", spelling=PRICE_4, read="step_centicents", source="openapi-3.13"),
)

MVE_SELECTED_LEG: tuple[Field, ...] = (
    maybe("event_ticker", TEXT, "event_ticker"),
    maybe("market_ticker", TEXT, "market_ticker"),
    maybe("side", TEXT, "side"),
    maybe("yes_settlement_value_dollars", PRICE_4, "yes_settlement_value", since=SPRING_2026, source="openapi-3.13"),
)

_STATUS = (
    Field(name="status", spelling=OLD_STATUS, read="status", until=WINTER_2025, source="wire-2025-11"),
    Field(
        name="status",
        spelling=WINTER_STATUS,
        read="status",
        since=WINTER_2025,
        until=SPRING_2026,
        source="client-report",
    ),
    Field(name="status", spelling=STATUS, read="status", since=SPRING_2026, source="openapi-3.13"),
)
_RESULT = (
    Field(
        name="result",
        spelling=OLD_RESULT,
        read="market.result",
        empty="null",
        until=NULL_RESULTS_REMOVED,
        source="wire-2025-11",
    ),
    Field(
        name="result",
        spelling=OLD_RESULT,
        read="market.result",
        since=NULL_RESULTS_REMOVED,
        until=SPRING_2026,
        source="wire-2026-01",
    ),
    Field(
        name="result",
        spelling=RESULT,
        read="market.result",
        since=SPRING_2026,
        until=AUTUMN_2026,
        source="openapi-3.13",
    ),
    Field(name="result", spelling=LATE_RESULT, read="market.result", since=AUTUMN_2026, source="choice"),
)
_SETTLEMENT_VALUE = (
    Field(
        name="settlement_value",
        spelling=PRICE_CENTS,
        read="value_centicents",
        empty="absent",
        until=INTEGERS_REMOVED,
        source="wire-2025-11",
    ),
    maybe("settlement_value_dollars", PRICE_4, "value_centicents", source="wire-2025-11"),
)
_STRUCTURE = (
    Field(
        name="price_level_structure",
        spelling=OLD_STRUCTURE,
        read="price_level_structure",
        until=AUTUMN_2026,
        source="docs-2025-11",
    ),
    Field(
        name="price_level_structure", spelling=TEXT, read="price_level_structure", since=AUTUMN_2026, source="sdk-3.34"
    ),
)
_LIQUIDITY = (
    Field(name="liquidity", spelling=CENTS, read="liquidity_micros", until=NO_LIQUIDITY, source="wire-2025-11"),
    Field(
        name="liquidity",
        spelling=CENTS,
        read="no_liquidity_micros",
        since=NO_LIQUIDITY,
        until=INTEGERS_REMOVED,
        source="changelog",
    ),
    Field(
        name="liquidity_dollars", spelling=DOLLARS_4, read="liquidity_micros", until=NO_LIQUIDITY, source="wire-2025-11"
    ),
    Field(
        name="liquidity_dollars",
        spelling=DOLLARS_4,
        read="no_liquidity_micros",
        since=NO_LIQUIDITY,
        until=AUTUMN_2026,
        source="wire-2026-06",
    ),
)
_SUBTITLE = (
    Field(
        name="subtitle",
        spelling=TEXT,
        read="market.details.subtitle",
        until=EMPTY_SUBTITLES_LEFT_OUT,
        lenient=True,
        source="docs-2025-11",
    ),
    maybe("subtitle", TEXT, "subtitle_or_none", since=EMPTY_SUBTITLES_LEFT_OUT, source="wire-2026-06"),
)
_BID_SIZES = tuple(
    Field(name=name, spelling=COUNT_2, read=read, since=BID_SIZES_ADDED, source="docs-daily")
    for name, read in (("yes_ask_size_fp", "no_bid.count_centis"), ("yes_bid_size_fp", "yes_bid.count_centis"))
)

MARKET: tuple[Field, ...] = (
    Field(name="can_close_early", spelling=BOOLEAN, read="market.details.can_close_early", source="docs-2025-11"),
    maybe("cap_strike", DECIMAL, "market.details.cap_strike"),
    text("category", "category", until=CATEGORY_REMOVED),
    _time("close_time", "close_at"),
    _time("created_time", "market.created_at", CREATION_ADDED, "client-report"),
    maybe("custom_strike", FREE_OBJECT),
    maybe("early_close_condition", TEXT),
    text("event_ticker", "market.event.ticker"),
    exchange_index("market.event.exchange_index"),
    maybe("expected_expiration_time", INSTANT, "expected_expiration_at"),
    _time("expiration_time", "expiration_at"),
    text("expiration_value", "expiration_value"),
    maybe("fee_waiver_expiration_time", INSTANT),
    maybe("floor_strike", DECIMAL, "market.details.floor_strike"),
    Field(
        name="fractional_trading_enabled",
        spelling=BOOLEAN,
        read="is_fractional",
        since=FRACTIONS_ADDED,
        until=UNITS_REMOVED,
        source="docs-daily",
    ),
    maybe("functional_strike", TEXT),
    maybe("is_provisional", BOOLEAN, since=PROVISIONAL_ADDED, source="docs-daily"),
    *_price("last_price", "price_centicents", PRICE_CENTS_NUMBER),
    _time("latest_expiration_time", "expiration_at"),
    *_LIQUIDITY,
    Field(name="market_type", spelling=one_of("binary", "scalar"), read="market_type", source="docs-2025-11"),
    maybe("mve_collection_ticker", TEXT),
    maybe("mve_selected_legs", Nested("MveSelectedLeg", MVE_SELECTED_LEG, is_list=True)),
    *_price("no_ask", "no_ask_centicents", PRICE_CENTS_NUMBER),
    *_price("no_bid", "no_bid.price_centicents", PRICE_CENTS_NUMBER),
    text("no_sub_title", "no_title"),
    *_price("notional_value", "notional_centicents"),
    maybe("occurrence_datetime", INSTANT, since=OCCURRENCE_ADDED, source="changelog"),
    *_count("open_interest", "open_interest_centis"),
    _time("open_time", "open_at"),
    *_price("previous_price", "previous_centicents"),
    *_price("previous_yes_ask", "previous_centicents"),
    *_price("previous_yes_bid", "previous_centicents"),
    *_STRUCTURE,
    list_of("price_ranges", "PriceRange", PRICE_RANGE),
    maybe("primary_participant_key", TEXT),
    Field(
        name="response_price_units",
        spelling=one_of("usd_cent"),
        read="units",
        until=UNITS_REMOVED,
        source="wire-2025-11",
    ),
    *_RESULT,
    Field(
        name="risk_limit_cents",
        spelling=INTEGER,
        read="risk_limit_cents",
        until=CATEGORY_REMOVED,
        source="wire-2025-11",
    ),
    text("rules_primary", "market.details.rules_primary"),
    text("rules_secondary", "market.details.rules_secondary"),
    Field(
        name="settlement_bounds_type",
        spelling=one_of("default", "floor"),
        read="settlement_bounds",
        since=AUTUMN_2026,
        source="sdk-3.34",
    ),
    maybe("settlement_floor_dollars", PRICE_4, since=AUTUMN_2026, source="sdk-3.34"),
    Field(
        name="settlement_timer_seconds",
        spelling=INTEGER,
        read="market.details.settlement_timer_s",
        source="docs-2025-11",
    ),
    maybe("settlement_ts", INSTANT, "market.settled_at", since=SETTLEMENT_TIME_ADDED, source="changelog"),
    *_SETTLEMENT_VALUE,
    *_STATUS,
    maybe("strike_type", STRIKE_TYPE, "market.details.strike_type"),
    *_SUBTITLE,
    Field(name="tick_size", spelling=INTEGER, read="tick_cents", until=TICK_SIZE_REMOVED, source="changelog"),
    text("ticker", "market.ticker"),
    text("title", "title"),
    _time("updated_time", "market.updated_at", UPDATE_TIME_ADDED, "docs-daily"),
    *_count("volume", "market.volume_centis"),
    *_count("volume_24h", "volume_24h_centis"),
    *_price("yes_ask", "yes_ask_centicents", PRICE_CENTS_NUMBER),
    *_price("yes_bid", "yes_bid.price_centicents", PRICE_CENTS_NUMBER),
    *_BID_SIZES,
    text("yes_sub_title", "yes_title"),
)

GET_MARKETS_RESPONSE: tuple[Field, ...] = (CURSOR, list_of("markets", "Market", MARKET))
GET_MARKET_RESPONSE: tuple[Field, ...] = (
    Field(name="market", spelling=Nested("Market", MARKET), read="market", source="docs-2025-11"),
)
