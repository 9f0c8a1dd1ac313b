"""How a published client becomes an adapter: what is answered where it works, breaks, or has no stream."""

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from contracts.clients.adapting import BY_HAND, Program, answer
from contracts.clients.neutral import Driver, Method, Watched
from contracts.clients.order_tasks import OrderCalls
from contracts.clients.streaming import ERROR, Inbox, Stream

ROWS = [{"ticker": "A"}, {"ticker": "B"}]


class Broken(Exception):
    status_code = 418


class Streaming:
    """A client's stream that puts rows into the inbox after the subscription."""

    def __init__(
        self, kind: str = "fill", rows: int = 2, failure: Exception | None = None, hangs: bool = False
    ) -> None:
        self.inbox = Inbox()
        self.closed = threading.Event()
        self._kind, self._rows, self._failure, self._hangs = kind, rows, failure, hangs

    def open(self, task: Mapping[str, Any]) -> None:
        assert task["private_key_pem"] == "PEM"
        if self._hangs:
            self.closed.wait()
        if self._failure:
            raise self._failure

    def subscribe(self, channel: str, tickers: list[str] | None) -> None:
        for row in ROWS[: self._rows]:
            self.inbox.put(self._kind, row)

    def close(self) -> None:
        self.closed.set()
        raise RuntimeError("closed already")


def connected(base_url: str, key_id: str, private_key_pem: str) -> Any:
    raise Broken(f"no {key_id}")


DRIVER = Driver(connected, {"fills": Method(lambda client: ROWS, None)}, lambda client: ())


@pytest.fixture
def task(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    key = tmp_path / "key.pem"
    key.write_text("PEM", encoding="ascii")

    def make(name: str, **arguments: Any) -> dict[str, Any]:
        where = {"base_url": "http://x", "ws_url": "ws://x", "key_id": "K", "private_key_path": str(key)}
        return {"id": 1, "task": name, "arguments": arguments, **where}

    return make


def reply_to(task: Mapping[str, Any], stream: Stream | None = None) -> Mapping[str, Any]:
    program = Program("one", "1.0", DRIVER, BY_HAND, (lambda: stream) if stream else None)
    return answer(program, lambda task: Watched(object(), set()), task)


def test_it_says_who_it_is(task: Callable[..., dict[str, Any]]) -> None:
    assert reply_to(task("hello")) == {
        "rows": [{"client": "one", "version": "1.0", "pages": "by hand", "reconciling": "by hand"}]
    }


def test_it_reads_and_says_what_it_cannot(task: Callable[..., dict[str, Any]]) -> None:
    assert reply_to(task("fills")) == {"rows": ROWS}
    assert (
        reply_to(task("balance"))
        == reply_to(task("listen", channel="fill", count=1, seconds=1))
        == {"unsupported": True}
    )


def test_a_client_that_cannot_be_made_is_an_answer(task: Callable[..., dict[str, Any]]) -> None:
    program = Program("one", "1.0", DRIVER, BY_HAND)
    made = answer(program, lambda task: Watched(connected("http://x", task["key_id"], "PEM"), set()), task("fills"))
    assert made == {"error": "Broken: no K", "status": 418}


@pytest.mark.parametrize(
    ("stream", "count", "seconds", "found"),
    [
        (Streaming(), 2, 20, {"rows": ROWS}),
        (Streaming(rows=1), 2, 0.05, {"rows": ROWS[:1]}),
        (Streaming("another"), 1, 0.05, {"rows": []}),
        (Streaming(failure=Broken("no")), 1, 20, {"error": "Broken: no", "status": 418}),
        (Streaming(ERROR), 1, 0.05, {"error": "its user got an error: {'ticker': 'B'}"}),
        (Streaming(hangs=True), 1, 0.05, {"rows": []}),
    ],
    ids=["all", "some", "of another kind", "raises", "errors", "hangs"],
)
def test_what_reaches_the_user_of_a_stream(
    task: Callable[..., dict[str, Any]], stream: Streaming, count: int, seconds: float, found: Mapping[str, Any]
) -> None:
    assert reply_to(task("listen", channel="fill", count=count, seconds=seconds), stream) == found
    assert stream.closed.is_set()


def test_an_error_beside_all_that_was_wanted_is_no_matter(task: Callable[..., dict[str, Any]]) -> None:
    stream = Streaming()
    stream.inbox.put(ERROR, {"code": 1})
    assert reply_to(task("listen", channel="fill", count=2, seconds=20), stream) == {"rows": ROWS}


ORDER: dict[str, Any] = {
    "market": "A",
    "side": "bid",
    "count": "3.00",
    "price": "0.40",
    "client_order_id": "c",
    "seconds": 0.05,
}


def refuse(client: Any, order: Mapping[str, Any]) -> Mapping[str, Any]:
    raise Broken("no")


def place(client: Any, order: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"result": "placed", "order": "o1", "filled": "0.00"}


PLACING = OrderCalls(place, refuse, refuse, lambda client, orders: [place(client, order) for order in orders])
FILLS = (("t1", "o1", "1.00"), ("t2", "o2", "9.00"), ("t1", "o1", "1.00"), ("t3", "o1", "2.00"))
"""Fills: of the order, of another one, and one of them again."""


def change(
    task: Callable[..., dict[str, Any]], name: str, calls: OrderCalls | None = PLACING, **arguments: Any
) -> Mapping[str, Any]:
    stream = Streaming(rows=0)
    for trade, order, count in FILLS:
        stream.inbox.put("fill", {"trade": trade, "order": order, "count": count})
    program = Program("one", "1.0", DRIVER, BY_HAND, lambda: stream, orders=calls)
    return answer(program, lambda task: Watched(object(), set()), task(name, **arguments))


def test_orders_are_changed_by_the_calls_of_the_client(task: Callable[..., dict[str, Any]]) -> None:
    placed = {"result": "placed", "order": "o1", "filled": "0.00"}
    assert change(task, "place", **ORDER) == {"rows": [placed]}
    assert change(task, "batch", orders=[ORDER, ORDER]) == {"rows": [placed, placed]}
    assert change(task, "cancel", order="o1") == {"error": "Broken: no", "status": 418}
    assert change(task, "place", None, **ORDER) == change(task, "trade", None, **ORDER) == {"unsupported": True}


@pytest.mark.parametrize(("count", "filled"), [("3.00", "3.00"), ("4.00", "3.00")], ids=["whole", "in part"])
def test_the_fills_of_an_order_are_counted_once_each(
    task: Callable[..., dict[str, Any]], count: str, filled: str
) -> None:
    (row,) = change(task, "trade", **{**ORDER, "count": count})["rows"]
    assert row == {"result": "placed", "order": "o1", "filled": filled}


def test_an_order_that_is_refused_is_not_waited_for(task: Callable[..., dict[str, Any]]) -> None:
    assert change(task, "trade", PLACING._replace(place=refuse), **ORDER)["status"] == 418


def test_a_key_that_cannot_be_read_is_an_answer(task: Callable[..., dict[str, Any]]) -> None:
    asked = {**task("listen", channel="fill", count=1, seconds=20), "private_key_path": "/nowhere/key.pem"}
    assert reply_to(asked, Streaming())["error"].startswith("FileNotFoundError: ")
