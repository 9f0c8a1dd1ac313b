"""Lists the tasks of adapters for Kalshi: the operation that each reads, and the API fields behind its rows' names."""

from datetime import datetime
from decimal import Decimal

from mockexchange.kit.client.read_tasks import ReadTask, Row, Unit, WireField, count, instant, money, text
from mockexchange.kit.kalshi.amounts import ONE

FEE = (WireField("fee_cost", Unit.DOLLARS, or_cents=True),)
"""The field of a fee, which before 2026-03-07 was recorded with four decimals, the last two zeros.

No document says that they must be zeros.
"""


def _price(side: str) -> tuple[WireField, ...]:
    name = f"{side}_price"
    return (*(WireField(f"{name}_{end}", Unit.DOLLARS) for end in ("dollars", "fixed")), WireField(name, Unit.CENTS))


REPEATED = (("trade_id", "fill_id"), ("market_ticker", "ticker"))
COMPLEMENTARY = (("no_price_dollars", "yes_price_dollars"), ("no_price_fixed", "yes_price_fixed"))
OTHER_SIDE = {"yes": "no", "no": "yes"}
BOOK_SIDES = {"yes": "bid", "no": "ask"}


def consistent_trade(row: Row) -> Row:
    """Return a generated fill or order with its redundant fields, such as `ts` and `created_time`, made to agree."""
    outcome = row["side"] if row["action"] == "buy" else OTHER_SIDE[row["side"]]
    consistent = {
        "outcome_side": outcome,
        "book_side": BOOK_SIDES[outcome],
        "ts": int(datetime.fromisoformat(row["created_time"]).timestamp()),
        **{name: row.get(other) for name, other in REPEATED},
        **{name: str(ONE - Decimal(row.get(other) or 0)) for name, other in COMPLEMENTARY},
    }
    return {name: consistent.get(name, value) for name, value in row.items()}


POSITIONS = ReadTask(
    "positions",
    "/portfolio/positions",
    "market_positions",
    "MarketPosition",
    "ticker",
    {
        "ticker": text("ticker"),
        "shard": text("exchange_index"),
        "position": count("position"),
        "cost": money("market_exposure"),
        "realized": money("realized_pnl"),
        "fees": money("fees_paid"),
        "traded": money("total_traded"),
        "resting": (WireField("resting_orders_count", Unit.CONTRACTS),),
        "updated": instant("last_updated_ts"),
    },
)
EVENT_POSITIONS = ReadTask(
    "event_positions",
    "/portfolio/positions",
    "event_positions",
    "EventPosition",
    "event",
    {
        "event": text("event_ticker"),
        "traded": money("total_cost"),
        "shares": count("total_cost_shares"),
        "cost": money("event_exposure"),
        "realized": money("realized_pnl"),
        "fees": money("fees_paid"),
    },
)
BALANCE = ReadTask(
    "balance",
    "/portfolio/balance",
    "",
    "GetBalanceResponse",
    "",
    {
        "balance": money("balance"),
        "value": (WireField("portfolio_value", Unit.CENTS),),
        # Not compared: the first changes with time, the second is a list.
        "now": (),
        "breakdown": (),
    },
)
FILLS = ReadTask(
    "fills",
    "/portfolio/fills",
    "fills",
    "Fill",
    "fill",
    {
        "fill": text("fill_id"),
        "trade": text("trade_id"),
        "order": text("order_id"),
        "client_order": text("client_order_id"),
        "ticker": text("ticker"),
        "market": text("market_ticker"),
        "shard": text("exchange_index"),
        "side": text("side"),
        "action": text("action"),
        "outcome_side": text("outcome_side"),
        "book_side": text("book_side"),
        "count": count("count"),
        "yes_price": _price("yes"),
        "no_price": _price("no"),
        "fee": FEE,
        "taker": text("is_taker"),
        "subaccount": text("subaccount_number"),
        "created": instant("created_time"),
    },
    consistent_trade,
)
ORDERS = ReadTask(
    "orders",
    "/portfolio/orders",
    "orders",
    "Order",
    "order",
    {
        "order": text("order_id"),
        "client_order": text("client_order_id"),
        "user": text("user_id"),
        "ticker": text("ticker"),
        "shard": text("exchange_index"),
        "side": text("side"),
        "action": text("action"),
        "outcome_side": text("outcome_side"),
        "book_side": text("book_side"),
        "type": text("type"),
        "status": text("status"),
        "yes_price": _price("yes"),
        "no_price": _price("no"),
        "initial": count("initial_count"),
        "filled": count("fill_count"),
        "remaining": count("remaining_count"),
        "taker_cost": money("taker_fill_cost"),
        "maker_cost": money("maker_fill_cost"),
        "taker_fees": money("taker_fees"),
        "maker_fees": money("maker_fees"),
        "subaccount": text("subaccount_number"),
        "group": text("order_group_id"),
        "self_trade_prevention": text("self_trade_prevention_type"),
        "cancel_on_pause": text("cancel_order_on_pause"),
        "expires": instant("expiration_time"),
        "created": instant("created_time"),
        "updated": instant("last_update_time"),
    },
    consistent_trade,
)
SETTLEMENTS = ReadTask(
    "settlements",
    "/portfolio/settlements",
    "settlements",
    "Settlement",
    "ticker",
    {
        "ticker": text("ticker"),
        "event": text("event_ticker"),
        "shard": text("exchange_index"),
        "result": text("market_result"),
        "yes": count("yes_count"),
        "yes_cost": money("yes_total_cost"),
        "no": count("no_count"),
        "no_cost": money("no_total_cost"),
        "revenue": (WireField("revenue", Unit.CENTS),),
        "value": (WireField("value", Unit.CENTS),),
        "fees": FEE,
        "settled": instant("settled_time"),
    },
)
TASKS = (POSITIONS, EVENT_POSITIONS, BALANCE, FILLS, ORDERS, SETTLEMENTS)
