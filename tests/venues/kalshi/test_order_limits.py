"""Limits that refuse an order over HTTP: triggered groups, counts, positions, resting orders, and amendments."""

from typing import Any

from tests.helpers.rows import each_row
from tests.helpers.sandboxes import make, send
from tests.venues.kalshi.rest_answers import why
from tests.venues.kalshi.test_order_entry import MARKET, SCENARIO, V2, body, error, place, v2

START = "2026-06-11T06:29:20Z"
GROUPS = "/portfolio/order_groups"


@each_row(
    ("rules", "fields", "wanted", "words"),
    [
        ("position_limit: 2", {"count": "2.01"}, "exceeded_per_market_risk_limit", "at most 2.00 are allowed"),
        ("open_orders: 1", {}, "too_many_orders", "at most 1 may rest"),
        ("count_step: 1", {"count": "1.50"}, "invalid_order_size", "expected a multiple of 1.00"),
    ],
)
def test_a_limit_of_the_scenario_refuses_an_order(rules: str, fields: dict[str, Any], wanted: str, words: str) -> None:
    sandbox = make(SCENARIO.replace("START", START) + f"orders: {{{rules}}}\n")
    place(sandbox)
    refused = send(sandbox, "POST", V2, v2(**fields))
    assert error(refused)[:2] == (400, wanted)
    assert why(refused).endswith(words)


def test_a_triggered_group_refuses_orders_until_its_reset() -> None:
    sandbox = make(SCENARIO.replace("START", START))
    group = body(send(sandbox, "POST", f"{GROUPS}/create", {"contracts_limit": 1}), 201)["order_group_id"]
    assert send(sandbox, "PUT", f"{GROUPS}/{group}/trigger", {}).status == 200
    refused = send(sandbox, "POST", V2, v2(order_group_id=group))
    assert error(refused)[:2] == (400, "exceeded_order_group_risk_limit")
    assert "reset it before it takes orders again" in why(refused)
    assert send(sandbox, "PUT", f"{GROUPS}/{group}/reset", {}).status == 200
    assert send(sandbox, "POST", V2, v2(order_group_id=group)).status == 201


def test_an_amendment_below_what_is_filled_leaves_the_order_alone() -> None:
    sandbox = make(SCENARIO.replace("START", START))
    order = place(sandbox, count="3.00")["order_id"]
    place(sandbox, "bob/main", side="ask", count="2.00")
    amended = {"ticker": MARKET, "side": "bid", "price": "0.5200", "count": "1.00"}
    refused = send(sandbox, "POST", f"{V2}/{order}/amend", amended)
    assert error(refused)[:2] == (400, "invalid_order_size")
    assert why(refused).endswith("has 2.00 contracts filled: expected that count or more, got 1.00")
    assert send(sandbox, "POST", f"{V2}/{order}/amend", {**amended, "count": "2.00"}).status == 200
    state = sandbox.exchange.state.orders[order]
    assert (state.status, state.filled_centis, state.remaining_centis) == ("canceled", 200, 0)
