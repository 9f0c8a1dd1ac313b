"""Defines the JSON fields of fills for each API date."""

from mockexchange.venues.dated import Field
from mockexchange.venues.kalshi.dates import (
    FIXED_POINT_ADDED,
    FIXED_PRICES_REMOVED,
    INTEGERS_REMOVED,
    OUTCOMES_ADDED,
    PRICE_STRINGS_ADDED,
    SIX_DECIMALS,
    SUBACCOUNTS_ADDED,
)
from mockexchange.venues.kalshi.formatting import (
    ACTION,
    BOOK_SIDE,
    BOOLEAN,
    CONTRACTS,
    COUNT_2,
    DOLLARS_6,
    DOLLARS_OF_CENTS,
    INSTANT,
    INTEGER,
    PRICE_4,
    PRICE_CENTS,
    PRICE_NUMBER,
    SIDE,
    TEXT,
    UNIX_SECONDS,
)
from mockexchange.venues.kalshi.objects.rows import CURSOR, exchange_index, list_of

FEE_COST_ADDED = "2026-01-28"
CLIENT_ORDER_ID_REMOVED = "2026-03-30"


def _prices(side: str) -> tuple[Field, ...]:
    """Return the rows of a side's price: integer cents and `_fixed`, then the four decimals that replaced both."""
    read, name = f"trade.{side}_centicents", f"{side}_price"
    fixed, dollars = f"{name}_fixed", f"{name}_dollars"
    return (
        Field(name=name, spelling=PRICE_CENTS, read=read, until=INTEGERS_REMOVED, source="wire-2025-11"),
        Field(name=fixed, spelling=PRICE_4, read=read, until=FIXED_PRICES_REMOVED, source="wire-2025-11"),
        Field(name=dollars, spelling=PRICE_4, read=read, since=PRICE_STRINGS_ADDED, source="changelog"),
    )


FILL: tuple[Field, ...] = (
    Field(name="action", spelling=ACTION, read="action", source="wire-2025-11"),
    Field(name="book_side", spelling=BOOK_SIDE, read="outcome_side", since=OUTCOMES_ADDED, source="wire-2026-06"),
    # Never in the recorded rows, though documented: left out unless the client gave one.
    Field(
        name="client_order_id",
        spelling=TEXT,
        read="client_order_id",
        empty="absent",
        until=CLIENT_ORDER_ID_REMOVED,
        source="changelog",
    ),
    Field(name="count", spelling=CONTRACTS, read="trade.count_centis", until=INTEGERS_REMOVED, source="wire-2025-11"),
    Field(name="count_fp", spelling=COUNT_2, read="trade.count_centis", since=FIXED_POINT_ADDED, source="changelog"),
    Field(name="created_time", spelling=INSTANT, read="created_at", source="wire-2025-11"),
    exchange_index("trade.market.event.exchange_index"),
    Field(
        name="fee_cost",
        spelling=DOLLARS_OF_CENTS,
        read="fee_micros",
        since=FEE_COST_ADDED,
        until=SIX_DECIMALS,
        source="changelog",
    ),
    Field(name="fee_cost", spelling=DOLLARS_6, read="fee_micros", since=SIX_DECIMALS, source="wire-2026-06"),
    Field(name="fill_id", spelling=TEXT, read="trade.trade_id", source="wire-2025-11"),
    Field(name="is_taker", spelling=BOOLEAN, read="is_taker", source="wire-2025-11"),
    Field(name="market_ticker", spelling=TEXT, read="trade.market.ticker", source="wire-2025-11"),
    *_prices("no"),
    Field(name="order_id", spelling=TEXT, read="order.order_id", source="wire-2025-11"),
    Field(name="outcome_side", spelling=SIDE, read="outcome_side", since=OUTCOMES_ADDED, source="wire-2026-06"),
    # Dollars as a JSON number, of the YES side: both recorded fills are of YES.
    Field(
        name="price",
        spelling=PRICE_NUMBER,
        read="trade.yes_centicents",
        until=INTEGERS_REMOVED,
        source="wire-2025-11",
    ),
    Field(name="side", spelling=SIDE, read="side", source="wire-2025-11"),
    Field(
        name="subaccount_number",
        spelling=INTEGER,
        read="order.subaccount.number",
        empty="absent",
        since=SUBACCOUNTS_ADDED,
        source="wire-2026-06",
    ),
    Field(name="ticker", spelling=TEXT, read="trade.market.ticker", source="wire-2025-11"),
    Field(name="trade_id", spelling=TEXT, read="trade.trade_id", source="wire-2025-11"),
    Field(name="ts", spelling=UNIX_SECONDS, read="created_at", source="wire-2025-11"),
    *_prices("yes"),
)

GET_FILLS_RESPONSE: tuple[Field, ...] = (CURSOR, list_of("fills", "Fill", FILL))
