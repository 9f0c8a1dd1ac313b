"""Defines the query parameters of the operation that lists settlements."""

from mockexchange.venues.kalshi.dates import SUBACCOUNTS_ADDED
from mockexchange.venues.kalshi.parameters.rows import (
    CURSOR,
    EVENT_TICKER_NARROWED,
    LIMIT_WIDENED,
    TICKER,
    WINDOW,
    Parameter,
    subaccount,
)

GET_SETTLEMENTS: tuple[Parameter, ...] = (
    CURSOR,
    *LIMIT_WIDENED,
    TICKER,
    *EVENT_TICKER_NARROWED,
    *WINDOW,
    *subaccount(SUBACCOUNTS_ADDED),
)
