"""Implements the operations that read the scenario's multivariate event collections, and the lookups in them."""

from typing import Any

from mockexchange.core.instants import MICROSECONDS_PER_SECOND
from mockexchange.venues.data_tables import DataRow
from mockexchange.venues.kalshi.operations.call import Call, PublicOperation
from mockexchange.venues.kalshi.operations.lists import ListTable, write_rows
from mockexchange.venues.kalshi.operations.scenario_data.answers import (
    answer_one,
    answer_page,
    equal_to,
    filtered,
    row_of,
)

COLLECTIONS = ListTable("multivariate_contracts", "MultivariateEventCollection")
LOOKUPS = ListTable("lookup_points", "LookupPoint")


def status_of(row: DataRow, at: int) -> str:
    """Return the status of an event collection at the time `at`."""
    if at < row.open_date:
        return "unopened"
    return "open" if at < row.close_date else "closed"


def is_in_status(call: Call, row: DataRow, status: Any) -> bool:
    return bool(status_of(row, call.at) == status)


def has_event(call: Call, row: DataRow, ticker: Any) -> bool:
    return ticker in row.associated_event_tickers or any(event.ticker == ticker for event in row.associated_events)


def is_recent(call: Call, row: DataRow, seconds: Any) -> bool:
    return bool(call.at - seconds * MICROSECONDS_PER_SECOND <= row.last_queried_ts <= call.at)


COLLECTION_FILTERS = {
    "status": is_in_status,
    "associated_event_ticker": has_event,
    "series_ticker": equal_to("series_ticker"),
}


def get_collections(call: Call) -> bytes:
    return answer_page(call, "multivariate_collections", COLLECTIONS, COLLECTION_FILTERS)


def get_collection(call: Call) -> bytes:
    return answer_one(call, "multivariate_collections", call.path_params["collection_ticker"])


def get_lookup_history(call: Call) -> bytes:
    """Return the recent lookups in a collection."""
    ticker = row_of(call, "multivariate_collections", call.path_params["collection_ticker"]).collection_ticker
    recent = filtered(call, "multivariate_lookups", {"lookback_seconds": is_recent})
    return write_rows(call, LOOKUPS, [row for row in recent if row.collection_ticker == ticker])


OPERATIONS = (
    PublicOperation(
        name="GetMultivariateEventCollections",
        path="/multivariate_event_collections",
        answer=get_collections,
        answer_table="GetMultivariateEventCollectionsResponse",
    ),
    PublicOperation(
        name="GetMultivariateEventCollection",
        path="/multivariate_event_collections/{collection_ticker}",
        answer=get_collection,
        answer_table="GetMultivariateEventCollectionResponse",
    ),
    PublicOperation(
        name="GetMultivariateEventCollectionLookupHistory",
        path="/multivariate_event_collections/{collection_ticker}/lookup",
        answer=get_lookup_history,
        answer_table="GetMultivariateEventCollectionLookupHistoryResponse",
    ),
)
