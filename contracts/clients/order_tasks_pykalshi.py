"""The order calls of pykalshi 2.0.0 as tasks of an adapter."""

from collections.abc import Iterator, Sequence
from typing import Any

from contracts.clients.neutral import plain
from contracts.clients.order_tasks import OrderCalls, Row, seconds_of
from contracts.clients.pykalshi_2 import pykalshi

TIMES = {"good_till_canceled": "GTC", "immediate_or_cancel": "IOC", "fill_or_kill": "FOK"}


def place(client: Any, order: Row) -> Row:
    placed = client.portfolio.place_order(
        order["market"],
        book_side=order["side"],
        count_fp=order["count"],
        price_dollars=order["price"],
        client_order_id=order["client_order_id"],
        time_in_force=pykalshi.TimeInForce[TIMES[order.get("time_in_force", "good_till_canceled")]],
        post_only=bool(order.get("post_only")),
        expiration_ts=seconds_of(order["expires"]) if "expires" in order else None,
    )
    return row_of(placed)


def row_of(placed: Any) -> Row:
    """Return what the user sees of an order: the client makes one of each answer."""
    counts = {"filled": plain(placed.fill_count_fp), "remaining": plain(placed.remaining_count_fp)}
    return {"result": "placed", "order": placed.order_id, **counts}


def cancel(client: Any, arguments: Row) -> Row:
    client.portfolio.cancel_order(arguments["order"])
    return {"result": "canceled"}


def amend(client: Any, order: Row) -> Row:
    client.portfolio.amend_order(
        order["order"],
        count_fp=order["count"],
        price_dollars=order["price"],
        ticker=order["market"],
        book_side=order["side"],
    )
    return {"result": "amended"}


def batch(client: Any, orders: Sequence[Row]) -> Iterator[Row]:
    """Place a batch. The client leaves refused orders out, which is how its user learns of them."""
    names = {"ticker": "market", "book_side": "side", "count_fp": "count", "price_dollars": "price"}
    bodies = [
        {**{theirs: order[ours] for theirs, ours in names.items()}, "client_order_id": order["client_order_id"]}
        for order in orders
    ]
    placed = {one.client_order_id: one for one in client.portfolio.batch_place_orders(bodies)}
    for order in orders:
        found = placed.get(order["client_order_id"])
        yield row_of(found) if found else {"result": "refused"}


CALLS = OrderCalls(place, cancel, amend, batch)
