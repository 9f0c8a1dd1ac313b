"""Derivatives in the control API: exact, complete, and of every subaccount."""

from decimal import Decimal

from msgspec.structs import replace

from mockexchange.core.commands import PlaceDerivativeOrder, SettleSession, TradeDerivative
from mockexchange.core.derivatives.valuation import position_of, summary_of
from mockexchange.core.derivatives.vocabulary import Direction
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.sandbox.ledger.accounts import ledger_of, number, positions_of
from tests.helpers.derivatives import WORLD
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import do, make


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
    assert number(Decimal(value)) == text
