"""Defines the query parameters of the operations for FCM members."""

from mockexchange.venues.dated import ALWAYS, FOREVER
from mockexchange.venues.kalshi.dates import AUTUMN_2026
from mockexchange.venues.kalshi.parameters.rows import (
    CURSOR,
    EVENT_TICKER_NARROWED,
    LIMIT,
    TICKER,
    WINDOW,
    Parameter,
    count_filter,
    order_status,
    settlement_status,
)

CLIENT_ORDER_IDS_ADDED = "2026-09-03"


def _subtrader_id(required_until: str, source: str) -> tuple[Parameter, ...]:
    """Return the rows of `subtrader_id`: required for all keys, later only for keys not bound to a subtrader."""
    return (
        Parameter(name="subtrader_id", kind="text", required=True, until=required_until, source="docs-2025-11"),
        Parameter(name="subtrader_id", kind="text", since=required_until, source=source),
    )


GET_FCM_POSITIONS: tuple[Parameter, ...] = (
    CURSOR,
    LIMIT,
    *count_filter(),
    settlement_status(ALWAYS, FOREVER, "docs-2025-11"),
    TICKER,
    Parameter(name="event_ticker", kind="text", source="docs-2025-11"),
    *_subtrader_id(AUTUMN_2026, "sdk-3.34"),
)

GET_FCM_ORDERS: tuple[Parameter, ...] = (
    CURSOR,
    LIMIT,
    TICKER,
    *EVENT_TICKER_NARROWED,
    *WINDOW,
    *order_status(),
    *_subtrader_id(CLIENT_ORDER_IDS_ADDED, "changelog"),
    Parameter(name="client_order_ids", kind="texts", items_max=100, since=CLIENT_ORDER_IDS_ADDED, source="changelog"),
)

GET_FCM_FILLS: tuple[Parameter, ...] = (CURSOR, *WINDOW)

GET_BLOCKED_CATEGORIES: tuple[Parameter, ...] = (
    Parameter(name="subtrader_id", kind="text", required=True, source="sdk-3.34"),
)

GET_DAILY_CAP: tuple[Parameter, ...] = (Parameter(name="subtrader_id", kind="text", source="sdk-3.34"),)
