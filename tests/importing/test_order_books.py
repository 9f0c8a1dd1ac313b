"""Recorded order books are steps for what the account's own orders do not give."""

from pathlib import Path

from mockexchange.core.instants import parse_instant
from mockexchange.importing.importing import import_recording
from tests.helpers.rows import each_row
from tests.importing.recorder import record
from tests.importing.test_round_trip import HEAD, unexplained
from tests.importing.test_steps import steps

MARKETS = "/trade-api/v2/markets"
REST = "rest: {account: alice, market: KXA-26-T1, side: yes, action: buy, price: 0.40"
BOOK = "orderbook: {market: KXA-26-T1, yes: [[0.40, 7], [0.39, 5]], no: [[0.55, 9]]}"
HISTORY = f"""  - {{after: 1s, {BOOK}}}
  - {{after: 1s, {REST}, count: 4, order: mine}}}}
  - {{after: 8s, orderbook: {{market: KXA-26-T1, yes: [[0.40, 7]], no: []}}}}
  - {{after: 8s, {REST}, count: 2}}}}
"""
READS = (f"{MARKETS}/KXA-26-T1/orderbook", "orders")
START = parse_instant("2026-03-01T00:00:05Z")
INSTANTS = [START + seconds * 1_000_000 for seconds in (0, 10, 20)]


@each_row("date", ["2025-11", "2026-06"])
def test_a_book_is_what_the_own_orders_leave(tmp_path: Path, date: str) -> None:
    path = record(tmp_path / "run.jsonl", HEAD + HISTORY, date, READS, instants=INSTANTS)
    found = import_recording(path, date)
    assert unexplained(found) == []
    assert [step.partition("orderbook: ")[2] for step in steps(found, "orderbook")] == [
        "{market: KXA-26-T1, yes: [[0.4, 7], [0.39, 5]], no: [[0.55, 9]]}}",
        "{market: KXA-26-T1, yes: [[0.4, 7]], no: []}}",
        "{market: KXA-26-T1, yes: [], no: []}}",
        "{market: KXA-26-T1, yes: [[0.4, 7]], no: []}}",
    ], "known at its instant, and until an order comes"


def test_the_books_of_several_markets_are_read(tmp_path: Path) -> None:
    second = "  - {after: 1s, orderbook: {market: KXA-26-T2, yes: [[0.10, 1]], no: []}}\n"
    both = f"{MARKETS}/orderbooks?tickers=KXA-26-T1&tickers=KXA-26-T2"
    path = record(tmp_path / "run.jsonl", HEAD + HISTORY + second, "2026-06", (both, *READS), instants=INSTANTS[2:])
    found = import_recording(path, "2026-06")
    assert unexplained(found) == []
    assert len(steps(found, "orderbook")) == 2


def test_an_order_that_the_recorded_book_would_fill_still_rests(tmp_path: Path) -> None:
    crossing = f"""  - {{after: 1s, {BOOK}}}
  - {{after: 8s, orderbook: {{market: KXA-26-T1, yes: [], no: []}}}}
  - {{after: 1s, rest: {{account: alice, market: KXA-26-T1, side: yes, action: buy, price: 0.45, count: 3}}}}
"""
    path = record(tmp_path / "run.jsonl", HEAD + crossing, "2026-06", READS, instants=[START, START + 50_000_000])
    found = import_recording(path, "2026-06")
    assert unexplained(found) == []
