"""Cash and what positions are worth."""

from mockexchange.venues.dated import Field
from mockexchange.venues.kalshi.objects.spans import BALANCE_DOLLARS_ADDED, list_of
from mockexchange.venues.kalshi.spelling import CENTS, DOLLARS_4, INTEGER, UNIX_SECONDS

INDEXED_BALANCE: tuple[Field, ...] = (
    Field(name="balance", spelling=DOLLARS_4, read="cash_micros", since=BALANCE_DOLLARS_ADDED, source="wire-2026-06"),
    Field(
        name="exchange_index",
        spelling=INTEGER,
        read="exchange_index",
        since=BALANCE_DOLLARS_ADDED,
        source="wire-2026-06",
    ),
)

GET_BALANCE_RESPONSE: tuple[Field, ...] = (
    Field(name="balance", spelling=CENTS, read="cash_micros", source="wire-2025-11"),
    list_of(
        "balance_breakdown",
        "IndexedBalance",
        INDEXED_BALANCE,
        read="breakdown",
        since=BALANCE_DOLLARS_ADDED,
        source="wire-2026-06",
    ),
    Field(
        name="balance_dollars",
        spelling=DOLLARS_4,
        read="cash_micros",
        since=BALANCE_DOLLARS_ADDED,
        source="wire-2026-06",
    ),
    Field(name="portfolio_value", spelling=CENTS, read="value_micros", source="wire-2025-11"),
    Field(name="updated_ts", spelling=UNIX_SECONDS, read="now", source="wire-2025-11"),
)

GET_RESTING_VALUE_RESPONSE: tuple[Field, ...] = (
    list_of(
        "resting_order_value_breakdown",
        "IndexedBalance",
        INDEXED_BALANCE,
        read="breakdown",
        since="2026-08-20",
        source="changelog",
    ),
    Field(name="total_resting_order_value", spelling=CENTS, read="cash_micros", source="docs-2025-11"),
)
