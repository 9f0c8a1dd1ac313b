"""kalshi-sdk 22.4.0, of October 2026."""

from contracts.clients.neutral import Driver, Shape, serve
from contracts.clients.sdk import connect, deprecated, fills, offered, one, pages, rows, short
from contracts.clients.shapes import (
    ALLOCATION,
    ANNOUNCEMENT,
    BALANCE,
    CAP,
    COSTS,
    CUTOFF,
    EVENT,
    EVENT_POSITION,
    FCM_FILL,
    FILL,
    GROUP,
    KEY,
    LIMITS,
    MARKET,
    NETTING,
    ORDER,
    PAYMENT,
    POSITION,
    QUEUE,
    RESTING,
    SCHEDULE,
    SERIES,
    SETTLEMENT,
    SHARD_TRANSFER,
    STATUS,
    SUBACCOUNT,
    SUBACCOUNT_TRANSFER,
    SUBTRADER,
    TRADE,
    without,
)

OWN_ORDER: Shape = {**short(without(ORDER, "action")), "type": "order_type"}
LEVEL: Shape = {"price": "price", "count": "quantity"}
BOOK: Shape = {"yes": ("yes", LEVEL), "no": ("no", LEVEL)}

METHODS = {
    "balance": one("portfolio.balance", BALANCE),
    "positions": pages("portfolio.positions", short(POSITION), "market_positions", ["portfolio.positions_all"]),
    "event_positions": pages("portfolio.positions", short(EVENT_POSITION), "event_positions"),
    "settlements": pages("portfolio.settlements", short(SETTLEMENT), others=["portfolio.settlements_all"]),
    "fills": fills(short(FILL)),
    "orders": pages("orders.list", OWN_ORDER, others=["orders.list_all"]),
    "order": one("orders.get", OWN_ORDER),
    "queue_positions": rows("orders.queue_positions", short(QUEUE)),
    "queue_position": one("orders.queue_position", {"ahead": ""}),
    "order_groups": rows("order_groups.list", short(GROUP)),
    "resting_order_value": one("portfolio.total_resting_order_value", RESTING),
    "deposits": pages("portfolio.deposits", PAYMENT, others=["portfolio.deposits_all"]),
    "withdrawals": pages("portfolio.withdrawals", PAYMENT, others=["portfolio.withdrawals_all"]),
    "subaccount_balances": rows("subaccounts.list_balances", SUBACCOUNT, "subaccount_balances"),
    "subaccount_transfers": pages(
        "subaccounts.list_transfers", SUBACCOUNT_TRANSFER, others=["subaccounts.list_all_transfers"]
    ),
    "subaccount_netting": rows("subaccounts.get_netting", NETTING, "netting_configs"),
    "shard_transfers": pages(
        "portfolio.intra_exchange_transfers", SHARD_TRANSFER, others=["portfolio.intra_exchange_transfers_all"]
    ),
    "shard_transfer": one("portfolio.get_intra_exchange_transfer", SHARD_TRANSFER),
    "balance_allocation": one("portfolio.target_balance_allocation", ALLOCATION),
    "historical_cutoff": one("historical.cutoff", CUTOFF),
    "historical_positions": pages(
        "historical.positions", short(POSITION), "market_positions", ["historical.positions_all"]
    ),
    "historical_fills": pages("historical.fills", short(FILL), others=["historical.fills_all"]),
    "historical_orders": pages("historical.orders", OWN_ORDER, others=["historical.orders_all"]),
    "fcm_positions": pages("fcm.positions", short(POSITION), "market_positions", ["fcm.positions_all"]),
    "fcm_event_positions": pages("fcm.positions", short(EVENT_POSITION), "event_positions"),
    "fcm_orders": pages("fcm.orders", OWN_ORDER, others=["fcm.orders_all"]),
    "fcm_fills": pages("fcm.fills", short(FCM_FILL), "fills", ["fcm.fills_all"]),
    "fcm_subtraders": rows("fcm.list_subtraders", SUBTRADER, "subtraders"),
    "fcm_blocked_categories": rows("fcm.blocked_categories", {"category": ""}, "categories"),
    "fcm_daily_cap": one("fcm.event_contract_daily_cap", CAP),
    "exchange_status": one("exchange.status", STATUS),
    "exchange_schedule": one("exchange.schedule", SCHEDULE),
    "announcements": deprecated(rows("exchange.announcements", ANNOUNCEMENT)),
    "user_data_timestamp": one("exchange.user_data_timestamp", {"now": "as_of_time"}),
    "account_limits": one("account.limits", LIMITS),
    "endpoint_costs": one("account.endpoint_costs", COSTS),
    "api_keys": rows("api_keys.list", KEY, "api_keys"),
    "series": one("series.get", SERIES),
    "events": pages("events.list", EVENT, others=["events.list_all"]),
    "event": one("events.get", EVENT),
    "markets": pages("markets.list", short(MARKET), others=["markets.list_all"]),
    "market": one("markets.get", short(MARKET)),
    "orderbook": one("markets.orderbook", BOOK),
    "trades": pages("markets.list_trades", short(TRADE), others=["markets.list_all_trades"]),
}

if __name__ == "__main__":
    serve(Driver(connect, METHODS, offered))
