"""The order calls of kalshi-python-sync 3.34.0 as tasks of an adapter."""

from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any

from contracts.clients.neutral import plain
from contracts.clients.order_tasks import OrderCalls, Row, row_of_item, second_generation

# By name, because the environment in which types are checked does not have it.
sdk: Any = import_module("kalshi_python_sync")


def place(client: Any, order: Row) -> Row:
    return row_of(client.create_order_v2(**second_generation(order)))


def row_of(placed: Any) -> Row:
    counts = {"filled": plain(placed.fill_count), "remaining": plain(placed.remaining_count)}
    return {"result": "placed", "order": placed.order_id, **counts}


def cancel(client: Any, arguments: Row) -> Row:
    return {"result": "canceled", "reduced": plain(client.cancel_order_v2(arguments["order"]).reduced_by)}


def amend(client: Any, order: Row) -> Row:
    body = {"ticker": order["market"], **{name: order[name] for name in ("side", "count", "price")}}
    client.amend_order_v2(order["order"], **body)
    return {"result": "amended"}


def batch(client: Any, orders: Sequence[Row]) -> Iterator[Row]:
    wanted = [second_generation(order) for order in orders]
    for item in client.batch_create_orders_v2(orders=wanted).orders:
        yield row_of_item(item, row_of)


CALLS = OrderCalls(place, cancel, amend, batch)
