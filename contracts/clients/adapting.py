"""A published client as an adapter (docs/adapters.md): its reads, its stream, its orders and its reply to `hello`."""

import contextlib
import json
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from queue import Queue
from threading import Thread
from time import monotonic
from typing import Any, NamedTuple

from contracts.clients import order_tasks
from contracts.clients.neutral import Driver, Watched, error_reply, perform
from contracts.clients.order_tasks import ERRORS, OrderCalls
from contracts.clients.streaming import Stream

KINDS: Mapping[str, tuple[str, ...]] = {
    "market_positions": ("market_position",),
    "fill": ("fill",),
    "user_orders": ("user_order",),
    "order_group_updates": ("order_group_updates",),
    "ticker": ("ticker",),
    "trade": ("trade",),
    "orderbook_delta": ("orderbook_snapshot", "orderbook_delta"),
    "market_lifecycle_v2": ("market_lifecycle_v2",),
}
"""The message types of each channel."""
CHANGES = ("place", "cancel", "amend", "batch")
BY_ITSELF, BY_HAND = "by itself", "by hand"

Answer = Mapping[str, Any]
Task = Mapping[str, Any]


class Program(NamedTuple):
    """A published client. `pages`: it follows cursors by itself, or leaves them to its user, here the adapter.

    `api_dates` are the dates whose wire it reads, from docs/clients.md; empty for all.
    """

    client: str
    version: str
    driver: Driver
    pages: str
    make_stream: Callable[[], Stream] | None = None
    api_dates: tuple[str, ...] = ()
    orders: OrderCalls | None = None


def serve_adapter(program: Program) -> None:
    """Reply to the tasks on standard input."""
    connected = cache(program.driver.connect)

    def connect(task: Task) -> Watched:
        key = Path(task["private_key_path"]).read_text(encoding="ascii")
        return Watched(connected(task["base_url"], task["key_id"], key), set())

    for line in sys.stdin:
        task = json.loads(line)
        sys.stdout.write(f"{json.dumps({'id': task['id'], **answer(program, connect, task)})}\n")
        sys.stdout.flush()


def answer(program: Program, connect: Callable[[Task], Watched], task: Task) -> Answer:
    """Carry out one task; an exception of the client becomes an error reply."""
    if task["task"] == "hello":
        hello = {"client": program.client, "version": program.version, "pages": program.pages, "reconciling": BY_HAND}
        return {"rows": [{**hello, "api_dates": program.api_dates} if program.api_dates else hello]}
    if task["task"] == "listen":
        return listen(program.make_stream, task) if program.make_stream else {"unsupported": True}
    try:
        client = connect(task)
    except Exception as error:  # noqa: BLE001 # every client has errors of its own
        return error_reply(error)
    if task["task"] == "trade":
        return trade(program, client, task) if program.orders and program.make_stream else {"unsupported": True}
    if task["task"] in CHANGES:
        orders = program.orders
        return order_tasks.perform(orders, client, task["task"], task["arguments"]) if orders else {"unsupported": True}
    return perform(program.driver, client, task)


def trade(program: Program, client: Watched, task: Task) -> Answer:
    """Subscribe to the fills, place an order and count its fills, as the client's user would."""
    assert program.orders is not None, "the task is not supported"
    assert program.make_stream is not None, "the task is not supported"
    stream, raised = program.make_stream(), Queue[Exception]()
    begin(stream, {**task, "arguments": {"channel": order_tasks.FILL}}, raised)
    try:
        if not raised.empty():
            return error_reply(raised.get())
        return order_tasks.trade(program.orders, client, stream, task["arguments"])
    finally:
        with contextlib.suppress(Exception):  # some raise when they are closed after their connection was
            stream.close()


def listen(make_stream: Callable[[], Stream], task: Task) -> Answer:
    """Subscribe to a channel, and return the messages or the error that reach the client's user."""
    stream, raised = make_stream(), Queue[Exception]()
    begun = Thread(target=begin, args=(stream, task, raised), daemon=True)
    begun.start()
    began_s, seconds = monotonic(), task["arguments"]["seconds"]
    begun.join(seconds)
    try:
        if not raised.empty():
            return error_reply(raised.get())
        kinds, count = KINDS.get(task["arguments"]["channel"], ()), task["arguments"]["count"]
        rows = stream.inbox.gather(kinds, count, max(0.0, seconds - (monotonic() - began_s)))
        errors = stream.inbox.gather(ERRORS, 0, 0)
        return {"error": f"its user got an error: {errors[-1]}"} if errors and len(rows) < count else {"rows": rows}
    finally:
        with contextlib.suppress(Exception):  # some raise when they are closed after their connection was
            stream.close()


def begin(stream: Stream, task: Task, raised: Queue[Exception]) -> None:
    """Connect and subscribe, in a thread since some clients take longer to fail than a task may take."""
    try:
        key = Path(task["private_key_path"]).read_text(encoding="ascii")
        where = {"host": task["base_url"], "ws_url": task["ws_url"], "key_id": task["key_id"], "private_key_pem": key}
        stream.open({**where, "options": {}})
        stream.subscribe(task["arguments"]["channel"], task["arguments"].get("markets"))
    except Exception as error:  # noqa: BLE001 # every client has errors of its own
        raised.put(error)
