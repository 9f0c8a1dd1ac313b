"""Defines the query parameters of the operations about events."""

from mockexchange.venues.kalshi.dates import AUTUMN_2026, SPRING_2026
from mockexchange.venues.kalshi.parameters.markets import OLD_STATUS_WORDS, SERIES_TICKER, instants
from mockexchange.venues.kalshi.parameters.rows import CURSOR, Parameter

LIMIT_OF_EVENTS = (
    Parameter(
        name="limit", kind="integer", minimum=1, maximum=200, default=100, until=SPRING_2026, source="docs-2025-11"
    ),
    Parameter(
        name="limit", kind="integer", minimum=1, maximum=200, default=200, since=SPRING_2026, source="openapi-3.13"
    ),
)
STATUS_OF_EVENTS = (
    Parameter(
        name="status",
        kind="choice",
        choices=("open", "closed", "settled"),
        until=SPRING_2026,
        source="docs-2025-11",
    ),
    Parameter(name="status", kind="choice", choices=OLD_STATUS_WORDS, since=SPRING_2026, source="openapi-3.13"),
)
WITH_NESTED_MARKETS = Parameter(name="with_nested_markets", kind="boolean", default=False, source="docs-2025-11")

GET_EVENTS: tuple[Parameter, ...] = (
    *LIMIT_OF_EVENTS,
    CURSOR,
    WITH_NESTED_MARKETS,
    Parameter(name="with_milestones", kind="boolean", default=False, source="docs-2025-11"),
    *STATUS_OF_EVENTS,
    SERIES_TICKER,
    Parameter(name="tickers", kind="texts", since=AUTUMN_2026, source="sdk-3.34"),
    Parameter(name="min_close_ts", kind="integer", source="docs-2025-11"),
    *instants("min_updated_ts", since=SPRING_2026, source="openapi-3.13"),
)
GET_EVENT: tuple[Parameter, ...] = (WITH_NESTED_MARKETS,)
GET_MULTIVARIATE_EVENTS: tuple[Parameter, ...] = (
    Parameter(name="limit", kind="integer", minimum=1, maximum=200, default=100, source="docs-2025-11"),
    CURSOR,
    Parameter(name="series_ticker", kind="text", source="docs-2025-11"),
    Parameter(name="collection_ticker", kind="text", source="docs-2025-11"),
    Parameter(name="with_nested_markets", kind="boolean", default=False, source="docs-2025-11"),
)
