"""The order calls of kalshi-sdk 22.4.0 as tasks of an adapter."""

from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any

from contracts.clients.neutral import plain
from contracts.clients.order_tasks import OrderCalls, Row, row_of_item, second_generation

# By name, because the environment in which types are checked does not have it.
models: Any = import_module("kalshi.models.orders")


def place(client: Any, order: Row) -> Row:
    return row_of(client.orders.create_v2(request=models.CreateOrderV2Request(**second_generation(order))))


def row_of(placed: Any) -> Row:
    counts = {"filled": plain(placed.fill_count), "remaining": plain(placed.remaining_count)}
    return {"result": "placed", "order": placed.order_id, **counts}


def cancel(client: Any, arguments: Row) -> Row:
    return {"result": "canceled", "reduced": plain(client.orders.cancel_v2(arguments["order"]).reduced_by)}


def amend(client: Any, order: Row) -> Row:
    body = {"ticker": order["market"], **{name: order[name] for name in ("side", "count", "price")}}
    client.orders.amend_v2(order["order"], request=models.AmendOrderV2Request(**body))
    return {"result": "amended"}


def batch(client: Any, orders: Sequence[Row]) -> Iterator[Row]:
    wanted = [models.CreateOrderV2Request(**second_generation(order)) for order in orders]
    answer = client.orders.batch_create_v2(request=models.BatchCreateOrdersV2Request(orders=wanted))
    for item in answer.orders:
        yield row_of_item(item, row_of)


CALLS = OrderCalls(place, cancel, amend, batch)
