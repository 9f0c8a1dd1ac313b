"""What an exchange tells of its clients where a test has failed."""

import json

from websockets.sync.client import connect

from mockexchange import serve
from mockexchange.pytest_plugin.reports import FRAMES_SHOWN_MAX, lines_of
from tests.helpers.patience import PATIENCE_S

MARKET = {"event": "KXRAIN-1", "series": "KXRAIN", "price": "0.5"}
SCENARIO = {
    "scenario": "seen",
    "start": "2026-01-01T00:00:00Z",
    "accounts": {"alice": {"cash": 100}},
    "markets": {"KXRAIN-1-A": MARKET},
    "script": [
        {"name": "later", "after": "5s", "price": {"market": "KXRAIN-1-A", "price": "0.6"}},
        {
            "name": "heard",
            "when": {"subscribed": {"account": "alice", "channel": "ticker"}},
            "after": "1s",
            "close": {"market": "KXRAIN-1-A"},
        },
    ],
}
SUBSCRIBE = {"id": 1, "cmd": "subscribe", "params": {"channels": ["fill"]}}


def test_nothing_but_what_there_is() -> None:
    with serve("empty") as exchange:
        assert list(lines_of(exchange))[1:] == ["no requests came"]


def test_a_script_that_waits_says_for_what() -> None:
    with serve(SCENARIO, clock="paused") as exchange:
        assert list(lines_of(exchange))[2:] == [
            "the script's later (price) has not happened yet, it does at 2026-01-01T00:00:05Z (exchange time)",
            "the script's heard (close) waits for a client to set it off",
            "the clock is paused at 2026-01-01T00:00:00Z: only exchange.advance(...) brings them about",
        ]
        exchange.run_clock("1x")
        assert not any("paused" in line for line in lines_of(exchange))


def test_frames_of_streams_are_shown_with_what_they_said() -> None:
    with serve("demo") as exchange:
        headers = exchange.accounts["alice"].headers("GET", exchange.ws_url)
        with connect(exchange.ws_url, additional_headers=headers) as stream:
            stream.send(json.dumps(SUBSCRIBE))
            exchange.stream.wait_subscribed("alice", "fill")
            lines = list(lines_of(exchange))
            start = lines.index("frames:")
            assert lines[start + 1] == "  frame 1 from alice open"
            assert lines[start + 2] == f"  frame 2 from alice subscribe {json.dumps(SUBSCRIBE)}"
            assert lines[start + 3].startswith("  frame 3 to alice subscribed {")
            for count in range(2, FRAMES_SHOWN_MAX + 2):
                stream.send(json.dumps({**SUBSCRIBE, "id": count, "cmd": "nothing"}))
            exchange.stream.received("alice", count=FRAMES_SHOWN_MAX + 1, within="20s")
            assert any(line.startswith(f"frames, the last {FRAMES_SHOWN_MAX} of ") for line in lines_of(exchange))


def test_stubs_that_nobody_asked_for_are_named() -> None:
    with serve("demo") as exchange:
        exchange.respond("GET /trade-api/v2/milestones", json={})
        assert "stubs that nobody asked for: GET /trade-api/v2/milestones" in list(lines_of(exchange))
        for number in range(7):
            exchange.respond(f"GET /trade-api/v2/made/up/{number}", json={})
        assert list(lines_of(exchange))[-1].endswith("/made/up/3 and 3 more")


def test_stubs_and_faults_of_calls_on_streams_are_told() -> None:
    with serve("deribit") as exchange:
        exchange.respond("deribit public/new", result=[1], name="new")
        exchange.respond("deribit public/newer", result=[2])
        exchange.fault(match={"operation": "public/test"}, then={"status": 429}, name="busy")
        origin = exchange.base_url.removeprefix("http://").partition("/")[0]
        with connect(f"ws://{origin}/ws/api/v2") as stream:
            for method in ("public/new", "public/test"):
                stream.send(json.dumps({"id": 1, "method": method}))
                stream.recv(timeout=PATIENCE_S)
            lines = list(lines_of(exchange))
            [answer] = exchange.journal.frames("out", stub="new")
        assert answer.json["result"] == [1]
        assert [frame.direction for frame in exchange.journal.frames(stub="new")] == ["in", "out"]
        assert [frame.kind for frame in exchange.journal.frames(fault="busy")] == ["public/test", "error"]
        assert "    answered by the stub new" in lines
        assert "    the fault busy answered 429: the exchange was not asked" in lines
        assert "    the fault busy made it so" in lines
        assert "stubs that nobody asked for: deribit public/newer" in lines
        exchange.journal.assert_clean()
