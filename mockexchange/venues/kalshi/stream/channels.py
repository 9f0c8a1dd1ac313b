"""A table of the stream's channels by API date: private or public, their filters, and whether their data have numbers.

A client can subscribe to channels that are not emulated; they send nothing, so that a client that uses them works. A
subscription to a channel that does not exist at the API date gets error code 8.
"""

from functools import lru_cache
from typing import Literal

from mockexchange.venues.dated_fields import ApiDate, DatedRow, pick
from mockexchange.venues.kalshi.frames.rows import ORDER_GROUPS_ADDED, REVISED, USER_ORDERS_ADDED
from mockexchange.venues.kalshi.named_days import AUTUMN_2026
from mockexchange.venues.kalshi.stream.errors import IDS_SINCE

TICKER_V2_UNTIL = "2026-02-12"
FILTERED_FILLS_SINCE = "2026-02-08"
LIFECYCLE_FILTER_UNTIL = "2026-01-01"
COMBINATIONS_SINCE = "2026-03-19"
NUMBERED_TRADES_SINCE = "2026-06-11"
"""First day on which numbered trades were recorded; documented from October 2026 on."""
MULTIVARIATE_UNTIL = "2026-08-06"

ORDERBOOK = "orderbook_delta"
TICKER = "ticker"
COMMUNICATIONS = "communications"
INDICES = ("cfbenchmarks_value", "cfbenchmarks_value_5hz")
PYTH = "pyth_value"
PYTH_RELEASED = "2026-07-23"
"""Day of the changelog; what the documents say of its commands and errors stood there nine days before."""
COMBINATIONS = "multivariate_market_lifecycle"

Filter = Literal["ignored", "optional", "required"]


class ChannelRow(DatedRow, frozen=True, kw_only=True, eq=True):
    """A channel of the stream between two days.

    `filter` is its filter by market tickers; `has_ids` is true if it can also filter by market ids. Data of a channel
    with `is_sequenced` have a sequence number, `seq`.
    """

    is_private: bool = False
    is_sequenced: bool = False
    filter: Filter = "ignored"
    has_ids: bool = False
    is_emulated: bool = True


CHANNELS: tuple[ChannelRow, ...] = (
    # Its data is public, but it was listed with the private channels while public ones needed no key.
    ChannelRow(name=ORDERBOOK, is_private=True, is_sequenced=True, filter="required", source="docs-2025-11"),
    ChannelRow(name=TICKER, filter="optional", until=REVISED, source="docs-2025-11"),
    ChannelRow(name=TICKER, filter="optional", has_ids=True, since=REVISED, source="changelog"),
    ChannelRow(name="trade", filter="optional", until=NUMBERED_TRADES_SINCE, source="docs-2025-11"),
    ChannelRow(name="trade", filter="optional", is_sequenced=True, since=NUMBERED_TRADES_SINCE, source="wire-2026-06"),
    ChannelRow(name="fill", is_private=True, until=FILTERED_FILLS_SINCE, source="docs-2025-11"),
    ChannelRow(name="fill", is_private=True, filter="optional", since=FILTERED_FILLS_SINCE, source="changelog"),
    ChannelRow(name="market_positions", is_private=True, filter="optional", source="docs-2025-11"),
    ChannelRow(name="market_lifecycle_v2", filter="optional", until=LIFECYCLE_FILTER_UNTIL, source="docs-2025-11"),
    ChannelRow(name="market_lifecycle_v2", since=LIFECYCLE_FILTER_UNTIL, until=AUTUMN_2026, source="choice"),
    ChannelRow(name="market_lifecycle_v2", is_sequenced=True, since=AUTUMN_2026, source="sdk-3.34"),
    ChannelRow(name="user_orders", is_private=True, filter="optional", since=USER_ORDERS_ADDED, source="changelog"),
    ChannelRow(
        name="order_group_updates", is_private=True, is_sequenced=True, since=ORDER_GROUPS_ADDED, source="changelog"
    ),
    ChannelRow(name="multivariate", is_emulated=False, until=MULTIVARIATE_UNTIL, source="docs-2025-11"),
    ChannelRow(name=COMMUNICATIONS, is_private=True, until=AUTUMN_2026, source="docs-2025-11"),
    ChannelRow(name=COMMUNICATIONS, is_private=True, is_sequenced=True, since=AUTUMN_2026, source="sdk-3.34"),
    ChannelRow(
        name="ticker_v2",
        filter="optional",
        is_emulated=False,
        since=REVISED,
        until=TICKER_V2_UNTIL,
        source="changelog",
    ),
    ChannelRow(name=COMBINATIONS, is_emulated=False, since=COMBINATIONS_SINCE, until=AUTUMN_2026, source="changelog"),
    ChannelRow(name=COMBINATIONS, is_sequenced=True, is_emulated=False, since=AUTUMN_2026, source="sdk-3.34"),
    ChannelRow(name=INDICES[0], is_sequenced=True, is_emulated=False, since=IDS_SINCE, source="changelog"),
    ChannelRow(name=INDICES[1], is_sequenced=True, is_emulated=False, since=AUTUMN_2026, source="sdk-3.34"),
    ChannelRow(name=PYTH, is_sequenced=True, is_emulated=False, since=PYTH_RELEASED, source="changelog"),
)


@lru_cache(maxsize=64)
def channels_of(api_date: ApiDate) -> dict[str, ChannelRow]:
    """Return the channels that exist at an API date, by name."""
    return pick(CHANNELS, api_date)


CHANNEL_NAMES = tuple(dict.fromkeys(row.name for row in CHANNELS))
_EMULATED = {row.name for row in CHANNELS if row.is_emulated}
QUIET_CHANNELS = tuple(name for name in CHANNEL_NAMES if name not in _EMULATED)
PUBLIC_CHANNELS = (ORDERBOOK, *dict.fromkeys(row.name for row in CHANNELS if not row.is_private))
