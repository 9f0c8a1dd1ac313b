"""Defines the JSON fields of positions, per market and per event, for each API date.

The fields before and after 2026-03-07 and 2026-03-12 show the venue's move from cents to fixed point.
"""

from mockexchange.venues.dated import Field
from mockexchange.venues.kalshi.dates import FIXED_POINT_ADDED, INTEGERS_REMOVED
from mockexchange.venues.kalshi.formatting import CONTRACTS, COUNT_2, INSTANT, TEXT
from mockexchange.venues.kalshi.objects.rows import CURSOR, exchange_index, list_of, money

RESTING_REMOVED = "2026-07-09"

MARKET_POSITION: tuple[Field, ...] = (
    exchange_index("market.event.exchange_index"),
    *money("fees_paid", "fees_micros"),
    Field(name="last_updated_ts", spelling=INSTANT, read="updated_at", source="wire-2025-11"),
    *money("market_exposure", "stake.cost_micros"),
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
    *money("realized_pnl", "stake.realized_micros"),
    # Announced gone for 2025-11-13, still recorded on 2026-06-11; the resting contracts, not the number of orders.
    Field(
        name="resting_orders_count",
        spelling=CONTRACTS,
        read="resting_centis",
        until=RESTING_REMOVED,
        source="wire-2026-06",
    ),
    Field(name="ticker", spelling=TEXT, read="market.ticker", source="docs-2025-11"),
    *money("total_traded", "stake.traded_micros"),
)

EVENT_POSITION: tuple[Field, ...] = (
    *money("event_exposure", "totals.cost_micros"),
    Field(name="event_ticker", spelling=TEXT, read="event", source="docs-2025-11"),
    *money("fees_paid", "totals.fees_micros"),
    *money("realized_pnl", "totals.realized_micros"),
    # Singular here, plural in the market row, as on the wire.
    Field(
        name="resting_order_count",
        spelling=CONTRACTS,
        read="totals.resting_centis",
        until="2025-11-13",
        source="wire-2025-11",
    ),
    *money("total_cost", "totals.traded_micros"),
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

GET_POSITIONS_RESPONSE: tuple[Field, ...] = (
    CURSOR,
    list_of("event_positions", "EventPosition", EVENT_POSITION),
    list_of("market_positions", "MarketPosition", MARKET_POSITION),
)
