"""Orders on shards: which exchange index a write goes to on each day, and the cash that it needs there."""

from typing import Any

from mockexchange.core.commands import Deposit
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.sandbox.sandbox import Sandbox
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import do, make, send
from tests.venues.kalshi.rest_answers import why
from tests.venues.kalshi.test_order_entry import V1, V2, body, error, v1, v2

SCENARIO = """
scenario: shards
seed: 7
start: 2026-05-01T12:00:00Z
accounts:
  alice: {cash: 100, tier: advanced}
markets:
  RAIN-1: {event: RAIN, series: RAIN, price: 0.56}
  COIN-1: {event: COIN, series: COIN, price: 0.40, exchange_index: 2}
"""
GROUPS = "/portfolio/order_groups"
BALANCE = "/portfolio/balance"


def opened(date: str = "2026-10", on_second: int = 10) -> Sandbox:
    sandbox = make(SCENARIO, date)
    if on_second:
        do(sandbox, Deposit(subaccount_ref=SubaccountRef("alice"), amount_micros=on_second * 1_000_000, shard=2))
    return sandbox


def coin(**fields: Any) -> dict[str, Any]:
    return v2(ticker="COIN-1", price="0.3900", **fields)


def test_an_order_is_paid_by_the_cash_of_its_market_s_shard() -> None:
    sandbox = opened(on_second=0)
    refused = send(sandbox, "POST", V2, coin())
    assert error(refused)[:2] == (400, "insufficient_balance")
    assert why(refused) == (
        "the order needs 0.390000 and at most 0.016653 in fees, alice has 0.000000 dollars free on shard 2,"
        " and 100.000000 on shard 0: `shard_transfer` moves it"
    )
    moved = {"source": "event_contract", "destination": "event_contract", "amount": 10_000}
    moved |= {"destination_exchange_shard": 2}
    assert send(sandbox, "POST", "/portfolio/intra_exchange_instance_transfer", moved).status == 200
    assert send(sandbox, "POST", V2, coin()).status == 201
    balance = body(send(sandbox, "GET", BALANCE), 200)
    assert balance["balance_breakdown"] == [
        {"balance": "99.0000", "exchange_index": 0},
        {"balance": "0.6100", "exchange_index": 2},
    ]
    assert balance["balance_dollars"] == "99.6100"


ROUTES = [
    ("2026-05-06", None, 201),  # there is no index yet: the order finds its market
    ("2026-05-06", 0, 201),  # and one that is sent is ignored
    ("2026-05-07", None, 404),  # the default is 0
    ("2026-05-07", 2, 201),
    ("2026-06-22", -1, 201),
    ("2026-08-26", None, 404),
    ("2026-08-27", None, 201),  # routed by the ticker
    ("2026-08-27", 0, 404),
    ("2026-10", 1, 404),
    ("compat", None, 201),
    ("compat", 0, 404),
]


@each_row(("date", "index", "status"), ROUTES)
def test_a_new_order_goes_to_the_shard_that_its_day_says(date: str, index: int | None, status: int) -> None:
    answer = send(opened(date), "POST", V2, coin(exchange_index=index, client_order_id="mine"))
    assert answer.status == status
    if status == 404:
        assert error(answer)[1] == "market_not_found"
        assert why(answer).startswith("market COIN-1 trades on exchange index 2, the request ")


def test_the_first_generation_goes_to_shard_0_unless_it_names_another() -> None:
    sandbox = opened("2026-06-17")
    assert error(send(sandbox, "POST", V1, v1(ticker="COIN-1")))[:2] == (404, "market_not_found")
    placed = body(send(sandbox, "POST", V1, v1(ticker="COIN-1", exchange_index=2)), 201)["order"]
    path = f"{V1}/{placed['order_id']}"
    assert send(sandbox, "POST", f"{path}/decrease", {"reduce_by": 1}).status == 404
    assert send(sandbox, "POST", f"{path}/decrease", {"reduce_by": 1, "exchange_index": 2}).status == 200


CANCELS = [
    ("", 404),
    ("?exchange_index=0", 404),
    ("?exchange_index=-1", 200),
    ("?exchange_index=2", 200),
    ("?market_ticker=COIN-1", 200),
]


@each_row(("query", "status"), CANCELS)
def test_a_cancel_finds_its_order_by_index_or_market(query: str, status: int) -> None:
    sandbox = opened()
    placed = body(send(sandbox, "POST", V2, coin()), 201)
    answer = send(sandbox, "DELETE", f"{V2}/{placed['order_id']}{query}")
    assert answer.status == status
    if status == 404:
        assert why(answer).startswith(f"order {placed['order_id']} is on exchange index 2, the request ")
    assert len(body(send(sandbox, "GET", f"{V1}?status=resting"), 200)["orders"]) == (status == 404)


def test_items_of_a_batch_are_routed_one_by_one() -> None:
    sandbox = opened()
    both = body(send(sandbox, "POST", f"{V2}/batched", {"orders": [coin(), coin(exchange_index=0)]}), 201)["orders"]
    assert [item["error"] and item["error"]["code"] for item in both] == [None, "market_not_found"]
    named = both[0]["order_id"]
    items = [{"order_id": named}, {"order_id": named, "market_ticker": "COIN-1"}]
    gone = body(send(sandbox, "DELETE", f"{V2}/batched", {"orders": items}), 200)["orders"]
    assert [item["reduced_by"] for item in gone] == ["0.00", "1.00"]


def test_a_group_is_on_one_shard() -> None:
    sandbox = opened()
    made = {"contracts_limit": 5}
    first = body(send(sandbox, "POST", f"{GROUPS}/create", made), 201)["order_group_id"]
    third = body(send(sandbox, "POST", f"{GROUPS}/create", {**made, "exchange_index": 2}), 201)["order_group_id"]
    refused = send(sandbox, "POST", V2, coin(order_group_id=first))
    assert error(refused)[:2] == (404, "order_group_not_found")
    assert send(sandbox, "POST", V2, coin(order_group_id=third)).status == 201
    assert send(sandbox, "PUT", f"{GROUPS}/{third}/trigger", {}).status == 404
    assert send(sandbox, "PUT", f"{GROUPS}/{third}/trigger?exchange_index=2", {}).status == 200
