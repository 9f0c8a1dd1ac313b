"""Orders in a browser: one is placed and canceled as an account, by mouse and by keys; the venue's refusal is shown."""

from typing import Any

import pytest

from tests.console.conftest import open_console
from tests.server.live import Live, SandboxView
from tests.server.small import SMALL


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
