"""Recordings of an FCM come out as an account with subtraders, whose reads are explained."""

import re
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given

from mockexchange.importing.comparison import EXPLAINED, UNEXPLAINED
from mockexchange.importing.importing import Imported, import_recording
from mockexchange.importing.verification import Verified
from tests.helpers.rows import each_row
from tests.house.checkout import ROOT
from tests.importing.histories import DRAWS, Draw, scenario_of_draws
from tests.importing.recorder import PREFIX, record
from tests.importing.test_round_trip import DATES, unexplained
from tests.importing.test_round_trip_accounts import MARKET_PATH, MORE, OF_MARKETS, ROUNDS

BUILTIN = ROOT / "mockexchange" / "scenario" / "builtin" / "fcm.yaml"
NEWEST = "2026-10"
FCM = "/trade-api/v2/fcm/"
WHOLE_COUNTS = ("2025-11", "2025-12")
NAMES = ("alpha", "beta", "omnibus-01", "quiet")
OWN = ("fills", "orders", "order_groups", "settlements", "balance", "positions")
HISTORICAL = tuple(f"/trade-api/v2/historical/{name}" for name in ("fills", "orders", "cutoff"))
OF_SUBTRADERS = tuple(f"{FCM}{read}?subtrader_id=fcm7_{name}" for name in NAMES for read in ("positions", "orders"))
OF_LISTS = (f"{FCM}subtraders", f"{FCM}fills")
OF_CASH = ("deposit: ", "withdraw: ", "transfer: ")
ACCOUNT = "  desk: {kind: fcm, account_id: fcm7, subtraders: {a: {cash: 90000}, b: {cash: 50000}}}"
OF_AUTUMN = (
    *OF_LISTS,
    *(f"{FCM}subtraders/blocked_categories?subtrader_id=fcm7_{name}" for name in NAMES),
    f"{FCM}subtraders/event_contract_daily_cap?subtrader_id=fcm7_alpha",
    f"{FCM}orders?client_order_ids=alpha-1",
)


def imported(path: Path, date: str, reads: tuple[str, ...], scenario: str = "") -> Imported:
    text = scenario or BUILTIN.read_text(encoding="utf-8")
    return import_recording(record(path / "run.jsonl", text, date, reads), date)


def builtin(date: str) -> str:
    """Return the built-in scenario with amounts that rows have whole: settlements cents, and early rows contracts."""
    text = BUILTIN.read_text(encoding="utf-8").replace("value: 0.3333", "value: 0.33")
    return text.replace("count: 12.50", "count: 12") if date in WHOLE_COUNTS else text


def check_builtin(path: Path, date: str) -> Imported:
    found = imported(path, date, (*OF_SUBTRADERS, *OF_AUTUMN, *OWN, *HISTORICAL), builtin(date))
    assert unexplained(found) == []
    assert {one.comparison.kind for one in found.verified} == {EXPLAINED}
    assert found.recorded.assumed == []
    return found


def test_the_builtin_fcm_comes_out_of_the_reads_of_its_subtraders(tmp_path: Path) -> None:
    found = check_builtin(tmp_path, NEWEST)
    assert "kind: fcm" in found.text
    assert found.text.count("subtrader_id: ") == len(NAMES)
    assert [found.text.count(f" {word}: ") for word in ("against", "restrict", "cap")] == [3, 2, 1]


@pytest.mark.thorough
@each_row("date", [date for date in DATES if date != NEWEST])
def test_the_builtin_fcm_comes_out_at_each_date(tmp_path: Path, date: str) -> None:
    check_builtin(tmp_path, date)


HELD = OF_SUBTRADERS[::2]


def test_positions_without_fills_are_openings(tmp_path: Path) -> None:
    found = imported(tmp_path, NEWEST, HELD, builtin(NEWEST))
    assert unexplained(found) == []
    assert found.text.count(" open: ") == 8


def test_fills_without_orders_are_assumed_to_be_purchases_and_named(tmp_path: Path) -> None:
    found = imported(tmp_path, NEWEST, (*HELD, f"{FCM}fills", f"{PREFIX}settlements"), builtin(NEWEST))
    assert unexplained(found) == []
    assumed = [one.why.partition(": ")[2].partition(",")[0] for one in found.recorded.assumed]
    assert assumed.count("buy no") + assumed.count("buy yes") == 10
    assert assumed.count("sell yes") == 3


def test_at_dates_without_fills_orders_have_assumed_ones(tmp_path: Path) -> None:
    found = imported(tmp_path, "2026-06", (*OF_SUBTRADERS, f"{PREFIX}settlements"), builtin("2026-06"))
    assert unexplained(found) == []
    assert {one.why.partition("Z, ")[2] for one in found.recorded.assumed} == {"since no such fill was recorded"}


def test_orders_of_unknown_subtraders_are_assumed_to_be_of_the_account(tmp_path: Path) -> None:
    found = imported(tmp_path, NEWEST, (OF_SUBTRADERS[2], f"{PREFIX}orders", f"{PREFIX}fills"), builtin(NEWEST))
    assumed = [one.why for one in found.recorded.assumed]
    assert len(assumed) > 3
    assert all(why.endswith("an order of the account itself, since no answer names its subtrader") for why in assumed)


def test_a_key_that_is_bound_to_a_subtrader_is_reported(tmp_path: Path) -> None:
    """Its requests name none, and no answer has the id."""
    path = record(tmp_path / "run.jsonl", builtin(NEWEST), NEWEST, OF_SUBTRADERS)
    text = path.read_text(encoding="utf-8")
    first = re.search(r"[?]subtrader_id=[^\"]+", text)
    assert first
    path.write_text(text.replace(first[0], "", 1), encoding="utf-8")
    found = import_recording(path, NEWEST)
    ((answer, why),) = found.unread
    assert answer.target == f"{FCM}positions"
    assert why.startswith("the request names no subtrader_id")
    assert not found.is_explained
    assert UNEXPLAINED in {one.comparison.kind for one in found.verified if one.answer.line == answer.line}


def test_a_subtrader_of_another_fcm_is_reported(tmp_path: Path) -> None:
    path = record(tmp_path / "run.jsonl", builtin(NEWEST), NEWEST, OF_SUBTRADERS)
    text = path.read_text(encoding="utf-8")
    last = re.findall(r"subtrader_id=([^\"]+)", text)[-1]
    path.write_text(
        text.replace(f"positions?subtrader_id={last}", "positions?subtrader_id=other_one"), encoding="utf-8"
    )
    found = import_recording(path, NEWEST)
    ((_, why),) = found.unread
    assert why.startswith("subtrader 'other_one': expected an id such as")
    assert UNEXPLAINED in {one.comparison.kind for one in found.verified}


MATCHED = """scenario: matched
start: 2026-03-01T00:00:00Z
accounts:
  desk: {kind: fcm, account_id: fcm7, cash: 1000, subtraders: {a: {cash: 500}, b: {cash: 500}}}
markets:
  KXA-26-T1: {event: KXA-26, series: KXA}
history:
  - after: 1s
    rest: {account: desk/a, market: KXA-26-T1, side: no, action: buy, count: 5, price: 0.4, client_order_id: c1}
  - after: 1s
    place: {account: desk/b, market: KXA-26-T1, side: yes, action: buy, count: 3, price: 0.6, client_order_id: c2}
"""
OF_TWO = tuple(f"{FCM}{read}?subtrader_id=fcm7_{name}" for name in "ab" for read in ("positions", "orders"))


def test_orders_of_two_subtraders_that_met_are_two_sides_of_one_trade(tmp_path: Path) -> None:
    found = imported(tmp_path, NEWEST, (*OF_TWO, f"{FCM}fills", *OWN), MATCHED)
    assert unexplained(found) == []
    assert found.text.count(" fill: ") == 1


def fcm_of_draws(draws: list[Draw]) -> str:
    """Return what was drawn as a history of two subtraders, in which every fill of an even count is between them."""
    lines = [one for one in scenario_of_draws(draws).splitlines() if not any(word in one for word in OF_CASH)]
    lines = [ACCOUNT if one.startswith("  alice: ") else one for one in lines]
    text = "\n".join([*(_between(one) for one in lines), ""])
    return text.replace("alice/3", "desk/b").replace("alice", "desk/a")


def _between(line: str) -> str:
    """Return a fill of an even count with the other subtrader as its counterparty."""
    is_own = " fill: " in line and "order: " not in line and re.search("count: [2468],", line)
    against = "alice" if "alice/3" in line else "alice/3"
    return line.replace("}}", f", against: {against}}}}}") if is_own else line


def check(draws: list[Draw], date: str) -> None:
    scenario = fcm_of_draws(draws)
    with TemporaryDirectory() as folder:
        found = imported(Path(folder), date, (*OF_TWO, *OF_LISTS, *OWN, *HISTORICAL, *OF_MARKETS), scenario)
    wrong = [one for one in unexplained(found) if not isinstance(one, Verified) or MARKET_PATH not in one.answer.path]
    assert wrong == [], scenario


@given(draws=DRAWS)
@ROUNDS
def test_any_fcm_comes_back(draws: list[Draw]) -> None:
    """It takes some seconds: each round is two exchanges, and some fifteen reads that are asked of both."""
    check(draws, NEWEST)


@pytest.mark.thorough
@each_row("date", [date for date in DATES if date != NEWEST])
@given(draws=DRAWS)
@MORE
def test_any_fcm_comes_back_at_each_date(date: str, draws: list[Draw]) -> None:
    check(draws, date)
