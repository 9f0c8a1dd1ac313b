"""Defines the fields of messages of the channel user_orders, which was added in February 2026."""

from typing import NamedTuple

from mockexchange.core.events import OrderChanged
from mockexchange.core.model.orders import Order
from mockexchange.core.vocabulary import Action, OrderReason, Side
from mockexchange.venues.dated_fields import FOREVER, Empty, Field, Spelling
from mockexchange.venues.kalshi.formatting import (
    BOOLEAN,
    COUNT_2,
    DOLLARS_4,
    DOLLARS_6,
    DOLLARS_OF_CENTS,
    INSTANT,
    INTEGER,
    PRICE_4,
    SIDE,
    TEXT,
    one_of,
    yes_price,
)
from mockexchange.venues.kalshi.frames.rows import (
    INDEX_ADDED,
    IS_YES_ADDED,
    USER_ORDERS_ADDED,
    WHOLE_NUMBERS_REMOVED,
    milliseconds,
    outcome,
    row,
)
from mockexchange.venues.kalshi.named_days import AUTUMN_2026, SIX_DECIMALS
from mockexchange.venues.kalshi.resources.orders import SaleCost, shown_costs_micros

REASON = one_of(
    "Decrease",
    "Amend",
    "MarginCancel",
    "SelfTradeCancel",
    "ExpiryCancel",
    "CloseCancel",
    "HaltCancel",
    "Trade",
    "PostOnlyCrossCancel",
    "ReduceOnlyCancel",
)


def _row(name: str, spelling: Spelling, read: str, empty: Empty = "never", until: str = FOREVER) -> Field:
    return row(name, spelling, read, USER_ORDERS_ADDED, until, source="asyncapi", empty=empty)


def _late(name: str, spelling: Spelling, read: str, empty: Empty = "never") -> Field:
    return row(name, spelling, read, AUTUMN_2026, source="asyncapi-2026-10", empty=empty)


def _costs(name: str, read: str) -> tuple[Field, ...]:
    """Return the rows of a cost: REST's decimals, except while REST has more than this channel documents."""
    return (
        _row(name, DOLLARS_OF_CENTS, read, until=SIX_DECIMALS),
        row(name, DOLLARS_4, read, SIX_DECIMALS, AUTUMN_2026, source="asyncapi"),
        _late(name, DOLLARS_6, read),
    )


def _fees(role: str) -> tuple[Field, ...]:
    """Return the rows of a role's fees; at first the key was left out while no fees were paid."""
    name, read, paid = f"{role}_fees_dollars", f"change.{role}_fees_micros", f"{role}_fees_paid_micros"
    return (
        _row(name, DOLLARS_OF_CENTS, paid, "absent", SIX_DECIMALS),
        row(name, DOLLARS_4, paid, SIX_DECIMALS, WHOLE_NUMBERS_REMOVED, source="asyncapi", empty="absent"),
        row(name, DOLLARS_4, read, WHOLE_NUMBERS_REMOVED, AUTUMN_2026, source="asyncapi"),
        _late(name, DOLLARS_6, read),
    )


USER_ORDER: tuple[Field, ...] = (
    _row("order_id", TEXT, "change.order_id"),
    _row("user_id", TEXT, "user_id"),
    # The documents have ticker in place of market_ticker, and subaccount_number at the end.
    _row("ticker", TEXT, "change.market"),
    row("exchange_index", INTEGER, "order.market.event.exchange_index", INDEX_ADDED, source="changelog"),
    _row("status", one_of("resting", "canceled", "executed"), "change.status", until=AUTUMN_2026),
    _late("status", one_of("resting", "canceled", "executed", "unknown"), "change.status"),
    _row("side", SIDE, "order.side"),
    row("is_yes", BOOLEAN, "is_yes", IS_YES_ADDED, source="changelog"),
    *outcome("", "order.outcome_side"),
    _row("yes_price_dollars", PRICE_4, "yes_centicents"),
    _row("fill_count_fp", COUNT_2, "change.filled_centis"),
    _row("remaining_count_fp", COUNT_2, "change.remaining_centis"),
    _row("initial_count_fp", COUNT_2, "change.initial_centis"),
    *_costs("taker_fill_cost_dollars", "taker_cost_micros"),
    *_costs("maker_fill_cost_dollars", "maker_cost_micros"),
    *_fees("taker"),
    *_fees("maker"),
    _row("client_order_id", TEXT, "order.client_order_id"),
    _row("order_group_id", TEXT, "group_id", "absent"),
    _row("self_trade_prevention_type", one_of("taker_at_cross", "maker"), "order.self_trade_prevention", "absent"),
    _row("created_time", INSTANT, "order.created_at"),
    milliseconds("created_ts_ms", "order.created_at"),
    # Optional; in every frame of June 2026, even in the frame of a new order.
    _row("last_update_time", INSTANT, "change.updated_at"),
    milliseconds("last_updated_ts_ms", "change.updated_at"),
    _row("expiration_time", INSTANT, "order.expires_at", "absent"),
    milliseconds("expiration_ts_ms", "order.expires_at", "absent"),
    _late("last_update_reason", REASON, "reason", "absent"),
    _row("subaccount_number", INTEGER, "order.subaccount.number", "absent"),
)

# --- what they show

REASONS = {
    OrderReason.DECREASE: "Decrease",
    OrderReason.AMEND: "Amend",
    OrderReason.EXPIRY: "ExpiryCancel",
    OrderReason.CLOSE: "CloseCancel",
    OrderReason.HALT: "HaltCancel",
    OrderReason.TRADE: "Trade",
    OrderReason.SELF_TRADE: "SelfTradeCancel",
    OrderReason.POST_ONLY: "PostOnlyCrossCancel",
    OrderReason.REDUCE_ONLY: "ReduceOnlyCancel",
}
"""The venue's words for the reasons of order changes.

It has none for an order that was placed, or canceled by its owner or group.
"""


class OrderView(NamedTuple):
    """An order as its message shows it: values that can change are those right after `change`."""

    change: OrderChanged
    order: Order
    user_id: str
    sale_cost: SaleCost = "gained"

    @property
    def is_yes(self) -> bool:
        return self.order.side is Side.YES

    @property
    def yes_centicents(self) -> int:
        return yes_price(self.order.side, self.change.price_centicents)

    @property
    def group_id(self) -> str | None:
        return self.order.group.group_id if self.order.group else None

    @property
    def taker_cost_micros(self) -> int:
        change = self.change
        if self.order.action is Action.BUY:
            return change.taker_cost_micros
        return shown_costs_micros(self.order, self.sale_cost, change.filled_centis)[0]

    @property
    def maker_cost_micros(self) -> int:
        change = self.change
        if self.order.action is Action.BUY:
            return change.maker_cost_micros
        return shown_costs_micros(self.order, self.sale_cost, change.filled_centis)[1]

    @property
    def taker_fees_paid_micros(self) -> int | None:
        return self.change.taker_fees_micros or None

    @property
    def maker_fees_paid_micros(self) -> int | None:
        return self.change.maker_fees_micros or None

    @property
    def reason(self) -> str | None:
        return REASONS.get(self.change.reason)
