"""Defines the JSON fields of events for each API date; the milestones beside them come from the scenario."""

from mockexchange.venues.dated import Field, Nested
from mockexchange.venues.kalshi.dates import AUTUMN_2026, SPRING_2026
from mockexchange.venues.kalshi.formatting import BOOLEAN, INSTANT, TEXT
from mockexchange.venues.kalshi.market_formatting import DECIMAL, FREE_OBJECT
from mockexchange.venues.kalshi.objects.markets import MARKET
from mockexchange.venues.kalshi.objects.rows import CURSOR, NULLS_LEFT_OUT, exchange_index, list_of, maybe, text
from mockexchange.venues.kalshi.objects.scenario_data.milestones import MILESTONES
from mockexchange.venues.kalshi.objects.series import SETTLEMENT_SOURCE

SOURCES_ADDED = "2026-06-18"

EVENT_DATA: tuple[Field, ...] = (
    Field(name="available_on_brokers", spelling=BOOLEAN, read="is_brokered", until=AUTUMN_2026, source="wire-2025-11"),
    text("category", "category"),
    text("collateral_return_type", "collateral_return_type"),
    text("event_ticker", "event.ticker"),
    exchange_index("event.exchange_index"),
    maybe("fee_multiplier_override", DECIMAL, since=AUTUMN_2026, source="sdk-3.34"),
    maybe("fee_type_override", TEXT, since=AUTUMN_2026, source="sdk-3.34"),
    maybe("last_updated_ts", INSTANT, "event.updated_at", since=SPRING_2026, source="openapi-3.13"),
    maybe("markets", Nested("Market", MARKET, is_list=True), "markets"),
    Field(name="mutually_exclusive", spelling=BOOLEAN, read="event.details.mutually_exclusive", source="wire-2025-11"),
    # Documented as required, and left out of every recorded event.
    maybe("product_metadata", FREE_OBJECT),
    text("series_ticker", "event.series.ticker"),
    list_of(
        "settlement_sources",
        "SettlementSource",
        SETTLEMENT_SOURCE,
        read="sources",
        since=SOURCES_ADDED,
        source="docs-daily",
    ),
    maybe("strike_date", INSTANT, "event.details.strike_at"),
    text("strike_period", "event.details.strike_period", until=NULLS_LEFT_OUT),
    maybe("strike_period", TEXT, "strike_period", since=NULLS_LEFT_OUT, source="docs-daily"),
    text("sub_title", "event.details.sub_title"),
    text("title", "title"),
)

GET_EVENTS_RESPONSE: tuple[Field, ...] = (
    CURSOR,
    list_of("events", "EventData", EVENT_DATA),
    list_of("milestones", MILESTONES.name, MILESTONES.fields, until=NULLS_LEFT_OUT, source="wire-2025-11"),
    maybe("milestones", Nested(MILESTONES.name, MILESTONES.fields, is_list=True), "milestones", since=NULLS_LEFT_OUT),
)
GET_MULTIVARIATE_EVENTS_RESPONSE: tuple[Field, ...] = (
    CURSOR,
    list_of("events", "EventData", EVENT_DATA, source="docs-daily"),
)
GET_EVENT_RESPONSE: tuple[Field, ...] = (
    Field(name="event", spelling=Nested("EventData", EVENT_DATA), read="event", source="docs-2025-11"),
    list_of("markets", "Market", MARKET),
)
