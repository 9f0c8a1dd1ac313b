"""Orders in a browser: placed and canceled as an account, by mouse and by keys; refusals and settlements are shown."""

from typing import Any

import pytest

from tests.console.conftest import open_console
from tests.server.live import Live, SandboxView
from tests.server.small import SMALL

PAY_IN = {"deposit": {"account": "alice/1", "amount": "50"}}
REST = {
    "place": {"account": "alice/1", "market": "RAIN-1", "side": "yes", "action": "buy", "count": 3, "price": "0.20"}
}


@pytest.fixture
def sandbox(live: Live, request: pytest.FixtureRequest) -> SandboxView:
    made = live.sandbox(request.node.originalname.replace("_", "-")[-60:].strip("-"), SMALL)
    made.call("POST", "/commands", [{"orderbook": {"market": "RAIN-1", "yes": [["0.40", 10]], "no": [["0.45", 3]]}}])
    return made


def test_an_order_is_placed_and_canceled_by_mouse(tab: Any, live: Live, sandbox: SandboxView) -> None:
    open_console(tab, live, f"/s/{sandbox.name}/orders")
    form = tab.get_by_role("form", name="Order")
    tab.get_by_role("button", name="0.4000").click()
    form.get_by_label("count").fill("2")
    form.get_by_role("button", name="Place as alice").click()
    form.get_by_text("✓ 201").wait_for()
    tab.get_by_text("● alice 2.00").wait_for()
    assert sandbox.journal()[-1]["account"] == "alice"
    tab.get_by_role("button", name="Cancel buy 2.00 at 0.4000").click()
    tab.get_by_text("● alice").wait_for(state="detached")
    assert sandbox.ledger()["orders"][-1]["status"] == "canceled"


def test_a_refused_order_says_why_by_keys(tab: Any, live: Live, sandbox: SandboxView) -> None:
    open_console(tab, live)
    tab.evaluate(f"location.hash = '#/s/{sandbox.name}/requests'")
    tab.get_by_text("No requests yet").wait_for()
    for key in ("g", "o"):
        tab.keyboard.press(key)
    tab.get_by_role("form", name="Order").wait_for()
    tab.keyboard.press("o")
    tab.keyboard.press("ControlOrMeta+a")
    tab.keyboard.type("100000")
    tab.keyboard.press("Enter")
    answered = tab.get_by_role("form", name="Order").get_by_role("status")
    answered.get_by_text("insufficient_balance: the order needs 40000").wait_for()
    answered.get_by_role("link", name="request #1").click()
    tab.locator("[data-why]").get_by_text("400").wait_for()


def test_a_canceled_order_is_one_of_its_subaccount(tab: Any, live: Live, sandbox: SandboxView) -> None:
    sandbox.call("POST", "/commands", [{"book": {"account": "alice", "book": "1"}}, PAY_IN, REST])
    open_console(tab, live, f"/s/{sandbox.name}/orders")
    tab.get_by_text("● alice/1 3.00").wait_for()
    tab.get_by_role("button", name="Cancel buy 3.00 at 0.2000").click()
    tab.get_by_text("canceled as alice").wait_for()
    assert sandbox.ledger()["orders"][-1]["status"] == "canceled"


def test_the_list_shows_what_the_book_says_without_being_read_again(tab: Any, live: Live, sandbox: SandboxView) -> None:
    sandbox.call("POST", "/commands", [{"market": {"market": "RAIN-2", "event": "RAIN", "series": "RAIN"}}])
    open_console(tab, live, f"/s/{sandbox.name}/orders")
    statuses = tab.locator(".grid [data-key=status]")
    statuses.get_by_text("open").nth(1).wait_for()
    sandbox.call("POST", "/commands", [{"settle": {"market": "RAIN-2", "result": "no"}}])
    statuses.get_by_text("✓ no").wait_for()
    tab.route("**/markets", lambda route: route.abort())
    sandbox.call("POST", "/commands", [{"settle": {"market": "RAIN-1", "result": "yes"}}])
    statuses.get_by_text("✓ yes").wait_for()
    assert statuses.get_by_text("open").count() == 0
    tab.get_by_text("It is finalized yes, so it takes no orders.").wait_for()
