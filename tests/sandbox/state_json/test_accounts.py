"""Accounts and events as JSON: exact, complete, and independent of the venues' tables."""

from decimal import Decimal
from typing import Any

from msgspec.structs import fields, replace

from mockexchange.core import commands, events
from mockexchange.core.commands import PlaceDerivativeOrder, SettleSession, TradeDerivative
from mockexchange.core.derivatives.valuation import position_of, summary_of
from mockexchange.core.derivatives.vocabulary import Direction
from mockexchange.core.refusals import Refusal, RefusalCode
from mockexchange.core.vocabulary import (
    Result,
    SubaccountRef,
)
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.sandbox.state_json.accounts import decimal_text, ledger_of, positions_of
from mockexchange.sandbox.state_json.events import event_of, outcome_of
from tests.commands.examples import BEGINS_AT as NOON
from tests.commands.examples import EVENTS
from tests.helpers.derivatives import WORLD
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import do, make


def test_every_event_is_shown_whole() -> None:
    for event in EVENTS:
        subaccount_ref = any(field.name == "subaccount_ref" for field in fields(event))
        assert len(event_of(event)) == 1 + len(fields(event)) + subaccount_ref


def test_an_outcome_is_its_events() -> None:
    moved = events.CashMoved(subaccount_ref=SubaccountRef("alice"), amount_micros=1, cash_micros=2)
    assert outcome_of(7, NOON, (moved,)) == {"seq": 7, "at": "2025-11-04T12:00:00Z", "events": [event_of(moved)]}
    assert outcome_of(8, NOON, ()) == {"seq": 8, "at": "2025-11-04T12:00:00Z", "events": []}


def test_an_outcome_is_a_refusal() -> None:
    refusal = Refusal(RefusalCode.UNKNOWN_MARKET, "no market 'M'")
    shown = {"code": "unknown_market", "message": "no market 'M'"}
    assert outcome_of(7, NOON, refusal) == {"seq": 7, "at": "2025-11-04T12:00:00Z", "refusal": shown}


def test_positions_are_rows_of_every_subaccount_settled_or_not() -> None:
    sandbox = make()
    do(sandbox, commands.SettleMarket(market="RAIN-2", result=Result.NO))
    do(
        sandbox,
        commands.OpenPosition(
            subaccount_ref=SubaccountRef("alice", "3"), market="RAIN-1", quantity_centis=5, cost_micros=1
        ),
    )
    rows = positions_of(sandbox.exchange.state, "alice")
    assert [(row["book"], row["instrument"], row["quantity"], row["settled"]) for row in rows] == [
        ("0", "RAIN-1", "10.00", False),
        ("0", "RAIN-2", "0.00", True),
        ("0", "HEAT-1", "2.00", False),
        ("3", "RAIN-1", "0.05", False),
    ]
    assert rows[0] == {
        "account": "alice",
        "book": "0",
        "instrument": "RAIN-1",
        "event": "RAIN",
        "price": "0.5600",
        "quantity": "10.00",
        "cost": "5.600000",
        "realized": "0.000000",
        "fees": "0.000000",
        "traded": "5.600000",
        "resting": "0.00",
        "settled": False,
        "updated_at": "2025-11-04T12:00:00Z",
    }
    assert positions_of(sandbox.exchange.state, "bob") == []


# --- the history: every row of every list


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


# --- derivatives of every subaccount


def trade(direction: Direction, amount: int, subaccount: str = "0") -> TradeDerivative:
    subaccount_ref = SubaccountRef("dora", subaccount)
    given = {"derivative": "BTC-PERPETUAL", "price": Decimal(113_000), "amount": Decimal(amount)}
    return TradeDerivative(subaccount_ref=subaccount_ref, direction=direction, **given)  # type: ignore[arg-type]  # by name


def test_rows_have_the_values_of_the_core_with_all_digits() -> None:
    sandbox = make(WORLD)
    [row] = positions_of(sandbox.exchange.state, "dora")
    view = position_of(sandbox.exchange.state, SubaccountRef("dora"), "BTC-PERPETUAL")
    assert (row["account"], row["book"], row["instrument"]) == ("dora", "0", "BTC-PERPETUAL")
    assert (row["kind"], row["currency"], row["size"], row["leverage"]) == ("future", "BTC", "100", 25)
    for name in ("floating", "total", "realized", "delta", "initial_margin", "mark_price", "average_price"):
        assert Decimal(row[name]) == getattr(view, name)
    assert row["gamma"] is None


def test_every_subaccount_has_its_rows_and_flat_ones_stay_until_the_settlement() -> None:
    sandbox = make(WORLD)
    do(sandbox, trade(Direction.SELL, 100))
    do(sandbox, trade(Direction.SELL, 10, "3"))
    rows = positions_of(sandbox.exchange.state, "dora")
    told = [(row["book"], row["size"], row["direction"]) for row in rows]
    assert told == [("0", "0", "zero"), ("3", "-10", "sell")]
    do(sandbox, SettleSession())
    assert [row["book"] for row in positions_of(sandbox.exchange.state, "dora")] == ["3"]


def test_the_ledger_of_such_an_account_is_its_currencies_and_trades() -> None:
    sandbox = make(WORLD)
    do(sandbox, trade(Direction.SELL, 10, "3"))
    ledger = ledger_of(sandbox.exchange.state, "dora")
    assert set(ledger) == {"summaries", "trades", "orders"}
    summary = summary_of(sandbox.exchange.state, SubaccountRef("dora", "3"), "BTC")
    assert [(row["book"], row["currency"]) for row in ledger["summaries"]] == [("0", "BTC"), ("3", "BTC")]
    shown = ledger["summaries"][1]
    assert {name: Decimal(shown[name]) for name in ("balance", "equity", "available_funds")} == {
        name: getattr(summary, name) for name in ("balance", "equity", "available_funds")
    }
    rows = [(row["book"], row["direction"], row["amount"], row["price"]) for row in ledger["trades"]]
    assert rows == [("0", "buy", "100", "113000"), ("3", "sell", "10", "113000")]
    assert ledger["trades"][0]["at"] == "2025-10-16T12:00:00.001Z"


def test_the_ledger_has_the_orders_open_and_done() -> None:
    sandbox = make(WORLD)
    placed = PlaceDerivativeOrder(
        subaccount_ref=SubaccountRef("dora"),
        derivative="BTC-PERPETUAL",
        direction=Direction.BUY,
        amount=Decimal(10),
    )
    do(sandbox, placed)
    do(sandbox, replace(placed, direction=Direction.SELL, label="mine", price=Decimal(115_000)))
    orders = ledger_of(sandbox.exchange.state, "dora")["orders"][-2:]
    shown = [(row["label"], row["type"], row["price"], row["status"], row["remaining"]) for row in orders]
    assert shown == [("", "market", None, "cancelled", "0"), ("mine", "limit", "115000", "open", "10")]
    assert [row["reason"] for row in orders] == ["unfilled", None]


def test_the_ledger_of_another_account_is_as_it_was() -> None:
    assert "fills" in ledger_of(make(WORLD).exchange.state, "alice")


@each_row(
    ("value", "text"),
    [
        ("0.50", "0.5"),
        ("-110970.0", "-110970"),
        ("1E+3", "1000"),
        ("1e-18", "0.000000000000000001"),
        ("-0.0", "0"),
        ("100", "100"),
    ],
)
def test_a_number_has_all_its_digits_and_no_more(value: str, text: str) -> None:
    assert decimal_text(Decimal(value)) == text
