"""Requests in a browser: why one was refused, by mouse and by keys, hostile bodies, access, a restart."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.console.conftest import link_to, open_console
from tests.server.live import PREFIX, Live, SandboxView, serving
from tests.server.small import SMALL, fixed_key
from tests.server.test_set_aside import Database, make
from tests.server.wire import Connection, request

HOSTILE = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"


def balance(sandbox: SandboxView) -> None:
    sandbox.ask(sandbox.client().get("/portfolio/balance"))


@pytest.fixture
def sandbox(live: Live, request: pytest.FixtureRequest) -> SandboxView:
    return live.sandbox(request.node.originalname.replace("_", "-")[-60:].strip("-"), SMALL)


def requests_of(sandbox: SandboxView) -> str:
    return f"/s/{sandbox.name}/requests"


def rows(tab: Any) -> Any:
    return tab.locator(".grid .space > .row")


def test_why_a_request_was_refused_is_found_by_mouse(tab: Any, live: Live, sandbox: SandboxView) -> None:
    open_console(tab, live, requests_of(sandbox))
    tab.get_by_text("No requests yet").wait_for()
    balance(sandbox)
    sandbox.ask(request("GET", f"{PREFIX}/portfolio/balance"))
    tab.get_by_role("button", name="refused 1").click()
    rows(tab).first.click()
    why = tab.locator("[data-why]")
    assert "401" in why.inner_text()
    assert "missing" in why.inner_text()
    assert tab.url.endswith("?q=is%3Arefused&n=2")
    tab.get_by_role("button", name="refused 1").click()
    tab.get_by_role("gridcell", name="GetBalance").last.click()
    tab.get_by_role("button", name="resend signed").click()
    tab.get_by_text("sent as alice: 200").wait_for()
    assert sandbox.journal()[-1]["status"] == 200


def test_why_is_found_by_keys_alone(tab: Any, live: Live, sandbox: SandboxView) -> None:
    balance(sandbox)
    sandbox.ask(request("GET", "/nope"))
    open_console(tab, live, requests_of(sandbox))
    rows(tab).nth(1).wait_for()
    tab.keyboard.press("w")
    tab.locator("[data-why]").get_by_text("nothing is served at").wait_for()
    for keys in ("a", "j", "b", "d"):
        tab.keyboard.press(keys)
    tab.get_by_role("dialog").get_by_text("$.status").wait_for()
    tab.keyboard.press("Escape")
    tab.locator("dialog").wait_for(state="detached")
    tab.keyboard.press("Escape")
    tab.locator(".detail").wait_for(state="detached")
    tab.keyboard.press("/")
    tab.keyboard.type("account:alice", delay=1)
    tab.keyboard.press("Enter")
    tab.get_by_text("1 of 2 requests", exact=True).wait_for()
    tab.keyboard.press("ArrowDown")
    tab.get_by_label("Request 1").wait_for()
    assert rows(tab).count() == 1


def test_two_series_are_compared_by_keys(tab: Any, live: Live, sandbox: SandboxView) -> None:
    for target in ("/portfolio/balance", "/portfolio/positions", "/portfolio/balance", "/nope", "/portfolio/positions"):
        sandbox.ask(sandbox.client().get(target))
    open_console(tab, live, f"{requests_of(sandbox)}?n=3")
    rows(tab).nth(4).wait_for()
    for key in ("b", "k", "k", "j", "j", "D"):
        tab.keyboard.press(key)
    dialog = tab.get_by_role("dialog")
    for label, text in (("A", "n:1-2"), ("B", "n:3-")):
        dialog.get_by_label(label, exact=False).first.focus() if label == "A" else tab.keyboard.press("Tab")
        tab.keyboard.press("Control+a")
        tab.keyboard.type(text)
    dialog.locator("tr.more").get_by_text("/nope 404").wait_for()
    assert dialog.locator("tr.same").count() == 2
    assert dialog.locator("tr.less").count() == 0
    dialog.locator("tr.more").get_by_role("button", name="4").press("Enter")
    tab.get_by_label("Request 4").wait_for()


def test_a_stub_and_a_fault_are_made_of_a_request(tab: Any, live: Live, sandbox: SandboxView) -> None:
    balance(sandbox)
    open_console(tab, live, f"{requests_of(sandbox)}?n=1")
    for verb in ("stub", "fault"):
        tab.get_by_role("button", name=verb, exact=True).click()
        tab.get_by_role("button", name="Add", exact=True).click()
        tab.get_by_text(f"{verb} installed").wait_for()
    assert sandbox.call("GET", "/stubs")[0]["request"] == "GET /trade-api/v2/portfolio/balance"
    assert sandbox.call("GET", "/faults")[0]["match"] == {"operation": "GetBalance", "account": "alice"}


def test_hostile_texts_stay_text(tab: Any, live: Live, sandbox: SandboxView) -> None:
    sandbox.call("POST", "/stubs", {"name": "<b>x</b>", "request": "GET /x", "text": HOSTILE, "signed": False})
    sandbox.ask(request("GET", "/x", {"X-Note": HOSTILE}))
    sandbox.ask(request("GET", f"/{HOSTILE.replace(' ', '%20')}"))
    open_console(tab, live, f"{requests_of(sandbox)}?n=1")
    detail = tab.locator(".detail")
    detail.get_by_text("onerror").first.wait_for()
    assert HOSTILE in detail.inner_text()
    assert detail.locator("img, script, b:has-text('x')").count() == 0
    assert tab.title().startswith("Requests")


def test_a_page_of_a_stub_cannot_read_the_token(tab: Any, live: Live) -> None:
    script = "<p id=out>none</p><script>document.getElementById('out').textContent=sessionStorage.length</script>"
    stub = {"request": "GET /page", "text": script, "headers": {"Content-Type": "text/html"}, "signed": False}
    live.json("POST", "/sandboxes/default/stubs", stub)
    open_console(tab, live)
    assert tab.evaluate("sessionStorage.length") == 1
    tab.goto(f"http://127.0.0.1:{live.port}/page")
    assert tab.locator("#out").inner_text() == "none"


def test_it_goes_on_after_a_restart(tab: Any, tmp_path: Path) -> None:
    with serving(tmp_path / "one", scenario="demo") as first:
        port = first.port
        open_console(tab, first)
        first.json("POST", "/sandboxes/default/call", CALL)
        rows(tab).first.wait_for()
    tab.get_by_role("alert").get_by_text("The server has not answered since").wait_for()
    for key in ("g", "a"):
        tab.keyboard.press(key)
    tab.get_by_text("the server does not answer").wait_for()
    tab.get_by_role("region", name="Positions").get_by_text("Reading").wait_for()  # not: no position
    for key in ("g", "r"):
        tab.keyboard.press(key)
    with serving(tmp_path / "two", scenario="demo", port=port) as second:
        tab.get_by_text("live", exact=True).wait_for()
        second.json("POST", "/sandboxes/default/call", {**CALL, "target": "/trade-api/v2/nope"})
        tab.get_by_text("404").wait_for()
        assert rows(tab).count() == 1
        assert tab.get_by_role("alert").count() == 0


CALL = {"account": "alice", "method": "GET", "target": "/trade-api/v2/portfolio/balance"}


def test_filters_and_counts_are_of_all_requests_whatever_the_page_has_read(
    tab: Any, live: Live, sandbox: SandboxView
) -> None:
    """The refused requests are the oldest of many, most of which the page never reads."""
    with Connection(sandbox.port) as connection:
        for number in range(6_899):
            connection.ask(request("GET", "/nope" if number < 12 else f"{PREFIX}/exchange/status"))
    open_console(tab, live, requests_of(sandbox))
    tab.get_by_role("button", name="refused 12", exact=True).click()
    tab.get_by_text("12 of 6,899 requests", exact=True).wait_for()
    rows(tab).nth(11).wait_for()
    assert tab.locator(".grid").get_attribute("aria-rowcount") == "13", "the heads are a row"
    sandbox.ask(request("GET", "/nope"))
    tab.get_by_text("13 of 6,900 requests", exact=True).wait_for()
    sandbox.call("POST", "/call", CALL)
    tab.get_by_text("13 of 6,901 requests", exact=True).wait_for()
    tab.get_by_label("Filter", exact=True).fill("n:-6890")
    tab.get_by_text("6,890 of 6,901 requests", exact=True).wait_for()
    tab.get_by_label("Filter", exact=True).blur()
    tab.keyboard.press("w")
    tab.get_by_label("Request 12").wait_for()
    tab.locator("#row-12[aria-selected=true]").wait_for()
    tab.locator(".tools select").select_option("operation")
    tab.get_by_role("row", name="GetExchangeStatus 6,878 0").wait_for()
    tab.get_by_role("row", name="GET /nope 12 12").wait_for()
    tab.get_by_label("Filter", exact=True).fill("is:refused op:getbalance")
    tab.get_by_label("Filter", exact=True).blur()
    tab.locator(".tools select").select_option("none")
    tab.get_by_text("no request matches the filter, of 6,901 requests").wait_for()
    tab.keyboard.press("w")
    tab.get_by_text("no request that matches was refused, of 0 requests").wait_for()


def test_a_cleared_journal_is_not_said_to_be_new(tab: Any, live: Live, sandbox: SandboxView) -> None:
    sandbox.call("POST", "/faults", {"name": "busy", "times": 1, "then": {"status": 503}})
    balance(sandbox)
    open_console(tab, live, requests_of(sandbox))
    tab.get_by_role("button", name="clear journal").click()
    tab.get_by_role("button", name="Clear", exact=True).click()
    tab.get_by_text("No requests since the journal was cleared").wait_for()
    tab.reload()
    tab.get_by_text("No requests since the journal was cleared").wait_for()
    open_console(tab, live, f"/s/{sandbox.name}/script")
    tab.get_by_text("Nothing fired since the journal was cleared").wait_for()
    tab.get_by_placeholder("a part of a command").fill("alice")
    tab.get_by_text(re.compile("^[0-9]+ of the newest [0-9]+ commands that are loaded$")).wait_for()


def test_why_a_sandbox_was_set_aside_at_the_start_is_shown(tab: Any, tmp_path: Path) -> None:
    store = tmp_path / "mock.db"
    make(tmp_path, store)
    database = Database(store)
    database.append("bad", {"fly": {}})
    database.close()
    with serving(tmp_path, fixed_key("of-default"), store=store) as server:
        reason = server.json("GET", "/sandboxes/bad")["broken"]
        tab.goto(link_to(server, "/s/bad/requests"))
        tab.get_by_role("alert").get_by_text(reason).wait_for()
        tab.keyboard.press("g")
        tab.keyboard.press("x")
        tab.get_by_role("rowheader", name="bad").get_by_text(reason).wait_for()
