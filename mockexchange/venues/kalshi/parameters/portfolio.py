"""Defines the query parameters of the operations below /portfolio."""

from mockexchange.venues.dated import ALWAYS, FOREVER
from mockexchange.venues.kalshi.dates import AUTUMN_2026, SUBACCOUNTS_ADDED
from mockexchange.venues.kalshi.parameters.rows import (
    CURSOR,
    EVENT_TICKER_NARROWED,
    EXCHANGE_INDEX,
    LIMIT,
    LIMIT_WIDENED,
    SETTLEMENT_STATUS_BACK,
    SETTLEMENT_STATUS_REMOVED,
    TICKER,
    WINDOW,
    Parameter,
    count_filter,
    settlement_status,
    subaccount,
)

GET_BALANCE: tuple[Parameter, ...] = (*subaccount("2026-02-17"), EXCHANGE_INDEX)

GET_POSITIONS: tuple[Parameter, ...] = (
    CURSOR,
    LIMIT,
    *count_filter(),
    settlement_status(ALWAYS, SETTLEMENT_STATUS_REMOVED, "docs-2025-11"),
    settlement_status(SETTLEMENT_STATUS_BACK, FOREVER, "sdk-3.34"),
    TICKER,
    *EVENT_TICKER_NARROWED,
    *subaccount(SUBACCOUNTS_ADDED),
    EXCHANGE_INDEX,
)

GET_FILLS: tuple[Parameter, ...] = (
    CURSOR,
    *LIMIT_WIDENED,
    Parameter(name="ticker", kind="text", until=AUTUMN_2026, source="docs-2025-11"),
    Parameter(name="ticker", kind="texts", items_max=100, since=AUTUMN_2026, lenient=True, source="sdk-3.34"),
    Parameter(name="order_id", kind="text", source="docs-2025-11"),
    *WINDOW,
    *subaccount(SUBACCOUNTS_ADDED),
    EXCHANGE_INDEX,
)
