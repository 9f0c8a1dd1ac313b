"""kalshi-sdk 3.3.0, of June 2026: no shards yet."""

from contracts.clients.neutral import Driver, Shape, serve
from contracts.clients.sdk import connect, fills, offered, one, pages, rows, short
from contracts.clients.shapes import (
    ANNOUNCEMENT,
    BALANCE,
    COSTS,
    CUTOFF,
    EVENT,
    EVENT_POSITION,
    FILL,
    GROUP,
    LIMITS,
    MARKET,
    NETTING,
    ORDER,
    PAYMENT,
    POSITION,
    QUEUE,
    SCHEDULE,
    SERIES,
    SETTLEMENT,
    STATUS,
    SUBACCOUNT,
    SUBACCOUNT_TRANSFER,
    TRADE,
    without,
)

OWN_ORDER: Shape = {**short(without(ORDER, "action", "shard")), "type": "order_type"}
OWN_POSITION: Shape = {**short(without(POSITION, "shard")), "resting_whole": "resting_orders_count"}
OWN_FILL: Shape = short(without(FILL, "shard"))
LEVEL: Shape = {"price": "price", "count": "quantity"}
BOOK: Shape = {"yes": ("yes", LEVEL), "no": ("no", LEVEL)}

METHODS = {
    "balance": one("portfolio.balance", BALANCE),
    "positions": pages("portfolio.positions", OWN_POSITION, "market_positions", ["portfolio.positions_all"]),
    "event_positions": pages("portfolio.positions", short(EVENT_POSITION), "event_positions"),
    "settlements": pages(
        "portfolio.settlements", short(without(SETTLEMENT, "shard")), others=["portfolio.settlements_all"]
    ),
    "fills": fills(OWN_FILL),
    "orders": pages("orders.list", OWN_ORDER, others=["orders.list_all"]),
    "order": one("orders.get", OWN_ORDER),
    "queue_positions": rows("orders.queue_positions", short(QUEUE)),
    "queue_position": one("orders.queue_position", {"ahead": ""}),
    "order_groups": rows("order_groups.list", short(without(GROUP, "shard"))),
    "resting_order_value": one("portfolio.total_resting_order_value", {"resting_cents": "total_resting_order_value"}),
    "deposits": pages("portfolio.deposits", PAYMENT, others=["portfolio.deposits_all"]),
    "withdrawals": pages("portfolio.withdrawals", PAYMENT, others=["portfolio.withdrawals_all"]),
    "subaccount_balances": rows("subaccounts.list_balances", without(SUBACCOUNT, "shard"), "subaccount_balances"),
    "subaccount_transfers": pages(
        "subaccounts.list_transfers",
        without(SUBACCOUNT_TRANSFER, "shard"),
        others=["subaccounts.list_all_transfers"],
    ),
    "subaccount_netting": rows("subaccounts.get_netting", without(NETTING, "shard"), "netting_configs"),
    "historical_cutoff": one("historical.cutoff", without(CUTOFF, "updated")),
    "historical_fills": pages("historical.fills", OWN_FILL, others=["historical.fills_all"]),
    "historical_orders": pages("historical.orders", OWN_ORDER, others=["historical.orders_all"]),
    "fcm_positions": pages("fcm.positions", OWN_POSITION, "market_positions", ["fcm.positions_all"]),
    "fcm_event_positions": pages("fcm.positions", short(EVENT_POSITION), "event_positions"),
    "fcm_orders": pages("fcm.orders", OWN_ORDER, others=["fcm.orders_all"]),
    "exchange_status": one("exchange.status", without(STATUS, "transfers")),
    "exchange_schedule": one("exchange.schedule", SCHEDULE),
    "announcements": rows("exchange.announcements", ANNOUNCEMENT),
    "user_data_timestamp": one("exchange.user_data_timestamp", {"now": "as_of_time"}),
    "account_limits": one("account.limits", LIMITS),
    "endpoint_costs": one("account.endpoint_costs", COSTS),
    "api_keys": rows("api_keys.list", {"key": "api_key_id", "name": "name", "scopes": "scopes"}, "api_keys"),
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
