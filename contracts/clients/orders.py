"""Common parts of the drivers of clients that write: the bodies of both generations, and the rows of their answers.

An order is {market, count, price, client_order_id, side?, time_in_force?}: a bid for YES, or an ask; see neutral.py for
the rest.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from contracts.clients.neutral import Method, Shape, plain, row_of, step

WRITES = re.compile(r"(create|place|cancel|amend|decrease|batch|delete|update|reset|trigger)_?")
"""Prefixes of the names of calls that write orders and groups."""

GOOD_TILL_CANCELED = "good_till_canceled"

PLACED: Shape = {
    "order": "order_id",
    "client_order": "client_order_id",
    "filled": "fill_count",
    "remaining": "remaining_count",
    "average": "average_fill_price",
}
RESTING: Shape = {name: where for name, where in PLACED.items() if name != "average"}
CHANGED: Shape = {"order": "order_id", "remaining": "remaining_count"}
CANCELED: Shape = {"order": "order_id", "reduced": "reduced_by"}
GROUP: Shape = {"auto_cancel": "is_auto_cancel_enabled", "orders": "orders"}

Read = Callable[..., Iterable[Any]]


def first_generation(order: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of an order of the first generation, in whole contracts and cents."""
    return {
        "ticker": order["market"],
        "side": "yes",
        "action": "sell" if order.get("side") == "ask" else "buy",
        "count": whole(order["count"]),
        "yes_price": cents(order["price"]),
        "client_order_id": order["client_order_id"],
        **{name: order[name] for name in ("time_in_force",) if name in order},
    }


def second_generation(order: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of an order of the second generation, all in text."""
    return {
        "ticker": order["market"],
        "side": order.get("side", "bid"),
        "count": order["count"],
        "price": order["price"],
        "client_order_id": order["client_order_id"],
        "time_in_force": order.get("time_in_force", GOOD_TILL_CANCELED),
        "self_trade_prevention_type": "taker_at_cross",
    }


def first_generation_change(change: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of an amendment of the first generation."""
    return {
        "ticker": change["market"],
        "side": "yes",
        "action": "buy",
        "count": whole(change["count"]),
        "yes_price": cents(change["price"]),
        **{name: change[name] for name in ("client_order_id", "updated_client_order_id")},
    }


def second_generation_change(change: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of an amendment of the second generation."""
    names = ("count", "price", "client_order_id", "updated_client_order_id")
    return {"ticker": change["market"], "side": "bid", **{name: change[name] for name in names}}


def whole(count: str) -> int:
    return int(Decimal(count))


def cents(price: str) -> int:
    return int(Decimal(price) * 100)


def method(read: Read, shape: Shape | None = None) -> Method:
    """Return a method that makes rows of what `read` returns, whose lists may be None."""
    return Method(lambda client, **arguments: read(client, **arguments) or (), shape)


def done(read: Callable[..., Any]) -> Method:
    """Return a method whose one row is empty, for a call that returns nothing."""

    def write(client: Any, **arguments: Any) -> Iterable[Any]:
        read(client, **arguments)
        return [{}]

    return Method(write, None)


def items(entries: Iterable[Any], shape: Shape, part: str = "") -> Iterator[Mapping[str, Any]]:
    """Yield a row for each item of a batch, of a refused one only the code of its error."""
    for entry in entries:
        error = step(entry, "error")
        if error:
            yield {"refused": plain(step(error, "code"))}
        else:
            yield {"refused": None, **row_of(step(entry, part) if part else entry, shape)}
