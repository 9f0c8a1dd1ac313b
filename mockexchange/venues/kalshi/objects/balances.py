"""Defines the JSON fields of cash balances and of the value of positions, for each API date."""

from mockexchange.venues.dated import Field, Nested
from mockexchange.venues.kalshi.dates import EXCHANGE_INDEX_ADDED
from mockexchange.venues.kalshi.formatting import CENTS, DOLLARS_4, INTEGER, UNIX_SECONDS
from mockexchange.venues.kalshi.objects.rows import list_of, maybe

BALANCE_DOLLARS_ADDED = "2026-05-28"

INDEXED_BALANCE: tuple[Field, ...] = (
    Field(name="balance", spelling=DOLLARS_4, read="cash_micros", source="wire-2026-06"),
    Field(
        name="exchange_index",
        spelling=INTEGER,
        read="exchange_index",
        source="wire-2026-06",
    ),
)

GET_BALANCE_RESPONSE: tuple[Field, ...] = (
    Field(name="balance", spelling=CENTS, read="cash_micros", source="wire-2025-11"),
    maybe(
        "balance_breakdown",
        Nested("IndexedBalance", INDEXED_BALANCE, is_list=True),
        "breakdown",
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
    Field(name="updated_ts", spelling=UNIX_SECONDS, read="at", source="wire-2025-11"),
)

GET_RESTING_VALUE_RESPONSE: tuple[Field, ...] = (
    list_of(
        "resting_order_value_breakdown",
        "IndexedBalance",
        INDEXED_BALANCE,
        read="breakdown",
        since=EXCHANGE_INDEX_ADDED,
        source="changelog",
    ),
    Field(name="total_resting_order_value", spelling=CENTS, read="cash_micros", source="docs-2025-11"),
)
