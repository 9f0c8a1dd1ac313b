"""Every object of the portfolio answers as a dated table: key, spelling, life, source, and what it reads in the core.

Rows before and after 2026-03-07 and 2026-03-12 tell the venue's move from cents to fixed point; `compat` keeps what
was removed beside what replaced it.
"""

from mockexchange.venues.dated import COMPAT, ApiDate, Field, Spelling, compile_object, pick
from mockexchange.venues.kalshi.dates import api_date
from mockexchange.venues.kalshi.spelling import (
    CENTS,
    CONTRACTS,
    COUNT_2,
    DOLLARS_4,
    DOLLARS_6,
    DOLLARS_OF_CENTS,
    INSTANT,
    INTEGER,
    TEXT,
    UNIX_SECONDS,
)

FIXED_POINT_ADDED = "2026-01-29"
SIX_DECIMALS = "2026-03-07"
INTEGERS_REMOVED = "2026-03-12"
BALANCE_DOLLARS_ADDED = "2026-05-28"
RESTING_REMOVED = "2026-07-09"
EXCHANGE_INDEX_ADDED = "2026-08-20"


def _money(name: str, read: str) -> tuple[Field, ...]:
    """An amount's three rows: integer cents, their dollar twin, and the exact dollars that replaced both."""
    dollars = f"{name}_dollars"
    return (
        Field(name=name, spelling=CENTS, read=read, until=INTEGERS_REMOVED, source="docs-2025-11"),
        Field(name=dollars, spelling=DOLLARS_OF_CENTS, read=read, until=SIX_DECIMALS, source="wire-2025-11"),
        Field(name=dollars, spelling=DOLLARS_6, read=read, since=SIX_DECIMALS, source="wire-2026-06"),
    )


MARKET_POSITION: tuple[Field, ...] = (
    Field(
        name="exchange_index",
        spelling=INTEGER,
        read="market.event.exchange_index",
        since=EXCHANGE_INDEX_ADDED,
        source="docs-3.28",
    ),
    *_money("fees_paid", "fees_micros"),
    Field(name="last_updated_ts", spelling=INSTANT, read="updated_at", source="wire-2025-11"),
    *_money("market_exposure", "stake.cost_micros"),
    Field(
        name="position",
        spelling=CONTRACTS,
        read="stake.quantity_centis",
        until=INTEGERS_REMOVED,
        source="docs-2025-11",
    ),
    Field(
        name="position_fp",
        spelling=COUNT_2,
        read="stake.quantity_centis",
        since=FIXED_POINT_ADDED,
        source="changelog",
    ),
    *_money("realized_pnl", "stake.realized_micros"),
    # Announced gone for 2025-11-13, still recorded on 2026-06-11; the resting contracts, not the number of orders.
    Field(
        name="resting_orders_count",
        spelling=CONTRACTS,
        read="resting_centis",
        until=RESTING_REMOVED,
        source="wire-2026-06",
    ),
    Field(name="ticker", spelling=TEXT, read="market.ticker", source="docs-2025-11"),
    *_money("total_traded", "stake.traded_micros"),
)

EVENT_POSITION: tuple[Field, ...] = (
    *_money("event_exposure", "totals.cost_micros"),
    Field(name="event_ticker", spelling=TEXT, read="event", source="docs-2025-11"),
    *_money("fees_paid", "totals.fees_micros"),
    *_money("realized_pnl", "totals.realized_micros"),
    # Singular here, plural in the market row: so on the wire.
    Field(
        name="resting_order_count",
        spelling=CONTRACTS,
        read="totals.resting_centis",
        until="2025-11-13",
        source="wire-2025-11",
    ),
    *_money("total_cost", "totals.traded_micros"),
    Field(
        name="total_cost_shares",
        spelling=CONTRACTS,
        read="totals.shares_centis",
        since="2025-11-06",
        until=INTEGERS_REMOVED,
        source="changelog",
    ),
    Field(
        name="total_cost_shares_fp",
        spelling=COUNT_2,
        read="totals.shares_centis",
        since=FIXED_POINT_ADDED,
        source="changelog",
    ),
)

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

_write_indexed = compile_object(INDEXED_BALANCE, ApiDate(COMPAT, None))
BREAKDOWN = Spelling(
    "list of IndexedBalance", lambda parts: f"[{','.join(_write_indexed(part).decode() for part in parts)}]"
)

BALANCE: tuple[Field, ...] = (
    Field(name="balance", spelling=CENTS, read="cash_micros", source="wire-2025-11"),
    Field(
        name="balance_breakdown",
        spelling=BREAKDOWN,
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

OBJECTS: dict[str, tuple[Field, ...]] = {
    "MarketPosition": MARKET_POSITION,
    "EventPosition": EVENT_POSITION,
    "Balance": BALANCE,
    "IndexedBalance": INDEXED_BALANCE,
}


def count_removed_fields() -> int:
    """How many keys `compat` still sends that the newest wire has not."""
    return sum(
        len(pick(rows, ApiDate(COMPAT, None)).keys() - pick(rows, api_date("latest")).keys())
        for rows in OBJECTS.values()
    )
