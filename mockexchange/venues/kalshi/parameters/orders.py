"""Defines the query parameters of the operations on orders."""

from mockexchange.venues.kalshi.dates import SPRING_2026, SUBACCOUNTS_ADDED
from mockexchange.venues.kalshi.parameters.rows import (
    CURSOR,
    EVENT_TICKERS,
    EXCHANGE_INDEX,
    LIMIT_WIDENED,
    TICKER,
    WINDOW,
    Parameter,
    subaccount,
)

GET_ORDERS: tuple[Parameter, ...] = (
    CURSOR,
    *LIMIT_WIDENED,
    TICKER,
    EVENT_TICKERS,
    *WINDOW,
    # No enumeration here: an unknown value was answered with an empty list (recorded 2025-11-03).
    Parameter(name="status", kind="text", source="wire-2025-11"),
    *subaccount(SUBACCOUNTS_ADDED),
    EXCHANGE_INDEX,
)

GET_ORDER_QUEUE_POSITIONS: tuple[Parameter, ...] = (
    Parameter(name="market_tickers", kind="texts", source="docs-2025-11"),
    Parameter(name="event_ticker", kind="text", source="docs-2025-11"),
    *subaccount(SUBACCOUNTS_ADDED),
)

GET_ORDER_GROUPS: tuple[Parameter, ...] = (
    Parameter(name="status", kind="text", until=SPRING_2026, source="docs-2025-11"),
    Parameter(
        name="limit", kind="integer", minimum=1, maximum=200, default=100, until=SPRING_2026, source="docs-2025-11"
    ),
    Parameter(name="cursor", kind="text", until=SPRING_2026, source="docs-2025-11"),
    *subaccount(SUBACCOUNTS_ADDED),
)

# Omitted, it is the primary subaccount in the documents; a restricted key means its own.
WRITE_ORDER_GROUP: tuple[Parameter, ...] = (*subaccount(SUBACCOUNTS_ADDED), EXCHANGE_INDEX)
LIMIT_ORDER_GROUP: tuple[Parameter, ...] = (*subaccount("2026-08-06"), EXCHANGE_INDEX)

_ROUTED_BY_TICKER = Parameter(
    name="exchange_index", kind="integer", minimum=-1, maximum=2**31 - 1, since="2026-06-22", source="changelog"
)
CANCEL_ORDER: tuple[Parameter, ...] = (*subaccount(SUBACCOUNTS_ADDED), EXCHANGE_INDEX)
CANCEL_ORDER_V2: tuple[Parameter, ...] = (
    *subaccount(SUBACCOUNTS_ADDED),
    _ROUTED_BY_TICKER,
    Parameter(name="market_ticker", kind="text", since="2026-06-22", source="changelog"),
)
CHANGE_ORDER_V2: tuple[Parameter, ...] = subaccount(SUBACCOUNTS_ADDED)
