"""Multivariate event collections (markets that combine others), and the lookups in them."""

from collections.abc import Sequence
from typing import Any

from mockexchange.core.instants import MICROSECONDS_PER_SECOND
from mockexchange.venues.data_tables import DataRow
from mockexchange.venues.kalshi.dates import AUTUMN_2026
from mockexchange.venues.kalshi.resources.parameters import CURSOR, Parameter
from mockexchange.venues.kalshi.resources.scenario_reads import (
    Asked,
    Column,
    Objects,
    always,
    choice,
    equal,
    limit,
    nested,
    nullable,
    one,
    page,
    rows,
    texts,
    unshown,
)

INDEX_ADDED = "2026-08-05"


def status_of(row: DataRow, at: int) -> str:
    """Return the status of an event collection at the time `at`."""
    if at < row.open_date:
        return "unopened"
    return "open" if at < row.close_date else "closed"


def has_event(call: Asked, row: DataRow, ticker: Any) -> bool:
    return ticker in row.associated_event_tickers or any(event.ticker == ticker for event in row.associated_events)


def is_recent(call: Asked, row: DataRow, seconds: Any) -> bool:
    return bool(call.at - seconds * MICROSECONDS_PER_SECOND <= row.last_queried_ts <= call.at)


def lookups_in(call: Asked, found: Sequence[DataRow]) -> Sequence[DataRow]:
    """Return the lookups in the collection of the path. Raises Rejected if there is no such collection."""
    ticker = COLLECTIONS.row_of(call, call.path_params["collection_ticker"]).collection_ticker
    return [row for row in found if row.collection_ticker == ticker]


_ASSOCIATED: tuple[Column, ...] = (
    always("ticker", "text"),
    always("is_yes_only", "boolean", default=False),
    nullable("size_max", "integer"),
    nullable("size_min", "integer"),
    always("active_quoters", "texts", default=()),
)
_RANGE: tuple[Column, ...] = (always("start", "price"), always("end", "price"), always("step", "price"))
_PAIR: tuple[Column, ...] = (
    always("event_ticker", "text"),
    always("market_ticker", "text"),
    always("side", "text", choices=("yes", "no")),
)
COLLECTIONS = Objects(
    "multivariate_collections",
    "MultivariateEventCollection",
    (
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
    ),
    ("collection_ticker",),
)
LOOKUPS = Objects(
    "multivariate_lookups",
    "LookupPoint",
    (
        unshown("collection_ticker", "text"),
        always("event_ticker", "text"),
        always("market_ticker", "text"),
        nested("selected_markets", "TickerPair", _PAIR),
        always("last_queried_ts", "instant"),
    ),
)
MULTIVARIATE_EVENTS = Objects(
    "multivariate_events",
    "",
    (unshown("event_ticker", "text"), unshown("collection_ticker", "text")),
    ("event_ticker",),
)
"""Events of the scenario that belong to a collection; they are listed apart from other events."""
TABLES = (COLLECTIONS, LOOKUPS, MULTIVARIATE_EVENTS)
READS = (
    page(
        "GetMultivariateEventCollections",
        "/multivariate_event_collections",
        COLLECTIONS,
        "multivariate_contracts",
        choice("status", "unopened", "open", "closed"),
        *texts("associated_event_ticker", "series_ticker"),
        limit(200),
        CURSOR,
        filters={
            "status": lambda call, row, status: status_of(row, call.at) == status,
            "associated_event_ticker": has_event,
            **equal("series_ticker"),
        },
    ),
    one(
        "GetMultivariateEventCollection",
        "/multivariate_event_collections/{collection_ticker}",
        COLLECTIONS,
        "multivariate_contract",
    ),
    rows(
        "GetMultivariateEventCollectionLookupHistory",
        "/multivariate_event_collections/{collection_ticker}/lookup",
        LOOKUPS,
        "lookup_points",
        Parameter(
            name="lookback_seconds", kind="integer", numbers=(10, 60, 300, 3600), required=True, source="docs-2025-11"
        ),
        filters={"lookback_seconds": is_recent},
        select=lookups_in,
    ),
)
