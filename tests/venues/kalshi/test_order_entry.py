"""Order entry in both generations: the recorded answers byte for byte. Refusals are in test_write_refusals."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mockexchange.core.commands import SetTier
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.venues.request import Answer
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import do, make, run, send
from tests.venues.kalshi.rest_answers import why

RECORDED = Path(__file__).parents[3] / "fixtures" / "wire" / "kalshi"
MARKET = "RAIN-1"
SCENARIO = """
scenario: orders
seed: 7
start: START
accounts:
  alice: {cash: 100, subaccounts: {3: {cash: 10}}, keys: {main: {}, only_3: {subaccount: 3}, ro: {scopes: [read]}}}
  bob: {cash: 50}
markets:
  RAIN-1: {event: RAIN, series: RAIN, price: 0.56}
"""
V1, V2 = "/portfolio/orders", "/portfolio/events/orders"
UNKNOWN = "97ec18b7-10d3-4557-9de0-8598aad625f0"


def opened(date: str = "2026-10", start: str = "2026-06-11T06:29:20.866000Z") -> Sandbox:
    return make(SCENARIO.replace("START", start), date)


def v2(**fields: Any) -> dict[str, Any]:
    order = {
        "ticker": MARKET,
        "side": "bid",
        "count": "1.00",
        "price": "0.5200",
        "time_in_force": "good_till_canceled",
        "self_trade_prevention_type": "taker_at_cross",
    }
    return {name: value for name, value in {**order, **fields}.items() if value is not None}


def v1(**fields: Any) -> dict[str, Any]:
    order = {"ticker": MARKET, "side": "yes", "action": "buy", "count": 2, "yes_price": 30}
    return {name: value for name, value in {**order, **fields}.items() if value is not None}


def body(answer: Answer, status: int) -> dict[str, Any]:
    assert answer.status == status, answer
    read: dict[str, Any] = json.loads(answer.body)
    return read


def place(sandbox: Sandbox, who: str = "alice/main", **fields: Any) -> dict[str, Any]:
    return body(send(sandbox, "POST", V2, v2(**fields), who), 201)


def place_first(sandbox: Sandbox, **fields: Any) -> dict[str, Any]:
    order: dict[str, Any] = body(send(sandbox, "POST", V1, v1(**fields)), 201)["order"]
    return order


def error(answer: Answer) -> tuple[int, str, str | None]:
    read = json.loads(answer.body)
    found = read.get("error", read)
    return answer.status, found["code"], found.get("details")


# --- recorded answers


def recorded(name: str, **ids: str) -> bytes:
    text = (RECORDED / f"{name}.json").read_text(encoding="utf-8").strip()
    for key, value in ids.items():
        text = text.replace(f"<{key}>", value)
    return text.encode()


def test_a_maker_and_a_taker_of_june_2026_have_the_recorded_answers() -> None:
    sandbox = opened("2026-06")
    maker = send(sandbox, "POST", V2, v2(side="ask", client_order_id="m"))
    made = body(maker, 201)["order_id"]
    assert maker.body == recorded("write_post_portfolio_events_orders.maker.2026-06-11", order=made, client="m")
    run(sandbox.advance(9_298_956))
    taker = send(
        sandbox, "POST", V2, v2(price="0.99", time_in_force="immediate_or_cancel", client_order_id="t"), "bob/main"
    )
    took = body(taker, 201)["order_id"]
    assert taker.body == recorded("write_post_portfolio_events_orders.taker.2026-06-11", order=took, client="t")


def test_a_canceled_order_of_june_2026_has_the_recorded_answer() -> None:
    sandbox = opened("2026-06")
    order = place(sandbox, client_order_id="m")["order_id"]
    answer = send(sandbox, "DELETE", f"{V2}/{order}")
    assert body(answer, 200) == {"order_id": order, "reduced_by": "1.00", "ts_ms": 1781159360866}
    assert send(sandbox, "DELETE", f"{V2}/{order}").body == recorded("write_delete_orders.not_found.2026-06-11")


@each_row(
    ("generation", "canceled", "order_of"),
    [(V2, "reduced_by", lambda read: None), (V1, "reduced_by_fp", lambda read: read["order"]["status"])],
)
def test_a_cancel_of_a_filled_order_is_refused_or_reduces_nothing(
    generation: str, canceled: str, order_of: Callable[[dict[str, Any]], str | None]
) -> None:
    for switch, status in (("", 404), ("kalshi: {cancel_filled: zero}\n", 200)):
        sandbox = make(SCENARIO.replace("START", "2026-06-11T06:29:20.866000Z") + switch, "2026-06")
        filled = place(sandbox)["order_id"]
        place(sandbox, "bob/main", side="ask")
        answer = send(sandbox, "DELETE", f"{generation}/{filled}")
        assert answer.status == status
        if status == 200:
            read = body(answer, 200)
            assert (read[canceled], order_of(read)) == ("0.00", "executed" if generation == V1 else None)
            assert send(sandbox, "DELETE", f"{generation}/{UNKNOWN}").status == 404


def test_an_amendment_answers_what_changed() -> None:
    sandbox = opened("2026-06")
    order = place(sandbox, count="2.00", client_order_id="m")["order_id"]
    same = {"ticker": MARKET, "side": "bid", "price": "0.5200", "count": "1.00"}
    answer = body(send(sandbox, "POST", f"{V2}/{order}/amend", same), 200)
    assert answer == {"fill_count": "0.00", "order_id": order, "remaining_count": "1.00", "ts_ms": answer["ts_ms"]}
    moved = body(send(sandbox, "POST", f"{V2}/{order}/amend", {**same, "price": "0.5300"}), 200)
    assert set(moved) == {"order_id", "ts_ms"}
    sandbox = opened("2026-10")
    order = place(sandbox, client_order_id="m")["order_id"]
    moved = body(send(sandbox, "POST", f"{V2}/{order}/amend", {**same, "price": "0.5300"}), 200)
    assert (moved["remaining_count"], moved["average_fill_price"]) == (None, None)


def test_an_order_of_january_2026_has_the_recorded_answer() -> None:
    sandbox = opened("2026-01-14", "2026-01-14T20:18:04.727473Z")
    answer = send(sandbox, "POST", V1, v1(client_order_id="c"))
    [account] = [one for one in sandbox.exchange.state.accounts.values() if one.name == "alice"]
    order = body(answer, 201)["order"]["order_id"]
    ids = {"order": order, "client": "c", "user": account.user_id, "ticker": MARKET}
    assert answer.body == recorded("write_post_portfolio_orders.2026-01-14", **ids)
    less = body(send(sandbox, "POST", f"{V1}/{order}/decrease", {"reduce_by": 1}), 200)["order"]
    assert (less["remaining_count"], less["initial_count"], less["status"]) == (1, 2, "resting")
    gone = body(send(sandbox, "DELETE", f"{V1}/{order}"), 200)
    assert (gone["reduced_by"], gone["order"]["initial_count"], gone["order"]["status"]) == (1, 2, "canceled")


@each_row(
    ("rule", "date", "remaining"),
    [
        ("after", "2026-08-20", "1.00"),
        ("zero", "2026-08-20", "0.00"),
        ("before", "2026-08-20", "3.00"),
        ("before", "2026-09-03", "1.00"),
    ],
)
def test_an_amendment_that_trades_can_answer_the_wrong_counts_of_its_day(rule: str, date: str, remaining: str) -> None:
    scenario = SCENARIO.replace("START", "2026-06-11T06:29:20Z").replace("0.56}", "0.56, book: {no: [[0.4, 2]]}}")
    sandbox = make(f"{scenario}orders: {{amend_counts: {rule}}}\n", date)
    order = place(sandbox, count="1.00")["order_id"]
    changed = {"ticker": MARKET, "side": "bid", "price": "0.6000", "count": "3.00"}
    answer = body(send(sandbox, "POST", f"{V2}/{order}/amend", changed), 200)
    assert (answer["fill_count"], answer["remaining_count"]) == ("2.00", remaining)
    assert body(send(sandbox, "GET", f"{V1}/{order}"), 200)["order"]["remaining_count_fp"] == "1.00"


def test_a_first_amendment_without_a_count_cancels_the_order() -> None:
    sandbox = opened("2026-01-28")
    order = place_first(sandbox, client_order_id="c")["order_id"]
    fields = {"ticker": MARKET, "side": "yes", "action": "buy", "yes_price": 31, "updated_client_order_id": "d"}
    answer = body(send(sandbox, "POST", f"{V1}/{order}/amend", fields), 200)
    assert (answer["old_order"]["status"], answer["old_order"]["client_order_id"]) == ("resting", "c")
    after = answer["order"]
    assert (after["status"], after["remaining_count"], after["yes_price"]) == ("canceled", 0, 30)


def test_batches_answer_each_item_in_its_recorded_form() -> None:
    sandbox = opened("2026-01-14")
    answer = send(sandbox, "POST", f"{V1}/batched", {"orders": [v1(client_order_id="a"), v1(ticker="NONE")]})
    made, failed = body(answer, 201)["orders"]
    assert (made["client_order_id"], made["error"], made["order"]["client_order_id"]) == (None, None, "a")
    assert failed == json.loads(recorded("write_batch_item.market_not_found.2025-11-03"))
    assert recorded("write_batch_item.market_not_found.2025-11-03") in answer.body
    ids = [made["order"]["order_id"]]
    [canceled] = body(send(sandbox, "DELETE", f"{V1}/batched", {"ids": ids}), 200)["orders"]
    assert list(canceled) == ["error", "order", "order_id", "reduced_by"]
    assert (canceled["order_id"], canceled["reduced_by"], canceled["order"]["status"]) == ("", 2, "canceled")


@each_row(
    ("method", "day_before", "since", "items"),
    [
        ("POST", "2025-11-19", "2025-11-20", {"orders": [v1(client_order_id="a")]}),
        ("DELETE", "2025-12-03", "2025-12-04", {"ids": [UNKNOWN]}),
    ],
)
def test_batches_needed_a_higher_tier_at_first(method: str, day_before: str, since: str, items: dict[str, Any]) -> None:
    for sandbox, status in ((opened(day_before), 403), (opened(since), 0), (opened("compat"), 0)):
        answer = send(sandbox, method, f"{V1}/batched", items)
        assert answer.status == (status or (201 if method == "POST" else 200))
    sandbox = opened(day_before)
    refused = send(sandbox, method, f"{V1}/batched", items)
    assert refused.body == b'{"error":{"code":"permission_denied","message":"permission denied"}}'
    assert f"until {since} batches need `tier: advanced`" in why(refused)
    assert not sandbox.exchange.state.orders
    do(sandbox, SetTier(account="alice", tier="advanced"))
    assert send(sandbox, method, f"{V1}/batched", items).status in (200, 201)


def test_batches_of_the_second_generation_go_on_after_an_error() -> None:
    sandbox = opened()
    items = [v2(client_order_id="a"), v2(client_order_id="a"), v2(side="ask", price="0.52", post_only=True)]
    first, second, third = body(send(sandbox, "POST", f"{V2}/batched", {"orders": items}), 201)["orders"]
    assert (first["remaining_count"], first["average_fill_price"], first["error"]) == ("1.00", None, None)
    assert (second["error"]["code"], second["ts_ms"], "order_id" in second) == ("order_already_exists", None, False)
    assert third["error"]["details"] == "post only cross"
    cancels = [{"order_id": first["order_id"]}, {"order_id": UNKNOWN}]
    done, unknown = body(send(sandbox, "DELETE", f"{V2}/batched", {"orders": cancels}), 200)["orders"]
    assert (done["reduced_by"], done["error"]) == ("1.00", None)
    assert (unknown["reduced_by"], unknown["ts_ms"], unknown["error"]["code"]) == ("0.00", None, "not_found")


# --- both generations are one book


def test_an_order_of_one_generation_is_canceled_by_the_other() -> None:
    sandbox = opened("2026-06")
    first = place_first(sandbox, side="no", yes_price=None, no_price=48)
    assert (first["no_price_dollars"], first["yes_price_dollars"]) == ("0.4800", "0.5200")
    filled = place(sandbox, "bob/main", price="0.52", time_in_force="immediate_or_cancel")
    assert (filled["fill_count"], filled["average_fill_price"]) == ("1.00", "0.5200")
    assert body(send(sandbox, "DELETE", f"{V2}/{first['order_id']}"), 200)["reduced_by"] == "1.00"
    second = place(sandbox)["order_id"]
    assert body(send(sandbox, "DELETE", f"{V1}/{second}"), 200)["order"]["status"] == "canceled"


def test_the_first_generation_is_gone_on_its_day_and_stays_in_compat() -> None:
    assert send(opened("2026-06-17"), "POST", V1, v1(client_order_id="c")).status == 201
    assert error(send(opened("2026-06-18"), "POST", V1, v1()))[:2] == (410, "deprecated_v1_order_endpoint")
    sandbox = opened("compat")
    assert send(sandbox, "POST", V1, v1()).status == 201
    assert send(sandbox, "POST", V2, v2()).status == 201


def test_all_orders_are_canceled_of_one_subaccount_or_of_all() -> None:
    sandbox = opened()
    place(sandbox)
    place(sandbox, subaccount=3)
    assert (send(sandbox, "DELETE", f"{V2}?subaccount=3").status, resting(sandbox)) == (204, ["0"])
    answer = send(sandbox, "DELETE", V2)
    assert (answer.status, answer.body, resting(sandbox)) == (204, b"", [])


def resting(sandbox: Sandbox) -> list[str]:
    orders = sandbox.exchange.state.orders.values()
    return [order.subaccount_ref.subaccount for order in orders if order.status == "resting"]


def test_a_partly_filled_order_rests_with_its_averages() -> None:
    sandbox = opened()
    place(sandbox, side="ask", count="1.00", price="0.50")
    place(sandbox, side="ask", count="1.00", price="0.51")
    taken = place(sandbox, "bob/main", count="4.00", price="0.60")
    assert (taken["fill_count"], taken["remaining_count"]) == ("2.00", "2.00")
    assert (taken["average_fill_price"], taken["average_fee_paid"]) == ("0.5050", "0.0175")


def test_decreases_take_one_of_two_amounts() -> None:
    sandbox = opened()
    order = place(sandbox, count="5.00")["order_id"]
    assert (
        body(send(sandbox, "POST", f"{V2}/{order}/decrease", {"reduce_to": "3.00"}), 200)["remaining_count"] == "3.00"
    )
    assert (
        body(send(sandbox, "POST", f"{V2}/{order}/decrease", {"reduce_by": "1.00"}), 200)["remaining_count"] == "2.00"
    )
    assert error(send(sandbox, "POST", f"{V2}/{order}/decrease", {}))[:2] == (400, "invalid_order")
    refused = send(sandbox, "POST", f"{V2}/{order}/decrease", {"reduce_to": "2.00"})
    assert error(refused)[0] == 400
    assert why(refused).endswith(
        "has 2.00 contracts left, got reduce_to 2.00: expected 0.00 or more and less than 2.00"
    )
    assert (
        body(send(sandbox, "POST", f"{V2}/{order}/decrease", {"reduce_to": "0.00"}), 200)["remaining_count"] == "0.00"
    )


# --- subaccounts and keys


def test_an_order_is_of_the_subaccount_that_is_named() -> None:
    sandbox = opened()
    order = place(sandbox, subaccount=3)["order_id"]
    answer = send(sandbox, "DELETE", f"{V2}/{order}")
    assert error(answer)[:2] == (404, "not_found")
    assert "is of subaccount 3, the request is for 0" in why(answer)
    assert send(sandbox, "DELETE", f"{V2}/{order}?subaccount=3").status == 200


def test_a_restricted_key_writes_its_subaccount_without_naming_it() -> None:
    sandbox = opened()
    order = place(sandbox, "alice/only_3")["order_id"]
    assert sandbox.exchange.state.orders[order].subaccount_ref.subaccount == "3"
    assert send(sandbox, "POST", V2, v2(subaccount=0), "alice/only_3").status == 403
    assert send(sandbox, "DELETE", f"{V2}/{order}", who="alice/only_3").status == 200


def test_a_key_without_the_scope_and_another_account_write_nothing() -> None:
    sandbox = opened()
    assert send(sandbox, "POST", V2, v2(), "alice/ro").status == 403
    order = place(sandbox)["order_id"]
    assert error(send(sandbox, "DELETE", f"{V2}/{order}", who="bob/main"))[:2] == (404, "not_found")


# --- refusals


@each_row(
    ("fields", "code"),
    [
        ({"ticker": "OTHER"}, "order_ticker_mismatch"),
        ({"side": "ask"}, "order_side_mismatch"),
        ({"client_order_id": "other"}, "order_id_and_client_order_id_mismatch"),
    ],
)
def test_an_amendment_repeats_its_order(fields: dict[str, Any], code: str) -> None:
    sandbox = opened()
    order = place(sandbox, client_order_id="c")["order_id"]
    amendment = {"ticker": MARKET, "side": "bid", "price": "0.53", "count": "1.00", **fields}
    assert error(send(sandbox, "POST", f"{V2}/{order}/amend", amendment))[:2] == (400, code)


def test_the_size_of_a_batch_was_limited_until_budgets() -> None:
    items = {"orders": [v1(count=1, yes_price=1) for _ in range(21)]}
    assert error(send(opened("2026-04"), "POST", f"{V1}/batched", items))[:2] == (400, "invalid_order")
    assert send(opened("2026-06"), "POST", f"{V1}/batched", items).status == 201
