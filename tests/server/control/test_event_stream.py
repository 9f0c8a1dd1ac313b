"""Server-sent events of a sandbox over HTTP: headers, slow readers, the end of a sandbox, and refusals."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse

import pytest

from mockexchange.cli.commands.watch import read_events
from mockexchange.cli.event_format import LiveEvent
from mockexchange.server.control import events
from tests.helpers.patience import PATIENCE_S
from tests.server.live import TOKEN, Live, SandboxView
from tests.server.small import BALANCE, BUY, error_of


@contextmanager
def watched(
    live: Live, name: str, query: str = "", **headers: str
) -> Iterator[tuple[HTTPResponse, Iterator[LiveEvent]]]:
    """The answer, once it has begun, and the events in it."""
    connection = HTTPConnection("127.0.0.1", live.port, timeout=PATIENCE_S)
    try:
        given = {"Authorization": f"Bearer {TOKEN}", **headers}
        connection.request("GET", f"/_mock/sandboxes/{name}/events{query}", headers=given)
        answer = connection.getresponse()
        yield answer, read_events(_lines(answer.readline))
    finally:
        connection.close()


def _lines(readline: Callable[[], bytes]) -> Iterator[str]:
    while raw := readline():
        yield raw.decode().rstrip("\n")


def test_it_is_watched_over_http(sandbox: SandboxView) -> None:
    with watched(sandbox.live, sandbox.name) as (answer, happened):
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-mock-exchange"] == "1"
        assert next(happened).kind == "begin"
        sandbox.call("POST", "/commands", [BUY])
        assert next(happened).data["command"] == "Fill"
        sandbox.ask(sandbox.client().get(BALANCE))
        asked = next(happened)
        assert asked.data["operation"] == "GetBalance"
        assert asked.data["latency_us"] > 0
        with watched(sandbox.live, sandbox.name, "?kinds=frame", **{"Last-Event-ID": asked.event_id or ""}) as (
            _,
            other,
        ):
            assert next(other).event_id == asked.event_id


def test_a_watcher_that_does_not_read_holds_up_nobody(sandbox: SandboxView, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "HISTORY_MAX", 20)
    deaf = HTTPConnection("127.0.0.1", sandbox.live.port, timeout=PATIENCE_S)
    deaf.sock = socket.socket()
    deaf.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    deaf.sock.connect(("127.0.0.1", sandbox.live.port))
    deaf.request("GET", f"/_mock/sandboxes/{sandbox.name}/events", headers={"Authorization": f"Bearer {TOKEN}"})
    answer = deaf.getresponse()
    happened = read_events(_lines(answer.readline))
    assert next(happened).kind == "begin"
    long = {"announce": {"message": "x" * 20_000}}
    for _ in range(20):
        sandbox.call("POST", "/commands", [long] * 20)
    seen = 0
    for one in happened:
        if one.kind == "lost":
            break
        seen += 1
    assert one.data["lost"] + seen == 380
    assert len([next(happened) for _ in range(20)]) == 20
    deaf.close()


@pytest.mark.parametrize("reason", ["reset", "deleted"])
def test_watchers_are_let_go_when_the_sandbox_ends(sandbox: SandboxView, reason: str) -> None:
    with watched(sandbox.live, sandbox.name) as (_, happened):
        assert next(happened).kind == "begin"
        if reason == "reset":
            sandbox.call("POST", "/reset")
        else:
            sandbox.call("DELETE", "")
        assert [(one.kind, one.data) for one in happened] == [("end", {"reason": reason})]


def test_who_does_not_follow_is_told_what_there_is(sandbox: SandboxView) -> None:
    with watched(sandbox.live, sandbox.name, "?follow=false") as (_, happened):
        [begin] = happened
    sandbox.call("POST", "/commands", [BUY])
    last = {"Last-Event-ID": begin.event_id or ""}
    with watched(sandbox.live, sandbox.name, "?follow=false&kinds=command,frame", **last) as (_, happened):
        assert [one.kind for one in happened] == ["begin", "command"]
    assert sandbox.live.control("HEAD", f"/sandboxes/{sandbox.name}/events").status == 200


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("?kinds=frame,colour", "kinds: expected some of command,request,frame,script,fault,clock; got 'colour'"),
        ("?kinds=", "got ''"),
        ("?follow=maybe", "follow: expected true or false, got 'maybe'"),
        ("?last=3", "unknown filter 'last'; known: kinds, follow"),
        ("?follow=true&follow=true", "follow: expected it once"),
    ],
)
def test_what_cannot_be_watched_is_refused(sandbox: SandboxView, query: str, words: str) -> None:
    reply = sandbox.live.control("GET", f"/sandboxes/{sandbox.name}/events{query}")
    assert (reply.status, error_of(reply)["code"]) == (400, "bad_query")
    assert words in error_of(reply)["message"]


def test_so_many_watch_and_no_more(sandbox: SandboxView, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mockexchange.server.control.traffic.traffic_routes.WATCHERS_MAX", 1)
    with watched(sandbox.live, sandbox.name) as (_, happened):
        next(happened)
        reply = sandbox.live.control("GET", f"/sandboxes/{sandbox.name}/events")
        assert (reply.status, error_of(reply)["code"]) == (409, "too_many_watchers")


def test_events_are_read_as_the_specification_has_them() -> None:
    lines = ': comment\n\nid: 1\nevent: frame\ndata: {}\n\ndata:{"a": 1}\n\nevent: nothing\n\n'.splitlines()
    assert list(read_events(lines)) == [LiveEvent("frame", {}, "1"), LiveEvent("message", {"a": 1})]
