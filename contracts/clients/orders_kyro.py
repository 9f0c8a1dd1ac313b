"""Orders by kyro 0.1.2, of the first generation. It returns the JSON unchanged and has no calls for order groups."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from contracts.clients import orders
from contracts.clients.adapter_kyro import WORKER, Spellings, connect, named_row
from contracts.clients.adapter_kyro import orders as calls
from contracts.clients.neutral import Driver, Method, serve
from contracts.clients.orders import Read

ORDER: Spellings = {
    "order": ("order_id",),
    "client_order": ("client_order_id",),
    "status": ("status",),
    "yes_price": ("yes_price_dollars",),
    "filled": ("fill_count_fp",),
    "filled_whole": ("fill_count",),
    "remaining": ("remaining_count_fp",),
    "remaining_whole": ("remaining_count",),
}
TAKEN: Spellings = {**ORDER, "cost": ("taker_fill_cost_dollars",)}
REDUCED: Spellings = {"reduced": ("reduced_by_fp",), "reduced_whole": ("reduced_by",)}

CALLED: set[str] = set()


def call(name: str, client: Any, *values: Any, **arguments: Any) -> Any:
    """Make a call, which is a function of a module and so not seen by the watched client."""
    CALLED.add(name)
    return WORKER.run(getattr(calls, name)(client.target, *values, **arguments))


def method(read: Read, spellings: Spellings) -> Method:
    return Method(lambda client, **arguments: [named_row(one, spellings) for one in read(client, **arguments)], None)


def items(read: Callable[..., Any], made: Callable[[Any], Mapping[str, Any]]) -> Method:
    """Return a method with a row for each item of a batch, of a refused one only the code of its error."""

    def rows(client: Any, **arguments: Any) -> Iterable[Any]:
        for entry in read(client, **arguments)["orders"]:
            error = entry.get("error")
            yield {"refused": error["code"]} if error else {"refused": None, **made(entry)}

    return Method(rows, None)


def place(client: Any, order: Any) -> Any:
    return [call("create_order", client, **orders.first_generation(order))["order"]]


def amend(client: Any, order: str, **change: Any) -> Any:
    return [call("amend_order", client, order, **orders.first_generation_change(change))["order"]]


def decrease(client: Any, order: str, by: str, to: str) -> Any:
    return [call("decrease_order", client, order, reduce_to=orders.whole(to))["order"]]


def cancel(client: Any, order: str) -> Iterable[Any]:
    answer = call("cancel_order", client, order)
    yield {**named_row(answer["order"], ORDER), **named_row(answer, REDUCED)}


def batch_place(client: Any, batch: Any) -> Any:
    return call("batch_create_orders", client, [orders.first_generation(order) for order in batch])


def batch_cancel(client: Any, batch: Any) -> Any:
    return call("batch_cancel_orders", client, order_ids=batch)


METHODS: dict[str, Method] = {
    "order": method(lambda client, order: [call("get_order", client, order)["order"]], ORDER),
    "orders": method(lambda client, market: call("get_orders", client, ticker=market)["orders"], ORDER),
    "v1_place": method(place, ORDER),
    "v1_take": method(place, TAKEN),
    "v1_ask": method(place, ORDER),
    "v1_ask_take": method(place, TAKEN),
    "v1_repeat": method(place, ORDER),
    "v1_amend": method(amend, ORDER),
    "v1_decrease": method(decrease, ORDER),
    "v1_cancel": Method(cancel, None),
    "v1_batch_place": items(batch_place, lambda entry: named_row(entry["order"], ORDER)),
    "v1_batch_cancel": items(batch_cancel, lambda entry: named_row(entry, REDUCED)),
}


def offered(_client: Any) -> Iterable[str]:
    names = {name for name in dir(calls) if orders.WRITES.match(name) or name in {"get_order", "get_orders"}}
    return names - CALLED


if __name__ == "__main__":
    serve(Driver(connect, METHODS, offered))
