"""Defines the query parameters of the operations about the account itself."""

from mockexchange.venues.kalshi.dates import AUTUMN_2026
from mockexchange.venues.kalshi.parameters.rows import Parameter

GET_API_KEYS: tuple[Parameter, ...] = (
    Parameter(name="fcm_subtrader_id", kind="text", since=AUTUMN_2026, source="sdk-3.34"),
)
