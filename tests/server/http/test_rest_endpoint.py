"""The endpoint itself: what is read of a body, what goes out as a header, and how refusals wait for their reasons."""

import asyncio
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message

from mockexchange.server.http import rest_endpoint
from mockexchange.server.http.rest_endpoint import (
    BODY_BYTES_MAX,
    CUT_BYTES_MAX,
    DIAGNOSIS_CHARS_MAX,
    TOO_BUSY,
    BodyTooLarge,
    DiagnosisWorker,
    header_text,
    read_body,
    wanted_sequence,
)
from mockexchange.venues.request import Answer
from tests.helpers.patience import PATIENCE_S
from tests.helpers.rows import each_row
from tests.server.live import PREFIX, SandboxView
from tests.server.wire import Reply, request


@pytest.fixture
def diagnosis_worker() -> Iterator[DiagnosisWorker]:
    made = DiagnosisWorker()
    yield made
    made.close()


# --- reasons


def test_words_that_are_known_are_given_at_once(diagnosis_worker: DiagnosisWorker) -> None:
    assert asyncio.run(diagnosis_worker.diagnose(Answer(404, b"", diagnosis="known"))) == "known"
    assert asyncio.run(diagnosis_worker.diagnose(Answer(200, b""))) is None


def test_words_that_take_work_are_found_on_another_thread(diagnosis_worker: DiagnosisWorker) -> None:
    def find(pause: Any) -> str:
        pause()
        return threading.current_thread().name

    assert str(asyncio.run(diagnosis_worker.diagnose(Answer(401, b"", diagnose=find)))).startswith("diagnosis")


def test_too_many_at_once_are_told_so(diagnosis_worker: DiagnosisWorker, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that hammers with a wrong key must not fill a queue without end."""
    monkeypatch.setattr(rest_endpoint, "DIAGNOSES_WAITING_MAX", 2)
    gate = threading.Event()

    def find(pause: Any) -> str:
        assert gate.wait(PATIENCE_S)
        return "found"

    async def hammer() -> list[str | None]:
        waiting = [asyncio.ensure_future(diagnosis_worker.diagnose(Answer(401, b"", diagnose=find))) for _ in range(4)]
        turned_away = await asyncio.gather(*waiting[2:])
        gate.set()
        return [*await asyncio.gather(*waiting[:2]), *turned_away]

    assert asyncio.run(hammer()) == ["found", "found", TOO_BUSY, TOO_BUSY]
    assert asyncio.run(diagnosis_worker.diagnose(Answer(401, b"", diagnose=find))) == "found"


def test_a_search_that_fails_leaves_its_place_to_the_next(
    diagnosis_worker: DiagnosisWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rest_endpoint, "DIAGNOSES_WAITING_MAX", 1)

    def fail(pause: Any) -> str:
        raise ZeroDivisionError

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            asyncio.run(diagnosis_worker.diagnose(Answer(401, b"", diagnose=fail)))


class Clocks:
    """Stands for the module `time`: what is slept is taken down, and a search says how long it took by either clock."""

    def __init__(self) -> None:
        self.wall_s, self.processor_s = 100.0, 5.0
        self.slept_s: list[float] = []

    def perf_counter(self) -> float:
        return self.wall_s

    def thread_time(self) -> float:
        return self.processor_s

    def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        self.wall_s += seconds


def test_the_rest_is_as_long_as_the_processor_worked_however_busy_the_machine(
    diagnosis_worker: DiagnosisWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    clocks = Clocks()
    monkeypatch.setattr(rest_endpoint, "time", clocks)

    def find(pause: Any) -> str:
        clocks.wall_s += 2.0
        clocks.processor_s += 0.125
        return "found"

    for _ in range(3):
        assert asyncio.run(diagnosis_worker.diagnose(Answer(401, b"", diagnose=find))) == "found"
    assert clocks.slept_s == [0.0, 4 * 0.125, 4 * 0.125]


# --- bodies


def body_of(*messages: Message, headers: list[tuple[bytes, bytes]] | None = None) -> bytes | None:
    waiting = list(messages)

    async def receive() -> Message:
        return waiting.pop(0)

    return asyncio.run(read_body(receive, [(b"transfer-encoding", b"chunked")] if headers is None else headers))


def part(body: bytes, *, more: bool = True) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


@each_row(
    ("messages", "wanted"),
    [
        ([part(b"all", more=False)], b"all"),
        ([part(b"in "), part(b"parts", more=False)], b"in parts"),
        ([{"type": "http.request"}], b""),
        ([part(b"x" * BODY_BYTES_MAX, more=False)], b"x" * BODY_BYTES_MAX),
        ([part(b"half"), {"type": "http.disconnect"}], None),
    ],
    ids=["whole", "parts", "empty", "longest", "broken off"],
)
def test_a_body_is_read_whole(messages: list[Message], wanted: bytes | None) -> None:
    assert body_of(*messages) == wanted


@each_row(
    ("messages", "headers"),
    [
        ([part(b"x" * BODY_BYTES_MAX), part(b"y")], None),
        ([part(b"x" * (BODY_BYTES_MAX + 1), more=False)], None),
        ([], [(b"content-length", b"%d" % (BODY_BYTES_MAX + 1))]),
    ],
    ids=["one more", "in one part", "announced"],
)
def test_a_body_beyond_the_limit_is_not_read_on(
    messages: list[Message], headers: list[tuple[bytes, bytes]] | None
) -> None:
    with pytest.raises(BodyTooLarge) as raised:
        body_of(*messages, headers=headers)
    assert len(raised.value.beginning) == (CUT_BYTES_MAX if messages else 0)


def test_without_its_headers_there_is_no_body() -> None:
    assert body_of(headers=[(b"host", b"x")]) == b""


# --- headers


@each_row(
    ("words", "wanted"),
    [
        ("plain", b"plain"),
        ("two\r\nlines\tand  more", b"two lines and more"),
        ("Zürich 日本", rb"Z\xfcrich \u65e5\u672c"),
        ("a\0b\x7f", rb"a\x00b\x7f"),
        ("x" * 5_000, b"x" * DIAGNOSIS_CHARS_MAX),
        ("", b""),
    ],
)
def test_words_as_a_header(words: str, wanted: bytes) -> None:
    assert header_text(words) == wanted


@given(st.text(st.characters(codec=None)))
def test_any_words_are_a_header(words: str) -> None:
    assert all(32 <= byte < 127 for byte in header_text(words))


# --- the number of the last command


ORDERS = PREFIX + "/portfolio/orders"
ORDER = {
    "ticker": "RAIN-1",
    "client_order_id": "a",
    "side": "yes",
    "action": "buy",
    "count": 1,
    "type": "limit",
    "yes_price": 10,
}


def number(reply: Reply) -> int | None:
    text = reply.headers.get("x-mock-seq")
    return None if text is None else int(text)


def last(sandbox: SandboxView) -> int:
    return int(json.loads(sandbox.log("?last=1").splitlines()[-1])["seq"])


def test_answers_about_a_sandbox_have_the_number_of_its_last_command(sandbox: SandboxView) -> None:
    live, path = sandbox.live, f"/sandboxes/{sandbox.name}"
    before = last(sandbox)
    done = live.control("POST", f"{path}/commands", [{"deposit": {"account": "alice", "amount": 1}}])
    assert (done.status, number(done)) == (200, before + 1)
    assert number(live.control("GET", f"{path}/journal")) == before + 1
    assert number(live.control("POST", f"{path}/commands", [{"deposit": {}}])) == before + 1
    for elsewhere in ("/sandboxes", "/sandboxes/none", "/health", "/sandboxes/"):
        assert number(live.control("GET", elsewhere)) is None
    assert number(live.control("DELETE", path)) is None


def test_answers_to_writes_of_clients_have_it_and_those_to_reads_have_not(sandbox: SandboxView) -> None:
    client = sandbox.client()
    headers = {**client.headers("POST", ORDERS), "Content-Type": "application/json"}
    placed = sandbox.ask(request("POST", ORDERS, headers, json.dumps(ORDER).encode()))
    assert (placed.status, number(placed)) == (201, last(sandbox))
    read = sandbox.ask(client.get("/portfolio/orders"))
    assert (read.status, number(read)) == (200, None)


@each_row(
    ("value", "wanted"),
    [(b"0", 0), (b"12", 12), (b"9" * 18, 10**18 - 1), (b"9" * 19, None), (b"", None), (b"-1", None), (b"1.0", None)],
)
def test_what_is_no_number_is_not_guessed(value: bytes, wanted: int | None) -> None:
    assert wanted_sequence([(b"host", b"x"), (b"x-mock-min-seq", value)]) == wanted
    assert wanted_sequence([(b"host", b"x")]) == 0
