"""Rows that are steps: amended orders, groups, payments, transfers, switches of subaccounts, and archived rows."""

import json
from collections.abc import Sequence
from pathlib import Path

from mockexchange.core.instants import parse_instant
from mockexchange.importing.importing import Imported, import_recording
from mockexchange.recording.recording_file import Exchanged, RecordingFile
from mockexchange.recording.redaction import Redactor
from tests.helpers.rows import each_row
from tests.importing.recorder import LATEST_US, PREFIX, READS, record
from tests.importing.test_round_trip import DEMO, HEAD, unexplained

EVERYTHING = (
    *READS,
    *("deposits", "withdrawals", "subaccounts/transfers", "subaccounts/balances", "subaccounts/netting"),
    *("intra_exchange_instance_transfers", "target_balance_allocation", "summary/total_resting_order_value"),
    *("balance?subaccount=1", "fills?subaccount=1", "positions?subaccount=1"),
    *(f"/trade-api/v2/historical/{name}" for name in ("fills", "orders", "positions", "cutoff")),
)


def steps(found: Imported, word: str) -> list[str]:
    return [line.strip() for line in found.text.splitlines() if f" {word}: " in line]


@each_row("date", ["2026-10", "compat"])
def test_everything_that_the_demo_has_of_an_account_is_explained(tmp_path: Path, date: str) -> None:
    path = record(tmp_path / "run.jsonl", DEMO.read_text(encoding="utf-8"), date, EVERYTHING)
    found = import_recording(path, date)
    assert unexplained(found) == []
    assert {word: len(steps(found, word)) for word in ("deposit", "withdraw", "finalize_payment", "transfer")} == {
        "deposit": 6,
        "withdraw": 4,
        "finalize_payment": 4,
        "transfer": 2,
    }
    assert len(steps(found, "shard_transfer")) == 2


def test_what_has_no_list_at_a_date_is_found_by_the_balances(tmp_path: Path) -> None:
    moved = HEAD + "  - {after: 1s, shard_transfer: {account: alice, target_shard: 1, amount: 70}}\n"
    found = import_recording(record(tmp_path / "run.jsonl", moved, "2026-06"), "2026-06")
    assert unexplained(found) == []
    assert len(steps(found, "shard_transfer")) == 1
    assert "cash: 5000.0000" in found.text


TRADE = "account: alice, market: KXA-26-T1, side: yes, action: buy"
REST = f"  - {{after: 1s, rest: {{{TRADE}, count: 20, price: 0.50, order: o"
FILL = f"  - {{after: 5s, fill: {{{TRADE}, count: 4, price: 0.%d, order: o}}}}\n"
ORDERS = {
    "reduced": ["reduce: {order: o, count: 5}"],
    "amended": ["amend: {order: o, count: 12}"],
    "touched": ["amend: {order: o, price: 0.50}"],
    "expiry": ["amend: {order: o, expires: 2026-12-01T00:00:00Z}"],
    "no-expiry": ["amend: {order: o, clears_expiry: true}"],
    "renamed": ["amend: {order: o, client_order_id: other, price: 0.51}"],
    "repriced": ["amend: {order: o, price: 0.52}", FILL % 52, "amend: {order: o, price: 0.47, count: 30}", FILL % 47],
    "reduced-and-filled": [FILL % 50, "reduce: {order: o, count: 3}", "cancel: {order: o}"],
    "filled-then-reduced": [FILL % 50, "reduce: {order: o, count: 3}"],
    "reduced-then-executed": ["reduce: {order: o, count: 16}", FILL % 50],
    "amended-away": ["amend: {order: o, price: 0.40}", "reduce: {order: o, count: 3}", "amend: {order: o, count: 9}"],
}


def history_of_order(lines: Sequence[str]) -> str:
    rest = f"{REST}, client_order_id: mine, expires: 2026-12-24T00:00:00Z}}}}\n"
    return HEAD + rest + "".join(line if line.startswith("  -") else f"  - {{after: 9s, {line}}}\n" for line in lines)


@each_row("date", ["2025-11", "2026-06"])
@each_row("lines", ORDERS.values(), ids=ORDERS)
def test_an_order_that_was_changed_comes_out_of_its_last_row(tmp_path: Path, lines: list[str], date: str) -> None:
    found = import_recording(record(tmp_path / "run.jsonl", history_of_order(lines), date), date)
    assert unexplained(found) == []


@each_row("lines", ORDERS.values(), ids=ORDERS)
def test_answers_before_and_after_each_change_are_explained(tmp_path: Path, lines: list[str]) -> None:
    start = parse_instant("2026-03-01T00:00:01Z") + 1
    instants = [start + second * 1_000_000 for second in range(0, 50, 6)]
    path = record(tmp_path / "run.jsonl", history_of_order(lines), "2026-06", ("orders", "fills"), instants=instants)
    found = import_recording(path, "2026-06")
    assert unexplained(found) == []


SETTLED = [
    ("yes", "", "2025-11"),
    ("no", "", "2026-10"),
    ("scalar", ", value: 0.3", "2025-11"),
    ("void", "", "2026-02"),
    ("scalar", ", value: 0.3", "2026-10"),
    ("void", "", "2026-10"),
]


@each_row(("result", "value", "date"), SETTLED, ids=[f"{one[0]}-{one[2]}" for one in SETTLED])
def test_a_market_that_paid_the_account_nothing_is_settled_too(
    tmp_path: Path, result: str, value: str, date: str
) -> None:
    """It hides the row that an order left; rows of 2025 have no instant, so it is that of the order's end."""
    settled = f"{REST}}}}}\n  - {{after: 3s, settle: {{market: KXA-26-T1, result: {result}{value}}}}}\n"
    reads = (*READS, "/trade-api/v2/markets/KXA-26-T1")
    found = import_recording(record(tmp_path / "run.jsonl", HEAD + settled, date, reads), date)
    assert [one for one in unexplained(found) if "markets" not in str(one)] == []
    assert f"result: {result}{value}}}" in steps(found, "settle")[0]


def test_a_group_that_was_triggered_is_closed(tmp_path: Path) -> None:
    group = "  - group: {account: alice, group: 5f0e2a51-6a3c-4d5b-9a70-2f1d4c8e0a01, limit: 50}\n"
    rest = f"{REST}, group: 5f0e2a51-6a3c-4d5b-9a70-2f1d4c8e0a01}}}}\n"
    trigger = "  - {after: 3s, trigger_group: {group: 5f0e2a51-6a3c-4d5b-9a70-2f1d4c8e0a01}}\n"
    path = record(tmp_path / "run.jsonl", HEAD + group + rest + trigger, "2026-06")
    found = import_recording(path, "2026-06")
    assert unexplained(found) == []
    assert len(steps(found, "trigger_group")) == 1


def test_a_group_that_its_fills_triggered_ends_its_orders_itself(tmp_path: Path) -> None:
    group = "5f0e2a51-6a3c-4d5b-9a70-2f1d4c8e0a01"
    lines = [f"  - group: {{account: alice, group: {group}, limit: 4}}\n", f"{REST}, group: {group}}}}}\n", FILL % 50]
    found = import_recording(record(tmp_path / "run.jsonl", HEAD + "".join(lines), "2026-06"), "2026-06")
    assert unexplained(found) == []
    assert steps(found, "cancel") == []


@each_row(["date", "start"], [("2025-11", "2025-10-01"), ("2026-02", "2025-10-01"), ("2026-02", "2026-03-01")])
@each_row(("fee", "given"), [("", ""), (", fee: 0.05", "0.05")], ids=["formula", "other"])
def test_a_fee_in_cents_is_a_fact_where_the_formula_gives_another(
    tmp_path: Path, date: str, start: str, fee: str, given: str
) -> None:
    """Rows of 2025 have the fee of an order, those of 2026 of a fill too."""
    rounding = f'fees: {{rounding: "{2025 if start < "2026" else 2026}"}}\n'
    head = HEAD.replace("start: 2026-03-01", f"start: {start}").replace("accounts:", f"{rounding}accounts:")
    bought = f"  - {{after: 1s, fill: {{{TRADE}, count: 2, price: 0.50, taker: true{fee}}}}}\n"
    found = import_recording(record(tmp_path / "run.jsonl", head + bought, date), date)
    assert unexplained(found) == []
    (step,) = steps(found, "fill")
    assert (f"fee: {given}," in step, "fee: " in step) == (bool(given), bool(given))


def test_answers_to_writes_are_rows_too(tmp_path: Path) -> None:
    """A price that no read has seen is in the answer to the amendment."""
    file = RecordingFile(tmp_path / "run.jsonl", Redactor(), "here", at=0)
    path = record(tmp_path / "reads.jsonl", history_of_order(ORDERS["repriced"][:1]), "2026-06", ("orders",))
    (order,) = json.loads(json.loads(path.read_text(encoding="utf-8").splitlines()[1])["answer"])["orders"]
    prices = {"yes_price_dollars": "0.3300", "no_price_dollars": "0.6700"}
    old = {**order, **prices, "last_update_time": order["created_time"]}
    answer = json.dumps({"old_order": old, "order": order}, separators=(",", ":")).encode()
    amend = f"{PREFIX}orders/{order['order_id']}/amend"
    file.add_request(Exchanged("POST", amend, [], b"{}", 200, [], answer, LATEST_US, 1))
    listed = json.dumps({"cursor": "", "orders": [order]}, separators=(",", ":")).encode()
    file.add_request(Exchanged("GET", f"{PREFIX}orders", [], b"", 200, [], listed, LATEST_US + 1, 1))
    file.finish()
    found = import_recording(tmp_path / "run.jsonl", "2026-06")
    assert unexplained(found) == []
    assert "price: 0.33" in steps(found, "rest")[0]
    assert "price: 0.52" in steps(found, "amend")[0]
    assert found.recorded.skipped == {"POST requests": 1}
