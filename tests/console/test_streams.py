"""Streams, script, faults and sandboxes in a browser, by mouse and by keys."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

from mockexchange.clients.request_signers import UnsignedRequest, sign
from mockexchange.venues.kalshi.stream.handshake import STREAM_PATH
from tests.console.conftest import open_console
from tests.server.live import Live
from tests.server.small import SMALL

MARKET = "KXRAINNYC-25NOV05-T1"
FILL = {"fill": {"account": "alice", "market": MARKET, "side": "yes", "action": "buy", "count": 1, "price": "0.56"}}
HOLE = {"name": "hole", "match": {"channel": "fill"}, "times": 1, "then": {"gap": True}}


@pytest.fixture
def stream(live: Live) -> Iterator[ClientConnection]:
    """A stream of alice that is subscribed to fills, of which the first is lost."""
    account = live.json("GET", "/sandboxes/default")["accounts"][0]
    headers = sign("kalshi", account, UnsignedRequest("GET", STREAM_PATH))
    with connect(f"ws://127.0.0.1:{live.port}{STREAM_PATH}", additional_headers=headers) as opened:
        opened.send(json.dumps({"id": 1, "cmd": "subscribe", "params": {"channels": ["fill"]}}))
        opened.recv()
        live.json("POST", "/sandboxes/default/faults", HOLE)
        live.json("POST", "/sandboxes/default/commands", [FILL, FILL])
        opened.recv()
        yield opened
        live.json("DELETE", "/sandboxes/default/faults")


def test_the_missing_frame_is_found_by_keys(tab: Any, live: Live, stream: ClientConnection) -> None:
    open_console(tab, live)
    tab.keyboard.press("g")
    tab.keyboard.press("s")
    tab.locator(".grid .space > .row").nth(2).wait_for()
    tab.keyboard.press("w")
    why = tab.locator("[data-why]")
    why.get_by_text("the client has a gap here").wait_for()
    assert "hole" in why.inner_text()
    tab.get_by_role("button", name="lost 1").click()
    tab.get_by_text("1 frames").wait_for()


def test_a_frame_is_sent_and_the_stream_closed_by_mouse(tab: Any, live: Live, stream: ClientConnection) -> None:
    open_console(tab, live, "/s/default/streams")
    tab.get_by_role("button", name="send").first.click()
    tab.get_by_role("textbox", name="frame").fill('{"hello": 1}')
    tab.get_by_role("button", name="Send", exact=True).click()
    assert stream.recv(timeout=20) == '{"hello": 1}'
    tab.get_by_role("button", name="close", exact=True).first.click()
    tab.get_by_role("button", name="Close the stream").click()
    tab.get_by_text("No stream is open now.").wait_for()


def test_a_market_settles_at_the_next_step_of_the_script(tab: Any, live: Live) -> None:
    live.json("PUT", "/sandboxes/settling", {"scenario": SMALL, "clock": "paused"})
    open_console(tab, live, "/s/settling/script")
    tab.keyboard.press("s")
    step = {"after": "1h", "settle": {"market": "RAIN-1", "result": "yes"}}
    tab.get_by_label("a step as JSON").fill(json.dumps(step))
    tab.get_by_role("button", name="Add", exact=True).click()
    tab.get_by_text("scheduled").wait_for()
    tab.keyboard.press("n")
    tab.get_by_role("cell", name="done").wait_for()
    assert live.json("GET", "/sandboxes/settling/accounts/alice/positions")[0]["settled"]


def test_a_sandbox_is_made_and_deleted(tab: Any, live: Live) -> None:
    open_console(tab, live, "/s/default/sandboxes")
    tab.get_by_role("button", name="new sandbox").click()
    tab.get_by_label("Name").fill("night")
    tab.get_by_role("button", name="Make").click()
    tab.get_by_text("night is made").wait_for()
    assert tab.url.endswith("#/s/night/requests")
    tab.keyboard.press("g")
    tab.keyboard.press("x")
    tab.get_by_role("button", name="Delete night").click()
    tab.get_by_role("button", name="delete", exact=True).last.click()
    tab.get_by_text("night is deleted").wait_for()
    assert "night" not in [one["id"] for one in live.json("GET", "/sandboxes")]
