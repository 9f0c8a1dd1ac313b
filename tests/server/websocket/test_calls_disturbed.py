"""Calls of a stream that faults disturb and stubs answer, as a client on a socket sees them."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosedError

from tests.helpers.patience import PATIENCE_S
from tests.server.live import Live, SandboxView
from tests.server.streaming import TEXT, frame, upgrade
from tests.server.test_venues import THREE, basic, log_in, rpc, signalplus, stream, talk
from tests.server.wire import ADDRESS, request

POSITIONS = "private/get_positions"
ANY = {"currency": "any"}
Plain = dict[str, Any]


@pytest.fixture
def alone(live: Live, name: str) -> SandboxView:
    return live.sandbox(name, THREE)


@contextmanager
def logged_in(sandbox: SandboxView) -> Iterator[Any]:
    with stream(sandbox, "/ws/api/v2") as client:
        assert "result" in talk(client, rpc("public/auth", log_in(sandbox)))
        yield client


def frames(sandbox: SandboxView, query: str = "") -> list[Plain]:
    return [one for one in sandbox.call("GET", f"/frames{query}") if one["kind"] not in ("open", "close")]


def test_a_rate_is_one_of_the_account_wherever_it_asks(alone: SandboxView) -> None:
    with logged_in(alone) as client:
        alone.call("POST", "/faults", {"name": "f", "then": {"rate_limit": {"requests": 2, "per": "10m"}}})
        assert "result" in talk(client, rpc(POSITIONS, ANY))
        over_http = request("GET", f"/api/v2/{POSITIONS}?currency=any", basic(alone))
        assert alone.ask(over_http).status == 200
        refused = talk(client, rpc(POSITIONS, ANY, 7))
        assert (refused["id"], refused["error"]) == (7, {"code": 10028, "message": "too_many_requests"})
        assert alone.ask(over_http).status == 400
    assert [one["fault"] for one in frames(alone)][-4:] == [None, None, "f", "f"]
    [fault] = alone.call("GET", "/faults")
    assert (fault["matched"], fault["fired"]) == (4, 2)


def test_data_and_other_answers_overtake_one_that_is_late(alone: SandboxView) -> None:
    rule = {"match": {"operation": POSITIONS}, "then": {"delay": "200ms"}}
    with logged_in(alone) as client:
        alone.call("POST", "/faults", rule)
        client.send(rpc(POSITIONS, ANY, 5).decode())
        assert talk(client, rpc("public/test", {}, 6))["id"] == 6
        assert json.loads(client.recv(PATIENCE_S))["id"] == 5


@pytest.mark.parametrize("effect", [{"drop": True}, {"cut_after": 3}, {"reset": True}])
def test_a_client_sees_the_end_of_its_connection(alone: SandboxView, effect: Plain) -> None:
    alone.call("POST", "/faults", {"match": {"operation": "public/test"}, "then": effect})
    with stream(alone, "/ws/api/v2") as client:
        client.send(rpc("public/test", {}).decode())
        with pytest.raises(ConnectionClosedError) as raised:
            client.recv(PATIENCE_S)
        assert raised.value.rcvd is None
    alone.call("POST", "/wait", {"for": {"frame": {"kind": "close"}}})
    assert alone.call("GET", "/streams") == []
    assert [one["direction"] for one in frames(alone)] == ["in", "lost"]


@pytest.mark.parametrize(("effect", "is_reset"), [("drop", False), ("reset", True)])
def test_the_end_is_a_fin_or_a_reset(alone: SandboxView, effect: str, is_reset: bool) -> None:
    alone.call("POST", "/faults", {"match": {"operation": "public/test"}, "then": {effect: True}})
    with socket.create_connection((ADDRESS, alone.port), timeout=PATIENCE_S) as raw:
        raw.sendall(upgrade({}, "/ws/api/v2"))
        assert raw.recv(1 << 16).startswith(b"HTTP/1.1 101 ")
        raw.sendall(frame(TEXT, rpc("public/get_time", {})))
        assert b'"result":' in raw.recv(1 << 16)
        raw.sendall(frame(TEXT, rpc("public/test", {})))
        if is_reset:
            with pytest.raises(ConnectionResetError):
                raw.recv(1)
        else:
            assert raw.recv(1) == b""


def test_a_stub_answers_on_the_stream_and_over_http(alone: SandboxView) -> None:
    stub = {"name": "bought", "request": "deribit private/withdraw", "result": {"order": {"price": 1.5}}, "times": 2}
    alone.call("POST", "/stubs", stub)
    with logged_in(alone) as client:
        assert talk(client, rpc("private/withdraw", {"amount": 10}, 3))["result"] == {"order": {"price": 1.5}}
        reply = alone.ask(request("POST", "/api/v2", basic(alone), rpc("private/withdraw", {"amount": 10})))
        assert json.loads(reply.body)["result"] == {"order": {"price": 1.5}}
        assert talk(client, rpc("private/withdraw", {"amount": 10}))["error"]["code"] == -32601
    assert [(one["direction"], one["kind"]) for one in frames(alone, "?stub=bought")] == [
        ("in", "private/withdraw"),
        ("out", "result"),
    ]
    [shown] = alone.call("GET", "/stubs")
    assert (shown["matched"], shown["answered"]) == (2, 2)


def test_a_stub_answers_on_the_stream_of_signalplus(alone: SandboxView) -> None:
    alone.call("POST", "/stubs", {"request": f"signalplus {POSITIONS}", "result": []})
    with stream(alone, "/signalplus/ws/private", signalplus(alone)) as client:
        told = talk(client, json.dumps({"rid": 9, "method": POSITIONS, "params": {}}))
    assert told == {"rid": 9, "result": []}


def test_a_preset_disturbs_calls_too(alone: SandboxView) -> None:
    with logged_in(alone) as client:
        alone.call("POST", "/faults", {"preset": "maintenance"})
        assert talk(client, rpc(POSITIONS, ANY))["error"]["code"] == 11051
        assert "result" in talk(client, rpc("public/test", {}))
