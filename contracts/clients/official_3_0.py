"""The official client kalshi-python-sync 3.0.0, of December 2025: whole contracts and cents beside dollar strings."""

from contracts.clients.neutral import Driver, Shape, serve
from contracts.clients.official import connect, one, pages, reads_of, rows
from contracts.clients.shapes import ANNOUNCEMENT, EVENT, SCHEDULE, SERIES

FAMILIES = ("PortfolioApi", "OrdersApi", "OrderGroupsApi", "FcmApi", "ExchangeApi", "ApiKeysApi")

BALANCE: Shape = {"balance_cents": "balance", "value_cents": "portfolio_value", "now_seconds": "updated_ts"}
POSITION: Shape = {
    "ticker": "ticker",
    "position_whole": "position",
    "cost": "market_exposure_dollars",
    "cost_cents": "market_exposure",
    "realized": "realized_pnl_dollars",
    "realized_cents": "realized_pnl",
    "fees": "fees_paid_dollars",
    "fees_cents": "fees_paid",
    "traded": "total_traded_dollars",
    "traded_cents": "total_traded",
    "resting_whole": "resting_orders_count",
    "updated": "last_updated_ts",
}
EVENT_POSITION: Shape = {
    "event": "event_ticker",
    "traded": "total_cost_dollars",
    "traded_cents": "total_cost",
    "shares_whole": "total_cost_shares",
    "cost": "event_exposure_dollars",
    "cost_cents": "event_exposure",
    "realized": "realized_pnl_dollars",
    "realized_cents": "realized_pnl",
    "fees": "fees_paid_dollars",
    "fees_cents": "fees_paid",
}
SETTLEMENT: Shape = {
    "ticker": "ticker",
    "result": "market_result",
    "yes_whole": "yes_count",
    "yes_cost_cents": "yes_total_cost",
    "no_whole": "no_count",
    "no_cost_cents": "no_total_cost",
    "revenue_cents": "revenue",
    "value_cents": "value",
    "fees": "fee_cost",
    "settled": "settled_time",
}
FILL: Shape = {
    "fill": "fill_id",
    "trade": "trade_id",
    "order": "order_id",
    "client_order": "client_order_id",
    "ticker": "ticker",
    "market": "market_ticker",
    "side": "side",
    "action": "action",
    "count_whole": "count",
    "yes_price": "yes_price_fixed",
    "yes_price_cents": "yes_price",
    "no_price": "no_price_fixed",
    "no_price_cents": "no_price",
    "taker": "is_taker",
    "created": "created_time",
    "created_seconds": "ts",
}
ORDER: Shape = {
    "order": "order_id",
    "user": "user_id",
    "client_order": "client_order_id",
    "ticker": "ticker",
    "side": "side",
    "action": "action",
    "type": "type",
    "status": "status",
    "yes_price": "yes_price_dollars",
    "yes_price_cents": "yes_price",
    "no_price": "no_price_dollars",
    "no_price_cents": "no_price",
    "initial_whole": "initial_count",
    "filled_whole": "fill_count",
    "remaining_whole": "remaining_count",
    "taker_cost": "taker_fill_cost_dollars",
    "taker_cost_cents": "taker_fill_cost",
    "maker_cost": "maker_fill_cost_dollars",
    "maker_cost_cents": "maker_fill_cost",
    "taker_fees_cents": "taker_fees",
    "maker_fees_cents": "maker_fees",
    "group": "order_group_id",
    "self_trade_prevention": "self_trade_prevention_type",
    "cancel_on_pause": "cancel_order_on_pause",
    "expires": "expiration_time",
    "created": "created_time",
    "updated": "last_update_time",
}
QUEUE: Shape = {"order": "order_id", "ticker": "market_ticker", "ahead_whole": "queue_position"}
GROUP: Shape = {"group": "id", "auto_cancel": "is_auto_cancel_enabled"}
STATUS: Shape = {
    "active": "exchange_active",
    "trading": "trading_active",
    "resumes": "exchange_estimated_resume_time",
}
MARKET: Shape = {
    "ticker": "ticker",
    "event": "event_ticker",
    "title": "title",
    "result": "result",
    "last_price": "last_price_dollars",
    "last_price_cents": "last_price",
    "yes_bid": "yes_bid_dollars",
    "yes_ask": "yes_ask_dollars",
    "no_bid": "no_bid_dollars",
    "no_ask": "no_ask_dollars",
    "opens": "open_time",
    "closes": "close_time",
}
LEVEL: Shape = {"price": "0", "count_whole": "1"}
BOOK: Shape = {"yes": ("yes_dollars", LEVEL), "no": ("no_dollars", LEVEL)}
TRADE: Shape = {
    "trade": "trade_id",
    "ticker": "ticker",
    "count_whole": "count",
    "yes_price": "yes_price_dollars",
    "yes_price_cents": "yes_price",
    "no_price": "no_price_dollars",
    "taker_outcome_side": "taker_side",
    "created": "created_time",
}

METHODS = {
    "balance": one("get_balance", BALANCE),
    "positions": pages("get_positions", "market_positions", POSITION),
    "event_positions": pages("get_positions", "event_positions", EVENT_POSITION),
    "settlements": pages("get_settlements", "settlements", SETTLEMENT),
    "fills": pages("get_fills", "fills", FILL),
    "orders": pages("get_orders", "orders", ORDER),
    "order": one("get_order", ORDER, "order"),
    "queue_positions": rows("get_order_queue_positions", "queue_positions", QUEUE),
    "queue_position": one("get_order_queue_position", {"ahead_whole": "queue_position"}),
    "order_groups": rows("get_order_groups", "order_groups", GROUP),
    "resting_order_value": one(
        "get_portfolio_resting_order_total_value", {"resting_cents": "total_resting_order_value"}
    ),
    "fcm_positions": pages("get_fcm_positions", "market_positions", POSITION),
    "fcm_event_positions": pages("get_fcm_positions", "event_positions", EVENT_POSITION),
    "fcm_orders": pages("get_fcm_orders", "orders", ORDER),
    "exchange_status": one("get_exchange_status", STATUS),
    "exchange_schedule": one("get_exchange_schedule", SCHEDULE, "schedule"),
    "announcements": rows("get_exchange_announcements", "announcements", ANNOUNCEMENT),
    "user_data_timestamp": one("get_user_data_timestamp", {"now": "as_of_time"}),
    "api_keys": rows("get_api_keys", "api_keys", {"key": "api_key_id", "name": "name"}),
    "series": one("get_series", SERIES, "series"),
    "events": pages("get_events", "events", EVENT),
    "event": one("get_event", EVENT, "event"),
    "markets": pages("get_markets", "markets", MARKET),
    "market": one("get_market", MARKET, "market"),
    "orderbook": one("get_market_orderbook", BOOK, "orderbook"),
    "trades": pages("get_trades", "trades", TRADE),
}

if __name__ == "__main__":
    serve(Driver(connect, METHODS, reads_of(FAMILIES)))
