"""Accounts in a browser: a step by keys, a market that settles by mouse, and a step that is refused."""

from typing import Any

import pytest

from tests.console.conftest import open_console
from tests.server.live import Live, SandboxView
from tests.server.small import SMALL


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
    tab.get_by_text("position settled").wait_for()
    positions.get_by_role("button", name="RAIN-1").click()
    tab.get_by_role("button", name="of RAIN-1 only: show all").wait_for()
    tab.get_by_role("region", name="fills").get_by_text("10.00").wait_for()
    assert tab.get_by_role("region", name="Keys of the account").get_by_text("the sandbox").count() >= 1
    tab.get_by_role("button", name="settlements 1").click()
    tab.get_by_role("region", name="settlements").get_by_text("RAIN-1").wait_for()


def test_a_step_is_carried_out_by_keys_and_a_refused_one_says_why(tab: Any, live: Live, sandbox: SandboxView) -> None:
    open_console(tab, live, f"/s/{sandbox.name}/accounts")
    tab.get_by_text("RAIN-1").first.wait_for()
    tab.keyboard.press("s")
    dialog = tab.get_by_role("dialog")
    for label, text in (("market", "NONE"), ("count", "2"), ("price", "0.5")):
        dialog.get_by_label(label, exact=True).focus()
        tab.keyboard.type(text)
    assert "mockexchange do fill account=alice market=NONE" in dialog.inner_text()
    tab.keyboard.press("Enter")
    dialog.get_by_text("refused: no market 'NONE'").wait_for()
    dialog.get_by_label("market", exact=True).fill("RAIN-1")
    tab.keyboard.press("Enter")
    dialog.wait_for(state="detached")
    assert sandbox.positions()[0]["quantity"] == "12.00"
