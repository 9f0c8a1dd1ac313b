"""Defines the JSON fields of settlements of markets for each API date.

Revenue and value stayed integer cents when everything else became fixed point.
"""

from mockexchange.venues.dated import Field
from mockexchange.venues.kalshi.dates import (
    AUTUMN_2026,
    FIXED_POINT_ADDED,
    FIXED_PRICES_REMOVED,
    INTEGERS_REMOVED,
    PRICE_STRINGS_ADDED,
    SIX_DECIMALS,
)
from mockexchange.venues.kalshi.formatting import (
    CENTS,
    CONTRACTS,
    COUNT_2,
    DOLLARS_6,
    DOLLARS_OF_CENTS,
    INSTANT,
    PRICE_CENTS,
    TEXT,
    one_of,
)
from mockexchange.venues.kalshi.objects.rows import CURSOR, exchange_index, list_of, optional

FEE_COST_ADDED = "2025-11-13"
EVENT_TICKER_ADDED = "2025-12-18"
VOID_REMOVED = AUTUMN_2026
"""Day from which settlements no longer have the result void, chosen between April and October 2026.

The official client of October knows only yes, no and scalar.
"""


def _side(side: str) -> tuple[Field, ...]:
    """Return the rows of a side's count and cost; the cost in cents outlived the count in whole contracts."""
    count, cost = f"{side}.count_centis", f"{side}.cost_micros"
    name, total = f"{side}_count", f"{side}_total_cost"
    return (
        Field(name=name, spelling=CONTRACTS, read=count, until=INTEGERS_REMOVED, source="docs-2025-11"),
        Field(name=f"{name}_fp", spelling=COUNT_2, read=count, since=FIXED_POINT_ADDED, source="changelog"),
        Field(name=total, spelling=CENTS, read=cost, until=FIXED_PRICES_REMOVED, source="docs-2025-11"),
        Field(name=f"{total}_dollars", spelling=DOLLARS_6, read=cost, since=PRICE_STRINGS_ADDED, source="changelog"),
    )


SETTLEMENT: tuple[Field, ...] = (
    Field(
        name="event_ticker", spelling=TEXT, read="row.market.event.ticker", since=EVENT_TICKER_ADDED, source="changelog"
    ),
    exchange_index("row.market.event.exchange_index"),
    Field(
        name="fee_cost",
        spelling=DOLLARS_OF_CENTS,
        read="row.fees_micros",
        since=FEE_COST_ADDED,
        until=SIX_DECIMALS,
        source="wire-2026-01",
    ),
    Field(name="fee_cost", spelling=DOLLARS_6, read="row.fees_micros", since=SIX_DECIMALS, source="changelog"),
    Field(
        name="market_result",
        spelling=one_of("yes", "no", "scalar", "void"),
        read="row.result",
        until=VOID_REMOVED,
        source="docs-2025-11",
    ),
    Field(
        name="market_result",
        spelling=one_of("yes", "no", "scalar"),
        read="result_without_void",
        since=VOID_REMOVED,
        source="sdk-3.34",
    ),
    *_side("no"),
    Field(name="revenue", spelling=CENTS, read="row.revenue_micros", source="docs-2025-11"),
    Field(name="settled_time", spelling=INSTANT, read="row.created_at", source="docs-2025-11"),
    Field(name="ticker", spelling=TEXT, read="row.market.ticker", source="docs-2025-11"),
    # What one YES contract paid; a void market has no such value.
    *optional("value", PRICE_CENTS, "row.value_centicents", source="docs-2025-11"),
    *_side("yes"),
)

GET_SETTLEMENTS_RESPONSE: tuple[Field, ...] = (CURSOR, list_of("settlements", "Settlement", SETTLEMENT))
