"""What the control API shows of streams: those that are open, and the frames of all."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

from mockexchange.replay import Replay, compare, read_journal
from mockexchange.venues.kalshi.catalogue import STREAM_PATH
from tests.helpers.library_versions import is_at_least
from tests.helpers.patience import PATIENCE_S
from tests.server.live import Live, SandboxView
from tests.server.small import BALANCE, BUY, SMALL, error_of
from tests.server.streaming import subscribe

SCRIPTED = SMALL + (
    "script:\n"
    "  - {name: buys, when: {subscribed: {channel: fill}}, after: 1s, every: 1s, times: 5,"
    " fill: {account: alice, market: RAIN-1, side: yes, action: buy, count: 1, price: 0.57}}\n"
    "  - {name: ends, after: 10s, settle: {market: RAIN-1, result: yes}}\n"
)
Plain = dict[str, Any]


@contextmanager
def stream(sandbox: SandboxView, *channels: str) -> Iterator[ClientConnection]:
    """A client, subscribed to channels."""
    headers = sandbox.client().headers("GET", STREAM_PATH)
    url = sandbox.shown["ws_url"]
    # A full queue delays the close; before websockets 14 there is none.
    options: dict[str, Any] = {"max_queue": None} if is_at_least("websockets", "14") else {}
    with connect(url, additional_headers=headers, **options) as client:
        if channels:
            client.send(subscribe(*channels))
        for _ in channels:
            assert json.loads(client.recv(PATIENCE_S))["type"] == "subscribed"
        yield client


def frames(sandbox: SandboxView, query: str = "") -> list[Plain]:
    found: list[Plain] = sandbox.call("GET", f"/frames{query}")
    return found


@pytest.fixture
def told(sandbox: SandboxView) -> SandboxView:
    """Its first stream has had: 1 open, 2 a command, 3 and 4 subscribed, 5 a fill, 6 a position, 7 the end."""
    with stream(sandbox, "fill", "market_positions") as client:
        sandbox.call("POST", "/commands", [BUY])
        client.recv(PATIENCE_S)
        client.recv(PATIENCE_S)
    sandbox.call("POST", "/wait", {"for": {"frame": {"kind": "close"}}})
    return sandbox


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", [1, 2, 3, 4, 5, 6, 7]),
        ("?account=alice", [1, 2, 3, 4, 5, 6, 7]),
        ("?account=bob", []),
        ("?channel=fill", [3, 5]),
        ("?kind=subscribed", [3, 4]),
        ("?direction=in", [1, 2, 7]),
        ("?direction=in&kind=subscribe", [2]),
        ("?direction=lost", []),
        ("?connection=1&last=2", [6, 7]),
        ("?connection=2", []),
        ("?after=4", [5, 6, 7]),
        ("?after=2&last=1&channel=fill", [5]),
        ("?last=0", []),
    ],
)
def test_frames_are_filtered(told: SandboxView, query: str, numbers: list[int]) -> None:
    assert [frame["number"] for frame in frames(told, query)] == numbers


def test_frames_are_whole(told: SandboxView) -> None:
    begun, asked, *_, filled, moved, ended = frames(told)
    assert (begun["kind"], begun["frame"]) == ("open", "")
    assert asked["frame"] == subscribe("fill", "market_positions")
    assert (json.loads(filled["frame"])["type"], filled["channel"], filled["kind"]) == ("fill", "fill", "fill")
    assert moved["kind"] == "market_position"
    assert (ended["kind"], ended["frame"]) == ("close", "1000")
    assert told.journal("?operation=OpenStream")[0]["connection"] == begun["connection"] == 1


QUERIES_REFUSED = [
    "?colour=red",
    "?connection=x",
    "?status=200",
    "?kind=a&kind=b",
    "?direction=up",
    "?channel=fil",
]


@pytest.mark.parametrize("query", QUERIES_REFUSED)
def test_an_unknown_filter_is_refused(sandbox: SandboxView, query: str) -> None:
    reply = sandbox.live.control("GET", f"/sandboxes/{sandbox.name}/frames{query}")
    assert (reply.status, error_of(reply)["code"]) == (400, "bad_query")


def test_frames_go_with_the_journal(told: SandboxView) -> None:
    told.call("DELETE", "/journal")
    assert frames(told) == []
    with stream(told):
        assert [frame["number"] for frame in frames(told)] == [8]


def test_open_streams_are_shown(live: Live, name: str) -> None:
    sandbox = live.sandbox(name, SMALL, clock="paused")
    assert sandbox.call("GET", "/streams") == []
    with stream(sandbox, "fill") as client:
        client.send(
            json.dumps({"id": 2, "cmd": "subscribe", "params": {"channels": ["trade"], "market_ticker": "RAIN-1"}})
        )
        client.recv(PATIENCE_S)
        [shown] = sandbox.call("GET", "/streams")
        assert shown == {
            "number": 1,
            "since": frames(sandbox)[0]["at"],
            "account": "alice",
            "key": "main",
            "api_date": "compat",
            "waiting_bytes": 0,
            "subscriptions": [
                {"sid": 1, "channel": "fill", "markets": None},
                {"sid": 2, "channel": "trade", "markets": ["RAIN-1"]},
            ],
        }
    sandbox.call("POST", "/wait", {"for": {"frame": {"kind": "close"}}})
    assert sandbox.call("GET", "/streams") == []


# --- the same frames, run after run, and from the log


def play_through(live: Live, name: str) -> SandboxView:
    """A scripted scenario on a paused clock, with two clients on real sockets."""
    sandbox = live.sandbox(name, SCRIPTED, clock="paused", api_date="2026-10")
    with stream(sandbox, "fill", "market_positions", "user_orders") as first:
        sandbox.call("POST", "/clock", {"advance": "2500ms"})
        sandbox.ask(sandbox.client().get(BALANCE))
        with stream(sandbox, "trade", "ticker", "market_lifecycle_v2") as second:
            second.send('{"id": 9, "cmd": "list_subscriptions"}')
            sandbox.call("POST", "/wait", {"for": {"frame": {"connection": 2, "kind": "ok"}}})
            sandbox.call("POST", "/clock", {"advance": "20s"})
            sandbox.call("POST", "/commands", [{"deposit": {"account": "alice", "amount": 1}}])
            first.send("no JSON")
            sandbox.call("POST", "/wait", {"for": {"frame": {"connection": 1, "kind": "error"}}})
        sandbox.call("POST", "/wait", {"for": {"frame": {"connection": 2, "kind": "close"}}})
    sandbox.call("POST", "/wait", {"for": {"frame": {"connection": 1, "kind": "close"}}})
    return sandbox


def transcript(sandbox: SandboxView) -> list[Plain]:
    return [{key: value for key, value in frame.items() if key != "host_at_us"} for frame in frames(sandbox)]


@pytest.mark.since("websockets", "13", "its client waits ten seconds for what it has not read before it closes")
def test_the_same_scenario_gives_the_same_frames_run_after_run_and_from_the_log(live: Live) -> None:
    sandbox = play_through(live, "transcripts")
    first = transcript(sandbox)
    log, requests, sent = sandbox.log(), sandbox.journal(), frames(sandbox)
    sandbox.call("DELETE", "")
    again = play_through(live, "transcripts")
    assert transcript(again) == first
    assert len([frame for frame in first if frame["kind"] in ("fill", "market_position", "trade")]) == 14
    verdicts = list(compare(Replay(log.splitlines()), read_journal(json.dumps(requests), json.dumps(sent))))
    assert [one for one in verdicts if one.deviation or one.is_skipped] == []
    outs = [frame["number"] for frame in sent if frame["direction"] == "out"]
    assert [one.number for one in verdicts if one.subject == "frame"] == outs
