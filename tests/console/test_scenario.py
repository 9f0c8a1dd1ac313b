"""The scenario in a browser: an error at its line, the difference to what runs, and a start anew."""

import re
from typing import Any

import pytest

from tests.console.conftest import open_console
from tests.server.live import Live
from tests.server.small import SMALL


def test_a_scenario_is_mended_and_started_anew(tab: Any, live: Live) -> None:
    sandbox = live.sandbox("mended", SMALL)
    open_console(tab, live, "/s/mended/scenario")
    text = tab.get_by_label("scenario", exact=True)
    tab.get_by_text("✓ 2 accounts, 1 market").wait_for()
    text.fill(SMALL.replace("price: 0.56}\nhistory", "prise: 0.56}\nhistory"))
    tab.get_by_role("button", name="line 8").click()
    chosen = text.evaluate("(field) => field.value.slice(field.selectionStart, field.selectionEnd)")
    assert chosen.startswith("  RAIN-1")
    assert tab.get_by_role("button", name="start anew").is_disabled()
    text.fill(SMALL.replace("count: 10", "count: 20"))
    tab.get_by_text("✓ 2 accounts").wait_for()
    tab.keyboard.press("Tab")  # out of the field, where keys are text
    tab.get_by_role("button", name="diff to what runs").click()
    tab.get_by_role("region", name="difference").get_by_text("count: 20").wait_for()
    tab.get_by_role("button", name="start anew").click()
    tab.get_by_role("dialog").get_by_role("button", name="Start anew").click()
    tab.get_by_text("mended began anew").wait_for()
    assert sandbox.positions()[0]["quantity"] == "20.00"


def test_a_scenario_is_started_anew_by_keys(tab: Any, live: Live) -> None:
    sandbox = live.sandbox("typed", SMALL)
    open_console(tab, live, "/s/typed/scenario")
    tab.get_by_text("✓ 2 accounts, 1 market").wait_for()
    tab.keyboard.press("e")
    tab.keyboard.press("Control+a")
    tab.keyboard.insert_text(SMALL.replace("count: 10", "count: 30"))
    tab.keyboard.press("Tab")
    tab.keyboard.press("s")
    tab.locator("dialog[open]").wait_for()
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    tab.get_by_text("typed began anew").wait_for()
    assert sandbox.positions()[0]["quantity"] == "30.00"


def test_a_built_in_scenario_is_opened_and_edits_are_discarded(tab: Any, live: Live) -> None:
    live.sandbox("opened", SMALL)
    open_console(tab, live, "/s/opened/scenario")
    text = tab.get_by_label("scenario", exact=True)
    tab.get_by_text("✓ 2 accounts, 1 market").wait_for()
    tab.locator(".tools select").select_option("fcm")
    expect = pytest.importorskip("playwright.sync_api").expect
    expect(text).to_have_value(re.compile("scenario: fcm"))
    tab.get_by_role("button", name="discard edits").click()
    assert text.input_value() == SMALL
