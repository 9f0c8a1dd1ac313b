"""What happens in a sandbox, as server-sent events: to whoever watches, from where he was, and at no cost to others."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from typing import Any

import pytest

from mockexchange.cli.commands.watch import read_events
from mockexchange.cli.event_format import LiveEvent
from mockexchange.core.commands import CloseMarket
from mockexchange.sandbox.journal import FrameEntry
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.server.control import events
from mockexchange.server.control.events import KINDS, EventFeed, EventStream, Feeds, WatchFilter, watch
from tests.helpers.patience import PATIENCE_S
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import make, signed
from tests.helpers.stream_reader import Reader
from tests.server.live import TOKEN, Live, SandboxView
from tests.server.small import BALANCE, BUY, SMALL, error_of
from tests.server.streaming import buy, play, subscribe

ALL = frozenset(KINDS)
Data = dict[str, Any]


def told(texts: list[str]) -> list[LiveEvent]:
    return list(read_events("".join(texts).splitlines()))


class Watcher:
    """Watches a feed as the endpoint does."""

    def __init__(self, feed: EventFeed, kinds: frozenset[str] = ALL, last: str | None = None, **how: bool) -> None:
        feed.enter()
        self.feed = feed
        self.texts: AsyncIterator[str] = watch(feed, WatchFilter(kinds), last, how.get("is_following", True))

    async def next(self) -> list[LiveEvent]:
        return told([await anext(self.texts)])

    async def rest(self) -> list[LiveEvent]:
        return told([text async for text in self.texts])


def feed_of(sandbox: Sandbox) -> EventFeed:
    return Feeds().of(sandbox)


def request(sandbox: Sandbox) -> None:
    _, entry = sandbox.answer(signed(sandbox))
    sandbox.journal.close(entry)


def frame(sandbox: Sandbox, raw: bytes = b"{}") -> None:
    sandbox.journal.add_frame(FrameEntry(*sandbox.moment(), 1, "alice", "out", raw, "fill", "fill"))


# --- what is told


def test_everything_is_told_in_its_order() -> None:
    async def scene() -> None:
        watcher = Watcher(feed_of(sandbox))
        [begin] = await watcher.next()
        assert (begin.kind, begin.data) == ("begin", {"sandbox": "default"})
        Reader(sandbox).connection.receive(subscribe("fill").encode())
        await sandbox.submit(buy())
        request(sandbox)
        await sandbox.submit(CloseMarket(market="NONE"))
        happened = await watcher.next()
        kinds = [(one.kind, one.data.get("kind")) for one in happened if one.kind != "command"]
        assert kinds == [
            ("frame", "open"),
            ("frame", "subscribe"),
            ("frame", "subscribed"),
            ("frame", "fill"),
            ("request", None),
        ]
        done, refused = [one.data for one in happened if one.kind == "command"]
        assert (done["command"], done["cause"], done["left_out"]) == ("Fill", None, 0)
        assert "filled" in {one["type"] for one in done["events"]}
        assert (refused["command"], refused["refusal"]["code"]) == ("CloseMarket", "unknown_market")
        assert refused["seq"] == done["seq"] + 1
        [asked] = [one.data for one in happened if one.kind == "request"]
        assert (asked["number"], asked["operation"], asked["status"]) == (2, "GetPositions", 200)
        assert not {"headers", "body", "answer"} & set(asked)

    sandbox = make()
    play(scene())


def test_only_the_kinds_asked_for_are_told() -> None:
    async def scene() -> None:
        watcher = Watcher(feed_of(sandbox), frozenset({"frame"}))
        await watcher.next()
        await sandbox.submit(buy())
        request(sandbox)
        frame(sandbox)
        assert [one.kind for one in await watcher.next()] == ["frame"]

    sandbox = make()
    play(scene())


def test_a_step_of_the_script_is_told_with_its_command() -> None:
    async def scene() -> None:
        watcher = Watcher(feed_of(sandbox), frozenset({"command", "script"}))
        await watcher.next()
        await sandbox.advance(1_000_000)
        happened = await watcher.next()
        command, clock = [one.data for one in happened if one.kind == "command"]
        assert command["cause"] == {"step": "pay", "repetition": 1}
        assert clock["command"] == "Note"
        assert [one.data["name"] for one in happened if one.kind == "script"] == ["pay", "done"]

    sandbox = make(SMALL + "script:\n  - {name: pay, after: 1s, deposit: {account: alice, amount: 1}}\n")
    play(scene())


def test_of_a_command_that_did_very_much_the_beginning_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        watcher = Watcher(feed_of(sandbox))
        await watcher.next()
        await sandbox.submit(buy())
        [command] = await watcher.next()
        assert (len(command.data["events"]), command.data["left_out"]) == (2, 3)

    monkeypatch.setattr(events, "OUTCOME_EVENTS_MAX", 2)
    sandbox = make()
    play(scene())


# --- for how long


def test_who_was_away_goes_on_from_where_he_was() -> None:
    async def scene() -> None:
        feed = feed_of(sandbox)
        first = Watcher(feed)
        await first.next()
        for _ in range(3):
            request(sandbox)
        _, second, _ = await first.next()
        feed.leave()
        request(sandbox)
        again = Watcher(feed, last=second.event_id, is_following=False)
        begin, third, fourth = await again.rest()
        assert (begin.kind, begin.event_id) == ("begin", second.event_id)
        assert [one.data["number"] for one in (third, fourth)] == [3, 4]
        assert await Watcher(feed, last=fourth.event_id, is_following=False).rest() == [
            LiveEvent("begin", {"sandbox": "default"}, fourth.event_id)
        ]

    sandbox = make()
    play(scene())


@each_row("event_id", ["", "x", "1-2-3-4", "-1", "9" * 40, "\u00b2"])
def test_an_id_that_nobody_gave_is_told_so(event_id: str) -> None:
    async def scene() -> None:
        begin, lost = await Watcher(feed_of(sandbox), last=event_id, is_following=False).rest()
        assert (begin.kind, lost) == ("begin", LiveEvent("lost", {"lost": None}))

    sandbox = make()
    play(scene())


def test_the_ids_of_a_sandbox_are_not_those_of_the_one_after_it() -> None:
    async def scene() -> None:
        feeds = Feeds()
        one, other = both
        Watcher(feeds.of(one))
        request(one)
        last = feeds.of(one).id_of(1)
        Watcher(feeds.of(other))
        request(other)
        found = await Watcher(feeds.of(other), last=last, is_following=False).rest()
        assert [event.kind for event in found] == ["begin", "lost"]

    both = (make(), make())
    play(scene())


@each_row(("bounds", "lost"), [({"HISTORY_MAX": 4}, 6), ({"HISTORY_BYTES_MAX": 4 * (events.EVENT_BYTES + 100)}, 6)])
def test_a_slow_watcher_is_told_how_much_he_lost(
    monkeypatch: pytest.MonkeyPatch, bounds: dict[str, int], lost: int
) -> None:
    async def scene() -> None:
        watcher = Watcher(feed_of(sandbox))
        await watcher.next()
        for _ in range(10):
            frame(sandbox, b"x" * 100)
        first, *rest = await watcher.next()
        assert first == LiveEvent("lost", {"lost": lost})
        assert [one.data["number"] for one in rest] == [7, 8, 9, 10]
        frame(sandbox)
        assert [one.data["number"] for one in await watcher.next()] == [11]

    for name, value in bounds.items():
        monkeypatch.setattr(events, name, value)
    sandbox = make()
    play(scene())


def test_what_is_much_is_told_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        watcher = Watcher(feed_of(sandbox))
        await watcher.next()
        for _ in range(5):
            frame(sandbox)
        pieces = [await watcher.next() for _ in range(5)]
        assert [[one.data["number"] for one in piece] for piece in pieces] == [[1], [2], [3], [4], [5]]

    monkeypatch.setattr(events, "CHUNK_CHARS_MAX", 1)
    sandbox = make()
    play(scene())


def test_a_watcher_who_has_gone_is_not_told_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is sent to him does not wait for anything: without a pause nobody would notice that he is not there."""

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    async def scene() -> None:
        feed = feed_of(sandbox)
        feed.enter()
        for _ in range(1_000):
            frame(sandbox)
        stream = EventStream(feed, watch(feed, WatchFilter(ALL), feed.id_of(0), is_following=True))
        await stream({"type": "http"}, receive, send)
        assert len(sent) < 10

    sent: list[Any] = []
    monkeypatch.setattr(events, "CHUNK_CHARS_MAX", 1)
    sandbox = make()
    play(scene())


def test_nothing_is_noted_while_nobody_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        feed = feed_of(sandbox)
        before = list(sandbox.observers)
        assert sandbox.journal.observers == []
        watcher = Watcher(feed)
        await watcher.next()
        request(sandbox)
        [noted] = await watcher.next()
        feed.leave()
        for _ in range(3):
            request(sandbox)
        assert feed.count == 4
        request(sandbox)
        assert feed.count == 5
        assert (list(sandbox.observers), sandbox.journal.observers) == (before, [])
        request(sandbox)
        assert feed.count == 5
        _, lost = await Watcher(feed, last=noted.event_id, is_following=False).rest()
        assert lost == LiveEvent("lost", {"lost": None})
        request(sandbox)
        assert feed.count == 6

    monkeypatch.setattr(events, "HISTORY_MAX", 3)
    sandbox = make()
    play(scene())


def test_quiet_is_broken_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        watcher = Watcher(feed_of(sandbox))
        await watcher.next()
        assert await anext(watcher.texts) == ": quiet\n\n"
        request(sandbox)
        assert [one.kind for one in await watcher.next()] == ["request"]

    monkeypatch.setattr(events, "HEARTBEAT_S", 0.001)
    sandbox = make()
    play(scene())


def test_it_ends_with_the_sandbox() -> None:
    async def scene() -> None:
        watcher = Watcher(feed_of(sandbox))
        await watcher.next()
        waiting = asyncio.create_task(watcher.rest())
        await asyncio.sleep(0)
        request(sandbox)
        sandbox.close("reset")
        assert [(one.kind, one.data.get("reason")) for one in await waiting] == [("request", None), ("end", "reset")]

    sandbox = make()
    play(scene())


# --- over HTTP


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
    monkeypatch.setattr("mockexchange.server.control.events.WATCHERS_MAX", 1)
    with watched(sandbox.live, sandbox.name) as (_, happened):
        next(happened)
        reply = sandbox.live.control("GET", f"/sandboxes/{sandbox.name}/events")
        assert (reply.status, error_of(reply)["code"]) == (409, "too_many_watchers")


def test_events_are_read_as_the_specification_has_them() -> None:
    lines = ': comment\n\nid: 1\nevent: frame\ndata: {}\n\ndata:{"a": 1}\n\nevent: nothing\n\n'.splitlines()
    assert list(read_events(lines)) == [LiveEvent("frame", {}, "1"), LiveEvent("message", {"a": 1})]
