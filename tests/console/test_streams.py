"""Streams, script, faults and sandboxes in a browser, by mouse and by keys."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

from mockexchange.clients.request_signers import UnsignedRequest, sign
from mockexchange.venues.kalshi.catalogue import STREAM_PATH
from tests.console.conftest import open_console
from tests.helpers.patience import PATIENCE_S
from tests.server.live import Live
from tests.server.small import SMALL

MARKET = "KXRAINNYC-25NOV05-T1"
FILL = {"fill": {"account": "alice", "market": MARKET, "side": "yes", "action": "buy", "count": 1, "price": "0.56"}}
HOLE = {"name": "hole", "match": {"channel": "fill"}, "times": 1, "then": {"gap": True}}


@pytest.fixture
def stream(live: Live) -> Iterator[ClientConnection]:
    """A stream of alice that is subscribed to fills, of which the first is lost."""
    live.json("POST", "/sandboxes/default/reset")  # frames of other tests would be lost ones too
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
    tab.get_by_text(re.compile(r"^1 of [0-9]+ frames")).wait_for()


def test_a_gap_in_the_numbers_of_a_subscription_leads_to_the_frame(tab: Any, live: Live) -> None:
    live.json("DELETE", "/sandboxes/default/journal")
    account = live.json("GET", "/sandboxes/default")["accounts"][0]
    headers = sign("kalshi", account, UnsignedRequest("GET", STREAM_PATH))
    with connect(f"ws://127.0.0.1:{live.port}{STREAM_PATH}", additional_headers=headers) as opened:
        asked = {"channels": ["fill", "orderbook_delta"], "market_tickers": [MARKET]}
        opened.send(json.dumps({"id": 1, "cmd": "subscribe", "params": asked}))
        live.json("POST", "/sandboxes/default/faults", {**HOLE, "match": {"channel": "orderbook_delta"}})
        books = [{"orderbook": {"market": MARKET, "yes": [["0.40", count]]}} for count in (5, 6, 7)]
        live.json("POST", "/sandboxes/default/commands", books)
        number = live.json("GET", "/sandboxes/default/frames?short=true&last=1")["frames"][0]["connection"]
        open_console(tab, live, f"/s/default/streams?q=conn:{number}")
        tab.get_by_label(re.compile(r"in 3 lanes, 1 lost, 1 after a gap")).wait_for()
        tab.keyboard.press("w")
        tab.locator("[data-why]").get_by_text(re.compile(r"seq \d+ is missing: it is #\d+")).wait_for()
        tab.locator("[data-why]").get_by_role("button").click()
        tab.locator("[data-why]").get_by_text("the client has a gap here").wait_for()
        tab.get_by_role("button", name=re.compile("gaps")).click()
        tab.get_by_label(re.compile(r"^\d+ frames drawn in 1 lane, 1 lost, 1 after")).wait_for()
        tab.locator("canvas").hover(position={"x": 1255, "y": 12})
        tab.locator(".pointed").get_by_text(re.compile(r"^#\d+ .* orderbook_delta seq \d+")).wait_for()
        live.json("DELETE", "/sandboxes/default/faults")


def test_a_gap_before_five_hundred_frames_is_counted_and_found(tab: Any, live: Live) -> None:
    live.json("PUT", "/sandboxes/long", {"scenario": "demo", "clock": "paused"})
    shown = live.json("GET", "/sandboxes/long")
    headers = sign("kalshi", shown["accounts"][0], UnsignedRequest("GET", STREAM_PATH))
    with connect(f"ws://127.0.0.1:{live.port}{STREAM_PATH}", additional_headers=headers) as opened:
        asked = {"channels": ["orderbook_delta"], "market_tickers": [MARKET]}
        opened.send(json.dumps({"id": 1, "cmd": "subscribe", "params": asked}))
        opened.recv()
        live.json("POST", "/sandboxes/long/faults", {**HOLE, "match": {"channel": "orderbook_delta"}})
        books = [{"orderbook": {"market": MARKET, "yes": [["0.40", count]]}} for count in range(1, 521)]
        live.json("POST", "/sandboxes/long/commands", books)
        open_console(tab, live, "/s/long/streams")
        tab.get_by_role("button", name="gaps 1", exact=True).click()
        tab.get_by_text(re.compile("^1 of 52[0-9] frames$")).wait_for()
        tab.keyboard.press("w")
        tab.locator("[data-why]").get_by_text(re.compile(r"seq \d+ is missing: it is #\d+")).wait_for()


def test_a_frame_is_sent_and_the_stream_closed_by_mouse(tab: Any, live: Live, stream: ClientConnection) -> None:
    open_console(tab, live, "/s/default/streams")
    tab.get_by_role("button", name="send").first.click()
    tab.get_by_role("textbox", name="frame").fill('{"hello": 1}')
    tab.get_by_role("button", name="Send", exact=True).click()
    assert stream.recv(timeout=PATIENCE_S) == '{"hello": 1}'
    tab.get_by_role("button", name="close", exact=True).first.click()
    tab.get_by_role("button", name="Close the stream").click()
    tab.get_by_text("No stream is open now.").wait_for()


def show_the_lost_fill(tab: Any) -> None:
    """Filter the list by keys, and open the details of the frame that is missing."""
    tab.keyboard.press("/")
    tab.keyboard.type("channel:fill")
    rows = tab.locator(".grid .space > .row")
    rows.nth(3).wait_for(state="detached")
    rows.filter(has_text="fault hole").wait_for()
    tab.keyboard.press("Enter")
    tab.keyboard.press("w")
    tab.wait_for_url(re.compile("&n=4$"))
    tab.keyboard.press("Enter")


def test_a_frame_is_sent_disturbed_and_the_stream_closed_by_keys(
    tab: Any, live: Live, stream: ClientConnection
) -> None:
    open_console(tab, live, "/s/default/streams")
    tab.get_by_role("button", name="send").first.press("Enter")
    tab.get_by_role("textbox", name="frame").fill('{"hello": 2}')
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    assert stream.recv(timeout=PATIENCE_S) == '{"hello": 2}'
    tab.locator("dialog").wait_for(state="detached")
    tab.locator(".grid .space > .row").nth(5).wait_for()  # the frame that was sent, before the list is frozen
    tab.keyboard.press(".")
    tab.get_by_role("button", name="frozen: follow again").wait_for()
    count = tab.locator(".grid .space > .row").count()
    live.json("POST", "/sandboxes/default/commands", [FILL])
    stream.recv(timeout=PATIENCE_S)
    assert tab.locator(".grid .space > .row").count() == count
    show_the_lost_fill(tab)
    tab.get_by_role("button", name="fault", exact=True).press("Enter")
    tab.get_by_role("dialog").get_by_label("fault as JSON").focus()
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    tab.get_by_text("fault installed").wait_for()
    tab.locator("dialog").wait_for(state="detached")  # keys are a dialog's own while it is open
    live.json("POST", "/sandboxes/default/commands", [FILL])
    tab.keyboard.press("Escape")
    tab.keyboard.press(".")
    tab.get_by_role("button", name="lost 2").wait_for()
    tab.get_by_role("button", name="close", exact=True).first.press("Enter")
    tab.get_by_label("Code").press("Enter")
    tab.get_by_text("No stream is open now.").wait_for()


def test_a_market_settles_at_the_next_step_of_the_script_by_keys(tab: Any, live: Live) -> None:
    live.json("PUT", "/sandboxes/settling", {"scenario": SMALL, "clock": "paused"})
    open_console(tab, live, "/s/settling/script")
    tab.keyboard.press("s")
    step = {"after": "1h", "settle": {"market": "RAIN-1", "result": "yes"}}
    tab.get_by_label("a step as JSON").fill(json.dumps(step))
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    tab.get_by_text("scheduled").wait_for()
    tab.keyboard.press("n")
    tab.get_by_role("cell", name="done").wait_for()
    assert live.json("GET", "/sandboxes/settling/accounts/alice/positions")[0]["settled"]


def test_a_sandbox_is_forked_as_it_was_by_keys(tab: Any, live: Live) -> None:
    live.json("PUT", "/sandboxes/source", {"scenario": SMALL, "clock": "paused"})
    open_console(tab, live, "/s/source/sandboxes")
    tab.get_by_role("button", name="Fork source").press("Enter")
    tab.get_by_label("Name").fill("early")
    tab.get_by_label("At").fill("1")
    tab.keyboard.press("Enter")
    tab.get_by_text("early is made").wait_for()
    assert tab.url.endswith("#/s/early/requests")
    assert live.json("GET", "/sandboxes/early")["commands"] < live.json("GET", "/sandboxes/source")["commands"]


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
