"""A world of many markets, and requests to it under fault rules."""

import json
from typing import Any

from tests.server.live import SandboxView
from tests.server.small import POSITIONS
from tests.server.wire import Reply

MARKETS = 5
MANY = (
    """
scenario: many
start: 2025-11-04T12:00:00Z
accounts: {alice: {cash: 100}, bob: {cash: 5}}
markets:
"""
    + "".join(f"  RAIN-{n}: {{event: RAIN-E{n}, series: RAIN}}\n" for n in range(MARKETS))
    + "history:\n"
    + "".join(
        f"  - fill: {{account: alice, market: RAIN-{n}, side: yes, action: buy, count: 2, price: 0.5}}\n"
        for n in range(MARKETS)
    )
)
STRICT = "2026-10"


def install(sandbox: SandboxView, *rules: dict[str, Any]) -> None:
    sandbox.call("POST", "/faults", list(rules))


def ask(sandbox: SandboxView, path: str = POSITIONS, account: str = "alice") -> Reply:
    return sandbox.ask(sandbox.client(account).get(path))


def page(reply: Reply) -> tuple[list[str], str | None]:
    """The tickers of a page, and its cursor."""
    body = json.loads(reply.body)
    return [row["ticker"] for row in body["market_positions"]], body.get("cursor", "absent")


def last(sandbox: SandboxView) -> dict[str, Any]:
    return sandbox.journal("?last=1")[0]
