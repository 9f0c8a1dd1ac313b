"""Verify in a browser: a report comes while the screen is open, the failed rules first, and its command is copied."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.console.conftest import open_console
from tests.server.live import Live, serving

RULE = {"says": "x", "kept": 1, "broken": 0, "not_judged": 0, "seconds": 0.5, "outcome": "kept"}
FINDING = {"where": "GET /portfolio/fills?limit=2", "seen": "<b>two rows</b>", "expected": "one"}
REPORT = {
    "title": "a server as of 2026-10",
    "command": "mockexchange verify server URL",
    "rules": [
        {"rule": "a.kept", **RULE},
        {"rule": "z.broken", **RULE, "outcome": "broken", "findings": [FINDING]},
        {"rule": "b.unjudged", **RULE, "outcome": "not judged", "reasons": {"no rows": ["fills"]}},
    ],
}


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    """A server for each test: reports stay until it stops."""
    with serving(tmp_path, scenario="demo", clock="paused") as running:
        yield running


def test_a_report_is_read_with_the_failed_rules_first(tab: Any, live: Live) -> None:
    open_console(tab, live)
    tab.keyboard.press("g")
    tab.keyboard.press("v")
    tab.get_by_text("No reports yet").wait_for()
    live.json("PUT", "/reports/nightly", REPORT)
    report = tab.get_by_role("region", name="report")
    report.get_by_text("<b>two rows</b>").wait_for()
    assert report.locator("details.rule code").all_inner_texts() == ["z.broken", "b.unjudged", "a.kept"]
    tab.get_by_role("button", name="not judged").click()
    assert report.locator("details.rule").count() == 1
    tab.get_by_role("button", name="all", exact=True).click()
    report.get_by_role("link", name="GET /portfolio/fills").click()
    tab.get_by_text("No request").first.wait_for()
    assert "requests" in tab.url


def test_a_report_is_read_by_keys_alone(tab: Any, live: Live) -> None:
    for name in ("first", "second"):
        live.json("PUT", f"/reports/{name}", {**REPORT, "title": f"the {name}"})
    open_console(tab, live, "/s/default/verify")
    report = tab.get_by_role("region", name="report")
    report.get_by_role("heading", name="the second").wait_for()
    tab.keyboard.press("]")
    report.get_by_role("heading", name="the first").wait_for()
    for key in ("j", "Enter"):
        tab.keyboard.press(key)
    report.locator("details.rule[open]").wait_for(state="detached")
    for key in ("j", "Enter"):
        tab.keyboard.press(key)
    report.get_by_text("no rows").wait_for()
    for key in ("k", "Enter", "f"):
        tab.keyboard.press(key)
    report.locator("details.rule").nth(1).wait_for(state="detached")
    for key in ("j", "Tab", "Enter"):
        tab.keyboard.press(key)
    tab.locator("main.requests").wait_for()
