"""Defines the JSON object of an account's own trade: the keys of the venue's example, and further keys for options."""

from mockexchange.core.derivatives.orders import DerivativeTrade
from mockexchange.core.derivatives.vocabulary import DerivativeKind
from mockexchange.venues.dated import ApiDate, Field, Nested, Spelling
from mockexchange.venues.deribit.formatting import BOOLEAN, MILLISECONDS, one_of
from mockexchange.venues.deribit.objects.rows import always, field, integer, number, text, writer
from mockexchange.venues.jsonrpc.envelope import spell

PLUS_TICK, MINUS_TICK = "0", "2"

USER_TRADE: tuple[Field, ...] = (
    number("amount"),
    text("combo_id", "combo", empty="absent"),
    field("direction", one_of("buy", "sell"), "direction"),
    number("fee"),
    text("fee_currency", "currency"),
    number("index_price", "index"),
    text("instrument_name", "derivative"),
    field("label", Spelling("string", lambda label: spell(label) if label else ""), "label", empty="absent"),
    field("liquidity", Spelling("T or M", lambda is_taker: '"T"' if is_taker else '"M"', ("T", "M")), "is_taker"),
    number("mark_price", "mark"),
    always("matching_id", "null", "trade_id", source="openapi-2.1.1"),
    text("order_id"),
    # A trade that a scenario states has no order: it shows a filled limit order.
    field("order_type", one_of("limit", "market"), "order_type"),
    field("post_only", BOOLEAN, "post_only"),
    number("price"),
    number("profit_loss", "profit"),
    field("reduce_only", BOOLEAN, "reduce_only"),
    field("state", one_of("open", "filled"), "order_state"),
    # Zero ticks are not distinguished: 0 for a price not below the last one, 2 for one below.
    field(
        "tick_direction",
        Spelling("0 or 2", lambda is_long: PLUS_TICK if is_long else MINUS_TICK, (PLUS_TICK, MINUS_TICK)),
        "is_long_tick",
        source="choice",
    ),
    field("timestamp", MILLISECONDS, "created_at"),
    text("trade_id"),
    integer("trade_seq"),
)
OPTION_USER_TRADE: tuple[Field, ...] = (
    *USER_TRADE,
    number("iv", empty="absent"),
    number("underlying_price", "index", source="choice"),
)
USER_TRADES: tuple[Field, ...] = (
    field("has_more", BOOLEAN, "has_more"),
    field("trades", Nested("UserTrade", USER_TRADE, is_list=True), "trades"),
)
"""Fields of the object around a list of trades."""

_WRITE, _WRITE_OPTION = writer(USER_TRADE), writer(OPTION_USER_TRADE)


def trade_text(trade: DerivativeTrade, api_date: ApiDate) -> str:
    """Return a trade as JSON."""
    write = _WRITE_OPTION if trade.kind == DerivativeKind.OPTION else _WRITE
    return write(trade, api_date)
