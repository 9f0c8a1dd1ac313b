"""Every screen by axe-core, in both themes and at the width of a phone, and without a pointer."""

from typing import Any

import pytest

from tests.console.conftest import open_console
from tests.server.live import Live

SCREENS = ("requests", "accounts", "orders", "streams", "script", "scenario", "verify", "sandboxes")
CALLS = ("/trade-api/v2/portfolio/balance", "/trade-api/v2/nope")


@pytest.fixture(scope="module", autouse=True)
def busy(live: Live) -> None:
    for target in CALLS:
        live.json("POST", "/sandboxes/default/call", {"account": "alice", "method": "GET", "target": target})


@pytest.mark.parametrize(("theme", "width"), [("light", 390), ("dark", 1280)])
def test_axe_finds_nothing_serious(tab: Any, live: Live, theme: str, width: int) -> None:
    from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it has no py.typed

    tab.emulate_media(color_scheme=theme)
    tab.set_viewport_size({"width": width, "height": 800})
    open_console(tab, live, "/s/default/requests?n=2")
    found = []
    for screen in SCREENS:
        tab.evaluate(f"location.hash = '#/s/default/{screen}{'?n=2' if screen == 'requests' else ''}'")
        tab.locator(f"main.{screen}").wait_for()
        violations = Axe().run(tab).response["violations"]
        found += [
            f"{screen}: {one['id']}: {node['html'][:120]}"
            for one in violations
            if one["impact"] in ("serious", "critical")
            for node in one["nodes"]
        ]
    assert found == []


@pytest.mark.parametrize("width", [390, 1024])
def test_nothing_is_wider_than_the_window(tab: Any, live: Live, width: int) -> None:
    tab.set_viewport_size({"width": width, "height": 800})
    open_console(tab, live)
    for screen in SCREENS:
        tab.evaluate(f"location.hash = '#/s/default/{screen}'")
        tab.locator(f"main.{screen}").wait_for()
        assert tab.evaluate("document.documentElement.scrollWidth") <= width, screen


def test_keys_can_be_switched_off(tab: Any, live: Live) -> None:
    open_console(tab, live)
    tab.keyboard.press("?")
    tab.get_by_label("letters act as shortcuts").uncheck()
    tab.keyboard.press("Escape")
    tab.locator("dialog").wait_for(state="detached")
    tab.keyboard.press("w")
    tab.keyboard.press("?")
    assert tab.locator(".detail, dialog").count() == 0
