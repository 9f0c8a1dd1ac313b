"""The clock, faults and sandboxes by keys alone and by mouse: what moves time, what is disturbed, what begins anew."""

import json
import re
from typing import Any

import pytest

from tests.console.conftest import delay_requests, open_console
from tests.server.live import Live, SandboxView
from tests.server.small import SMALL


@pytest.fixture
def sandbox(live: Live, request: pytest.FixtureRequest) -> SandboxView:
    name = request.node.originalname.replace("_", "-")[-60:].strip("-")
    return live.sandbox(name, SMALL.replace("small", "named", 1), clock="paused")


def test_the_clock_is_paused_advanced_and_scaled(tab: Any, live: Live, sandbox: SandboxView) -> None:
    open_console(tab, live, f"/s/{sandbox.name}/requests")
    clock = tab.get_by_role("group", name="Exchange clock")
    began = sandbox.call("GET", "/clock")["now"]
    assert began == "2025-11-04T12:00:00Z"
    clock.get_by_role("button", name="+1m").click()
    clock.get_by_text("12:01:00.000").wait_for()
    clock.get_by_role("button", name="+1s").click()
    clock.get_by_text("12:01:01.000").wait_for()
    for name in ("10x", "real"):
        clock.get_by_role("button", name=name, exact=True).click()
        clock.locator(".mode").get_by_text(name).wait_for()
        assert sandbox.call("GET", "/clock")["mode"] == name
    tab.keyboard.press("Escape")
    tab.get_by_role("grid").focus()
    tab.keyboard.press("Space")
    clock.locator(".mode").get_by_text("paused").wait_for()
    assert sandbox.call("GET", "/clock")["mode"] == "paused"


def test_every_example_of_a_step_a_fault_and_a_stub_is_taken(tab: Any, live: Live) -> None:
    live.json("PUT", "/sandboxes/examples", {"scenario": "demo", "clock": "paused"})
    open_console(tab, live, "/s/examples/script")
    for what, path in (("step", "script"), ("fault", "faults"), ("stub", "stubs")):
        open_one = tab.get_by_role("button", name=f"add a {what}")
        open_one.click()
        offered = tab.get_by_role("group", name="examples").get_by_role("button")
        offered.nth(1).wait_for()
        names = offered.all_inner_texts()
        tab.keyboard.press("Escape")
        for number, name in enumerate(names, start=1):
            open_one.click()
            tab.get_by_role("button", name=name).click()
            tab.get_by_role("button", name="Add", exact=True).click()
            tab.locator("dialog").wait_for(state="detached")
            assert len(live.json("GET", f"/sandboxes/examples/{path}")) == number, name
    tab.get_by_label("Preset").select_option("flaky")
    tab.get_by_text("preset flaky installed").wait_for()


def test_a_fault_that_cannot_be_read_says_why_in_its_dialog_by_keys(tab: Any, live: Live, sandbox: SandboxView) -> None:
    open_console(tab, live, f"/s/{sandbox.name}/script")
    tab.get_by_text("Requests and frames cross the wire undisturbed.").wait_for()
    tab.keyboard.press("f")
    dialog = tab.get_by_role("dialog")
    text = dialog.get_by_label("a fault as JSON")
    text.fill(json.dumps({"then": {"lose": True}}))
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    dialog.get_by_role("alert").get_by_text("unknown effect 'lose'").wait_for()
    assert text.evaluate("(field) => field === document.activeElement")
    text.fill(json.dumps({"name": "once", "times": 1, "then": {"status": 503}}))
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    dialog.wait_for(state="detached")
    sandbox.ask(sandbox.client().get("/portfolio/balance"))
    tab.get_by_text("spent").wait_for()
    tab.get_by_role("link", name="request 1").press("Enter")
    tab.locator("[data-why]").get_by_text("503").wait_for()


def test_a_sandbox_is_made_reset_and_deleted_by_keys(tab: Any, live: Live) -> None:
    open_console(tab, live, "/s/default/sandboxes")
    delay_requests(tab)
    tab.keyboard.press("c")
    tab.get_by_label("Name").focus()
    tab.keyboard.type("keyed")
    tab.keyboard.press("Enter")
    tab.get_by_text("keyed is made").wait_for()
    live.json("POST", "/sandboxes/keyed/commands", [{"deposit": {"account": "alice", "amount": "5"}}])
    before = live.json("GET", "/sandboxes/keyed")["commands"]
    for key in ("g", "x"):
        tab.keyboard.press(key)
    for verb, words in (("Reset", "keyed began anew"), ("Delete", "keyed is deleted")):
        tab.get_by_role("button", name=f"{verb} keyed").press("Enter")
        tab.locator("dialog[open]").wait_for()
        tab.keyboard.press("Tab")
        tab.keyboard.press("Enter")
        tab.get_by_text(words).wait_for()
        if verb == "Reset":
            assert live.json("GET", "/sandboxes/keyed")["commands"] < before
    assert "keyed" not in [one["id"] for one in live.json("GET", "/sandboxes")]


def test_a_command_of_the_log_is_found_and_forked_before(tab: Any, live: Live, sandbox: SandboxView) -> None:
    open_console(tab, live, f"/s/{sandbox.name}/script")
    log = tab.get_by_role("region", name="log")
    log.get_by_role("row").nth(3).wait_for()
    tab.get_by_label("commands with").fill("side: yes")
    log.get_by_role("row").nth(2).wait_for(state="detached")
    log.get_by_role("button", name=re.compile("Fork before")).click()
    tab.get_by_label("Name").fill("before")
    tab.get_by_role("button", name="Fork", exact=True).click()
    tab.get_by_text("before is made").wait_for()
    assert live.json("GET", "/sandboxes/before/accounts/alice/positions") == []


def test_no_key_acts_in_a_field(tab: Any, live: Live, sandbox: SandboxView) -> None:
    """Keys act on the page; none does while a text is written."""
    open_console(tab, live, f"/s/{sandbox.name}/requests")
    tab.get_by_text("No requests yet").wait_for()
    tab.keyboard.press("/")
    tab.keyboard.type("g a w ? n space", delay=1)
    assert tab.get_by_label("Filter", exact=True).input_value() == "g a w ? n space"
    assert tab.locator("main.requests").count() == 1
    assert tab.locator("dialog").count() == 0
    assert sandbox.call("GET", "/clock")["mode"] == "paused"
