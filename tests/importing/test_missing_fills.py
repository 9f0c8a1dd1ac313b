"""Fills that a recording does not have: what orders and balances show of them, and what stays unexplained."""

import json
from pathlib import Path

from mockexchange.importing.comparison import UNEXPLAINED
from mockexchange.importing.importing import Imported, import_recording
from tests.helpers.rows import each_row
from tests.importing.recorder import record
from tests.importing.test_round_trip import HEAD, unexplained
from tests.importing.test_steps import steps

NEWEST = "2026-10"
TRADE = "account: alice, market: KXA-26-T%d, side: yes, action: buy"
TAKEN = f"  - {{after: 1s, fill: {{{TRADE % 1}, count: 3, price: 0.40, taker: true}}}}\n"
RESTED = f"  - {{after: 1s, rest: {{{TRADE % 2}, count: 9, price: 0.50, order: o}}}}\n"
FILLED = f"  - {{after: 1s, fill: {{{TRADE % 2}, count: %d, price: 0.%d, order: o}}}}\n"
NEWER = f"  - {{after: 1s, fill: {{{TRADE % 1}, count: 1, price: 0.60}}}}\n"
DEPOSIT = "  - {after: 1s, deposit: {account: alice, amount: 7.5}}\n"
BALANCES = ("balance", "deposits", "withdrawals")
CUT = ("fills?limit=1", "positions", *BALANCES)


def imported(tmp_path: Path, history: str, *reads: str) -> Imported:
    path = record(tmp_path / "run.jsonl", HEAD + history, NEWEST, reads, pages_max=1)
    return import_recording(path, NEWEST)


def assumed(found: Imported) -> list[str]:
    return [one.why.partition(": ")[2] for one in found.recorded.assumed]


def without_marks(found: Imported) -> list[object]:
    return [one for one in unexplained(found) if "portfolio_value" not in str(one)]


def test_fills_that_only_orders_show_are_assumed_and_named(tmp_path: Path) -> None:
    found = imported(tmp_path, TAKEN + RESTED + FILLED % (4, 50) + NEWER, *CUT, "orders")
    assert without_marks(found) == []
    assert len(steps(found, "fill")) == 3
    assert sorted(assumed(found)) == [
        "3 at 0.4, filled as taker at 2026-03-01T00:00:01Z, since no such fill was recorded",
        "4 at 0.5, filled as maker at 2026-03-01T00:00:03Z, since no such fill was recorded",
    ]
    assert steps(found, "open") == steps(found, "open_cash") == []


def test_a_cost_that_no_one_price_gives_is_two_fills(tmp_path: Path) -> None:
    moved = "  - {after: 1s, amend: {order: o, price: 0.51}}\n"
    found = imported(tmp_path, RESTED + FILLED % (1, 50) + moved + FILLED % (2, 51) + NEWER, *CUT, "orders")
    assert without_marks(found) == []
    (why,) = assumed(found)
    assert why.startswith("1 at 0.5066 and 2 at 0.5067, filled as maker")


def test_cash_without_a_row_is_an_opening_balance_and_named(tmp_path: Path) -> None:
    found = imported(tmp_path, TAKEN + NEWER + DEPOSIT, *CUT)
    assert without_marks(found) == []
    (opened,) = steps(found, "open_cash")
    assert "account: me, amount: -1.2" in opened
    assert [one for one in assumed(found) if one.startswith("-1.2")]
    assert len(steps(found, "deposit")) == 2


def test_cash_that_all_recorded_rows_contradict_stays_unexplained(tmp_path: Path) -> None:
    """A fee of a rule that is not known would be hidden by an opening balance of cash."""
    reads = ("fills", "positions", "orders", *BALANCES)
    path = record(tmp_path / "run.jsonl", HEAD + TAKEN + NEWER, NEWEST, reads, pages_max=1)
    text = path.read_text(encoding="utf-8")
    (line,) = [line for line in text.splitlines() if '/balance"' in line]
    dollars = json.loads(json.loads(line)["answer"])["balance_dollars"]
    less = f"{float(dollars) - 0.02:.4f}"
    path.write_text(text.replace(dollars, less), encoding="utf-8")
    found = import_recording(path, NEWEST)
    wrong = [one for one in found.verified if one.comparison.kind == UNEXPLAINED]
    assert [one.answer.target.rpartition("/")[2] for one in wrong] == ["balance"]
    assert steps(found, "open_cash") == []


@each_row("spent", [0, 5])
def test_a_deposit_is_given_to_the_subaccount_that_lacks_most_of_it(tmp_path: Path, spent: int) -> None:
    head = HEAD.replace("{cash: 5000}", "{cash: 5000, subaccounts: {3: {cash: 200}}}")
    bought = f"  - {{after: 1s, fill: {{{TRADE % 1}, count: {spent}, price: 0.40}}}}\n".replace("alice", "alice/3")
    reads = ("positions?subaccount=3", "balance?subaccount=3", *BALANCES)
    path = record(tmp_path / "run.jsonl", head + (bought if spent else ""), NEWEST, reads, pages_max=1)
    found = import_recording(path, NEWEST)
    assert without_marks(found) == []
    assert [line for line in steps(found, "deposit") if "account: me/3, amount: 200" in line]
    assert len(steps(found, "open_cash")) == bool(spent)
