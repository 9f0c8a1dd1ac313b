"""What can be done with requests beside reading them: groups, search, copies, an export, and what is said of them."""

import json
import shlex
from typing import Any

import pytest

from tests.console.conftest import delay_requests, open_console
from tests.console.test_requests import requests_of, rows
from tests.server.live import Live, SandboxView
from tests.server.small import SMALL
from tests.server.wire import request

LARGE = 300_000


@pytest.fixture
def sandbox(live: Live, request: pytest.FixtureRequest) -> SandboxView:
    made = live.sandbox(request.node.originalname.replace("_", "-")[-60:].strip("-"), SMALL)
    for target in ("/portfolio/balance", "/portfolio/positions?limit=1", "/portfolio/balance"):
        made.ask(made.client().get(target))
    return made


def test_requests_are_grouped_and_a_group_is_a_filter(tab: Any, live: Live, sandbox: SandboxView) -> None:
    sandbox.ask(request("GET", "/nope"))
    open_console(tab, live, requests_of(sandbox))
    for by, name, count in (
        ("diagnosis", "nothing is served at", 1),
        ("account", "alice", 3),
        ("operation", "GetBalance", 2),
    ):
        tab.locator(".tools select").select_option(by)
        tab.locator("main table").get_by_role("button", name=name).click()
        rows(tab).first.wait_for()
        assert rows(tab).count() == count
        tab.get_by_label("Filter", exact=True).fill("")


def test_a_link_names_sandbox_screen_filter_and_row(tab: Any, live: Live, sandbox: SandboxView) -> None:
    open_console(tab, live, f"{requests_of(sandbox)}?q=op:GetBalance&n=3")
    tab.get_by_label("Request 3").wait_for()
    assert rows(tab).count() == 2
    assert tab.get_by_role("combobox", name="Sandbox", exact=True).input_value() == sandbox.name
    assert tab.locator(".facts").inner_text() == "small · compat"
    tab.keyboard.press("g")
    tab.keyboard.press("a")
    tab.locator("main.accounts").wait_for()
    tab.go_back()
    tab.get_by_label("Request 3").wait_for()
    assert tab.get_by_label("Filter", exact=True).input_value() == "op:GetBalance"


def test_bodies_are_searched_and_filters_remembered(tab: Any, live: Live, sandbox: SandboxView) -> None:
    open_console(tab, live, requests_of(sandbox))
    rows(tab).nth(2).wait_for()
    tab.keyboard.press("/")
    tab.keyboard.type("body:market_positions")
    tab.get_by_text("1 of 3 requests", exact=True).wait_for()
    tab.keyboard.press("Enter")
    tab.reload()
    tab.locator("datalist#filters option").first.wait_for(state="attached")
    assert tab.locator("datalist#filters option").first.get_attribute("value") == "body:market_positions"


def test_a_request_is_copied_and_exported(tab: Any, live: Live, sandbox: SandboxView) -> None:
    tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_console(tab, live, f"{requests_of(sandbox)}?n=2")
    copied = {}
    for name in ("curl", "Python", "command"):
        tab.get_by_role("button", name=name, exact=True).click()
        tab.get_by_text(f"{name} copied").wait_for()
        copied[name] = tab.evaluate("navigator.clipboard.readText()")
    target = f"http://127.0.0.1:{sandbox.port}/trade-api/v2/portfolio/positions?limit=1"
    assert target in shlex.split(copied["curl"].replace("\\\n", " "))
    assert shlex.split(copied["command"]) == [
        *("mockexchange", "call", "alice", "GET", "/trade-api/v2/portfolio/positions?limit=1")
    ]
    compile(copied["Python"], "copied", "exec")
    tab.get_by_role("button", name="raw").first.click()
    assert tab.locator("pre[aria-label=answer]").inner_text() == sandbox.journal()[1]["answer"]
    with tab.expect_download() as download:
        tab.get_by_role("button", name="HAR").click()
    tab.get_by_text("3 of 3 requests exported").wait_for()
    entries = json.loads(download.value.path().read_text())["log"]["entries"]
    assert sorted(one["response"]["status"] for one in entries) == [200, 200, 200]


def test_a_large_body_is_shown_whole_on_demand(tab: Any, live: Live, sandbox: SandboxView) -> None:
    sandbox.call("POST", "/stubs", {"request": "GET /large", "text": "x" * LARGE, "signed": False})
    sandbox.ask(request("GET", "/large"))
    open_console(tab, live, f"{requests_of(sandbox)}?n=4")
    answer = tab.locator("pre[aria-label=answer]")
    answer.wait_for()
    assert len(answer.inner_text()) == 256 * 1024
    tab.get_by_role("button", name="show all").click()
    tab.get_by_role("button", name="show all").wait_for(state="detached")
    assert len(answer.inner_text()) == LARGE


def test_what_is_new_is_said_politely_and_the_list_is_a_grid(tab: Any, live: Live, sandbox: SandboxView) -> None:
    open_console(tab, live, requests_of(sandbox))
    rows(tab).nth(2).wait_for()
    sandbox.ask(sandbox.client().get("/portfolio/balance"))
    sandbox.ask(request("GET", "/nope"))
    tab.locator("main [role=status]").get_by_text("2 new, 1 refused").wait_for(state="attached")
    grid = tab.get_by_role("grid", name="Requests")
    assert grid.get_attribute("aria-rowcount") == "6"
    delay_requests(tab)
    assert grid.locator("[tabindex], button, a").count() == 0  # the grid itself is the one tab stop
    tab.keyboard.press("w")
    assert grid.evaluate("(node) => node === document.activeElement")
    tab.locator("#row-5[aria-selected=true]").wait_for()
    chosen = tab.locator(f"#{grid.get_attribute('aria-activedescendant')}")
    assert (chosen.get_attribute("aria-rowindex"), chosen.get_attribute("aria-selected")) == ("2", "true")
    tab.locator(".detail").wait_for()
    tab.keyboard.press("Enter")
    assert tab.locator(".detail").evaluate("(node) => node === document.activeElement")
    tab.keyboard.press("Escape")
    tab.locator(".detail").wait_for(state="detached")
    assert grid.evaluate("(node) => node === document.activeElement")


def test_the_journal_is_cleared_and_the_oldest_kept_is_named(tab: Any, live: Live, sandbox: SandboxView) -> None:
    open_console(tab, live, requests_of(sandbox))
    tab.get_by_role("button", name="clear journal").click()
    tab.get_by_role("dialog").get_by_role("button", name="Clear", exact=True).click()
    tab.get_by_text("No requests since the journal was cleared").wait_for()
    sandbox.ask(sandbox.client().get("/portfolio/balance"))
    rows(tab).first.wait_for()
    tab.reload()
    tab.get_by_text("1 request kept · 4 since the start", exact=True).wait_for()


def test_a_hidden_tab_drops_the_stream_and_resumes_where_it_was(tab: Any, live: Live, sandbox: SandboxView) -> None:
    resumed: list[str] = []
    tab.on(
        "request",
        lambda asked: resumed.append(asked.headers.get("last-event-id", "")) if "/events" in asked.url else None,
    )
    open_console(tab, live, requests_of(sandbox))
    rows(tab).nth(2).wait_for()
    sandbox.ask(sandbox.client().get("/portfolio/balance"))
    rows(tab).nth(3).wait_for()
    hide = """(is) => { Object.defineProperty(document, "hidden", { value: is, configurable: true });
        document.dispatchEvent(new Event("visibilitychange")); }"""
    tab.evaluate(hide, True)
    tab.get_by_text("paused", exact=True).last.wait_for()
    sandbox.ask(sandbox.client().get("/portfolio/balance"))
    tab.evaluate(hide, False)
    rows(tab).nth(4).wait_for()
    assert resumed[0] == ""
    assert resumed[1]
