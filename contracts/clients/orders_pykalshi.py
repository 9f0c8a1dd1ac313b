"""Orders by pykalshi 2.0.0: it makes an order of every answer, of what was sent and what was answered."""

from collections.abc import Iterable
from typing import Any

from contracts.clients import orders
from contracts.clients.neutral import Driver, Method, Shape, serve
from contracts.clients.orders import done, method
from contracts.clients.pykalshi_2 import connect

ORDER: Shape = {
    "order": "order_id",
    "client_order": "client_order_id",
    "status": "status",
    "yes_price": "yes_price_dollars",
    "filled": "fill_count_fp",
    "remaining": "remaining_count_fp",
}
AMENDED: Shape = {name: ORDER[name] for name in ("order", "status", "yes_price", "remaining")}
DECREASED: Shape = {name: ORDER[name] for name in ("order", "status", "remaining")}
CANCELED: Shape = {name: ORDER[name] for name in ("order", "status")}
READS = {"get_order", "get_orders", "get_order_group", "get_order_groups"}
# They have nothing to do with orders.
LEFT_OUT = {"create_subaccount", "update_subaccount_netting"}

TIMES: dict[str, str] = {"immediate_or_cancel": "IOC", orders.GOOD_TILL_CANCELED: "GTC"}


def place(client: Any, order: Any) -> Any:
    from pykalshi import TimeInForce

    return [
        client.portfolio.place_order(
            order["market"],
            book_side=order.get("side", "bid"),
            count_fp=order["count"],
            price_dollars=order["price"],
            client_order_id=order["client_order_id"],
            time_in_force=TimeInForce[TIMES[order.get("time_in_force", orders.GOOD_TILL_CANCELED)]],
        )
    ]


def amend(client: Any, order: str, **change: Any) -> Any:
    amended = client.portfolio.amend_order(
        order, count_fp=change["count"], price_dollars=change["price"], ticker=change["market"], book_side="bid"
    )
    return [amended]


def batch_place(client: Any, batch: Any) -> Any:
    bodies = [
        {
            "ticker": order["market"],
            "book_side": "bid",
            "count_fp": order["count"],
            "price_dollars": order["price"],
            "client_order_id": order["client_order_id"],
        }
        for order in batch
    ]
    return client.portfolio.batch_place_orders(bodies)


METHODS: dict[str, Method] = {
    "order": method(lambda client, order: [client.portfolio.get_order(order)], ORDER),
    "orders": method(lambda client, market: client.portfolio.get_orders(ticker=market, fetch_all=True), ORDER),
    "v2_place": method(place, ORDER),
    "v2_take": method(place, ORDER),
    "v2_ask": method(place, ORDER),
    "v2_ask_take": method(place, ORDER),
    "v2_repeat": method(place, ORDER),
    "v2_amend": method(amend, AMENDED),
    "v2_decrease": method(
        lambda client, order, by, to: [client.portfolio.decrease_order(order, reduce_by_fp=by)], DECREASED
    ),
    "v2_cancel": method(lambda client, order: [client.portfolio.cancel_order(order)], CANCELED),
    "v2_batch_place": method(batch_place, ORDER),
    "v2_batch_cancel": method(lambda client, batch: client.portfolio.batch_cancel_orders(batch), CANCELED),
    "group_create": method(
        lambda client, limit: [client.portfolio.create_order_group(contracts_limit_fp=f"{limit}.00")], {"group": "id"}
    ),
    "group": method(lambda client, group: [client.portfolio.get_order_group(group)], orders.GROUP),
    "groups": method(lambda client: client.portfolio.get_order_groups(), {"group": "id"}),
    "group_limit": done(
        lambda client, group, limit: client.portfolio.update_order_group_limit(group, contracts_limit_fp=f"{limit}.00")
    ),
    "group_trigger": done(lambda client, group: client.portfolio.trigger_order_group(group)),
    "group_reset": done(lambda client, group: client.portfolio.reset_order_group(group)),
}


def offered(client: Any) -> Iterable[str]:
    names = {name for name in dir(client.portfolio) if orders.WRITES.match(name) or name in READS}
    return [f"portfolio.{name}" for name in names - LEFT_OUT]


if __name__ == "__main__":
    serve(Driver(connect, METHODS, offered))
