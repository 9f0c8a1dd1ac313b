"""Faults of order entry: answers of writes, and reads after them, changed on the way to the client."""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

from starlette.types import ASGIApp, Message, Receive, Scope, Send

PREFIX = "/trade-api/v2"
LATEST, FIRST = "2026-10", "2025-11"
Body = dict[str, Any]


class Passing(NamedTuple):
    """A request and its answer; `body` is None without JSON."""

    method: str
    path: str
    status: int
    body: Body | None


Lie = Callable[[Passing], Passing]


class Liar:
    """An application whose answers are changed."""

    def __init__(self, app: ASGIApp, lie: Lie) -> None:
        self.app, self.lie = app, lie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        await self.app(scope, receive, keep)
        if scope["type"] != "http":
            return
        raw = b"".join(message.get("body", b"") for message in messages)
        path = scope["path"].removeprefix(PREFIX)
        reply = Passing(scope["method"], path, messages[0]["status"], json.loads(raw) if raw else None)
        changed = self.lie(reply)
        sent = raw if changed == reply else json.dumps(changed.body).encode()
        names = {b"content-length", b"content-type"}
        kept = [(name, value) for name, value in messages[0]["headers"] if name.lower() not in names]
        headers = [*kept, (b"content-type", b"application/json"), (b"content-length", b"%d" % len(sent))]
        await send({**messages[0], "status": changed.status, "headers": headers})
        await send({"type": "http.response.body", "body": sent})


def where(method: str, path: str, status: int, change: Callable[[Body], object], new_status: int | None = None) -> Lie:
    """Change the bodies of the answers with a status at paths that match a pattern."""
    pattern = re.compile(path)

    def lie(passing: Passing) -> Passing:
        if (passing.method, passing.status) != (method, status) or not pattern.fullmatch(passing.path):
            return passing
        body: Body = json.loads(json.dumps(passing.body or {}))
        change(body)
        return passing._replace(status=new_status or status, body=body)

    return lie


def instead(method: str, path: str, status: int, new_status: int, body: Body) -> Lie:
    """Replace the answers with a status."""

    def change(old: Body) -> None:
        old.clear()
        old.update(body)

    return where(method, path, status, change, new_status)


def put(**fields: object) -> Callable[[Body], object]:
    return lambda body: body.update(fields)


def drop(*names: str) -> Callable[[Body], object]:
    return lambda body: [body.pop(name, None) for name in names]


def of_order(**fields: object) -> Callable[[Body], object]:
    return lambda body: body["order"].update(fields)


def of_ask(**fields: object) -> Callable[[Body], object]:
    return lambda body: body["order"].update(fields) if body["order"]["outcome_side"] == "no" else None


def of_canceled(**fields: object) -> Callable[[Body], object]:
    return lambda body: body["order"].update(fields) if body["order"]["status"] == "canceled" else None


class AfterRefusal:
    """Changes a read as often as a create was refused with a status."""

    def __init__(self, status: int, path: str, change: Callable[[Body], object]) -> None:
        self.status, self.path, self.change = status, path, change
        self.refused = 0

    def __call__(self, passing: Passing) -> Passing:
        if passing.method == "POST" and passing.status == self.status:
            self.refused += 1
        if not self.refused or passing.path != self.path or passing.body is None:
            return passing
        body: Body = json.loads(json.dumps(passing.body))
        for _ in range(self.refused):
            self.change(body)
        return passing._replace(body=body)


def a_dollar_less(body: Body) -> None:
    body["balance_dollars"] = str(Decimal(body["balance_dollars"]) - 1)


def one_order_more(body: Body) -> None:
    rows = body["orders"]
    rows.append({**(rows[0] if rows else {}), "order_id": f"left-behind-{len(rows)}"})


def one_position_more(body: Body) -> None:
    body["market_positions"].append({"ticker": "LEFT-BEHIND"})


def without_asks(body: Body) -> None:
    body["orders"] = [row for row in body["orders"] if row["outcome_side"] == "yes"]


class Fault(NamedTuple):
    """A fault at an API date; `make_lie` returns a new lie for each run, `rule` finds it."""

    name: str
    rule: str
    make_lie: Callable[[], Lie]
    alias: str = LATEST


def fault(name: str, rule: str, lie: Lie, alias: str = LATEST) -> Fault:
    return Fault(name, rule, lambda: lie, alias)


CREATE, ORDER, ONE, LIST = (
    "/portfolio/events/orders",
    "/portfolio/events/orders/[^/]+",
    "/portfolio/orders/[^/]+",
    "/portfolio/orders",
)
AMEND, BATCH = f"{ORDER}/amend", "/portfolio/events/orders/batched"
MADE = {"order_id": "another", "fill_count": "0.00", "remaining_count": "1.00", "ts_ms": 1762257600000}
CANCELED = {"order_id": "another", "reduced_by": "0.00", "ts_ms": 1762257600000}
AMENDED = {"order_id": "another", "ts_ms": 1762257600000}

FAULTS = (
    fault("nothing rests by the answer", "orders.read_back", where("POST", CREATE, 201, put(remaining_count="0.00"))),
    fault("another name is answered", "orders.read_back", where("POST", CREATE, 201, put(client_order_id="other"))),
    fault("the engine's clock is late", "orders.read_back", where("POST", CREATE, 201, put(ts_ms=1))),
    fault("the answer has another price", "orders.read_back", where("POST", LIST, 201, of_order(yes_price=2)), FIRST),
    fault("a new order is not listed", "orders.read_back", where("GET", LIST, 200, put(orders=[]))),
    fault("all of it is reduced", "orders.counts", where("DELETE", ORDER, 200, put(reduced_by="2.00"))),
    fault("what is canceled is left", "orders.counts", where("GET", ONE, 200, of_canceled(remaining_count_fp="1.00"))),
    fault("the first count shrinks", "orders.counts", where("GET", ONE, 200, of_canceled(initial_count_fp="1.00"))),
    fault("a cancel counts as a fill", "orders.counts", where("DELETE", ONE, 200, of_order(fill_count=1)), FIRST),
    fault("a cancel may be repeated", "orders.canceled", instead("DELETE", ORDER, 404, 200, CANCELED)),
    fault("what is canceled can be amended", "orders.canceled", instead("POST", AMEND, 404, 200, AMENDED)),
    fault("what is canceled rests", "orders.canceled", where("GET", ONE, 200, of_order(status="resting"))),
    fault("a used name is taken again", "orders.duplicate", instead("POST", CREATE, 409, 201, MADE)),
    Fault("a 409 leaves an order", "orders.duplicate", lambda: AfterRefusal(409, LIST, one_order_more)),
    Fault(
        "a 409 costs money",
        "orders.duplicate",
        lambda: AfterRefusal(409, "/portfolio/balance", a_dollar_less),
    ),
    fault("fill-or-kill is not killed", "orders.refused", instead("POST", CREATE, 409, 201, MADE)),
    fault("what is wrong is taken", "orders.refused", instead("POST", CREATE, 400, 201, MADE)),
    Fault(
        "a 400 leaves a position",
        "orders.refused",
        lambda: AfterRefusal(400, "/portfolio/positions", one_position_more),
    ),
    fault(
        "an unknown market is a bad request",
        "orders.refused",
        instead("POST", CREATE, 404, 400, {"error": {"code": "invalid_order", "message": "invalid order"}}),
    ),
    fault(
        "nothing filled has averages",
        "orders.immediate",
        where("POST", CREATE, 201, put(average_fill_price="0.0000", average_fee_paid="0.0000")),
    ),
    fault("what was not filled is left", "orders.immediate", where("POST", CREATE, 201, put(remaining_count="1.00"))),
    fault("what was not filled rests", "orders.immediate", where("GET", ONE, 200, of_order(status="resting"))),
    fault("the old price stays", "orders.amended", where("GET", ONE, 200, of_order(yes_price_dollars="0.0100"))),
    fault(
        "the old name stays",
        "orders.amended",
        where(
            "POST",
            f"{ONE}/amend",
            200,
            lambda body: body["order"].update(client_order_id=body["old_order"]["client_order_id"]),
        ),
        FIRST,
    ),
    fault("an amendment makes another order", "orders.amended", where("POST", AMEND, 200, put(order_id="another"))),
    fault(
        "an amendment is not old",
        "orders.amended",
        where("POST", f"{ONE}/amend", 200, lambda body: body.update(old_order=body["order"])),
        FIRST,
    ),
    fault(
        "a batch forgets an error",
        "orders.batch",
        where("POST", BATCH, 201, lambda body: body["orders"][1].update(error=None)),
    ),
    fault("a batch is turned around", "orders.batch", where("POST", BATCH, 201, lambda body: body["orders"].reverse())),
    fault("a batch loses an order", "orders.batch", where("POST", BATCH, 201, lambda body: body["orders"].pop())),
    fault(
        "a batch cancels what is not there",
        "orders.batch",
        where("DELETE", BATCH, 200, lambda body: body["orders"][2].update(error=None)),
    ),
    fault(
        "a fill has no averages",
        "orders.filled",
        where("POST", CREATE, 201, drop("average_fill_price", "average_fee_paid")),
    ),
    fault(
        "a fill has the limit as its price",
        "orders.filled",
        where("POST", CREATE, 201, put(average_fill_price="0.9900")),
    ),
    fault("what is executed was not filled", "orders.filled", where("GET", ONE, 200, of_order(fill_count_fp="0.00"))),
    fault(
        "a fill costs its limit", "orders.filled", where("GET", ONE, 200, of_order(taker_fill_cost_dollars="0.990000"))
    ),
    fault("an ask is read as a bid", "orders.read_back", where("GET", ONE, 200, of_ask(outcome_side="yes"))),
    fault(
        "an ask is read at the price of its other side",
        "orders.read_back",
        where("GET", ONE, 200, of_ask(yes_price_dollars="0.0100", no_price_dollars="0.9900")),
    ),
    fault("an ask is not listed", "orders.read_back", where("GET", LIST, 200, without_asks)),
    fault("an ask is never smaller", "orders.counts", where("GET", ONE, 200, of_ask(remaining_count_fp="2.00"))),
    fault("an ask that found nothing rests", "orders.immediate", where("GET", ONE, 200, of_ask(status="resting"))),
    fault(
        "an amended ask goes to the bids",
        "orders.amended",
        where("GET", ONE, 200, of_ask(yes_price_dollars="0.0200", no_price_dollars="0.9800")),
    ),
    fault("a post-only order takes", "orders.post_only", instead("POST", CREATE, 400, 201, MADE)),
    Fault(
        "a post-only order that is refused costs money",
        "orders.post_only",
        lambda: AfterRefusal(400, "/portfolio/balance", a_dollar_less),
    ),
    Fault(
        "a post-only order that is refused has a position",
        "orders.post_only",
        lambda: AfterRefusal(400, "/portfolio/positions", one_position_more),
    ),
    fault(
        "no post-only order is taken",
        "orders.post_only",
        instead("POST", CREATE, 201, 400, {"error": {"code": "invalid_order", "message": "invalid order"}}),
    ),
    fault("the rest of an immediate order rests", "orders.partial", where("GET", ONE, 200, of_order(status="resting"))),
    fault("a part fill is answered as none", "orders.partial", where("POST", CREATE, 201, put(fill_count="0.00"))),
    fault("the rest is still there", "orders.partial", where("GET", ONE, 200, of_order(remaining_count_fp="1.00"))),
    fault("fill-or-kill is filled in part", "orders.partial", instead("POST", CREATE, 409, 201, MADE)),
    fault("fills are lost", "orders.partial", where("GET", "/portfolio/fills", 200, put(fills=[]))),
    fault("canceling all cancels none", "orders.cancel_all", where("GET", ONE, 200, of_order(status="resting"))),
    fault(
        "a new group is not listed", "groups.life", where("GET", "/portfolio/order_groups", 200, put(order_groups=[]))
    ),
    fault(
        "a deleted group is deleted again",
        "groups.life",
        instead("DELETE", "/portfolio/order_groups/[^/]+", 404, 200, {}),
    ),
    fault(
        "a group cannot be reset",
        "groups.life",
        instead(
            "PUT",
            "/portfolio/order_groups/[^/]+/reset",
            200,
            404,
            {"error": {"code": "not_found", "message": "not found"}},
        ),
    ),
    fault("a triggered group keeps its order", "groups.orders", where("GET", ONE, 200, of_order(status="resting"))),
    fault("a triggered group takes an order", "groups.orders", instead("POST", CREATE, 400, 201, MADE)),
)
