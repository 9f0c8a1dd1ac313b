"""What the clock does to markets: they close at their time, and what trades took from outside bids comes back."""

import json
from typing import Any

from mockexchange.core.instants import format_instant
from mockexchange.replay.log_replay import Replay
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.script_entries import CLOSING, REPLENISHMENT
from mockexchange.store.codec import write_log
from tests.core.dump import dump
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import make, run, send

SECOND = 1_000_000
ORDERS = "/portfolio/events/orders"
SCENARIO = """
scenario: clock
start: 2026-10-12T12:00:00Z
orders: {replenish: 500ms}
accounts: {alice: {cash: 100}}
markets:
  RAIN-1:
    {event: RAIN, series: RAIN, close: 2026-10-12T12:00:10Z, book: {yes: [[0.40, 10]], no: [[0.45, 5], [0.40, 2]]}}
"""


def opened(scenario: str = SCENARIO) -> Sandbox:
    return make(scenario, "2026-10")


def placed(sandbox: Sandbox, **fields: str) -> Any:
    order = {
        "ticker": "RAIN-1",
        "side": "bid",
        "count": "5.00",
        "price": "0.5500",
        "time_in_force": "immediate_or_cancel",
        "self_trade_prevention_type": "taker_at_cross",
    }
    answer = send(sandbox, "POST", ORDERS, {**order, **fields})
    assert answer.status == 201, answer.body
    return json.loads(answer.body)


def no_bids(sandbox: Sandbox) -> dict[int, int]:
    market = sandbox.exchange.state.markets["RAIN-1"]
    return {
        price: count for side, bids in (market.quotes or {}).items() if side == "no" for price, count in bids.items()
    }


def by_clock(sandbox: Sandbox) -> list[tuple[str, str]]:
    return [(format_instant(one.at)[17:], one.cause.step) for one in sandbox.log if one.cause]


def test_consumed_bids_come_back_after_their_time() -> None:
    sandbox = opened()
    assert placed(sandbox)["fill_count"] == "5.00"
    assert no_bids(sandbox) == {4_000: 200}
    run(sandbox.advance(499_999))
    assert no_bids(sandbox) == {4_000: 200}
    run(sandbox.advance(1))
    assert no_bids(sandbox) == {4_500: 500, 4_000: 200}
    assert by_clock(sandbox) == [("00.5Z", REPLENISHMENT)]


def test_each_part_comes_back_at_its_own_time() -> None:
    sandbox = opened()
    for _ in range(2):
        placed(sandbox, count="1.00")
        run(sandbox.advance(200_000))
    seen = []
    for _ in range(3):
        seen.append(no_bids(sandbox)[4_500])
        run(sandbox.advance(200_000))
    assert seen == [300, 400, 500]


def test_a_bid_that_comes_back_fills_what_rests_at_its_price_and_comes_back_again() -> None:
    sandbox = opened()
    order = placed(sandbox, count="12.00", time_in_force="good_till_canceled")
    assert (order["fill_count"], order["remaining_count"]) == ("5.00", "7.00")
    run(sandbox.advance(SECOND))
    assert sandbox.exchange.state.orders[order["order_id"]].remaining_centis == 0
    assert no_bids(sandbox) == {4_500: 300, 4_000: 200}
    run(sandbox.advance(SECOND))
    assert no_bids(sandbox) == {4_500: 500, 4_000: 200}


def test_new_outside_bids_replace_what_was_to_come_back() -> None:
    sandbox = opened(SCENARIO + "script:\n  - {after: 100ms, orderbook: {market: RAIN-1, no: [[0.30, 1]]}}\n")
    placed(sandbox)
    run(sandbox.advance(SECOND))
    assert no_bids(sandbox) == {3_000: 100}


def test_without_the_switch_nothing_comes_back() -> None:
    sandbox = opened(SCENARIO.replace("orders: {replenish: 500ms}", ""))
    placed(sandbox)
    run(sandbox.advance(SECOND))
    assert no_bids(sandbox) == {4_000: 200}


@each_row("history", ["", "history:\n  - place: {account: alice, market: RAIN-1, side: bid, count: 5, price: 0.55}\n"])
def test_what_the_history_took_comes_back_when_the_clock_runs(history: str) -> None:
    sandbox = opened(SCENARIO + history)
    run(sandbox.advance(SECOND))
    assert no_bids(sandbox) == {4_500: 500, 4_000: 200}


def test_a_log_replays_what_came_back() -> None:
    sandbox = opened()
    placed(sandbox, count="12.00", time_in_force="good_till_canceled")
    run(sandbox.advance(20 * SECOND))
    replay = Replay(write_log(sandbox.log))
    replay.run_to(len(sandbox.log))
    assert dump(replay.exchange.state) == dump(sandbox.exchange.state)


def test_a_market_closes_at_its_time_and_cancels_its_orders() -> None:
    sandbox = opened()
    order = placed(sandbox, price="0.1000", time_in_force="good_till_canceled")["order_id"]
    run(sandbox.advance(10 * SECOND - 1))
    assert sandbox.exchange.state.orders[order].status == "resting"
    run(sandbox.advance(1))
    assert sandbox.exchange.state.orders[order].status == "canceled"
    assert by_clock(sandbox) == [("10Z", CLOSING)]
    for method, path in (("DELETE", f"{ORDERS}/{order}"), ("POST", f"{ORDERS}/{order}/decrease")):
        answer = send(sandbox, method, path, {"reduce_to": "1.00"} if method == "POST" else None)
        assert (answer.status, json.loads(answer.body)["error"]["code"]) == (400, "market_inactive")


def test_a_market_that_was_closed_before_is_left_alone() -> None:
    sandbox = opened(SCENARIO + "script:\n  - {after: 1s, settle: {market: RAIN-1, result: yes}}\n")
    run(sandbox.advance(20 * SECOND))
    assert [cause for _, cause in by_clock(sandbox)] == ["script[0]"]
    assert not [firing for firing in sandbox.journal.firings if firing.kind == "finding"]
