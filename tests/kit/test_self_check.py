"""`serve --self-check`: what leaves is held against the documents, and what differs is in the journal."""

import json
from collections.abc import Iterator

import pytest

from mockexchange.core.commands import Fill
from mockexchange.core.vocabulary import Action, BookRef, Side
from mockexchange.documents import NoSuchDocument
from mockexchange.kit.kalshi import KALSHI
from mockexchange.kit.self_check import SelfCheck
from mockexchange.server import rest
from mockexchange.venues.kalshi.dates import ALIASES
from mockexchange.venues.kalshi.stream.handshake import STREAM_PATH
from tests.listening import Reader
from tests.sandboxing import do, make
from tests.server.live import Live, serving
from tests.server.wire import Connection, request

JSON_HEADERS = {"content-type": "application/json; charset=utf-8"}
BALANCE = "/trade-api/v2/portfolio/balance"
RIGHT = b'{"balance":1,"balance_breakdown":[{"balance":"0.0100","exchange_index":0}],"balance_dollars":"0.0100",'
RIGHT += b'"portfolio_value":0,"updated_ts":1762257600}'
DAY = ALIASES["2026-10"]
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


@pytest.fixture(scope="module")
def self_check() -> SelfCheck:
    return SelfCheck(KALSHI)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory, self_check: SelfCheck) -> Iterator[Live]:
    with serving(tmp_path_factory.mktemp("home"), inspector=self_check) as running:
        yield running


@pytest.mark.parametrize(
    ("target", "status", "headers", "body", "says"),
    [
        (BALANCE, 200, JSON_HEADERS, RIGHT, None),
        (f"{BALANCE}?subaccount=1", 200, JSON_HEADERS, RIGHT, None),
        (BALANCE, 200, JSON_HEADERS, RIGHT.replace(b'"0.0100","p', b'0.01,"p'), "body.balance_dollars"),
        (BALANCE, 200, JSON_HEADERS, b"{", "no JSON"),
        (BALANCE, 200, {"content-type": "text/plain"}, RIGHT, "content type 'text/plain'"),
        (BALANCE, 418, JSON_HEADERS, RIGHT, "status 418"),
        ("/trade-api/v2/nope", 404, JSON_HEADERS, b'{"error":{"code":"not_found","message":"not found"}}', None),
        ("/trade-api/v2/nope", 404, JSON_HEADERS, b'{"error":"not found"}', "body.error"),
        ("/trade-api/v2/portfolio%2Fbalance", 200, JSON_HEADERS, RIGHT, None),
    ],
)
def test_answers(
    self_check: SelfCheck, target: str, status: int, headers: dict[str, str], body: bytes, says: str | None
) -> None:
    found = self_check.check_answer(DAY, "GET", target, status, headers, body)
    assert len(found) == (says is not None)
    for line in found:
        assert line.startswith("self-check: ")
        assert says
        assert says in line
        assert "; contracts/kalshi/2026-10/openapi.yaml#/" in line


def test_frames(self_check: SelfCheck) -> None:
    ack = {"type": "subscribed", "id": 1, "msg": {"channel": "fill", "sid": 1}}
    spelt = json.dumps(ack, separators=(",", ":")).encode() + b"\n"
    assert self_check.check_frame(DAY, spelt) == []
    (found,) = self_check.check_frame(DAY, spelt.replace(b'"sid":1', b'"sid":"1"'))
    assert found.startswith("self-check: ")
    assert "contracts/kalshi/2026-10/asyncapi.yaml#/" in found


def test_a_day_without_documents_is_said_to_be_unchecked(self_check: SelfCheck) -> None:
    words = "self-check: not checked, there is no document of 2026-03-09"
    assert self_check.check_answer("2026-03-09", "GET", BALANCE, 200, JSON_HEADERS, RIGHT) == [words]
    assert self_check.check_frame("2026-03-09", b"") == [words]
    with pytest.raises(NoSuchDocument, match=r"no document of 2026-03-09 to check against: there are 2025-11"):
        self_check.require("2026-03-09")


@pytest.mark.parametrize("date", ["compat", *ALIASES])
def test_nothing_is_found_of_a_server_that_keeps_the_contract(live: Live, date: str) -> None:
    sandbox = live.sandbox(f"right-{date}", "lively", api_date=date)
    alice = sandbox.client()
    paths = ("/portfolio/positions", "/portfolio/positions?limit=0", "/portfolio/nope", "/exchange/status", "/markets")
    for path in paths:
        sandbox.ask(alice.get(path))
        sandbox.ask(alice.get(path, "HEAD"), is_head=True)
        sandbox.ask(alice.get(path, "POST"))
    sandbox.ask(request("GET", BALANCE))
    sandbox.ask(request("GET", STREAM_PATH))
    sandbox.ask(request("GET", STREAM_PATH, alice.headers("GET", STREAM_PATH)))
    sandbox.ask(request("DELETE", STREAM_PATH, alice.headers("DELETE", STREAM_PATH)))
    sandbox.ask(request("GET", BALANCE, {**UPGRADE, **alice.headers("GET", BALANCE)}))
    entries = sandbox.journal()
    assert [entry["findings"] for entry in entries] == [[]] * (3 * len(paths) + 5)


STREAMS = """
scenario: refusing
start: 2025-11-04T12:00:00Z
stream: {origin: refuse, connections: 1}
accounts: {alice: {cash: 100}}
"""


@pytest.mark.parametrize("date", ["compat", *ALIASES])
def test_a_refused_upgrade_is_checked(live: Live, date: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox = live.sandbox(f"refusing-{date}", STREAMS, api_date=date)
    signed = {**UPGRADE, **sandbox.client().headers("GET", STREAM_PATH)}
    asked = {401: UPGRADE, 403: {**signed, "Origin": "https://evil.test"}, 429: signed}
    if date == "2026-02":  # a public stream needed no key then
        asked[401] = {**signed, "KALSHI-ACCESS-SIGNATURE": "x"}
    with Connection(sandbox.port) as first:
        assert first.ask(request("GET", STREAM_PATH, signed)).status == 101
        assert [sandbox.ask(request("GET", STREAM_PATH, headers)).status for headers in asked.values()] == [*asked]
    assert [entry["findings"] for entry in sandbox.journal()] == [[]] * (len(asked) + 1)
    monkeypatch.setattr(rest, "COMMON_HEADERS", [(b"content-type", b"text/html")])
    sandbox.ask(request("GET", STREAM_PATH, asked[401]))
    (found,) = sandbox.journal()[-1]["findings"]
    assert found.startswith("self-check: content type 'text/html'; expected application/json; contracts/kalshi/")


def test_a_refusal_that_a_fault_made_is_not_checked(live: Live) -> None:
    sandbox = live.sandbox("refusing-by-fault", "demo", api_date="latest")
    sandbox.call("POST", "/faults", {"match": {"nth": 1}, "then": {"refuse": 502}})
    assert sandbox.ask(request("GET", STREAM_PATH, UPGRADE)).status == 502
    (entry,) = sandbox.journal()
    assert entry["findings"] == []


PINNED = """
scenario: pinned
start: 2025-11-04T12:00:00Z
accounts:
  alice: {cash: 100, keys: {old: {api_date: 2025-11}, odd: {api_date: 2026-03-09}, main: {}}}
"""


def test_a_key_with_a_date_of_its_own_is_checked_by_that(live: Live) -> None:
    sandbox = live.sandbox("pinned", PINNED, api_date="latest")
    for key in ("old", "odd", "main"):
        sandbox.ask(sandbox.client(key=key).get("/portfolio/positions"))
        signed_wrong = sandbox.client(key=key).headers("GET", "/another")
        sandbox.ask(request("GET", STREAM_PATH, signed_wrong))
        sandbox.ask(request("GET", STREAM_PATH, {**UPGRADE, **signed_wrong}))
    unchecked = ["self-check: not checked, there is no document of 2026-03-09"]
    assert [entry["findings"] for entry in sandbox.journal()] == [[]] * 3 + [unchecked] * 3 + [[]] * 3


def test_what_differs_is_in_the_journal(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox = live.sandbox("wrong", "demo", api_date="latest")
    monkeypatch.setattr(rest, "COMMON_HEADERS", [(b"content-type", b"text/html")])
    sandbox.ask(sandbox.client().get("/portfolio/balance"))
    (entry,) = sandbox.journal()
    assert [line.partition(";")[0] for line in entry["findings"]] == ["self-check: content type 'text/html'"]


def test_what_a_fault_made_is_not_checked(live: Live) -> None:
    sandbox = live.sandbox("disturbed", "demo", api_date="latest")
    sandbox.call("POST", "/faults", {"match": {"operation": "GetBalance"}, "then": {"status": 503}})
    sandbox.ask(sandbox.client().get("/portfolio/balance"))
    (entry,) = sandbox.journal()
    assert (entry["status"], entry["findings"]) == (503, [])


def test_a_reset_sandbox_is_still_checked(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox = live.sandbox("again", "demo", api_date="latest")
    sandbox.call("POST", "/reset")
    monkeypatch.setattr(rest, "COMMON_HEADERS", [(b"content-type", b"text/html")])
    sandbox.ask(sandbox.client().get("/portfolio/balance"))
    assert sandbox.journal()[0]["findings"]


CHANNELS = ("market_positions", "fill", "ticker", "trade")
FILL = Fill(
    purse=BookRef("alice", "0"),
    market="RAIN-1",
    side=Side.YES,
    action=Action.BUY,
    count_centis=100,
    price_centicents=5_600,
)


@pytest.mark.parametrize("date", ["compat", *ALIASES])
def test_frames_of_a_session(self_check: SelfCheck, date: str) -> None:
    sandbox = make(date=date, inspector=self_check)
    reader = Reader(sandbox)
    reader.subscribe(*CHANNELS)
    reader.connection.receive(b"no JSON")
    do(sandbox, FILL)
    notes = {frame.kind: frame.note for frame in sandbox.journal.frames if frame.direction == "out"}
    assert {"subscribed", "error", "market_position", "fill", "ticker", "trade"} <= set(notes)
    assert [note for note in notes.values() if "self-check" in note] == []


def test_a_frame_that_differs_is_in_the_journal(self_check: SelfCheck) -> None:
    sandbox = make(inspector=self_check)
    reader = Reader(sandbox)
    reader.subscribe("fill")
    reader.connection.send(b'{"type":"fill","sid":1,"msg":{}}\n', "fill", "fill", fault=None)
    reader.connection.send(b'{"type":"nonsense"}\n', "literal", "fill")
    reader.connection.close(1000)
    found = [frame.note for frame in sandbox.journal.frames if "self-check" in frame.note]
    assert len(found) == 1
    assert "contracts/kalshi/2026-10/asyncapi.yaml" in found[0]
