"""Defines the JSON fields of public trades, and of candlesticks that are computed from trades, for each API date."""

from mockexchange.venues.dated import Field, Spelling
from mockexchange.venues.kalshi.dates import FIXED_POINT_ADDED, INTEGERS_REMOVED, OUTCOMES_ADDED
from mockexchange.venues.kalshi.formatting import (
    BOOK_SIDE,
    CONTRACTS,
    COUNT_2,
    INSTANT,
    PRICE_4,
    PRICE_CENTS,
    PRICE_NUMBER,
    SIDE,
    TEXT,
)
from mockexchange.venues.kalshi.objects import candlesticks
from mockexchange.venues.kalshi.objects.rows import CURSOR, list_of

NO_BLOCK = Spelling("boolean", lambda trade_id: "false")
"""JSON form of the key for block trades (agreed on beforehand by two parties): always false, as the mock has none."""


def _prices(side: str) -> tuple[Field, ...]:
    read, name = f"{side}_centicents", f"{side}_price"
    return (
        Field(name=name, spelling=PRICE_CENTS, read=read, until=INTEGERS_REMOVED, source="wire-2025-11"),
        Field(name=f"{name}_dollars", spelling=PRICE_4, read=read, source="wire-2025-11"),
    )


# From spring on: a client of mid-2026 requires the three keys that documents of April lack.
TRADE: tuple[Field, ...] = (
    Field(name="count", spelling=CONTRACTS, read="count_centis", until=INTEGERS_REMOVED, source="wire-2025-11"),
    Field(name="count_fp", spelling=COUNT_2, read="count_centis", since=FIXED_POINT_ADDED, source="changelog"),
    Field(name="created_time", spelling=INSTANT, read="created_at", source="wire-2025-11"),
    Field(name="is_block_trade", spelling=NO_BLOCK, read="trade_id", since=OUTCOMES_ADDED, source="client-report"),
    *_prices("no"),
    Field(name="price", spelling=PRICE_NUMBER, read="yes_centicents", until=INTEGERS_REMOVED, source="wire-2025-11"),
    Field(name="taker_book_side", spelling=BOOK_SIDE, read="taker_side", since=OUTCOMES_ADDED, source="client-report"),
    Field(name="taker_outcome_side", spelling=SIDE, read="taker_side", since=OUTCOMES_ADDED, source="client-report"),
    Field(name="taker_side", spelling=SIDE, read="taker_side", source="wire-2025-11"),
    Field(name="ticker", spelling=TEXT, read="market.ticker", source="wire-2025-11"),
    Field(name="trade_id", spelling=TEXT, read="trade_id", source="wire-2025-11"),
    *_prices("yes"),
)

GET_TRADES_RESPONSE: tuple[Field, ...] = (CURSOR, list_of("trades", "Trade", TRADE))
OBJECTS: dict[str, tuple[Field, ...]] = {
    "GetTradesResponse": GET_TRADES_RESPONSE,
    "Trade": TRADE,
    **candlesticks.OBJECTS,
}
