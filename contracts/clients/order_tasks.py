"""The tasks of adapters that change orders (docs/adapters.md#orders), over the order calls of a published client."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from time import monotonic
from typing import Any, NamedTuple

from contracts.clients.neutral import error_reply
from contracts.clients.streaming import ENDED, ERROR, RAISED, Stream

FILL = "fill"
ERRORS = (ERROR, RAISED, ENDED)

Row = Mapping[str, Any]
Reply = Mapping[str, Any]
Call = Callable[[Any, Row], Row]


class OrderCalls(NamedTuple):
    """The order calls of a client, each from (client, arguments) to a row; `batch` returns a row for each order."""

    place: Call
    cancel: Call
    amend: Call
    batch: Callable[[Any, Sequence[Row]], Iterable[Row]]


def seconds_of(instant: str) -> int:
    """Return an instant in Unix seconds."""
    return int(datetime.fromisoformat(instant).timestamp())


def second_generation(order: Row) -> dict[str, Any]:
    """Return the fields of an order of the second generation."""
    optional: dict[str, Any] = {"post_only": True} if order.get("post_only") else {}
    if "expires" in order:
        optional["expiration_time"] = seconds_of(order["expires"])
    return {
        "ticker": order["market"],
        **{name: order[name] for name in ("side", "count", "price", "client_order_id")},
        "time_in_force": order.get("time_in_force", "good_till_canceled"),
        "self_trade_prevention_type": "taker_at_cross",
        **optional,
    }


def row_of_item(item: Any, row_of: Callable[[Any], Row]) -> Row:
    """Return the row of an item of a batch: refused with its error, or placed."""
    return {"result": "refused", "error": str(item.error)} if item.error else row_of(item)


def perform(calls: OrderCalls, client: Any, name: str, arguments: Row) -> Reply:
    """Carry out one task that changes orders."""
    try:
        if name == "batch":
            return {"rows": list(calls.batch(client, arguments["orders"]))}
        one: Mapping[str, Call] = {"place": calls.place, "cancel": calls.cancel, "amend": calls.amend}
        return {"rows": [one[name](client, arguments)]}
    except Exception as error:  # noqa: BLE001 # every client has errors of its own
        return error_reply(error)


def trade(calls: OrderCalls, client: Any, stream: Stream, arguments: Row) -> Reply:
    """Place an order while its fills are listened to, and count them until it is filled or the time is over."""
    ends_at_s = monotonic() + arguments["seconds"]
    reply = perform(calls, client, "place", arguments)
    if "rows" not in reply:
        return reply
    (placed,) = reply["rows"]
    filled, seen = Decimal(0), 0
    while filled < Decimal(arguments["count"]) and monotonic() < ends_at_s:
        fills = stream.inbox.gather((FILL,), seen + 1, max(0.0, ends_at_s - monotonic()))
        seen, own = len(fills), {fill["trade"]: fill for fill in fills if fill["order"] == placed["order"]}
        filled = sum((Decimal(str(fill["count"])) for fill in own.values()), Decimal(0))
    errors = stream.inbox.gather(ERRORS, 0, 0)
    if errors and filled < Decimal(arguments["count"]):
        return {"error": f"its user got an error: {errors[-1]}"}
    return {"rows": [{"result": "placed", "order": placed["order"], "filled": f"{filled:.2f}"}]}
