"""How a published client becomes an adapter: what is answered where it works, breaks, or has no stream."""

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from contracts.clients.adapting import BY_HAND, Program, answer
from contracts.clients.neutral import Driver, Method, Watched
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
    assert reply_to(task("hello")) == {"rows": [{"client": "one", "version": "1.0", "pages": "by hand"}]}


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


def test_a_key_that_cannot_be_read_is_an_answer(task: Callable[..., dict[str, Any]]) -> None:
    asked = {**task("listen", channel="fill", count=1, seconds=20), "private_key_path": "/nowhere/key.pem"}
    assert reply_to(asked, Streaming())["error"].startswith("FileNotFoundError: ")
