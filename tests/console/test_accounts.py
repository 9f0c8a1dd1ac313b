"""Accounts in a browser: a step by keys, a market that settles by mouse, and a step that is refused."""

import json
import re
import shlex
from typing import Any

import pytest
from websockets.sync.client import connect

from mockexchange.cli.argument_types import parse_argument
from mockexchange.clients.request_signers import UnsignedRequest, sign
from mockexchange.scenario.steps import STEP
from mockexchange.venues.kalshi.catalogue import STREAM_PATH
from tests.console.conftest import open_console
from tests.server.live import Live, SandboxView
from tests.server.small import BUY, SMALL

SLOW_FRAMES = """
    const draw = window.requestAnimationFrame.bind(window);
    window.requestAnimationFrame = (work) => draw(() => setTimeout(() => work(performance.now()), 150));
"""
"""A browser that draws seldom: a key and a form act on what was just chosen, not on what the last frame had."""


@pytest.fixture
def sandbox(live: Live, request: pytest.FixtureRequest) -> SandboxView:
    return live.sandbox(request.node.originalname.replace("_", "-")[-60:].strip("-"), SMALL)


def test_a_market_settles_by_mouse(tab: Any, live: Live, sandbox: SandboxView) -> None:
    open_console(tab, live, f"/s/{sandbox.name}/accounts")
    positions = tab.get_by_role("region", name="Positions").last
    positions.get_by_text("RAIN-1").wait_for()
    positions.get_by_role("button", name="settle").click()
    dialog = tab.get_by_role("dialog")
    assert dialog.get_by_label("market", exact=True).input_value() == "RAIN-1"
    dialog.get_by_role("button", name="Carry out").click()
    dialog.wait_for(state="detached")
    positions.get_by_role("button", name="settle").wait_for(state="detached")
    assert sandbox.positions()[0]["settled"]
    tab.get_by_text("settle: yes: alice +10.000000").wait_for()
    positions.get_by_role("button", name="RAIN-1").click()
    tab.get_by_role("button", name="of RAIN-1 only: show all").wait_for()
    assert (
        tab.get_by_role("region", name="fills").get_by_text("10.00").count() == 2
    )  # the count, and the position after
    assert tab.get_by_role("region", name="Keys of the account").get_by_text("the sandbox").count() >= 1
    tab.get_by_role("button", name="settlements 1").click()
    tab.get_by_role("region", name="settlements").get_by_text("10.000000").first.wait_for()


def test_a_step_is_carried_out_by_keys_and_a_refused_one_says_why(tab: Any, live: Live, sandbox: SandboxView) -> None:
    open_console(tab, live, f"/s/{sandbox.name}/accounts")
    tab.get_by_text("RAIN-1").first.wait_for()
    tab.keyboard.press("s")
    dialog = tab.get_by_role("dialog")
    for label, text in (("market", "NONE"), ("count", "2"), ("price", "0.5")):
        dialog.get_by_label(label, exact=True).focus()
        tab.keyboard.type(text)
    shown = shlex.split(dialog.locator("pre").inner_text())
    assert shown[:2] == ["mockexchange", "do"]
    assert shown[3:] == ["--sandbox", sandbox.name]
    read = parse_argument(STEP, "step", 1, shown[2]).body  # as the command reads it
    assert read["fill"].items() >= {"account": "alice", "market": "NONE", "count": "2", "price": "0.5"}.items()
    tab.keyboard.press("Enter")
    dialog.get_by_text("refused: no market 'NONE'").wait_for()
    dialog.get_by_label("market", exact=True).fill("RAIN-1")
    tab.keyboard.press("Enter")
    dialog.wait_for(state="detached")
    assert sandbox.positions()[0]["quantity"] == "12.00"


def test_the_plot_and_the_timeline_point_at_the_same_instant(tab: Any, live: Live) -> None:
    """Two fills half an hour apart: what is pointed at on one screen is pointed at on the other."""
    sandbox = live.sandbox("pointed", SMALL, clock="paused")
    headers = sign("kalshi", sandbox.shown["accounts"][0], UnsignedRequest("GET", STREAM_PATH))
    with connect(f"ws://127.0.0.1:{sandbox.port}{STREAM_PATH}", additional_headers=headers) as stream:
        stream.send(json.dumps({"id": 1, "cmd": "subscribe", "params": {"channels": ["fill"]}}))
        stream.recv()
        for price in ("0.60", "0.70"):
            sandbox.call("POST", "/clock", {"advance": "30m"})
            sandbox.call("POST", "/commands", [{"fill": {**BUY["fill"], "price": price}}])
            stream.recv()
    open_console(tab, live, "/s/pointed/accounts")
    legend = tab.get_by_role("region", name="Profit and loss").locator(".u-legend")
    legend.get_by_text("2025-11-04 13:00:00.000").wait_for()  # the newest values, until something is pointed at
    plot = tab.locator(".u-over")
    width = plot.bounding_box()["width"]
    plot.hover(position={"x": width * 0.55, "y": 20})  # after the fill at 12:30, which is in the middle
    legend.get_by_text("2025-11-04 12:30:00.000").wait_for()
    legend.get_by_text("0.4000").wait_for()  # 10 bought at 0.56 are worth 0.60
    for key in ("g", "s"):
        tab.keyboard.press(key)
    tab.locator(".pointed").get_by_text(re.compile(r"^#\d+ 12:30:00.000 fill")).wait_for()
    timeline = tab.locator(".timeline canvas")
    timeline.hover(position={"x": timeline.bounding_box()["width"] - 14, "y": 30})  # the newest frame of its lane
    tab.locator(".pointed").get_by_text(re.compile(r"^#\d+ 13:00:00.000 fill")).wait_for()
    for key in ("g", "a"):
        tab.keyboard.press(key)
    tab.mouse.move(0, 0)
    legend.get_by_text("2025-11-04 13:00:00.000").wait_for()
    legend.get_by_text("1.5000").wait_for()


def test_fills_say_the_position_after_them(tab: Any, live: Live, sandbox: SandboxView) -> None:
    sold = {"fill": {**BUY["fill"], "action": "sell", "count": 3}}
    sandbox.call("POST", "/commands", [BUY, sold])
    open_console(tab, live, f"/s/{sandbox.name}/accounts")
    rows = tab.get_by_role("region", name="fills").locator("tbody tr")
    rows.nth(2).wait_for()
    heads = tab.get_by_role("region", name="fills").locator("th").all_inner_texts()
    place = heads.index("position after")
    assert [row.locator("td").nth(place).inner_text() for row in rows.all()] == ["8.00", "11.00", "10.00"]


def test_a_sandbox_is_forked_as_it_was_before_a_fill(tab: Any, live: Live) -> None:
    sandbox = live.sandbox("filled", SMALL, clock="paused")
    sandbox.call("POST", "/clock", {"advance": "30m"})
    sandbox.call("POST", "/commands", [BUY])
    open_console(tab, live, "/s/filled/accounts")
    tab.get_by_role("region", name="fills").get_by_role("button", name="fork before").first.click()
    assert tab.get_by_label("At").input_value() == "2025-11-04T12:29:59.999999Z"
    tab.get_by_label("Name").fill("unfilled")
    tab.get_by_role("button", name="Fork", exact=True).click()
    tab.get_by_text("unfilled is made").wait_for()
    [position] = live.json("GET", "/sandboxes/unfilled/accounts/alice/positions")
    assert position["quantity"] == "10.00"


def test_an_order_of_the_exchange_has_its_side_and_action_at_hand(tab: Any, live: Live, sandbox: SandboxView) -> None:
    tab.add_init_script(SLOW_FRAMES)
    open_console(tab, live, f"/s/{sandbox.name}/accounts")
    tab.get_by_role("region", name="Positions").get_by_role("button", name="RAIN-1").click()
    tab.keyboard.press("s")
    dialog = tab.get_by_role("dialog")
    dialog.locator("select").first.select_option("place")
    assert dialog.get_by_label("market", exact=True).input_value() == "RAIN-1"
    for label, text in (("count", "2"), ("price", "0.3")):
        dialog.get_by_label(label, exact=True).fill(text)
    assert "action: buy" in dialog.inner_text()
    dialog.locator("select").first.select_option("settle")
    assert "account:" not in dialog.locator("pre").inner_text()
    dialog.locator("select").first.select_option("place")
    for label, text in (("count", "2"), ("price", "0.3")):
        dialog.get_by_label(label, exact=True).fill(text)
    tab.keyboard.press("Enter")
    dialog.wait_for(state="detached")
    assert sandbox.ledger()["orders"][-1]["price"] == "0.3000"
