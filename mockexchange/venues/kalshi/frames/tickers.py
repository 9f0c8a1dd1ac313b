"""Defines the fields of messages of the channel ticker for each API date."""

from typing import NamedTuple

from mockexchange.core.model.markets import Market
from mockexchange.core.queries.order_books import Level
from mockexchange.core.vocabulary import CENTICENTS_PER_DOLLAR
from mockexchange.venues.dated_fields import Field, Spelling
from mockexchange.venues.kalshi.formatting import CONTRACTS, COUNT_2, INSTANT, PRICE_4
from mockexchange.venues.kalshi.frames.rows import (
    PRICE_3,
    REVISED,
    SIZES_ADDED,
    TICKER_TIME_ADDED,
    WHOLE_NUMBERS_REMOVED,
    count,
    dollars,
    market_id,
    market_ticker,
    milliseconds,
    price_3,
    price_cents,
    row,
    seconds,
)

PRICE_3_OR_EMPTY = Spelling(
    "dollar string, 3 decimals, or 4 where they are needed; empty without a price",
    lambda centicents: price_3(centicents) if centicents else '""',
)

TICKER: tuple[Field, ...] = (
    market_ticker("market.ticker"),
    market_id("market_id"),
    price_cents("price", "price_centicents"),
    price_cents("yes_bid", "yes_bid.price_centicents"),
    price_cents("yes_ask", "yes_ask_centicents"),
    # Seen empty in November 2025 beside a price of 0.
    row("price_dollars", PRICE_3_OR_EMPTY, "price_centicents", until=REVISED, source="client-report"),
    row("price_dollars", PRICE_3, "price_centicents", REVISED, WHOLE_NUMBERS_REMOVED, source="asyncapi"),
    row("price_dollars", PRICE_4, "price_centicents", WHOLE_NUMBERS_REMOVED, source="choice"),
    *dollars("yes_bid_dollars", "yes_bid.price_centicents"),
    *dollars("yes_ask_dollars", "yes_ask_centicents", REVISED, "asyncapi"),
    row("no_bid_dollars", PRICE_3, "no_bid.price_centicents", until=REVISED),
    *count("volume", "volume_centis"),
    *count("open_interest", "open_interest_centis"),
    # A contract is a dollar between its two sides.
    row("dollar_volume", CONTRACTS, "volume_centis"),
    row("dollar_open_interest", CONTRACTS, "open_interest_centis"),
    row("yes_bid_size_fp", COUNT_2, "yes_bid.count_centis", SIZES_ADDED, source="changelog"),
    row("yes_ask_size_fp", COUNT_2, "no_bid.count_centis", SIZES_ADDED, source="changelog"),
    row("last_trade_size_fp", COUNT_2, "last_trade_centis", SIZES_ADDED, source="changelog"),
    seconds("ts", "at"),
    milliseconds("ts_ms", "at"),
    row("time", INSTANT, "at", TICKER_TIME_ADDED, source="changelog"),
)

# --- what they show


class TickerView(NamedTuple):
    market: Market
    market_id: str
    price_centicents: int
    yes_bid: Level
    no_bid: Level
    volume_centis: int
    open_interest_centis: int
    last_trade_centis: int
    at: int

    @property
    def yes_ask_centicents(self) -> int:
        """Best offer of YES in hundredths of a cent: a dollar less the best bid for NO."""
        return CENTICENTS_PER_DOLLAR - self.no_bid.price_centicents
