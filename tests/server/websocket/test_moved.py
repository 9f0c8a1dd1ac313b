"""Open streams that the control API moves: frames of the caller's, closing frames, cuts."""

import json
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from mockexchange.replay import Replay, compare, read_journal
from tests.helpers.derivatives import WORLD
from tests.helpers.patience import PATIENCE_S
from tests.server.control.test_streams import frames, stream
from tests.server.live import Live, SandboxView
from tests.server.small import error_of

NOTE = "asked for by the control API"
PUBLIC = '{"jsonrpc":"2.0","id":1,"method":"public/hello","params":{"client_name":"a","client_version":"1"}}'


def move(sandbox: SandboxView, **body: Any) -> int:
    connections: int = sandbox.call("POST", "/streams", body)["connections"]
    return connections


def noted(sandbox: SandboxView) -> list[tuple[Any, ...]]:
    told = [frame for frame in frames(sandbox) if frame["note"] == NOTE]
    return [(one["connection"], one["direction"], one["kind"], one["fault"], one["frame"]) for one in told]


def test_a_frame_goes_out_byte_for_byte_and_is_noted(sandbox: SandboxView) -> None:
    with stream(sandbox, "fill") as client:
        assert move(sandbox, send={"text": '{"sid": "$sid",  "späß": 1}'}) == 1
        assert client.recv(PATIENCE_S) == '{"sid": "$sid",  "späß": 1}'
        assert noted(sandbox) == [(1, "out", "literal", "literal", '{"sid": "$sid",  "späß": 1}')]


def test_those_meant_get_it_and_no_others(live: Live, name: str) -> None:
    sandbox = live.sandbox(name)
    with stream(sandbox) as first, stream(sandbox) as second:
        assert move(sandbox, send={"text": "to the second"}, connection=2) == 1
        assert move(sandbox, send={"text": "to alice"}, account="alice") == 2
        assert move(sandbox, send={"text": "to all"}, account="*", connection="1") == 1
        assert [first.recv(PATIENCE_S) for _ in range(2)] == ["to alice", "to all"]
        assert [second.recv(PATIENCE_S) for _ in range(2)] == ["to the second", "to alice"]
    other = next(one["name"] for one in sandbox.shown["accounts"] if one["name"] != "alice")
    assert move(sandbox, send={"text": "a"}, account=other) == 0


@pytest.mark.parametrize(
    ("close", "code", "reason"),
    [({"code": 4000, "reason": "späß"}, 4000, "späß"), (None, 1000, ""), ({}, 1000, ""), ({"code": "1012"}, 1012, "")],
)
def test_streams_are_closed(sandbox: SandboxView, close: Any, code: int, reason: str) -> None:
    with stream(sandbox, "fill") as client:
        assert move(sandbox, send={"text": "last"}) == 1
        assert move(sandbox, close=close) == 1
        assert client.recv(PATIENCE_S) == "last"
        with pytest.raises(ConnectionClosed):
            client.recv(PATIENCE_S)
        assert (client.protocol.close_code, client.protocol.close_reason) == (code, reason)
        assert move(sandbox, close={}) == 0
    assert noted(sandbox)[1:] == [(1, "out", "close", "literal", f"{code} {reason}".strip())]
    assert sandbox.call("GET", "/streams") == []


def test_a_stream_is_cut_without_a_close_frame(sandbox: SandboxView) -> None:
    with stream(sandbox, "fill") as client:
        assert move(sandbox, close={"code": 1006}) == 1
        with pytest.raises(ConnectionClosed):
            client.recv(PATIENCE_S)
        assert client.protocol.close_code == 1006
    assert noted(sandbox) == [(1, "out", "close", "literal", "1006")]


def test_streams_of_every_venue(live: Live, name: str) -> None:
    sandbox = live.sandbox(name, WORLD)
    with stream(sandbox), connect(sandbox.shown["venues"]["deribit"]["ws_url"]) as client:
        client.send(PUBLIC)
        assert json.loads(client.recv(PATIENCE_S))["id"] == 1
        assert move(sandbox, send={"text": "hello"}) == 2
        assert client.recv(PATIENCE_S) == "hello"
        assert move(sandbox, close={"code": 1006}) == 2


@pytest.mark.since("websockets", "13", "its client waits ten seconds for what it has not read before it closes")
def test_a_replay_passes_over_them(sandbox: SandboxView) -> None:
    with stream(sandbox, "fill") as client:
        move(sandbox, send={"text": '{"type":"fill","sid":1,"seq":1}'})
        move(sandbox, send={"text": "no JSON"})
        client.recv(PATIENCE_S)
        move(sandbox, close={"code": 4000})
    texts = json.dumps(sandbox.journal()), json.dumps(frames(sandbox))
    verdicts = list(compare(Replay(sandbox.log().splitlines()), read_journal(*texts)))
    assert [one for one in verdicts if one.deviation] == []
    assert sum(one.is_skipped for one in verdicts) == 2


@pytest.mark.parametrize(
    ("body", "message", "where"),
    [
        ({}, 'expected either "send"', None),
        ({"send": {"text": "a"}, "close": {}}, 'expected either "send"', None),
        ({"send": None}, "expected the key 'text', which is missing", "send.text"),
        ({"send": {}}, "expected the key 'text', which is missing", "send"),
        ({"send": {"text": ""}}, "expected text of 1 to 1,048,576 characters", "send.text"),
        ({"send": {"text": 1}}, "expected text of 1 to 1,048,576 characters in quotation marks, got 1", "send.text"),
        ({"send": {"text": True}}, "expected text of 1 to 1,048,576 characters in quotation marks", "send.text"),
        ({"send": {"text": 1.50}}, "expected text of 1 to 1,048,576 characters in quotation marks", "send.text"),
        ({"send": {"text": ["a"]}}, "expected text of 1 to 1,048,576 characters", "send.text"),
        ({"snd": {"text": "a"}}, "unknown key 'snd': did you mean 'send'?", None),
        ({"close": {"code": 1005}}, "expected a close code from 1000 to 4999 that may be sent, or 1006", "close.code"),
        ({"close": {"code": 999}}, "expected a close code", "close.code"),
        ({"close": {"code": "x"}}, "expected a close code", "close.code"),
        ({"close": {"reason": "ä" * 62}}, "expected a reason of at most 123 bytes", "close.reason"),
        ({"close": {"reason": 1}}, "expected a reason of at most 123 bytes in quotation marks, got 1", "close.reason"),
        ({"close": {}, "connection": 0}, "expected a whole number from 1", "connection"),
    ],
)
def test_what_cannot_be_done_is_refused_and_not_done(
    sandbox: SandboxView, body: Any, message: str, where: str | None
) -> None:
    with stream(sandbox, "fill"):
        reply = sandbox.live.control("POST", f"/sandboxes/{sandbox.name}/streams", body)
        error = error_of(reply)
        assert (reply.status, error["code"], error.get("where")) == (400, "bad_body", where)
        assert error["message"].startswith(message)
        assert noted(sandbox) == []


def test_an_unknown_account_is_told_those_there_are(sandbox: SandboxView) -> None:
    for account, words in (
        ("alcie", "no account 'alcie': did you mean 'alice'?"),
        ("zoe", "no account 'zoe'; known: alice"),
    ):
        reply = sandbox.live.control("POST", f"/sandboxes/{sandbox.name}/streams", {"close": {}, "account": account})
        assert (reply.status, error_of(reply)["code"]) == (404, "unknown_account")
        assert error_of(reply)["message"].startswith(words)


def test_an_unknown_connection_is_told_those_there_are(sandbox: SandboxView) -> None:
    other = next(one["name"] for one in sandbox.shown["accounts"] if one["name"] != "alice")
    with stream(sandbox) as first, stream(sandbox):
        ways: list[dict[str, Any]] = [{"send": {"text": "to nobody"}}, {"close": {}}]
        for body, message in (
            ({"connection": 99}, "no open connection 99; open: 1, 2"),
            ({"connection": 3, "account": "*"}, "no open connection 3; open: 1, 2"),
            ({"connection": "3", "account": "alice"}, "no open connection 3 of alice; open: 1, 2"),
            ({"connection": 1, "account": other}, f"no open connection 1 of {other}; open: none"),
        ):
            for what in ways:
                reply = sandbox.live.control("POST", f"/sandboxes/{sandbox.name}/streams", {**what, **body})
                assert (reply.status, error_of(reply)) == (404, {"code": "unknown_connection", "message": message})
        assert move(sandbox, send={"text": "still there"}, connection=1) == 1
        assert first.recv(PATIENCE_S) == "still there"
        assert move(sandbox, close={}, connection=1) == 1
        reply = sandbox.live.control("POST", f"/sandboxes/{sandbox.name}/streams", {"close": {}, "connection": 1})
        assert (reply.status, error_of(reply)["message"]) == (404, "no open connection 1; open: 2")
