"""Defines the columns of multivariate event collections (markets that combine others), and of the lookups in them."""

from mockexchange.venues.data_tables import DataTable
from mockexchange.venues.dated import Field, Nested
from mockexchange.venues.kalshi.dates import AUTUMN_2026
from mockexchange.venues.kalshi.objects.rows import CURSOR, list_of
from mockexchange.venues.kalshi.objects.scenario_data.columns import (
    Column,
    always,
    fields_of,
    nested,
    nullable,
    unshown,
)

INDEX_ADDED = "2026-08-05"

_ASSOCIATED: tuple[Column, ...] = (
    always("ticker", "text"),
    always("is_yes_only", "boolean", default=False),
    nullable("size_max", "integer"),
    nullable("size_min", "integer"),
    always("active_quoters", "texts", default=()),
)
ASSOCIATED_EVENT: tuple[Field, ...] = fields_of(_ASSOCIATED)
_RANGE: tuple[Column, ...] = (always("start", "price"), always("end", "price"), always("step", "price"))
_COLLECTION: tuple[Column, ...] = (
    always("collection_ticker", "text"),
    always("series_ticker", "text"),
    always("title", "text"),
    always("description", "text", default=""),
    always("functional_description", "text", default=""),
    always("open_date", "instant"),
    always("close_date", "instant"),
    nested("associated_events", "AssociatedEvent", _ASSOCIATED),
    always("associated_event_tickers", "texts", default=()),
    always("is_ordered", "boolean", default=False),
    always("is_single_market_per_event", "boolean", default=False),
    always("is_all_yes", "boolean", default=False),
    always("size_min", "integer"),
    always("size_max", "integer"),
    always("exchange_index", "integer", default=0, since=INDEX_ADDED, source="docs-daily"),
    always("price_level_structure", "text", default="linear_cent", since=AUTUMN_2026, source="sdk-3.34"),
    nested("price_ranges", "PriceRange", _RANGE, since=AUTUMN_2026, source="sdk-3.34"),
)
MULTIVARIATE_COLLECTIONS = DataTable(_COLLECTION, ("collection_ticker",))
MULTIVARIATE_EVENT_COLLECTION: tuple[Field, ...] = fields_of(_COLLECTION)
GET_COLLECTIONS_RESPONSE: tuple[Field, ...] = (
    CURSOR,
    list_of("multivariate_contracts", "MultivariateEventCollection", MULTIVARIATE_EVENT_COLLECTION),
)
GET_COLLECTION_RESPONSE: tuple[Field, ...] = (
    Field(
        name="multivariate_contract",
        spelling=Nested("MultivariateEventCollection", MULTIVARIATE_EVENT_COLLECTION),
        read="row",
        source="docs-2025-11",
    ),
)

_PAIR: tuple[Column, ...] = (
    always("event_ticker", "text"),
    always("market_ticker", "text"),
    always("side", "text", choices=("yes", "no")),
)
TICKER_PAIR: tuple[Field, ...] = fields_of(_PAIR)
_LOOKUP: tuple[Column, ...] = (
    unshown("collection_ticker", "text"),
    always("event_ticker", "text"),
    always("market_ticker", "text"),
    nested("selected_markets", "TickerPair", _PAIR),
    always("last_queried_ts", "instant"),
)
MULTIVARIATE_LOOKUPS = DataTable(_LOOKUP)
LOOKUP_POINT: tuple[Field, ...] = fields_of(_LOOKUP)
GET_LOOKUP_HISTORY_RESPONSE: tuple[Field, ...] = (list_of("lookup_points", "LookupPoint", LOOKUP_POINT),)

_MULTIVARIATE_EVENT: tuple[Column, ...] = (unshown("event_ticker", "text"), unshown("collection_ticker", "text"))
MULTIVARIATE_EVENTS = DataTable(_MULTIVARIATE_EVENT, ("event_ticker",))
"""Events of the scenario that belong to a collection; they are listed apart from other events."""
