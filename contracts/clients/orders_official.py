"""Orders by the official clients: kalshi-python-sync, of both generations, and its twin kalshi-python-async."""

import inspect
from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from contracts.clients import orders
from contracts.clients.neutral import Driver, Method, Shape, serve
from contracts.clients.orders import done, items, method
from contracts.clients.streaming import Worker

IS_ASYNC = find_spec("kalshi_python_sync") is None
# By name, because the environment in which types are checked does not have it.
sdk: Any = import_module("kalshi_python_async" if IS_ASYNC else "kalshi_python_sync")

WORKER = Worker()
FAMILIES = ("OrdersApi", "OrderGroupsApi")
VARIANT_SUFFIXES = ("_with_http_info", "_without_preload_content")
READS = {"get_order", "get_orders", "get_order_group", "get_order_groups"}

OLD_ORDER: Shape = {
    "order": "order_id",
    "client_order": "client_order_id",
    "status": "status",
    "yes_price": "yes_price_dollars",
    "filled_whole": "fill_count",
    "remaining_whole": "remaining_count",
}
NEW_ORDER: Shape = {
    "order": "order_id",
    "client_order": "client_order_id",
    "status": "status",
    "yes_price": "yes_price_dollars",
    "filled": "fill_count_fp",
    "remaining": "remaining_count_fp",
}
ORDER = NEW_ORDER if "fill_count_fp" in sdk.Order.model_fields else OLD_ORDER
TAKEN: Shape = {**ORDER, "cost": "taker_fill_cost_dollars"}


class Waiting:
    """The asynchronous client with calls that wait for their answers."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def __getattr__(self, name: str) -> Any:
        call = getattr(self.client, name)

        def wait(*values: Any, **arguments: Any) -> Any:
            answer = call(*values, **arguments)
            return WORKER.run(answer) if inspect.iscoroutine(answer) else answer

        return wait


def connect(host: str, key_id: str, private_key_pem: str) -> Any:
    configuration = sdk.Configuration(host=host)
    configuration.api_key_id = key_id
    configuration.private_key_pem = private_key_pem
    if not IS_ASYNC:
        return sdk.KalshiClient(configuration)

    async def connect_in_loop() -> Any:
        return sdk.KalshiClient(configuration)

    return Waiting(WORKER.run(connect_in_loop()))


def place_v1(client: Any, order: Any) -> Any:
    return [client.create_order(**orders.first_generation(order)).order]


def amend_v1(client: Any, order: str, **change: Any) -> Any:
    return [client.amend_order(order, **orders.first_generation_change(change)).order]


def decrease_v1(client: Any, order: str, by: str, to: str) -> Any:
    return [client.decrease_order(order, reduce_to=orders.whole(to)).order]


def cancel_v1(client: Any, order: str) -> Any:
    return [client.cancel_order(order)]


def batch_place_v1(client: Any, batch: Any) -> Any:
    bodies = [orders.first_generation(order) for order in batch]
    return items(client.batch_create_orders(orders=bodies).orders, ORDER, "order")


def batch_cancel_v1(client: Any, batch: Any) -> Any:
    return items(client.batch_cancel_orders(ids=batch).orders, {"reduced_whole": "reduced_by"})


def place_v2(client: Any, order: Any) -> Any:
    return [client.create_order_v2(**orders.second_generation(order))]


def amend_v2(client: Any, order: str, **change: Any) -> Any:
    return [client.amend_order_v2(order, **orders.second_generation_change(change))]


def decrease_v2(client: Any, order: str, by: str, to: str) -> Any:
    return [client.decrease_order_v2(order, reduce_to=to)]


def cancel_v2(client: Any, order: str) -> Any:
    return [client.cancel_order_v2(order)]


def batch_place_v2(client: Any, batch: Any) -> Any:
    bodies = [orders.second_generation(order) for order in batch]
    return items(client.batch_create_orders_v2(orders=bodies).orders, orders.RESTING)


def batch_cancel_v2(client: Any, batch: Any) -> Any:
    bodies = [{"order_id": order} for order in batch]
    return items(client.batch_cancel_orders_v2(orders=bodies).orders, orders.CANCELED)


CANCELED_V1: Shape = {**{name: f"order.{where}" for name, where in ORDER.items()}, "reduced_whole": "reduced_by"}
GROUP_CREATED: Shape = {"group": "order_group_id"}

CALLS: dict[str, tuple[str, Method]] = {
    "order": ("get_order", method(lambda client, order: [client.get_order(order).order], ORDER)),
    "orders": ("get_orders", method(lambda client, market: client.get_orders(ticker=market).orders, ORDER)),
    "v1_place": ("create_order", method(place_v1, ORDER)),
    "v1_take": ("create_order", method(place_v1, TAKEN)),
    "v1_ask": ("create_order", method(place_v1, ORDER)),
    "v1_ask_take": ("create_order", method(place_v1, TAKEN)),
    "v1_repeat": ("create_order", method(place_v1, ORDER)),
    "v1_amend": ("amend_order", method(amend_v1, ORDER)),
    "v1_decrease": ("decrease_order", method(decrease_v1, ORDER)),
    "v1_cancel": ("cancel_order", method(cancel_v1, CANCELED_V1)),
    "v1_batch_place": ("batch_create_orders", method(batch_place_v1)),
    "v1_batch_cancel": ("batch_cancel_orders", method(batch_cancel_v1)),
    "v2_place": ("create_order_v2", method(place_v2, orders.RESTING)),
    "v2_take": ("create_order_v2", method(place_v2, orders.PLACED)),
    "v2_ask": ("create_order_v2", method(place_v2, orders.RESTING)),
    "v2_ask_take": ("create_order_v2", method(place_v2, orders.PLACED)),
    "v2_repeat": ("create_order_v2", method(place_v2, orders.RESTING)),
    "v2_amend": ("amend_order_v2", method(amend_v2, orders.CHANGED)),
    "v2_decrease": ("decrease_order_v2", method(decrease_v2, orders.CHANGED)),
    "v2_cancel": ("cancel_order_v2", method(cancel_v2, orders.CANCELED)),
    "v2_batch_place": ("batch_create_orders_v2", method(batch_place_v2)),
    "v2_batch_cancel": ("batch_cancel_orders_v2", method(batch_cancel_v2)),
    "cancel_all": ("cancel_all_orders", done(lambda client: client.cancel_all_orders())),
    "group_create": (
        "create_order_group",
        method(lambda client, limit: [client.create_order_group(contracts_limit=limit)], GROUP_CREATED),
    ),
    "group": ("get_order_group", method(lambda client, group: [client.get_order_group(group)], orders.GROUP)),
    "groups": ("get_order_groups", method(lambda client: client.get_order_groups().order_groups, {"group": "id"})),
    "group_limit": (
        "update_order_group_limit",
        done(lambda client, group, limit: client.update_order_group_limit(group, contracts_limit=limit)),
    ),
    "group_trigger": ("trigger_order_group", done(lambda client, group: client.trigger_order_group(group))),
    "group_reset": ("reset_order_group", done(lambda client, group: client.reset_order_group(group))),
    "group_delete": ("delete_order_group", done(lambda client, group: client.delete_order_group(group))),
}


def calls() -> set[str]:
    return {name for family in FAMILIES for name in dir(getattr(sdk, family))}


def offered(_client: Any) -> Iterable[str]:
    return [
        name for name in calls() if (orders.WRITES.match(name) or name in READS) and not name.endswith(VARIANT_SUFFIXES)
    ]


METHODS = {name: made for name, (call, made) in CALLS.items() if call in calls()}

if __name__ == "__main__":
    serve(Driver(connect, METHODS, offered))
