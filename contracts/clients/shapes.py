"""Shapes of rows for clients that keep the names of the newest wire: our name to the name on the wire.

Clients whose objects lack some of these names use a shape `without` them.
"""

from contracts.clients.neutral import Shape


def without(shape: Shape, *names: str) -> Shape:
    """Return a shape without some of our names. Raises KeyError if it does not have one of them."""
    kept = dict(shape)
    for name in names:
        del kept[name]
    return kept


INDEXED: Shape = {"shard": "exchange_index", "balance": "balance"}
BALANCE: Shape = {
    "balance_cents": "balance",
    "balance": "balance_dollars",
    "value_cents": "portfolio_value",
    "now_seconds": "updated_ts",
    "breakdown": ("balance_breakdown", INDEXED),
}
POSITION: Shape = {
    "ticker": "ticker",
    "shard": "exchange_index",
    "position": "position_fp",
    "cost": "market_exposure_dollars",
    "realized": "realized_pnl_dollars",
    "fees": "fees_paid_dollars",
    "traded": "total_traded_dollars",
    "updated": "last_updated_ts",
}
EVENT_POSITION: Shape = {
    "event": "event_ticker",
    "traded": "total_cost_dollars",
    "shares": "total_cost_shares_fp",
    "cost": "event_exposure_dollars",
    "realized": "realized_pnl_dollars",
    "fees": "fees_paid_dollars",
}
SETTLEMENT: Shape = {
    "ticker": "ticker",
    "event": "event_ticker",
    "shard": "exchange_index",
    "result": "market_result",
    "yes": "yes_count_fp",
    "yes_cost": "yes_total_cost_dollars",
    "no": "no_count_fp",
    "no_cost": "no_total_cost_dollars",
    "revenue_cents": "revenue",
    "value_cents": "value",
    "fees": "fee_cost",
    "settled": "settled_time",
}
FILL: Shape = {
    "fill": "fill_id",
    "trade": "trade_id",
    "order": "order_id",
    "ticker": "ticker",
    "market": "market_ticker",
    "shard": "exchange_index",
    "side": "side",
    "action": "action",
    "outcome_side": "outcome_side",
    "book_side": "book_side",
    "count": "count_fp",
    "yes_price": "yes_price_dollars",
    "no_price": "no_price_dollars",
    "fee": "fee_cost",
    "taker": "is_taker",
    "subaccount": "subaccount_number",
    "created": "created_time",
    "created_seconds": "ts",
}
ORDER: Shape = {
    "order": "order_id",
    "user": "user_id",
    "client_order": "client_order_id",
    "ticker": "ticker",
    "shard": "exchange_index",
    "side": "side",
    "action": "action",
    "outcome_side": "outcome_side",
    "book_side": "book_side",
    "type": "type",
    "status": "status",
    "yes_price": "yes_price_dollars",
    "no_price": "no_price_dollars",
    "initial": "initial_count_fp",
    "filled": "fill_count_fp",
    "remaining": "remaining_count_fp",
    "taker_cost": "taker_fill_cost_dollars",
    "maker_cost": "maker_fill_cost_dollars",
    "taker_fees": "taker_fees_dollars",
    "maker_fees": "maker_fees_dollars",
    "subaccount": "subaccount_number",
    "group": "order_group_id",
    "self_trade_prevention": "self_trade_prevention_type",
    "cancel_on_pause": "cancel_order_on_pause",
    "expires": "expiration_time",
    "created": "created_time",
    "updated": "last_update_time",
}
QUEUE: Shape = {"order": "order_id", "ticker": "market_ticker", "ahead": "queue_position_fp"}
GROUP: Shape = {
    "group": "id",
    "auto_cancel": "is_auto_cancel_enabled",
    "limit": "contracts_limit_fp",
    "shard": "exchange_index",
}
RESTING: Shape = {
    "resting_cents": "total_resting_order_value",
    "breakdown": ("resting_order_value_breakdown", INDEXED),
}
PAYMENT: Shape = {
    "payment": "id",
    "status": "status",
    "type": "type",
    "amount_cents": "amount_cents",
    "fee_cents": "fee_cents",
    "created_seconds": "created_ts",
    "finalized_seconds": "finalized_ts",
}
SUBACCOUNT: Shape = {
    "subaccount": "subaccount_number",
    "shard": "exchange_index",
    "balance": "balance",
    "updated_seconds": "updated_ts",
}
SUBACCOUNT_TRANSFER: Shape = {
    "transfer": "transfer_id",
    "source": "from_subaccount",
    "target": "to_subaccount",
    "amount_cents": "amount_cents",
    "shard": "exchange_index",
    "created_seconds": "created_ts",
}
NETTING: Shape = {"subaccount": "subaccount_number", "shard": "exchange_index", "enabled": "enabled"}
SHARD_TRANSFER: Shape = {
    "transfer": "transfer_id",
    "source": "source",
    "target": "destination",
    "source_shard": "source_exchange_shard",
    "target_shard": "destination_exchange_shard",
    "amount": "amount",
    "status": "status",
    "created_seconds": "created_ts",
}
ALLOCATION: Shape = {
    "reservation": "resting_margin_reservation",
    "allocations": ("allocations", {"shard": "exchange_index", "percent": "percent"}),
}
CUTOFF: Shape = {
    "settled": "market_settled_ts",
    "traded": "trades_created_ts",
    "ordered": "orders_updated_ts",
    "updated": "market_positions_last_updated_ts",
}
FCM_FILL: Shape = {
    "fill": "fill_id",
    "shard": "exchange_index",
    "ticker": "ticker",
    "taker_outcome_side": "taker_outcome_side",
    "count": "count_fp",
    "yes_price": "yes_price_dollars",
    "maker_order": "maker_order_id",
    "maker": "maker_subtrader_id",
    "maker_fee": "maker_fee_cost",
    "taker_order": "taker_order_id",
    "taker": "taker_subtrader_id",
    "taker_fee": "taker_fee_cost",
    "created": "created_time",
}
SUBTRADER: Shape = {
    "subtrader": "subtrader_id",
    "shards": "exchange_indices",
    "blocked": "trading_blocked",
    "blocked_by_merchant": "fcm_trading_blocked",
    "pending": "propagation_pending",
}
CAP: Shape = {
    "subtrader": "subtrader_id",
    "limit": "limit",
    "executed": "executed_utilization",
    "resting": "resting_order_utilization",
    "pending": "pending_order_utilization",
    "day": "cap_date",
}
STATUS: Shape = {
    "active": "exchange_active",
    "trading": "trading_active",
    "resumes": "exchange_estimated_resume_time",
    "transfers": "intra_exchange_transfers_active",
}
ANNOUNCEMENT: Shape = {"type": "type", "message": "message", "delivered": "delivery_time", "status": "status"}
HOURS: Shape = {"opens": "open_time", "closes": "close_time"}
SCHEDULE: Shape = {
    "weeks": ("standard_hours", {"since": "start_time", "until": "end_time", "monday": ("monday", HOURS)}),
    "maintenance": ("maintenance_windows", {"since": "start_datetime", "until": "end_datetime"}),
}
LIMITS: Shape = {
    "tier": "usage_tier",
    "read_rate": "read.refill_rate",
    "read_capacity": "read.bucket_capacity",
    "write_rate": "write.refill_rate",
    "write_capacity": "write.bucket_capacity",
}
COSTS: Shape = {
    "usual": "default_cost",
    "costs": ("endpoint_costs", {"verb": "method", "path": "path", "cost": "cost"}),
}
KEY: Shape = {
    "key": "api_key_id",
    "name": "name",
    "scopes": "scopes",
    "subaccount": "subaccount",
    "subtrader": "fcm_subtrader_id",
}
SERIES: Shape = {
    "series": "ticker",
    "title": "title",
    "category": "category",
    "frequency": "frequency",
    "tags": "tags",
    "fee_type": "fee_type",
    "fee_multiplier": "fee_multiplier",
}
EVENT: Shape = {
    "event": "event_ticker",
    "series": "series_ticker",
    "title": "title",
    "sub_title": "sub_title",
    "category": "category",
    "exclusive": "mutually_exclusive",
}
MARKET: Shape = {
    "ticker": "ticker",
    "event": "event_ticker",
    "title": "title",
    "status": "status",
    "result": "result",
    "last_price": "last_price_dollars",
    "yes_bid": "yes_bid_dollars",
    "yes_ask": "yes_ask_dollars",
    "no_bid": "no_bid_dollars",
    "no_ask": "no_ask_dollars",
    "opens": "open_time",
    "closes": "close_time",
}
LEVEL: Shape = {"price": "0", "count": "1"}
BOOK: Shape = {
    "yes": ("orderbook_fp.yes_dollars", LEVEL),
    "no": ("orderbook_fp.no_dollars", LEVEL),
}
TRADE: Shape = {
    "trade": "trade_id",
    "ticker": "ticker",
    "count": "count_fp",
    "yes_price": "yes_price_dollars",
    "no_price": "no_price_dollars",
    "taker_outcome_side": "taker_outcome_side",
    "taker_book_side": "taker_book_side",
    "created": "created_time",
}

# --- the stream's messages: what `msg` holds

POSITION_FRAME: Shape = {
    "ticker": "market_ticker",
    "position": "position_fp",
    "cost": "position_cost_dollars",
    "realized": "realized_pnl_dollars",
    "fees": "fees_paid_dollars",
    "subaccount": "subaccount",
}
FILL_FRAME: Shape = {
    "trade": "trade_id",
    "order": "order_id",
    "ticker": "market_ticker",
    "side": "side",
    "action": "action",
    "outcome_side": "outcome_side",
    "book_side": "book_side",
    "count": "count_fp",
    "yes_price": "yes_price_dollars",
    "fee": "fee_cost",
    "taker": "is_taker",
    "subaccount": "subaccount",
    "after": "post_position_fp",
}
ORDER_FRAME: Shape = {
    "order": "order_id",
    "ticker": "ticker",
    "status": "status",
    "initial": "initial_count_fp",
    "filled": "fill_count_fp",
    "remaining": "remaining_count_fp",
    "subaccount": "subaccount_number",
}
TICKER_FRAME: Shape = {"ticker": "market_ticker", "last_price": "price_dollars"}
TRADE_FRAME: Shape = {
    "trade": "trade_id",
    "ticker": "market_ticker",
    "count": "count_fp",
    "yes_price": "yes_price_dollars",
    "no_price": "no_price_dollars",
}
LIFECYCLE_FRAME: Shape = {"ticker": "market_ticker", "event_type": "event_type", "result": "result"}
GROUP_FRAME: Shape = {"group": "order_group_id", "event_type": "event_type", "limit": "contracts_limit_fp"}
BOOK_FRAME: Shape = {"ticker": "market_ticker"}
