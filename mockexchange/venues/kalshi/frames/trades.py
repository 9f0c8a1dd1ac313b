"""Defines the fields of messages of the channel trade for each API date."""

from typing import NamedTuple

from mockexchange.core.events import Traded
from mockexchange.core.vocabulary import CENTICENTS_PER_DOLLAR
from mockexchange.venues.dated_fields import Field
from mockexchange.venues.kalshi.formatting import BOOLEAN, SIDE, TEXT
from mockexchange.venues.kalshi.frames.rows import (
    BLOCK_TRADES_ADDED,
    REVISED,
    count,
    dollars,
    market_ticker,
    milliseconds,
    outcome,
    price_cents,
    row,
    seconds,
)

TRADE: tuple[Field, ...] = (
    row("trade_id", TEXT, "traded.trade_id", REVISED, source="asyncapi"),
    market_ticker("traded.market"),
    price_cents("yes_price", "traded.yes_centicents"),
    *dollars("yes_price_dollars", "traded.yes_centicents"),
    price_cents("no_price", "no_centicents"),
    *dollars("no_price_dollars", "no_centicents"),
    *count("count", "traded.count_centis"),
    row("taker_side", SIDE, "traded.taker_side"),
    *outcome("taker_", "traded.taker_side"),
    row("is_block_trade", BOOLEAN, "is_block", BLOCK_TRADES_ADDED, source="changelog"),
    seconds("ts", "at"),
    milliseconds("ts_ms", "at"),
)

# --- what they show


class TradeView(NamedTuple):
    traded: Traded
    at: int
    is_block: bool = False

    @property
    def no_centicents(self) -> int:
        return CENTICENTS_PER_DOLLAR - self.traded.yes_centicents
