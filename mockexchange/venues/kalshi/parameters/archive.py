"""Defines the query parameters of the operations that read historical objects."""

from mockexchange.venues.kalshi.dates import AUTUMN_2026
from mockexchange.venues.kalshi.parameters.rows import CURSOR, LIMIT, TICKER, Parameter, subaccount

GET_HISTORICAL_POSITIONS: tuple[Parameter, ...] = (
    CURSOR,
    LIMIT,
    TICKER,
    Parameter(name="event_ticker", kind="text", source="sdk-3.34"),
    *subaccount("2026-07-23"),
)

GET_HISTORICAL_ROWS: tuple[Parameter, ...] = (
    CURSOR,
    LIMIT,
    TICKER,
    Parameter(name="max_ts", kind="integer", source="openapi-3.13"),
    Parameter(name="min_ts", kind="integer", since=AUTUMN_2026, source="sdk-3.34"),
    *subaccount(AUTUMN_2026),
)
