"""Defines the JSON object of an order, with the keys that the venue sent in 2026 [wire]."""

from collections.abc import Iterable
from decimal import Decimal

from mockexchange.core.derivatives.orders import DerivativeOrder
from mockexchange.core.derivatives.vocabulary import CancelReason, OrderLife, OrderState, TriggerSource
from mockexchange.venues.dated import ApiDate, Field, Nested, Spelling
from mockexchange.venues.deribit.enumerations import STOPS, TAKES
from mockexchange.venues.deribit.formatting import BOOLEAN, MILLISECONDS, TEXT, one_of
from mockexchange.venues.deribit.formatting import number as number_text
from mockexchange.venues.deribit.objects.rows import always, field, number, text, writer
from mockexchange.venues.deribit.objects.trades import USER_TRADE
from mockexchange.venues.jsonrpc.envelope import spell

MARKET_PRICE = '"market_price"'
NAMED_REASONS = (
    CancelReason.USER_REQUEST,
    CancelReason.DISCONNECT,
    CancelReason.SETTLEMENT,
    CancelReason.EDIT_POST_ONLY,
)


def _price(price: Decimal | None) -> str:
    return MARKET_PRICE if price is None else number_text(price)


def _reason(reason: CancelReason | None) -> str:
    return spell(reason) if reason in NAMED_REASONS else ""


ORDER: tuple[Field, ...] = (
    number("amount"),
    always("api", "true", "order_id", source="wire"),
    number("average_price"),
    field(
        "cancel_reason",
        Spelling("the reason, if the venue has a word for it", _reason, tuple(map(str, NAMED_REASONS))),
        "cancel_reason",
        empty="absent",
    ),
    number("contracts"),
    field("creation_timestamp", MILLISECONDS, "created_at"),
    field("direction", one_of("buy", "sell"), "direction"),
    number("filled_amount", "filled"),
    text("instrument_name", "derivative.terms.name"),
    always("is_liquidation", "false", "order_id", source="wire"),
    field("label", TEXT, "label"),
    field("last_update_timestamp", MILLISECONDS, "updated_at"),
    always("mmp", "false", "order_id", source="wire"),
    text("order_id"),
    field("order_state", one_of(*OrderState), "state"),
    field("order_type", one_of("limit", "market", *STOPS, *TAKES), "order_type"),
    field("post_only", BOOLEAN, "post_only"),
    field("price", Spelling('number, or "market_price"', _price), "price", source="wire"),
    field("reduce_only", BOOLEAN, "reduce_only"),
    field("reject_post_only", BOOLEAN, "rejects_move", empty="absent"),
    field("replaced", BOOLEAN, "is_edited"),
    always("risk_reducing", "false", "order_id", source="wire"),
    field("time_in_force", one_of(*OrderLife), "life"),
    field("trigger", one_of(*TriggerSource), "trigger_source", empty="absent"),
    field("trigger_order_id", TEXT, "trigger_order_id", empty="absent"),
    number("trigger_price", empty="absent"),
    field("triggered", BOOLEAN, "is_triggered", empty="absent"),
    always("web", "false", "order_id", source="wire"),
)
ORDER_WITH_TRADES: tuple[Field, ...] = (
    field("order", Nested("Order", ORDER), "order"),
    field("trades", Nested("UserTrade", USER_TRADE, is_list=True), "trades"),
)
"""Fields of the answer to a placed or edited order."""

_WRITE = writer(ORDER)


def order_text(order: DerivativeOrder, api_date: ApiDate) -> str:
    """Return an order as JSON."""
    return _WRITE(order, api_date)


def orders_text(orders: Iterable[DerivativeOrder], api_date: ApiDate) -> str:
    """Return a list of orders as JSON."""
    return "[" + ",".join(order_text(order, api_date) for order in orders) + "]"
