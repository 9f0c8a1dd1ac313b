"""Orders of subtraders under the restrictions that their FCM sets over HTTP: blocked, capped and released."""

import json
from typing import Any

from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.venues.request import Answer
from tests.helpers.sandboxes import make, send
from tests.venues.kalshi.rest_answers import why

SCENARIO = """
scenario: desks
start: 2026-10-12T12:00:00Z
accounts:
  desk: {kind: fcm, subtraders: {st1: {cash: 100}, st2: {cash: 100}}, keys: {main: {}, st1: {subtrader: st1}}}
  other: {kind: fcm, subtraders: {st1: {cash: 100}}, keys: {main: {}, st1: {subtrader: st1}}}
series:
  RAIN: {category: Climate}
markets:
  RAIN-1: {event: RAIN, series: RAIN}
"""
ORDERS = "/portfolio/events/orders"
CATEGORIES, CAP = "/fcm/subtraders/blocked_categories", "/fcm/subtraders/event_contract_daily_cap"
ORDER = {
    "ticker": "RAIN-1",
    "side": "bid",
    "count": "10.00",
    "price": "0.5000",
    "time_in_force": "good_till_canceled",
    "self_trade_prevention_type": "taker_at_cross",
}


def opened() -> Sandbox:
    return make(SCENARIO, "2026-10")


def error(answer: Answer) -> tuple[int, str]:
    return answer.status, json.loads(answer.body)["error"]["code"]


def order(sandbox: Sandbox, who: str = "desk/st1", **fields: Any) -> Answer:
    return send(sandbox, "POST", ORDERS, {**ORDER, **fields}, who)


def write(sandbox: Sandbox, method: str, path: str, **body: Any) -> int:
    return send(sandbox, method, path, {"subtrader_id": "desk_st1", **body}, "desk/main").status


def test_a_blocked_category_takes_no_orders_until_it_is_released() -> None:
    sandbox = opened()
    assert write(sandbox, "PUT", CATEGORIES, category="Climate", blocked=True) < 300
    refused = order(sandbox)
    assert error(refused) == (403, "permission_denied")
    assert "desk/st1 may not trade Climate, the category of RAIN" in why(refused)
    assert not sandbox.exchange.state.orders
    assert order(sandbox, "other/st1").status == 201
    assert write(sandbox, "PUT", CATEGORIES, category="Climate", blocked=False) < 300
    assert order(sandbox).status == 201


def test_a_cap_counts_what_rests_until_it_is_lifted() -> None:
    sandbox = opened()
    assert write(sandbox, "PUT", CAP, limit="7.00") < 300
    placed = json.loads(order(sandbox).body)["order_id"]
    refused = order(sandbox)
    assert error(refused) == (400, "exceeded_per_market_risk_limit")
    assert "may spend 7.000000 a day: 5.000000 spent today, and the order needs 5.000000" in why(refused)
    assert order(sandbox, count="4.00").status == 201
    assert order(sandbox, "other/st1").status == 201
    assert send(sandbox, "DELETE", f"{ORDERS}/{placed}", who="desk/st1").status == 200
    assert order(sandbox).status == 201, "a canceled order spends nothing"
    assert order(sandbox).status == 400
    assert send(sandbox, "DELETE", f"{CAP}?subtrader_id=desk_st1", who="desk/main").status < 300
    assert order(sandbox).status == 201


def test_orders_of_another_fcms_subtrader_look_unknown() -> None:
    sandbox = opened()
    theirs = json.loads(order(sandbox, "other/st1").body)["order_id"]
    for who in ("desk/main", "desk/st1"):
        for method, path, body in (
            ("DELETE", f"{ORDERS}/{theirs}", None),
            ("POST", f"{ORDERS}/{theirs}/decrease", {"reduce_to": "1.00"}),
            ("POST", f"{ORDERS}/{theirs}/amend", {**ORDER, "count": "5.00"}),
        ):
            answer = send(sandbox, method, path, body, who)
            assert error(answer) == (404, "not_found")
            assert "is of other, the key of desk" in why(answer)
    assert sandbox.exchange.state.orders[theirs].remaining_centis == 1_000


def test_an_fcm_restricts_its_own_subtraders_only() -> None:
    sandbox = opened()
    for method, path, body in (
        ("PUT", CATEGORIES, {"category": "Climate", "blocked": True}),
        ("PUT", CAP, {"limit": "1.00"}),
    ):
        answer = send(sandbox, method, path, {"subtrader_id": "other_st1", **body}, "desk/main")
        assert error(answer) == (404, "not_found")
    assert order(sandbox, "other/st1").status == 201
