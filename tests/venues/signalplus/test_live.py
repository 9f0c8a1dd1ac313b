"""The venue on a real socket and in a sandbox: answers, diagnoses, faults, streams, and a replay to the byte."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from mockexchange.replay import Replay, compare, read_journal
from mockexchange.sandbox.journal_json import entry_to_json
from mockexchange.store.codec import write_log
from mockexchange.venues.request import Request
from tests.helpers.patience import PATIENCE_S
from tests.helpers.sandboxes import WALL, make
from tests.server.live import SandboxView, serving
from tests.server.wire import Connection, Reply, request
from tests.venues.signalplus.world import BASE, GET_POSITIONS

SCENARIO = """
scenario: signalplus for tests
start: 2025-10-16T12:00:00Z
accounts:
  gina: {venue: signalplus, cash: {BTC: 2}, keys: {main: {key_id: abc, secret: c2VjcmV0}}}
  hugo: {venue: signalplus, cash: {BTC: 2}}
indexes: {btc_usd: 113853.63}
instruments:
  BTC-PERPETUAL: {kind: future, base: BTC, period: perpetual, mark: 113900}
history:
  - hold: {account: gina, instrument: BTC-PERPETUAL, size: 110970, average_price: 110957.5}
"""
CALL = f'{{"rid":12345678901234567890,"method":"{GET_POSITIONS}","params":{{"currency":"BTC"}}}}'.encode()
TRADE = {"account": "gina", "instrument": "BTC-PERPETUAL", "direction": "sell", "amount": "100", "price": "114000"}
CHANNEL = "user.changes.any.any.raw"


def headers(at_ms: int | None = None, secret: bytes = b"secret") -> dict[str, str]:
    timestamp = str(at_ms or time.time_ns() // 1_000_000)
    mac = hmac.new(secret, f"{timestamp}\nn".encode(), hashlib.sha256).digest()
    return {
        "Authorization": "Bearer abc",
        "Signalplus-API-Timestamp": timestamp,
        "Signalplus-API-Nonce": "n",
        "Signalplus-API-Signature": base64.b64encode(mac).decode(),
    }


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxView]:
    with serving(tmp_path_factory.mktemp("signalplus")) as live:
        yield live.sandbox("gateway", SCENARIO)


def ask(sandbox: SandboxView, body: bytes = CALL, path: str = BASE, method: str = "POST", **signed: Any) -> Reply:
    with Connection(sandbox.port) as connection:
        return connection.ask(request(method, path, headers(**signed), body), is_head=method == "HEAD")


@contextmanager
def open_stream(sandbox: SandboxView, path: str, **signed: Any) -> Iterator[ClientConnection]:
    url = f"ws://127.0.0.1:{sandbox.port}{path}"
    with connect(url, additional_headers=headers(**signed), open_timeout=PATIENCE_S) as stream:
        yield stream


def told(client: ClientConnection) -> Any:
    return json.loads(client.recv(PATIENCE_S))


@pytest.mark.parametrize("path", [BASE, f"{BASE}/{GET_POSITIONS}"])
def test_an_answer(sandbox: SandboxView, path: str) -> None:
    reply = ask(sandbox, path=path)
    assert (reply.status, reply.headers["content-type"]) == (200, "application/json; charset=utf-8")
    assert reply.body.startswith(b'{"rid":12345678901234567890,"result":[{"averagePrice":"110957.5",')
    entry = sandbox.journal("?last=1")[0]
    assert (entry["operation"], entry["account"], entry["key_id"]) == (GET_POSITIONS, "gina", "abc")


def test_a_wrong_secret_is_explained_in_a_header(sandbox: SandboxView) -> None:
    reply = ask(sandbox, secret=b"c2VjcmV0")
    assert reply.status == 401
    assert "what the secret is the base64 of: decode it first" in reply.diagnosis
    assert sandbox.journal("?last=1")[0]["diagnosis"] == reply.diagnosis


def test_what_is_no_post(sandbox: SandboxView) -> None:
    for method in ("GET", "HEAD", "PUT"):
        reply = ask(sandbox, b"", method=method)
        assert (reply.status, reply.headers["allow"]) == (405, "POST")
        assert reply.body == (
            b"" if method == "HEAD" else b'{"rid":null,"error":{"code":11050,"message":"bad_request"}}'
        )


@pytest.mark.parametrize("size", [32_769, 262_144])
def test_a_body_that_is_too_long(sandbox: SandboxView, size: int) -> None:
    reply = ask(sandbox, b" " * size)
    assert reply.status == 400
    assert json.loads(reply.body)["error"] == {"code": -32600, "message": "request entity too large"}


def test_a_fault_speaks_the_venues_words(sandbox: SandboxView) -> None:
    rule = {"match": {"operation": GET_POSITIONS, "account": "gina"}, "times": 1, "then": {"status": 503}}
    sandbox.call("POST", "/faults", rule)
    reply = ask(sandbox)
    assert reply.status == 503
    assert reply.body == b'{"rid":12345678901234567890,"error":{"code":13028,"message":"temporarily_unavailable"}}'
    assert ask(sandbox).status == 200


def test_streams_send_scripted_trades(sandbox: SandboxView) -> None:
    subscribe = {"rid": 4, "method": "private/subscribe", "params": {"channels": [CHANNEL]}}
    with ExitStack() as stack:
        paths = ("/signalplus/ws/api", "/signalplus/ws/private")
        streams = [stack.enter_context(open_stream(sandbox, path)) for path in paths]
        for stream in streams:
            stream.send(json.dumps(subscribe))
            assert told(stream) == {"rid": 4, "result": [CHANNEL]}
        sandbox.call("POST", "/commands", [{"trade": TRADE}])
        first, second = (told(stream) for stream in streams)
        streams[0].send(CALL.decode())
        result = told(streams[0])["result"]
    assert first == second
    assert (first["channel"], first["result"]["trades"][0]["side"]) == ("user.changes", "sell")
    assert result == first["result"]["positions"] == json.loads(ask(sandbox).body)["result"]


def test_a_stream_with_a_wrong_signature_is_refused(sandbox: SandboxView) -> None:
    with pytest.raises(InvalidStatus) as raised, open_stream(sandbox, "/signalplus/ws/api", secret=b"wrong"):
        pass
    assert raised.value.response.status_code == 401
    assert "nothing known fits" in raised.value.response.headers["x-mock-diagnosis"]


def test_a_journal_replays_to_the_byte() -> None:
    home = make(SCENARIO)
    moment = WALL // 1_000
    for body, secret in ((CALL, b"secret"), (b"{", b"secret"), (CALL, b"wrong"), (b"[]", b"secret")):
        given = tuple((name.lower().encode(), value.encode()) for name, value in headers(moment, secret).items())
        home.answer(Request("POST", BASE, headers=given, body=body))
    home.answer(Request("GET", f"{BASE}/{GET_POSITIONS}"))
    assert [entry.status for entry in home.journal] == [200, 400, 401, 400, 405]
    entries = json.dumps([entry_to_json(entry) for entry in home.journal])
    verdicts = list(compare(Replay(write_log(home.log)), read_journal(entries)))
    assert [verdict.deviation for verdict in verdicts] == [None] * 5
