"""Orders by kalshi-sdk, 3.3.0 with both generations and 22.4.0 with the second."""

from collections.abc import Iterable
from importlib import import_module
from typing import Any

from contracts.clients import orders
from contracts.clients.neutral import Driver, Method, Shape, attribute, serve
from contracts.clients.orders import done, items, method
from contracts.clients.sdk import connect, deprecated

# By name, because the environment in which types are checked does not have it.
models: Any = import_module("kalshi.models.orders")

RESOURCES = {
    "orders": import_module("kalshi.resources.orders").OrdersResource,
    "order_groups": import_module("kalshi.resources.order_groups").OrderGroupsResource,
}
READS = {"orders.get", "orders.list", "orders.list_all", "order_groups.get", "order_groups.list"}

ORDER: Shape = {
    "order": "order_id",
    "client_order": "client_order_id",
    "status": "status",
    "yes_price": "yes_price",
    "filled": "fill_count",
    "remaining": "remaining_count",
}
TAKEN: Shape = {**ORDER, "cost": "taker_fill_cost"}


def order_v1(order: Any) -> Any:
    """Return the request of an order, whose prices this client has in dollars."""
    return models.CreateOrderRequest(**orders.first_generation(order) | {"yes_price": order["price"]})


def place_v1(client: Any, order: Any) -> Any:
    return [client.orders.create(request=order_v1(order))]


def amend_v1(client: Any, order: str, **change: Any) -> Any:
    body = orders.first_generation_change(change) | {"yes_price": change["price"]}
    return [client.orders.amend(order, **body).order]


def decrease_v1(client: Any, order: str, by: str, to: str) -> Any:
    return [client.orders.decrease(order, reduce_to=orders.whole(to))]


def batch_place_v1(client: Any, batch: Any) -> Any:
    return items(client.orders.batch_create([order_v1(order) for order in batch]).orders, ORDER, "order")


def batch_cancel_v1(client: Any, batch: Any) -> Any:
    return items(client.orders.batch_cancel(batch).orders, {"reduced": "reduced_by_fp", "status": "order.status"})


def order_v2(order: Any) -> Any:
    return models.CreateOrderV2Request(**orders.second_generation(order))


def place_v2(client: Any, order: Any) -> Any:
    return [client.orders.create_v2(request=order_v2(order))]


def amend_v2(client: Any, order: str, **change: Any) -> Any:
    request = models.AmendOrderV2Request(**orders.second_generation_change(change))
    return [client.orders.amend_v2(order, request=request)]


def decrease_v2(client: Any, order: str, by: str, to: str) -> Any:
    return [client.orders.decrease_v2(order, request=models.DecreaseOrderV2Request(reduce_to=to))]


def batch_place_v2(client: Any, batch: Any) -> Any:
    request = models.BatchCreateOrdersV2Request(orders=[order_v2(order) for order in batch])
    return items(client.orders.batch_create_v2(request=request).orders, orders.RESTING)


def batch_cancel_v2(client: Any, batch: Any) -> Any:
    request = models.BatchCancelOrdersV2Request(
        orders=[models.BatchCancelOrdersV2RequestOrder(order_id=order) for order in batch]
    )
    return items(client.orders.batch_cancel_v2(request=request).orders, orders.CANCELED)


def list_orders(client: Any, market: str) -> Any:
    """Return the orders of a market, which the call that follows cursors must return too."""
    found = client.orders.list(ticker=market).items
    assert [one.order_id for one in client.orders.list_all(ticker=market)] == [one.order_id for one in found]
    return found


CALLS: dict[str, tuple[str, Method]] = {
    "order": ("orders.get", method(lambda client, order: [client.orders.get(order)], ORDER)),
    "orders": ("orders.list", method(list_orders, ORDER)),
    "v1_place": ("orders.create", deprecated(method(place_v1, ORDER))),
    "v1_take": ("orders.create", deprecated(method(place_v1, TAKEN))),
    "v1_ask": ("orders.create", deprecated(method(place_v1, ORDER))),
    "v1_ask_take": ("orders.create", deprecated(method(place_v1, TAKEN))),
    "v1_repeat": ("orders.create", deprecated(method(place_v1, ORDER))),
    "v1_amend": ("orders.amend", deprecated(method(amend_v1, ORDER))),
    "v1_decrease": ("orders.decrease", deprecated(method(decrease_v1, ORDER))),
    "v1_cancel": ("orders.cancel", deprecated(done(lambda client, order: client.orders.cancel(order)))),
    "v1_batch_place": ("orders.batch_create", deprecated(method(batch_place_v1))),
    "v1_batch_cancel": ("orders.batch_cancel", deprecated(method(batch_cancel_v1))),
    "v2_place": ("orders.create_v2", method(place_v2, orders.RESTING)),
    "v2_take": ("orders.create_v2", method(place_v2, orders.PLACED)),
    "v2_ask": ("orders.create_v2", method(place_v2, orders.RESTING)),
    "v2_ask_take": ("orders.create_v2", method(place_v2, orders.PLACED)),
    "v2_repeat": ("orders.create_v2", method(place_v2, orders.RESTING)),
    "v2_amend": ("orders.amend_v2", method(amend_v2, orders.CHANGED)),
    "v2_decrease": ("orders.decrease_v2", method(decrease_v2, orders.CHANGED)),
    "v2_cancel": (
        "orders.cancel_v2",
        method(lambda client, order: [client.orders.cancel_v2(order)], orders.CANCELED),
    ),
    "v2_batch_place": ("orders.batch_create_v2", method(batch_place_v2)),
    "v2_batch_cancel": ("orders.batch_cancel_v2", method(batch_cancel_v2)),
    "cancel_all": ("orders.cancel_all_v2", done(lambda client: client.orders.cancel_all_v2())),
    "group_create": (
        "order_groups.create",
        method(lambda client, limit: [client.order_groups.create(contracts_limit=limit)], {"group": "order_group_id"}),
    ),
    "group": ("order_groups.get", method(lambda client, group: [client.order_groups.get(group)], orders.GROUP)),
    "groups": ("order_groups.list", method(lambda client: client.order_groups.list(), {"group": "id"})),
    "group_limit": (
        "order_groups.update_limit",
        done(lambda client, group, limit: client.order_groups.update_limit(group, contracts_limit=limit)),
    ),
    "group_trigger": ("order_groups.trigger", done(lambda client, group: client.order_groups.trigger(group))),
    "group_reset": ("order_groups.reset", done(lambda client, group: client.order_groups.reset(group))),
    "group_delete": ("order_groups.delete", done(lambda client, group: client.order_groups.delete(group))),
}


def calls() -> set[str]:
    return {f"{name}.{call}" for name, resource in RESOURCES.items() for call in dir(resource)}


def offered(client: Any) -> Iterable[str]:
    found = [name for name in calls() if orders.WRITES.match(name.partition(".")[2]) or name in READS]
    assert all(callable(attribute(client, name)) for name in found)
    return found


METHODS = {name: made for name, (call, made) in CALLS.items() if call in calls()}

if __name__ == "__main__":
    serve(Driver(connect, METHODS, offered))
