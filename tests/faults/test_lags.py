"""Lag of reads after writes: a new order is unknown and an old one unchanged for a while, but writes see the truth."""

import json

import pytest
from msgspec import structs

from mockexchange.core.commands import OpenPosition, SettleMarket
from mockexchange.core.vocabulary import Result, SubaccountRef
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.errors import ScenarioError
from mockexchange.venues.kalshi.catalogue import PREFIX
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import carry_out, do, make, run, send, signed

SCENARIO = """
scenario: lag
start: 2026-10-20T12:00:00Z
accounts: {alice: {cash: 100}}
markets: {RAIN-1: {event: RAIN, series: RAIN}, RAIN-2: {event: RAIN, series: RAIN}}
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


@each_row(
    ("kind", "path", "key"),
    [
        ("queues", "/portfolio/orders/queue_positions?market_tickers=RAIN-1", "queue_positions"),
        ("transfers", "/portfolio/subaccounts/transfers", "transfers"),
        ("settlements", "/portfolio/settlements", "settlements"),
    ],
)
def test_a_list_of_its_own_kind_lags_alone(kind: str, path: str, key: str) -> None:
    scenario = SCENARIO.replace("order: 10s, lists: 2s", f"{kind}: 2s")
    sandbox = make(scenario.replace("cash: 100}", "cash: 100, subaccounts: {1: {}}}"))
    place(sandbox)
    moved = {
        "client_transfer_id": "7c0d2c1e-5b6c-4f5e-9d1d-3f0a2b4c5d6e",
        "from_subaccount": 0,
        "to_subaccount": 1,
        "amount_cents": 100,
    }
    assert send(sandbox, "POST", "/portfolio/subaccounts/transfer", moved).status == 200
    do(
        sandbox,
        OpenPosition(subaccount_ref=SubaccountRef("alice"), market="RAIN-2", quantity_centis=100, cost_micros=1),
    )
    do(sandbox, SettleMarket(market="RAIN-2", result=Result.YES))
    assert json.loads(send(sandbox, "GET", path).body)[key] in (None, [])
    run(sandbox.advance(2_000_000))
    assert json.loads(send(sandbox, "GET", path).body)[key]


@each_row(
    ("lag", "as_of"),
    [
        ("lag: {order: 10s, lists: 2s}", "2026-10-20T12:00:10Z"),
        ("lag: {balance: 3s}", "2026-10-20T12:00:17Z"),
        ("lag: {}", "2026-10-20T12:00:20Z"),
    ],
)
def test_reads_are_as_of_the_longest_lag(lag: str, as_of: str) -> None:
    sandbox = make(SCENARIO.replace("lag: {order: 10s, lists: 2s}", lag))
    run(sandbox.advance(20_000_000))
    request = signed(sandbox, f"{PREFIX}/exchange/user_data_timestamp")
    for one in (request, structs.replace(request, headers=())):
        assert json.loads(carry_out(sandbox, one)[0].body) == {"as_of_time": as_of}


def test_a_lag_is_of_a_known_kind_of_read() -> None:
    with pytest.raises(ScenarioError, match="unknown key 'trades'"):
        make(SCENARIO.replace("order: 10s", "trades: 10s"))
