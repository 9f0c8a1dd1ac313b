"""The cutoff between live and historical rows."""

from mockexchange.venues.dated import Field
from mockexchange.venues.kalshi.formatting import INSTANT

ARCHIVED_POSITIONS_ADDED = "2026-07-23"

GET_HISTORICAL_CUTOFF_RESPONSE: tuple[Field, ...] = (
    Field(
        name="market_positions_last_updated_ts",
        spelling=INSTANT,
        read="archived_before",
        since=ARCHIVED_POSITIONS_ADDED,
        source="sdk-3.34",
    ),
    Field(name="market_settled_ts", spelling=INSTANT, read="archived_before", source="openapi-3.13"),
    Field(name="orders_updated_ts", spelling=INSTANT, read="archived_before", source="openapi-3.13"),
    Field(name="trades_created_ts", spelling=INSTANT, read="archived_before", source="openapi-3.13"),
)
