"""A small scenario, what is done with it, and how the control API's answers are looked at."""

import json

from tests.server.live import Live, SandboxView
from tests.server.wire import Reply

SMALL = """
scenario: small
start: 2025-11-04T12:00:00Z
accounts:
  alice: {cash: 100}
  desk: {kind: fcm, account_id: fcm7, subtraders: {st1: {cash: 5}}}
markets:
  RAIN-1: {event: RAIN, series: RAIN, price: 0.56}
history:
  - fill: {account: alice, market: RAIN-1, side: yes, action: buy, count: 10, price: 0.56}
"""
BUY = {"fill": {"account": "alice", "market": "RAIN-1", "side": "yes", "action": "buy", "count": 1, "price": 0.6}}
POSITIONS = "/portfolio/positions"
BALANCE = "/portfolio/balance"


def fixed_key(key_id: str) -> str:
    return SMALL.replace("alice: {cash: 100}", f"alice: {{cash: 100, keys: {{main: {{key_id: {key_id}}}}}}}")


def error_of(reply: Reply) -> dict[str, str]:
    error: dict[str, str] = json.loads(reply.body)["error"]
    assert error["code"]
    assert error["message"]
    assert set(error) <= {"code", "message", "where"}
    return error


def names_of(live: Live) -> set[str]:
    return {one["id"] for one in live.json("GET", "/sandboxes")}


def view(live: Live, name: str) -> SandboxView:
    return SandboxView(live, live.json("GET", f"/sandboxes/{name}"))
