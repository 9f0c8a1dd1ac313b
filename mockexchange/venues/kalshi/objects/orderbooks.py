"""Defines the JSON fields of a market's order book for each API date: the bids of each side, the best price last."""

from mockexchange.venues.dated import Empty, Field, Nested, Spelling
from mockexchange.venues.kalshi.dates import FIXED_POINT_ADDED, INTEGERS_REMOVED
from mockexchange.venues.kalshi.formatting import TEXT
from mockexchange.venues.kalshi.market_formatting import CENT_LEVELS, DOLLAR_LEVELS, EXACT_LEVELS
from mockexchange.venues.kalshi.objects.rows import list_of


def _side(name: str, spelling: Spelling, read: str, empty: Empty, source: str) -> Field:
    return Field(name=name, spelling=spelling, read=read, empty=empty, source=source)


def _old_dollars(side: str) -> tuple[Field, ...]:
    """Return the rows of a side in dollars; counts are integers, but text in `compat`, which two clients require."""
    name, read = f"{side}_dollars", f"{side}_or_none"
    return (
        Field(
            name=name,
            spelling=DOLLAR_LEVELS,
            read=read,
            empty="null",
            until=INTEGERS_REMOVED,
            source="wire-2025-11",
        ),
        Field(
            name=name, spelling=EXACT_LEVELS, read=read, empty="null", since=INTEGERS_REMOVED, source="client-report"
        ),
    )


# A side without bids is null here (recorded).
ORDERBOOK: tuple[Field, ...] = (
    _side("no", CENT_LEVELS, "no_or_none", "null", "wire-2025-11"),
    *_old_dollars("no"),
    _side("yes", CENT_LEVELS, "yes_or_none", "null", "wire-2025-11"),
    *_old_dollars("yes"),
)

ORDERBOOK_COUNT_FP: tuple[Field, ...] = (
    _side("no_dollars", EXACT_LEVELS, "no", "never", "wire-2026-06"),
    _side("yes_dollars", EXACT_LEVELS, "yes", "never", "wire-2026-06"),
)

GET_MARKET_ORDERBOOK_RESPONSE: tuple[Field, ...] = (
    Field(
        name="orderbook",
        spelling=Nested("Orderbook", ORDERBOOK),
        read="book",
        until=INTEGERS_REMOVED,
        source="wire-2025-11",
    ),
    Field(
        name="orderbook_fp",
        spelling=Nested("OrderbookCountFp", ORDERBOOK_COUNT_FP),
        read="book",
        since=FIXED_POINT_ADDED,
        source="wire-2026-06",
    ),
)

MARKET_ORDERBOOK_FP: tuple[Field, ...] = (
    Field(
        name="orderbook_fp",
        spelling=Nested("OrderbookCountFp", ORDERBOOK_COUNT_FP),
        read="book",
        source="openapi-3.13",
    ),
    Field(name="ticker", spelling=TEXT, read="ticker", source="openapi-3.13"),
)
GET_MARKET_ORDERBOOKS_RESPONSE: tuple[Field, ...] = (
    list_of("orderbooks", "MarketOrderbookFp", MARKET_ORDERBOOK_FP, source="openapi-3.13"),
)
