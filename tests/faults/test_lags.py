"""Lag of reads after writes: a new order is unknown and an old one unchanged for a while, but writes see the truth."""

import json

import pytest

from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.errors import ScenarioError
from tests.helpers.sandboxes import make, run, send

SCENARIO = """
scenario: lag
start: 2026-10-20T12:00:00Z
accounts: {alice: {cash: 100}}
markets: {RAIN-1: {event: RAIN, series: RAIN}}
lag: {order: 10s, lists: 2s}
"""
ORDERS = "/portfolio/events/orders"
ORDER = {
    "ticker": "RAIN-1",
    "side": "bid",
    "count": "1.00",
    "price": "0.50",
    "time_in_force": "good_till_canceled",
    "self_trade_prevention_type": "taker_at_cross",
}


def place(sandbox: Sandbox) -> str:
    order: str = json.loads(send(sandbox, "POST", ORDERS, ORDER).body)["order_id"]
    return order


def listed(sandbox: Sandbox) -> list[str]:
    body = json.loads(send(sandbox, "GET", "/portfolio/orders").body)
    return [row["status"] for row in body["orders"]]


def test_a_new_order_is_unknown_until_the_replica_has_it() -> None:
    sandbox = make(SCENARIO)
    order = place(sandbox)
    path = f"/portfolio/orders/{order}"
    assert (send(sandbox, "GET", path).status, listed(sandbox)) == (404, [])
    run(sandbox.advance(2_000_000))
    assert (send(sandbox, "GET", path).status, listed(sandbox)) == (404, ["resting"])
    run(sandbox.advance(8_000_000))
    assert send(sandbox, "GET", path).status == 200


def test_a_canceled_order_rests_in_old_reads_while_a_second_cancel_knows() -> None:
    sandbox = make(SCENARIO)
    order = place(sandbox)
    run(sandbox.advance(20_000_000))
    assert send(sandbox, "DELETE", f"{ORDERS}/{order}").status == 200
    assert listed(sandbox) == ["resting"]
    assert send(sandbox, "DELETE", f"{ORDERS}/{order}").status == 404
    assert send(sandbox, "GET", "/portfolio/balance").status == 200


def test_a_lag_is_of_a_known_kind_of_read() -> None:
    with pytest.raises(ScenarioError, match="unknown key 'trades'"):
        make(SCENARIO.replace("order: 10s", "trades: 10s"))
