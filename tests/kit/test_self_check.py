"""`serve --self-check`: responses and frames are checked against the documents, and violations are in the journal."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.sync.client import connect

from mockexchange.core.commands import Fill
from mockexchange.core.vocabulary import Action, Side, SubaccountRef
from mockexchange.kit.self_check import SelfCheck
from mockexchange.kit.venues import KITS
from mockexchange.runtime.api_documents import NoSuchDocument
from mockexchange.server.http import rest_endpoint
from mockexchange.server.websocket import stream_endpoint
from mockexchange.venues.kalshi.catalogue import STREAM_PATH
from mockexchange.venues.kalshi.named_days import ALIASES
from mockexchange.venues.registry import VENUES
from mockexchange.venues.request import Answer, Request
from tests.helpers.derivatives import ask, of_deribit
from tests.helpers.patience import PATIENCE_S
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import do, make
from tests.helpers.stream_reader import Reader
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
    return SelfCheck(KITS)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory, self_check: SelfCheck) -> Iterator[Live]:
    with serving(tmp_path_factory.mktemp("home"), inspector=self_check) as running:
        yield running


@each_row(
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
    found = self_check.check_answer("kalshi", DAY, "GET", target, status, headers=headers, content=body)
    assert len(found) == (says is not None)
    for line in found:
        assert line.startswith("self-check: ")
        assert says
        assert says in line
        assert "; contracts/kalshi/2026-10/openapi.yaml#/" in line


def test_frames(self_check: SelfCheck) -> None:
    ack = {"type": "subscribed", "id": 1, "msg": {"channel": "fill", "sid": 1}}
    spelt = json.dumps(ack, separators=(",", ":")).encode() + b"\n"
    assert self_check.check_frame("kalshi", DAY, spelt) == []
    (found,) = self_check.check_frame("kalshi", DAY, spelt.replace(b'"sid":1', b'"sid":"1"'))
    assert found.startswith("self-check: ")
    assert "contracts/kalshi/2026-10/asyncapi.yaml#/" in found


def test_a_day_without_documents_is_said_to_be_unchecked(self_check: SelfCheck) -> None:
    words = "self-check: not checked, there is no document of 2026-03-09"
    assert self_check.check_answer(
        "kalshi", "2026-03-09", "GET", BALANCE, 200, headers=JSON_HEADERS, content=RIGHT
    ) == [words]
    assert self_check.check_frame("kalshi", "2026-03-09", b"") == [words]
    with pytest.raises(NoSuchDocument, match=r"no document of 2026-03-09 to check against: there are 2025-11"):
        self_check.require("kalshi", "2026-03-09")


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


def lie_about_the_media_type(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (rest_endpoint, stream_endpoint):
        monkeypatch.setattr(module, "headers_of", lambda venue, answer, api_date: [(b"content-type", b"text/html")])


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
    lie_about_the_media_type(monkeypatch)
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
    lie_about_the_media_type(monkeypatch)
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
    lie_about_the_media_type(monkeypatch)
    sandbox.ask(sandbox.client().get("/portfolio/balance"))
    assert sandbox.journal()[0]["findings"]


CHANNELS = ("market_positions", "fill", "ticker", "trade")
FILL = Fill(
    subaccount_ref=SubaccountRef("alice", "0"),
    market="RAIN-1",
    side=Side.YES,
    action=Action.BUY,
    count_centis=100,
    price_centicents=5_600,
)


@each_row("date", ["compat", *ALIASES])
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


DERIVATIVES = """
scenario: derivatives
start: 2025-10-15T10:00:00Z
indexes: {btc_usd: 113853.63}
instruments: {BTC-PERPETUAL: {kind: future, base: BTC, mark: 113900}}
accounts:
  dora: {venue: deribit, cash: {BTC: 1}}
  gina: {venue: signalplus, cash: {BTC: 1}}
history:
  - trade: {account: dora, instrument: BTC-PERPETUAL, direction: sell, amount: 100, price: 113000}
"""
CALL = b'{"jsonrpc":"2.0","id":7,"method":"public/get_instruments","params":{}}'
RID = b'{"rid":12345678901234567890,"method":"private/get_positions","params":{}}'


@pytest.mark.parametrize("date", ["compat", "2025-11"])
def test_other_venues_are_checked_too_on_any_day(live: Live, date: str) -> None:
    sandbox = live.sandbox(f"derivatives-{date}", DERIVATIVES, api_date=date)
    for path in ("/public/get_time", "/public/ticker?instrument_name=BTC-PERPETUAL", "/private/get_positions", "/x/y"):
        sandbox.ask(request("GET", f"/api/v2{path}"))
    for path, body in (("/api/v2", CALL), ("/api/v2/public/get_instruments", CALL), ("/signalplus/api", RID)):
        sandbox.ask(request("POST", path, body=body))
    sandbox.ask(request("GET", "/signalplus/api"))
    sandbox.ask(request("GET", "/ws/api/v2"))
    assert [entry["findings"] for entry in sandbox.journal()] == [[]] * 9


@each_row(
    ("venue", "target", "body", "says"),
    [
        ("deribit", "/api/v2/public/get_time", b'{"jsonrpc":"2.0","result":1.5}', "body"),
        ("deribit", "/api/v2", b'{"jsonrpc":"2.0","result":1}', "body"),
        ("deribit", "/api/v2/nope", b"{}", "body"),
        ("signalplus", "/signalplus/api/private/get_positions", b'{"rid":1,"result":[{}]}', "body.result[0]"),
        ("signalplus", "/signalplus/api", b'{"rid":"1","result":[]}', "body"),
    ],
)
def test_violations_of_other_venues_are_reported(
    self_check: SelfCheck, venue: str, target: str, body: bytes, says: str
) -> None:
    found = self_check.check_answer(venue, None, "POST", target, 200, headers=JSON_HEADERS, content=body)
    assert found
    assert all(says in line and f"; contracts/{venue}/compat/openapi.yaml#/" in line for line in found)


COMBOS = """
scenario: combos
start: 2025-10-16T12:00:00Z
indexes: {btc_usd: 113853.63}
instruments:
  BTC-31OCT25: {kind: future, base: BTC, expires: 2025-10-31T08:00:00Z, mark: 113882.95}
  BTC-PERPETUAL: {kind: future, base: BTC, mark: 113900}
  BTC-31OCT25-110000-C:
    {kind: option, base: BTC, strike: 110000, option_type: call, expires: 2025-10-31T08:00:00Z, mark: 0.04}
  BTC-FS-31OCT25_PERP:
    kind: future_combo
    base: BTC
    expires: 2025-10-31T08:00:00Z
    mark: -17
    legs: [[BTC-31OCT25, 1], [BTC-PERPETUAL, -1]]
  BTC-COV-31OCT25-110000_PERP:
    kind: option_combo
    base: BTC
    expires: 2025-10-31T08:00:00Z
    mark: 0.01
    legs: [[BTC-31OCT25-110000-C, 1], [BTC-PERPETUAL, -1]]
accounts:
  dora: {venue: deribit, cash: {BTC: 1.5}}
"""


@each_row("instrument", ["BTC-FS-31OCT25_PERP", "BTC-COV-31OCT25-110000_PERP", "BTC-31OCT25-110000-C"])
def test_the_flat_row_of_a_combo_is_in_the_document(self_check: SelfCheck, instrument: str) -> None:
    sandbox = make(COMBOS)
    asked = of_deribit(sandbox, "private/get_position", instrument_name=instrument)
    answer = ask(sandbox, asked)
    assert answer.status == 200
    assert _objections_to(self_check, asked, answer) == []


@each_row("method", ["public/test", "public/get_time", "public/subscribe", "private/get_positions"])
def test_a_query_that_is_too_long_is_in_the_document(self_check: SelfCheck, method: str) -> None:
    asked = Request("GET", f"/api/v2/{method}", f"x={33_000 * 'x'}")
    answer = ask(make(COMBOS), asked)
    assert (answer.status, b"request entity too large" in answer.body) == (400, True)
    assert _objections_to(self_check, asked, answer) == []


def _objections_to(self_check: SelfCheck, asked: Request, answer: Answer) -> list[str]:
    headers = {name.decode(): value.decode() for name, value in (*VENUES["deribit"].rest.headers, *answer.headers)}
    return self_check.check_answer(
        "deribit", None, asked.method, asked.target, answer.status, headers=headers, content=answer.body
    )


CHANGES = b'{"instrumentName":"BTC-PERPETUAL","orders":[],"positions":[],"trades":[]}'


@each_row(
    ("venue", "right", "wrong"),
    [
        (
            "deribit",
            b'{"params":{"type":"test_request"},"method":"heartbeat","jsonrpc":"2.0"}',
            b'{"params":{"type":"silence"},"method":"heartbeat","jsonrpc":"2.0"}',
        ),
        (
            "deribit",
            b'{"jsonrpc":"2.0","id":"a","result":["user.changes.any.any.raw"],"usIn":1,"usOut":2,"usDiff":1,"testnet":true}',
            b'{"jsonrpc":"2.0","id":"a","result":[],"usIn":1,"usOut":2,"usDiff":1.0,"testnet":true}',
        ),
        ("signalplus", b'{"rid":12345678901234567890,"result":200}', b'{"rid":1.5,"result":200}'),
        (
            "signalplus",
            b'{"method":"subscription","channel":"user.changes","result":%s}' % CHANGES,
            b'{"method":"subscription","channel":"user.changes","result":{"instrumentName":"BTC-PERPETUAL"}}',
        ),
    ],
)
def test_frames_of_other_venues(self_check: SelfCheck, venue: str, right: bytes, wrong: bytes) -> None:
    assert self_check.check_frame(venue, DAY, right) == []
    found = self_check.check_frame(venue, DAY, wrong)
    assert found
    assert all(f"contracts/{venue}/2026-10/asyncapi.yaml" in line for line in found)


EVERYTHING = ["user.changes.any.any.raw", "user.portfolio.any", "user.trades.any.any.raw"]
TRADE = {"instrument": "BTC-PERPETUAL", "direction": "buy", "amount": 50, "price": 113500}
BEGINNINGS: list[dict[str, Any]] = [
    {"method": "private/get_positions"},
    {"method": "private/subscribe", "params": {"channels": EVERYTHING}},
    {"method": "private/get_positions", "params": {"currency": "any"}},
    {"method": "public/set_heartbeat", "params": {"interval": 10}},
    {"method": "nonsense"},
]


@pytest.mark.parametrize(("venue", "account", "told"), [("deribit", "dora", 3), ("signalplus", "gina", 1)])
def test_streams_of_other_venues_are_checked_too(live: Live, venue: str, account: str, told: int) -> None:
    sandbox = live.sandbox(f"stream-{venue}", DERIVATIVES, api_date="latest")
    credential = next(one for one in sandbox.shown["accounts"] if one["name"] == account)
    signer = KITS[venue].load_signer(credential["key_id"], credential["secret"])
    secret = {"client_id": credential["key_id"], "client_secret": credential["secret"]}
    login = {"method": "public/auth", "params": {"grant_type": "client_credentials", **secret}}
    headers = signer.headers("GET", "") if venue == "signalplus" else None
    url = sandbox.shown["venues"][venue]["ws_url"]
    with connect(url, additional_headers=headers) as socket:
        for number, call in enumerate([*BEGINNINGS, login, *BEGINNINGS]):
            socket.send(json.dumps({"id": number, "rid": number, **call}))
            socket.recv(PATIENCE_S)
        socket.send("{")
        socket.recv(PATIENCE_S)
        sandbox.call("POST", "/commands", [{"trade": {"account": account, **TRADE}}])
        frames = [json.loads(socket.recv(PATIENCE_S)) for _ in range(told)]
    assert {frame["method"] for frame in frames} == {"subscription"}
    notes = [frame["note"] or "" for frame in sandbox.call("GET", "/frames")]
    assert len(notes) > 2 * len(BEGINNINGS)
    assert [note for note in notes if "self-check" in note] == []
