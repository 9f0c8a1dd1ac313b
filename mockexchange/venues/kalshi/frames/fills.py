"""Defines the fields of messages of the channel fill for each API date; each has the form that it has in REST."""

from typing import NamedTuple

from mockexchange.core.events import Filled
from mockexchange.core.model.orders import Order, outcome_side
from mockexchange.core.vocabulary import Side
from mockexchange.venues.dated_fields import Field
from mockexchange.venues.kalshi.formatting import (
    ACTION,
    BOOLEAN,
    DOLLARS_6,
    DOLLARS_OF_CENTS,
    INTEGER,
    SIDE,
    TEXT,
    one_of,
    yes_price,
)
from mockexchange.venues.kalshi.frames.rows import (
    FILL_FEES_ADDED,
    SUBACCOUNTS_SHOWN,
    count,
    dollars,
    market_ticker,
    milliseconds,
    outcome,
    price_cents,
    row,
    seconds,
)
from mockexchange.venues.kalshi.named_days import AUTUMN_2026, EXCHANGE_INDEX_ADDED, SIX_DECIMALS

LATE_ACTION = one_of("buy", "sell", "sell_partial", "sell_to_close", "")
"""JSON form of an action in October 2026; the mock never sends the values that were new then."""

FILL: tuple[Field, ...] = (
    row("trade_id", TEXT, "filled.fill_id"),
    row("order_id", TEXT, "filled.order_id"),
    row("client_order_id", TEXT, "client_order_id", empty="absent"),
    market_ticker("filled.market"),
    row("exchange_index", INTEGER, "exchange_index", EXCHANGE_INDEX_ADDED, source="changelog"),
    row("is_taker", BOOLEAN, "filled.taker"),
    row("side", SIDE, "filled.side"),
    price_cents("yes_price", "yes_centicents"),
    *dollars("yes_price_dollars", "yes_centicents"),
    *count("count", "filled.count_centis"),
    row("fee_cost", DOLLARS_OF_CENTS, "filled.fee_micros", FILL_FEES_ADDED, SIX_DECIMALS, source="changelog"),
    row("fee_cost", DOLLARS_6, "filled.fee_micros", SIX_DECIMALS, source="asyncapi-2026-10"),
    row("action", ACTION, "filled.action", until=AUTUMN_2026),
    row("action", LATE_ACTION, "filled.action", AUTUMN_2026, source="asyncapi-2026-10"),
    seconds("ts", "at"),
    milliseconds("ts_ms", "at"),
    *count("post_position", "filled.post_position_centis"),
    # In the table of 2025 and not in its example: announced in September 2025.
    row("purchased_side", SIDE, "outcome_side"),
    *outcome("", "outcome_side"),
    # Optional; 0 for the primary subaccount in a frame of June 2026.
    row("subaccount", INTEGER, "subaccount", SUBACCOUNTS_SHOWN, source="stream-2026-06", empty="absent"),
)

# --- what they show


class FillView(NamedTuple):
    """A fill as its message shows it. It reads only those fields of its order that never change."""

    filled: Filled
    order: Order
    at: int

    @property
    def client_order_id(self) -> str | None:
        return self.order.client_order_id or None

    @property
    def exchange_index(self) -> int:
        return self.order.market.event.exchange_index

    @property
    def yes_centicents(self) -> int:
        return yes_price(self.filled.side, self.filled.price_centicents)

    @property
    def outcome_side(self) -> Side:
        return outcome_side(self.filled.side, self.filled.action)

    @property
    def subaccount(self) -> int | None:
        return self.order.subaccount.number
