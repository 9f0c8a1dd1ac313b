"""Accounts and orders of derivatives in a browser: positions with their sign, and a limit order at the venue."""

from typing import Any

import pytest

from tests.console.conftest import open_console
from tests.server.live import Live, SandboxView


@pytest.fixture
def sandbox(live: Live, request: pytest.FixtureRequest) -> SandboxView:
    name = request.node.originalname.replace("_", "-")[-60:].strip("-")
    return live.sandbox(name, "deribit", clock="paused")


def test_positions_are_shown_with_their_sign_and_currency(tab: Any, live: Live, sandbox: SandboxView) -> None:
    open_console(tab, live, f"/s/{sandbox.name}/accounts?a=shorts")
    positions = tab.get_by_role("region", name="Positions").last
    positions.get_by_text("BTC-29JUN35").first.wait_for()
    heads = positions.locator("th").all_inner_texts()
    sizes = positions.locator("tbody tr td[data-key=size]").all_inner_texts()
    assert "profit and loss" in heads
    assert sizes
    assert all(one.startswith("-") for one in sizes)
    currencies = tab.get_by_role("region", name="Profit and loss").locator("header button")
    assert {"BTC", "USDC"} <= set(currencies.all_inner_texts())
    tab.get_by_text("as a table").click()
    assert tab.locator(".plot-card details tbody tr").count() > 0


def test_an_order_is_placed_and_canceled_by_keys_alone(tab: Any, live: Live, sandbox: SandboxView) -> None:
    open_console(tab, live, f"/s/{sandbox.name}/orders?m=BTC-PERPETUAL&a=dora")
    form = tab.get_by_role("form", name="Order")
    form.wait_for()
    tab.keyboard.press("o")
    for text in ("10", "50000"):
        tab.keyboard.press("ControlOrMeta+a")
        tab.keyboard.type(text)
        tab.keyboard.press("Tab")
    tab.keyboard.press("Shift+Tab")
    tab.keyboard.press("Enter")
    form.get_by_role("status").get_by_text("✓ 200").wait_for()
    assert [one["status"] for one in sandbox.ledger("dora")["orders"]][-1] == "open"
    tab.get_by_role("button", name="Cancel buy").press("Enter")
    tab.get_by_text("canceled as dora").wait_for()
