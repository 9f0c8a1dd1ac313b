"""Reads of an FCM member on its subtraders, and their access rules."""

from typing import Any

import pytest

from mockexchange.core.commands import CapSubtrader, Fill, RestOrder, RestrictSubtrader
from mockexchange.core.vocabulary import Action, Side, SubaccountRef
from mockexchange.sandbox.sandbox import Sandbox
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import PREFIX, do, make
from tests.venues.kalshi import bodies
from tests.venues.kalshi.rest_answers import ask, at, read, refusal, why

FILLS, SUBTRADERS = f"{PREFIX}/fcm/fills", f"{PREFIX}/fcm/subtraders"
CATEGORIES, CAP = f"{SUBTRADERS}/blocked_categories", f"{SUBTRADERS}/event_contract_daily_cap"
ST1, ST2 = SubaccountRef("desk", "st1"), SubaccountRef("desk", "st2")
WORLD = """
scenario: fcm
seed: 7
start: 2026-10-31T12:00:00Z
accounts:
  alice: {cash: 100}
  desk:
    kind: fcm
    account_id: fcm7
    subtraders: {st1: {cash: 50}, st2: {cash: 50}}
    keys: {main: {}, st1: {subtrader: st1}}
  rival: {kind: fcm, account_id: fcm8, subtraders: {st1: {cash: 50}}}
markets:
  RAIN-1: {event: RAIN, series: RAIN, price: 0.56}
  HEAT-1: {event: HEAT, series: HEAT, price: 0.20, exchange_index: 1}
history:
  - fill:
      {account: desk/st1, market: RAIN-1, side: yes, action: buy, count: 3, price: 0.56, taker: true, fee: 0.06,
       order: {new: o1}, id: f1}
  - fill:
      {account: desk/st1, against: desk/st2, market: RAIN-1, side: yes, action: buy, count: 1, price: 0.57, id: f2}
  - fill:
      {account: alice, against: desk/st2, market: HEAT-1, side: no, action: buy, count: 2.5, price: 0.8, taker: true,
       id: f3}
  - fill:
      {account: rival/st1, against: desk/st1, market: RAIN-1, side: yes, action: buy, count: 1, price: 0.5, id: f4}
  - fill: {account: alice, market: RAIN-1, side: yes, action: buy, count: 1, price: 0.5, fee: 0, id: not-the-desk}
"""


def fill(subaccount_ref: SubaccountRef, price_centicents: int) -> Fill:
    return Fill(
        subaccount_ref=subaccount_ref,
        market="RAIN-1",
        side=Side.YES,
        action=Action.BUY,
        count_centis=200,
        price_centicents=price_centicents,
        fee_micros=0,
    )


@pytest.fixture(scope="module")
def world() -> Sandbox:
    return make(WORLD)


def rows(sandbox: Sandbox, target: str, who: str = "desk/main") -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = read(ask(sandbox, target, who))["fills"]
    return listed


# --- fills


def test_one_row_a_trade_with_the_sides_that_are_the_members_own(world: Sandbox) -> None:
    newest_first = rows(world, FILLS)
    assert [row["fill_id"] for row in newest_first] == ["f4", "f3", "f2", "f1"]
    own = [sorted(key.partition("_")[0] for key in row if key.endswith("_subtrader_id")) for row in newest_first]
    assert own == [["taker"], ["maker"], ["maker", "taker"], ["taker"]]


def test_a_row_in_full(world: Sandbox) -> None:
    assert rows(world, FILLS)[3] == {
        "count_fp": "3.00",
        "created_time": "2026-10-31T12:00:00Z",
        "exchange_index": 0,
        "fill_id": "f1",
        "taker_fee_cost": "0.060000",
        "taker_order_id": "o1",
        "taker_outcome_side": "yes",
        "taker_subtrader_id": "fcm7_st1",
        "ticker": "RAIN-1",
        "yes_price_dollars": "0.5600",
    }


def test_a_side_of_another_fcm_is_not_shown(world: Sandbox) -> None:
    (theirs,) = rows(world, FILLS, "rival/main")
    assert (theirs["maker_subtrader_id"], "taker_subtrader_id" in theirs) == ("fcm8_st1", False)
    ours = rows(world, FILLS)[0]
    assert (ours["taker_subtrader_id"], "maker_subtrader_id" in ours) == ("fcm7_st1", False)


def test_a_bound_key_sees_its_subtraders_sides_alone(world: Sandbox) -> None:
    bound = rows(world, FILLS, "desk/st1")
    assert [row["fill_id"] for row in bound] == ["f4", "f2", "f1"]
    assert {row[key] for row in bound for key in row if key.endswith("_subtrader_id")} == {"fcm7_st1"}


def test_a_page_has_a_hundred_rows_and_a_cursor_for_the_rest() -> None:
    sandbox = make(WORLD)
    for price_centicents in range(1, 242):
        do(sandbox, fill(ST1, price_centicents))
    seen, cursor = [], ""
    for count in (100, 100, 45):
        page = read(ask(sandbox, f"{FILLS}?cursor={cursor}", "desk/main"))
        seen += [row["fill_id"] for row in page["fills"]]
        assert len(page["fills"]) == count
        cursor = page["cursor"]
    assert cursor == ""
    assert len(set(seen)) == len(seen) == 245


def test_the_window_includes_its_edges(world: Sandbox) -> None:
    noon = 1793448000
    assert [row["fill_id"] for row in rows(world, f"{FILLS}?max_ts={noon}")] == ["f1"]
    assert [row["fill_id"] for row in rows(world, f"{FILLS}?min_ts={noon}")] == ["f4", "f3", "f2", "f1"]
    assert rows(world, f"{FILLS}?min_ts={noon + 1}") == []


# --- subtraders


def test_subtraders_and_what_is_forbidden_to_them() -> None:
    sandbox = make(WORLD)
    do(sandbox, RestrictSubtrader(subaccount_ref=ST2, categories=("Sports", "Crypto"), blocked=True))
    free = {
        "exchange_indices": [0, 1],
        "fcm_trading_blocked": False,
        "propagation_pending": False,
        "subtrader_id": "fcm7_st1",
        "trading_blocked": False,
    }
    blocked = {**free, "subtrader_id": "fcm7_st2", "fcm_trading_blocked": True}
    assert read(ask(sandbox, SUBTRADERS, "desk/main")) == {"subtraders": [free, blocked]}
    assert read(ask(sandbox, SUBTRADERS, "desk/st1")) == {"subtraders": [free]}
    assert read(ask(sandbox, f"{CATEGORIES}?subtrader_id=fcm7_st2", "desk/main")) == {
        "categories": ["Sports", "Crypto"]
    }
    assert read(ask(sandbox, f"{CATEGORIES}?subtrader_id=fcm7_st1", "desk/main")) == {"categories": []}


def test_a_daily_cap_and_what_is_used_of_it() -> None:
    sandbox = make(WORLD)
    do(sandbox, CapSubtrader(subaccount_ref=ST1, limit_micros=25_000_000))
    order = RestOrder(
        subaccount_ref=ST1,
        market="RAIN-1",
        side=Side.YES,
        action=Action.BUY,
        count_centis=1_000,
        price_centicents=4_000,
    )
    do(sandbox, order)
    assert read(ask(sandbox, f"{CAP}?subtrader_id=fcm7_st1", "desk/main")) == {
        "cap_date": "2026-10-31",
        "executed_utilization": "2.2500",
        "limit": "25.0000",
        "pending_order_utilization": "0.0000",
        "resting_order_utilization": "4.0000",
        "subtrader_id": "fcm7_st1",
    }
    sandbox.clock.advance(12 * 3_600_000_000)
    tomorrow = read(ask(sandbox, CAP, "desk/st1"))
    assert (tomorrow["cap_date"], tomorrow["executed_utilization"]) == ("2026-11-01", "0.0000")


def test_without_a_cap_there_is_nothing_to_find(world: Sandbox) -> None:
    answer = ask(world, f"{CAP}?subtrader_id=fcm7_st2", "desk/main")
    assert refusal(answer) == at(bodies.NOT_FOUND)
    assert why(answer) == "subtrader st2 of desk has no daily cap: the step `cap` sets one"


# --- who may


@each_row("target", [FILLS, SUBTRADERS, f"{CATEGORIES}?subtrader_id=x", CAP])
def test_a_plain_member_may_not(world: Sandbox, target: str) -> None:
    answer = ask(world, target, "alice/main")
    assert refusal(answer) == at(bodies.FORBIDDEN)
    assert why(answer).startswith("alice is a plain member: /fcm/")


@each_row("target", [CATEGORIES, CAP, f"{PREFIX}/fcm/orders"])
def test_an_unbound_key_has_to_name_a_subtrader(world: Sandbox, target: str) -> None:
    assert refusal(ask(world, target, "desk/main")) == at(bodies.missing("subtrader_id"))


@each_row("target", [CATEGORIES, CAP, f"{PREFIX}/fcm/orders", f"{PREFIX}/fcm/positions"])
def test_a_bound_key_may_not_name_another(world: Sandbox, target: str) -> None:
    assert refusal(ask(world, f"{target}?subtrader_id=fcm7_st2", "desk/st1")) == at(bodies.FORBIDDEN)


@each_row("target", [FILLS, SUBTRADERS, CATEGORIES, CAP])
def test_these_are_not_there_before_september_2026(target: str) -> None:
    answer = ask(make(WORLD, date="2026-09-02"), target, "desk/main")
    assert refusal(answer) == at(bodies.NOT_FOUND)
    assert why(answer).endswith("the venue has it since 2026-09-03")


def test_a_subtrader_whose_name_is_a_number_is_no_subaccount() -> None:
    numbered = make(WORLD.replace("st2:", "7:").replace("desk/st2", "desk/7"))
    by_number = ask(numbered, f"{PREFIX}/portfolio/fills?subaccount=7", "desk/main")
    assert (read(by_number)["fills"], by_number.findings) == (
        [],
        ["desk has no subaccount 7: answered as an empty one; its subtraders: fcm7_st1, fcm7_7"],
    )
    (row,) = [
        row for row in read(ask(numbered, f"{PREFIX}/portfolio/fills", "desk/main"))["fills"] if row["fill_id"] == "f3"
    ]
    assert "subaccount_number" not in row
    orders = read(ask(numbered, f"{PREFIX}/fcm/orders?subtrader_id=fcm7_7", "desk/main"))["orders"]
    assert [order for order in orders if "subaccount_number" in order] == []
    assert len(orders) == 2
