"""Defines the stream's messages: one module per channel, with fields for each API date and the values that they show.

Keys are in the recorded order, or where no frame was recorded in that of the documents' example. The type
`event_fee_update` is missing, because the mock never overrides an event's fee.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from mockexchange.venues.dated_fields import ApiDate, Field, compile_message
from mockexchange.venues.kalshi.frames import (
    communications,
    fills,
    lifecycle,
    order_groups,
    orderbooks,
    positions,
    tickers,
    trades,
    user_orders,
)

FRAMES: dict[str, tuple[Field, ...]] = {
    "event_lifecycle": lifecycle.EVENT_LIFECYCLE,
    "fill": fills.FILL,
    "market_lifecycle_v2": lifecycle.MARKET_LIFECYCLE,
    "market_position": positions.MARKET_POSITION,
    "order_group_updates": order_groups.ORDER_GROUP_UPDATES,
    "orderbook_delta": orderbooks.ORDERBOOK_DELTA,
    "orderbook_snapshot": orderbooks.ORDERBOOK_SNAPSHOT,
    "quote_accepted": communications.QUOTE_ACCEPTED,
    "quote_created": communications.QUOTE_CREATED,
    "quote_executed": communications.QUOTE_EXECUTED,
    "rfq_created": communications.RFQ_CREATED,
    "rfq_deleted": communications.RFQ_DELETED,
    "ticker": tickers.TICKER,
    "trade": trades.TRADE,
    "user_order": user_orders.USER_ORDER,
}
"""Tables of the messages' fields, by message type."""
NESTED: dict[str, tuple[Field, ...]] = {
    "MarketMetadata": lifecycle.MARKET_METADATA,
    "PriceBand": lifecycle.PRICE_BAND,
}
"""Tables of objects inside messages; the objects' names are not the venue's, whose documents have none."""
ENCODERS_MAX = 512


@lru_cache(maxsize=ENCODERS_MAX)
def body_encoder(kind: str, api_date: ApiDate) -> Callable[[Any], bytes]:
    """Return the function that writes a value as the `msg` of a message type at an API date."""
    return compile_message(FRAMES[kind], api_date)
