"""Defines the query parameters of the operations about markets, their order books and trades."""

from mockexchange.venues.dated import COMPAT_ONLY
from mockexchange.venues.kalshi.dates import AUTUMN_2026, SPRING_2026
from mockexchange.venues.kalshi.parameters.rows import CURSOR, EVENT_TICKER_NARROWED, TICKER, WINDOW, Parameter

OLD_STATUS_WORDS = ("unopened", "open", "closed", "settled")
STATUS_VALUES = ("unopened", "open", "paused", "closed", "settled")

# From April 2026 on a limit of nothing is within the bounds.
LIMIT_FROM_ZERO = (
    Parameter(
        name="limit", kind="integer", minimum=1, maximum=1000, default=100, until=SPRING_2026, source="docs-2025-11"
    ),
    Parameter(
        name="limit", kind="integer", minimum=0, maximum=1000, default=100, since=SPRING_2026, source="openapi-3.13"
    ),
)
SERIES_TICKER = Parameter(name="series_ticker", kind="text", source="docs-2025-11")
TICKERS = Parameter(name="tickers", kind="texts", source="docs-2025-11")
STATUS = (
    Parameter(name="status", kind="choices", choices=OLD_STATUS_WORDS, until=SPRING_2026, source="docs-2025-11"),
    Parameter(
        name="status", kind="choice", choices=STATUS_VALUES, since=SPRING_2026, until=COMPAT_ONLY, source="openapi-3.13"
    ),
    # A list, as clients of 2025 send it, of every value that ever existed.
    Parameter(name="status", kind="choices", choices=STATUS_VALUES, since=COMPAT_ONLY, source="choice"),
)


def instants(*names: str, since: str, source: str) -> tuple[Parameter, ...]:
    return tuple(Parameter(name=name, kind="integer", since=since, source=source) for name in names)


CLOSE_TIMES = (
    Parameter(name="min_close_ts", kind="integer", source="docs-2025-11"),
    Parameter(name="max_close_ts", kind="integer", source="docs-2025-11"),
)
# With the rule that they exclude each other; a filter by updates is first seen in the document of 2026-02-25.
OTHER_TIMES = (
    *instants(
        "min_created_ts", "max_created_ts", "min_settled_ts", "max_settled_ts", since="2025-11-20", source="changelog"
    ),
    *instants("min_updated_ts", since="2026-02-25", source="client-report"),
    *instants("max_updated_ts", since=AUTUMN_2026, source="sdk-3.34"),
)

GET_MARKETS: tuple[Parameter, ...] = (
    *LIMIT_FROM_ZERO,
    CURSOR,
    *EVENT_TICKER_NARROWED,
    SERIES_TICKER,
    *CLOSE_TIMES,
    *OTHER_TIMES,
    *STATUS,
    TICKERS,
    Parameter(name="mve_filter", kind="choice", choices=("only", "exclude"), since=SPRING_2026, source="openapi-3.13"),
)

GET_MARKET_ORDERBOOK: tuple[Parameter, ...] = (
    Parameter(name="depth", kind="integer", minimum=0, maximum=100, default=0, source="docs-2025-11"),
)

GET_TRADES: tuple[Parameter, ...] = (
    *LIMIT_FROM_ZERO,
    CURSOR,
    TICKER,
    *WINDOW,
    Parameter(name="is_block_trade", kind="boolean", since=AUTUMN_2026, source="sdk-3.34"),
)

GET_MARKET_ORDERBOOKS: tuple[Parameter, ...] = (
    Parameter(name="tickers", kind="repeated", items_max=100, required=True, source="openapi-3.13"),
)
SERIES_OR_EVENT = (
    Parameter(name="event_ticker", kind="text", source="openapi-3.13"),
    Parameter(name="series_ticker", kind="text", since="2026-04-11", source="docs-daily"),
)
GET_HISTORICAL_MARKETS: tuple[Parameter, ...] = (
    Parameter(name="limit", kind="integer", minimum=0, maximum=1000, default=100, source="openapi-3.13"),
    CURSOR,
    TICKERS,
    *SERIES_OR_EVENT,
    Parameter(name="mve_filter", kind="choice", choices=("exclude",), source="openapi-3.13"),
)
GET_TRADES_HISTORICAL: tuple[Parameter, ...] = (
    Parameter(name="limit", kind="integer", minimum=0, maximum=1000, default=100, source="openapi-3.13"),
    CURSOR,
    TICKER,
    *WINDOW,
    Parameter(name="is_block_trade", kind="boolean", since="2026-06-02", source="docs-daily"),
)
TIME_RANGE = (
    Parameter(name="start_ts", kind="integer", required=True, source="docs-2025-11"),
    Parameter(name="end_ts", kind="integer", required=True, source="docs-2025-11"),
)
GET_CANDLESTICKS: tuple[Parameter, ...] = (
    *TIME_RANGE,
    Parameter(name="period_interval", kind="integer", numbers=(1, 60, 1440), required=True, source="docs-2025-11"),
)
GET_MARKET_CANDLESTICKS: tuple[Parameter, ...] = (
    *GET_CANDLESTICKS,
    Parameter(
        name="include_latest_before_start", kind="boolean", default=False, since="2026-01-18", source="docs-daily"
    ),
)
BATCH_GET_CANDLESTICKS: tuple[Parameter, ...] = (
    Parameter(name="market_tickers", kind="texts", items_max=100, required=True, source="docs-daily"),
    *TIME_RANGE,
    Parameter(name="period_interval", kind="integer", minimum=1, maximum=2**31 - 1, required=True, source="docs-daily"),
    Parameter(name="include_latest_before_start", kind="boolean", default=False, source="docs-daily"),
)
