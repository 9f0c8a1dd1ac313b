"""Strict reads, handed over connections and one journal: the reader and the first worker have a port each."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast

import pytest
from websockets.sync.client import connect

from mockexchange.store.sqlite_store import SqliteReader
from mockexchange.venues.kalshi.catalogue import STREAM_PATH
from tests.helpers.patience import PATIENCE_S
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import SMALL
from tests.server.control.test_console import code_of, exchange
from tests.server.live import PREFIX, TOKEN, SandboxView
from tests.server.small import error_of
from tests.server.streaming import subscribe
from tests.server.wire import ADDRESS, Connection, request
from tests.server.workers.pair import PARENT, Pair, serving_pair

ORDER = {"ticker": "RAIN-1", "side": "yes", "action": "buy", "count": 1, "yes_price": 40, "type": "limit"}
OTHER = {"scenario": "other", "accounts": {"zoe": {"cash": 3}}}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with serving_pair(tmp_path_factory.mktemp("pair")) as pair:
        yield pair


@pytest.fixture
def pair(served: Pair) -> Pair:
    """Return the workers with a fresh default sandbox."""
    served.live.json("POST", "/sandboxes/default/reset")
    return served


def cash_of(reply: Any) -> int:
    assert reply.status == 200, reply
    cash: int = json.loads(reply.body)["balance"]
    return cash


def pay(view: SandboxView, amount: float, account: str = "alice") -> None:
    view.call("POST", "/commands", [{"deposit": {"account": account, "amount": amount}}])


def paths(view: SandboxView) -> list[tuple[str, int]]:
    return [(entry["path"].removeprefix(PREFIX), entry["status"]) for entry in view.journal()]


def is_at_reader(pair: Pair, connection: Connection, raw: bytes) -> bool:
    """Whether the reader answers a request: the connections that it has are those that were not handed over."""
    assert connection.ask(raw).status == 200
    return pair.reader.connection_count > 0


def test_a_read_has_every_write_that_was_answered_before(pair: Pair) -> None:
    view = pair.view()
    client = view.client()
    with pair.through_reader() as reader, Connection(view.port) as first:
        before = cash_of(reader.ask(client.get("/portfolio/balance")))
        for number in range(1, 30):
            pay(view, 1)
            assert cash_of(reader.ask(client.get("/portfolio/balance"))) == before + 100 * number
            assert cash_of(first.ask(client.get("/portfolio/balance"))) == before + 100 * number
        assert is_at_reader(pair, reader, client.get("/portfolio/balance"))


def test_one_journal_has_what_both_answered_in_order(pair: Pair) -> None:
    view = pair.view()
    client = view.client()
    with pair.through_reader() as reader, Connection(view.port) as first:
        for place in range(60):
            (reader if place % 2 else first).ask(client.get(f"/markets?limit={place + 1}"))
        refused = reader.ask(request("GET", f"{PREFIX}/portfolio/balance"))
        reader.ask(client.get("/markets/NONE"))
    assert refused.status == 401
    assert refused.diagnosis
    entries = view.journal()
    assert [entry["number"] for entry in entries] == list(range(1, 63))
    assert [entry["target"] for entry in entries[:60]] == [f"{PREFIX}/markets?limit={place + 1}" for place in range(60)]
    assert [entry["status"] for entry in entries[60:]] == [401, 404]
    assert entries[60]["diagnosis"] == refused.diagnosis


@each_row("is_at_reader_port", [False, True], ids=["first", "reader"])
def test_connections_are_shared_evenly_whichever_worker_accepts_them(is_at_reader_port: bool, tmp_path: Path) -> None:
    # Workers of its own: connections of other tests that are still closing would count.
    with serving_pair(tmp_path) as pair, ExitStack() as stack:
        client = pair.view().client()
        port = pair.reader_port if is_at_reader_port else pair.live.port
        connections = [stack.enter_context(Connection(port)) for _ in range(12)]
        for _ in range(2):
            assert {one.ask(client.get("/exchange/status")).status for one in connections} == {200}
        assert 5 <= pair.reader.connection_count <= 7  # one of the control API may be closing


def test_a_connection_that_writes_goes_on_at_the_first_worker(pair: Pair) -> None:
    view = pair.view()
    client = view.client()
    path = f"{PREFIX}/portfolio/orders"
    body = json.dumps(ORDER).encode()
    headers = client.headers("POST", path) | {"content-type": "application/json"}
    with pair.through_reader() as reader:
        assert cash_of(reader.ask(client.get("/portfolio/balance")))
        placed = reader.ask(request("POST", path, headers, body))
        assert placed.status == 201, placed
        order = json.loads(placed.body)["order"]["order_id"]
        assert reader.ask(client.get(f"/portfolio/orders/{order}")).status == 200
    assert pair.read(client, f"/portfolio/orders/{order}").status == 200


def test_the_control_api_and_the_front_page_answer_on_any_worker(pair: Pair) -> None:
    token = {"Authorization": "Bearer the-token-of-the-tests"}
    with pair.through_reader() as reader:
        assert json.loads(reader.ask(request("GET", "/_mock/sandboxes", token)).body)[0]["id"] == "default"
        assert reader.ask(request("GET", "/_%6dock/live")).status == 200
    for target in ("/_%6dock/live", "/"):
        with pair.through_reader() as reader:
            assert reader.ask(request("GET", target)).status == 200
    assert pair.live.ready["pid"] == PARENT


def test_a_link_to_the_console_opens_at_any_worker_once(pair: Pair) -> None:
    for reached in (pair.reader_port, pair.live.port):
        code = code_of(pair.live, TOKEN)
        assert json.loads(exchange(reached, code).body) == {"token": TOKEN}
        assert [exchange(port, code).status for port in (pair.reader_port, pair.live.port)] == [410, 410]


def test_a_stream_through_any_worker_has_its_frames_before_the_call_answers(pair: Pair) -> None:
    view = pair.view()
    headers = view.client().headers("GET", STREAM_PATH)
    with connect(f"ws://{ADDRESS}:{pair.reader_port}{STREAM_PATH}", additional_headers=headers) as stream:
        stream.send(subscribe("fill"))
        assert json.loads(stream.recv(PATIENCE_S))["type"] == "subscribed"
        fill = {"account": "alice", "market": "RAIN-1", "side": "yes", "action": "buy", "count": 1, "price": 0.56}
        view.call("POST", "/commands", [{"fill": fill}])
        stream.send(json.dumps({"id": 2, "cmd": "list_subscriptions"}))
        assert json.loads(stream.recv(PATIENCE_S))["type"] == "fill", "sent before what is asked after the call"
        assert len(view.call("GET", "/streams")) == 1


def test_what_counts_is_counted_once(pair: Pair) -> None:
    view = pair.view()
    client = view.client()
    fault = {"name": "second", "match": {"operation": "GetBalance", "nth": 2}, "then": {"status": 503}}
    with pair.through_reader() as reader, Connection(view.port) as first:
        assert reader.ask(client.get("/portfolio/balance")).status == 200
        view.call("POST", "/faults", fault)
        found = [one.ask(client.get("/portfolio/balance")).status for one in (first, reader, first, reader)]
        assert found == [200, 503, 200, 200]
        view.call("DELETE", "/faults/second")
    stub = {"name": "mine", "request": f"GET {PREFIX}/milestones", "status": 418, "json": {}}
    view.call("POST", "/stubs", stub)
    assert pair.read(client, "/milestones").status == 418
    view.call("DELETE", "/stubs/mine")
    trigger = {
        "name": "paid",
        "when": {"request": {"operation": "GetBalance"}},
        "deposit": {"account": "bob", "amount": 1},
    }
    view.call("POST", "/script", trigger)
    before = view.call("GET", "")["commands"]
    assert pair.read(client, "/portfolio/balance").status == 200
    assert view.call("GET", "")["commands"] == before + 2


def test_sandboxes_come_and_go_for_both(pair: Pair) -> None:
    made = pair.live.json("PUT", "/sandboxes/other", {"scenario": OTHER, "clock": "paused"})
    client = SandboxView(pair.live, made).client("zoe")
    assert cash_of(pair.read(client, "/portfolio/balance")) == 300
    pay(pair.view("other"), 4, "zoe")
    assert cash_of(pair.read(client, "/portfolio/balance")) == 700
    pair.live.json("POST", "/sandboxes/other/reset")
    assert cash_of(pair.read(client, "/portfolio/balance")) == 300
    pair.live.json("DELETE", "/sandboxes/other")
    assert pair.read(client, "/portfolio/balance").status == 401
    own = pair.live.sandbox("own", OTHER)
    assert own.ask(own.client("zoe").get("/portfolio/balance")).status == 200
    pair.live.json("DELETE", "/sandboxes/own")


def test_steps_that_are_due_are_carried_out_once_before_an_answer(tmp_path: Path) -> None:
    script = "\nscript:\n  - {name: tick, every: 50ms, deposit: {account: alice, amount: 0.01}}\n"
    with serving_pair(tmp_path, SMALL + script, clock="real") as pair:
        client = pair.view().client()
        with pair.through_reader() as reader:
            found = [cash_of(reader.ask(client.get("/portfolio/balance")))]
            while len(found) < 60 or found[-1] == found[0]:
                found.append(cash_of(reader.ask(client.get("/portfolio/balance"))))
            assert pair.reader.connection_count, "no read was handed over"
        assert found == sorted(found)
        log = [json.loads(line) for line in pair.view().log().splitlines()[1:]]
        fired = [row["cause"]["repetition"] for row in log if row.get("cause")]
        assert fired == list(range(1, len(fired) + 1))


@pytest.mark.parametrize(
    "raw",
    [
        b"GET /trade-api/v2/exchange/status HTTP/1.1\r\nhost: a\r\n\r\n" * 3,
        b"GET /trade-api/v2/exchange/status HTTP/1.1\r\nhost: a\r\nx: " + b"y" * 4_000 + b"\r\n\r\n",
        b"HEAD /trade-api/v2/exchange/status HTTP/1.1\r\nhost: a\r\n\r\n",
        b"GET /trade-api/v2/exchange/status HTTP/1.0\r\n\r\n",
        b"GET /trade-api/v2/exchange/status HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n{}",
    ],
    ids=["a pipeline", "a long head", "HEAD", "HTTP 1.0", "a body"],
)
def test_other_requests_have_the_answers_of_the_first_worker(pair: Pair, raw: bytes) -> None:
    replies = []
    for port in (pair.reader_port, pair.view().port):
        with Connection(port) as connection:
            reply = connection.ask(raw, is_head=raw.startswith(b"HEAD"))
            replies.append((reply.status, reply.body))
    assert replies[0] == replies[1]
    assert replies[0][0] == 200


def test_bytes_that_are_no_request_are_journalled_by_the_first_worker(pair: Pair) -> None:
    for raw in (b"nonsense\r\n\r\n", b"GET /x HTTP/1.1\r\nno header\r\n\r\n"):
        with pair.through_reader() as reader:
            assert reader.ask(raw).status == 400
    assert [entry["status"] for entry in pair.view().journal()] == [400, 400]


def test_a_request_that_comes_early_has_its_turn(pair: Pair) -> None:
    """The second and third request of a client that does not wait are answered in order, the writing one too."""
    client = pair.view().client()
    path = f"{PREFIX}/portfolio/orders"
    headers = client.headers("POST", path) | {"content-type": "application/json"}
    with pair.through_reader() as reader:
        reader.send(client.get("/markets?limit=1"))
        reader.send(client.get("/markets?limit=2"))
        reader.send(request("POST", path, headers, json.dumps(ORDER).encode()))
        assert [reader.read().status for _ in range(3)] == [200, 200, 201]


def test_a_reader_that_cannot_follow_hands_everything_over(pair: Pair, caplog: pytest.LogCaptureFixture) -> None:
    store = cast(SqliteReader, pair.reader.store.reader)
    client = pair.view().client()
    cash = cash_of(pair.read(client, "/portfolio/balance"))
    before, store._connection = store._connection, cast(sqlite3.Connection, _Broken())
    try:
        pay(pair.view(), 1)
        assert cash_of(pair.read(client, "/portfolio/balance")) == cash + 100
    finally:
        store._connection = before
    assert "answers nothing itself" in caplog.text
    assert error_of(pair.read(pair.view().client(), "/markets/NONE"))


class _Broken:
    def execute(self, *given: object) -> None:
        raise sqlite3.OperationalError("the disk is gone")
