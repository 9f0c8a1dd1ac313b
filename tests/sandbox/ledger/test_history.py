"""An account's history as JSON: every row of every list, exact, oldest first."""

from typing import Any

from mockexchange.sandbox.ledger.accounts import ledger_of
from mockexchange.sandbox.sandbox import Sandbox
from tests.helpers.sandboxes import make

BUSY = """
scenario: busy
start: 2025-11-04T12:00:00Z
historical: {cutoff: 2025-11-04T12:00:00.002Z}
accounts:
  alice: {subaccounts: {3: {}}}
  bob: {}
markets:
  RAIN-1: {event: RAIN, series: RAIN}
  HEAT-1: {event: HEAT, series: HEAT}
  SNOW-1: {event: SNOW, series: SNOW}
history:
  - deposit: {account: alice, amount: 100, fee: 0.50, payment: d1, method: wire}
  - fill: {account: alice, market: HEAT-1, side: no, action: buy, count: 4, price: 0.25, fee: 0.01, order: {new: o1},
           id: f1}
  - deposit: {account: alice/3, amount: 7, payment: d2, status: pending}
  - withdraw: {account: alice, amount: 5, fee: 0.25, payment: w1}
  - finalize_payment: {payment: w1, status: returned}
  - transfer: {source: alice, target: alice/3, amount: 20, id: t1}
  - shard_transfer: {account: alice, target: margined, amount: 3, id: s1, status: pending}
  - group: {account: alice/3, group: g1, limit: 100}
  - rest: {account: alice/3, market: RAIN-1, side: yes, action: buy, count: 10, price: 0.40, order: o2, group: g1,
           client_order_id: mine, expires: 2025-11-05}
  - fill: {account: alice/3, against: bob, market: RAIN-1, side: yes, action: buy, count: 2.50, price: 0.40,
           order: o2, taker: true, id: f2, fee: 0.05}
  - settle: {market: HEAT-1, result: scalar, value: 0.3333}
  - fill: {account: alice, market: SNOW-1, side: yes, action: buy, count: 1, price: 0.10, fee: 0, order: {new: o3},
           id: f3}
  - settle: {market: SNOW-1, result: void}
"""

FIRST_FILL = {
    "id": "f1",
    "order": "o1",
    "client_order_id": "",
    "book": "0",
    "instrument": "HEAT-1",
    "side": "no",
    "action": "buy",
    "count": "4.00",
    "price": "0.2500",
    "taker": False,
    "fee": "0.010000",
    "at": "2025-11-04T12:00:00.001Z",
}
RESTING_ORDER = {
    "id": "o2",
    "client_order_id": "mine",
    "group": "g1",
    "book": "3",
    "instrument": "RAIN-1",
    "side": "yes",
    "action": "buy",
    "price": "0.4000",
    "status": "resting",
    "count": "10.00",
    "filled": "2.50",
    "remaining": "7.50",
    "taker_cost": "1.000000",
    "maker_cost": "0.000000",
    "taker_fees": "0.050000",
    "maker_fees": "0.000000",
    "archived": False,
    "at": "2025-11-04T12:00:00.008Z",
    "updated_at": "2025-11-04T12:00:00.009Z",
    "expires_at": "2025-11-05T00:00:00Z",
}
# Four NO at 0.25 are paid 1 - 0.3333 each: 2.6668, of which the cents are paid and 0.0068 is kept as a fee.
SCALAR_SETTLEMENT = {
    "book": "0",
    "instrument": "HEAT-1",
    "event": "HEAT",
    "result": "scalar",
    "value": "0.3333",
    "yes_count": "0.00",
    "yes_cost": "0.000000",
    "no_count": "4.00",
    "no_cost": "1.000000",
    "held": "-4.00",
    "held_cost": "1.000000",
    "revenue": "2.660000",
    "fees": "0.016800",
    "at": "2025-11-04T12:00:00.01Z",
}
LISTS = ("fills", "orders", "settlements", "deposits", "withdrawals", "transfers", "shard_transfers")


def ledger(account: str, sandbox: Sandbox | None = None) -> dict[str, Any]:
    return ledger_of((sandbox or make(BUSY)).exchange.state, account)


def test_cash_is_listed_by_subaccount() -> None:
    """alice: 99.50 - 1 - 0.01 - 20 - 3 + 2.66, and 0.10 that came back. alice/3: 20 - 1 - 0.05."""
    assert ledger("alice")["cash"] == {"0": "78.150000", "3": "18.950000"}
    assert ledger("bob")["cash"] == {"0": "-1.500000"}


def test_fills_of_all_subaccounts_are_oldest_first() -> None:
    fills = ledger("alice")["fills"]
    assert fills[0] == FIRST_FILL
    assert [(fill["id"], fill["book"], fill["taker"], fill["client_order_id"]) for fill in fills] == [
        ("f1", "0", False, ""),
        ("f2", "3", True, "mine"),
        ("f3", "0", False, ""),
    ]


def test_the_other_side_of_a_fill_has_the_same_id() -> None:
    [fill] = ledger("bob")["fills"]
    assert (fill["id"], fill["action"], fill["side"], fill["taker"]) == ("f2", "sell", "yes", False)


def test_orders_rest_or_are_done_and_some_are_archived() -> None:
    orders = ledger("alice")["orders"]
    assert orders[1] == RESTING_ORDER
    assert [(order["id"], order["status"], order["archived"]) for order in orders] == [
        ("o1", "executed", True),
        ("o2", "resting", False),
        ("o3", "executed", False),
    ]
    assert (orders[0]["group"], orders[0]["expires_at"]) == (None, None)


def test_settlements_have_their_payments_and_costs() -> None:
    settlements = ledger("alice")["settlements"]
    assert settlements[0] == SCALAR_SETTLEMENT
    void = settlements[1]
    assert (void["result"], void["value"], void["revenue"], void["held"]) == ("void", None, "0.100000", "1.00")


def test_payments_have_the_amount_they_moved() -> None:
    told = ledger("alice")
    assert told["deposits"] == [
        {
            "id": "d1",
            "book": "0",
            "shard": 0,
            "method": "wire",
            "status": "applied",
            "amount": "100.000000",
            "fee": "0.500000",
            "moved": "99.500000",
            "at": "2025-11-04T12:00:00Z",
            "finalized_at": "2025-11-04T12:00:00Z",
        },
        {
            "id": "d2",
            "book": "3",
            "shard": 0,
            "method": "ach",
            "status": "pending",
            "amount": "7.000000",
            "fee": "0.000000",
            "moved": "0.000000",
            "at": "2025-11-04T12:00:00.002Z",
            "finalized_at": None,
        },
    ]
    [withdrawal] = told["withdrawals"]
    assert (withdrawal["status"], withdrawal["moved"]) == ("returned", "0.000000")


def test_transfers_have_source_and_target() -> None:
    told = ledger("alice")
    assert told["transfers"] == [
        {"id": "t1", "source": "0", "target": "3", "shard": 0, "amount": "20.000000", "at": "2025-11-04T12:00:00.005Z"}
    ]
    assert told["shard_transfers"] == [
        {
            "id": "s1",
            "source": "event_contract",
            "source_shard": 0,
            "source_book": "0",
            "target": "margined",
            "target_shard": 0,
            "target_book": "0",
            "amount": "3.000000",
            "status": "pending",
            "at": "2025-11-04T12:00:00.006Z",
        }
    ]


def test_an_account_to_which_nothing_happened_has_empty_lists() -> None:
    sandbox = make("scenario: quiet\naccounts: {alice: {}}")
    assert ledger("alice", sandbox) == {
        "cash": {"0": "0.000000"},
        "reserved": {"0": "0.000000"},
        **{name: [] for name in LISTS},
    }
