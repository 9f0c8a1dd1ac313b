"""Accounts with orders, payments, transfers, subaccounts and settlements come back from their recordings."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mockexchange.importing.importing import import_recording
from mockexchange.importing.verification import Verified
from tests.helpers.effort import examples
from tests.helpers.rows import each_row
from tests.importing.histories import DRAWS, MARKETS, Draw, scenario_of_draws
from tests.importing.recorder import READS, record
from tests.importing.test_round_trip import CUT_TO_CENTS, DATES, PHASES, UNKNOWN, unexplained
from tests.importing.test_steps import EVERYTHING

NEWEST = "2026-10"
WITHOUT_SUBACCOUNTS = ("2025-11", "2025-12")
MARKET_PATH = "/trade-api/v2/markets/"
OF_SUBACCOUNT = tuple(f"{name}?subaccount=3" for name in ("balance", "fills", "orders", "positions", "settlements"))
OF_MARKETS = tuple(f"{MARKET_PATH}{ticker}" for ticker in MARKETS)
OF_PAYMENTS = ("deposits", "withdrawals")
ROUNDS = settings(max_examples=examples(12), deadline=None, phases=PHASES, suppress_health_check=[HealthCheck.too_slow])
MORE = settings(ROUNDS, max_examples=examples(40))
SETTLED: list[Draw] = [("rest", 0, 6, 79), ("settle", 0, 1, 1)]
REDUCED: list[Draw] = [("rest", 2, 5, 47), ("match", 0, 3, 1), ("reduce", 0, 1, 1)]
REPRICED: list[Draw] = [("rest", 2, 9, 47), ("match", 0, 3, 1), ("reprice", 0, 1, 52), ("match", 0, 2, 1)]
REPRICED += [("rest", 9, 4, 30), ("match", 1, 4, 1), ("fill", 0, 1, 10)]
BOUGHT: list[Draw] = [("fill", 0, 6, 40), ("fill", 9, 2, 70), ("fill", 2, 9, 35), ("transfer", 1, 3, 7)]


def wrong(
    draws: list[Draw], date: str, reads: Sequence[str], pages_max: int = 1_000, *, has_subaccounts: bool
) -> list[object]:
    """Return what is unexplained after an import, but for rows of markets, which an account does not determine."""
    scenario = scenario_of_draws(draws, has_subaccounts=has_subaccounts)
    with TemporaryDirectory() as folder:
        path = record(Path(folder) / "run.jsonl", scenario, date, (*reads, *OF_MARKETS), pages_max=pages_max)
        found = unexplained(import_recording(path, date))
    return [one for one in found if not isinstance(one, Verified) or MARKET_PATH not in one.answer.path]


def check(draws: list[Draw], date: str) -> None:
    has_subaccounts = date not in WITHOUT_SUBACCOUNTS
    reads = (*EVERYTHING, *OF_SUBACCOUNT) if has_subaccounts else (*READS, *OF_PAYMENTS)
    assert wrong(draws, date, reads, has_subaccounts=has_subaccounts) == [], scenario_of_draws(draws)


@given(draws=DRAWS)
@example(SETTLED)
@example(REDUCED)
@ROUNDS
def test_any_account_comes_back(draws: list[Draw]) -> None:
    """It takes some seconds: each round is two exchanges, and some thirty reads that are asked of both."""
    check(draws, NEWEST)


@pytest.mark.thorough
@each_row("date", [date for date in DATES if date != NEWEST])
@given(draws=DRAWS)
@MORE
def test_any_account_comes_back_at_each_date(date: str, draws: list[Draw]) -> None:
    check(draws, date)


def check_without_oldest(draws: list[Draw], date: str, kept: int, *, has_orders: bool) -> None:
    """Check an account of which only the newest fills of each subaccount were read, with all of its orders or none."""
    has_subaccounts = date not in WITHOUT_SUBACCOUNTS
    lists = ("positions", "balance", "settlements", f"fills?limit={kept}", *(("orders",) if has_orders else ()))
    marks = ("", "subaccount=3") if has_subaccounts else ("",)
    reads = [f"{name}{'&' if '?' in name else '?'}{mark}".rstrip("?&") for mark in marks for name in lists]
    of_all = ("subaccounts/balances", "subaccounts/transfers") if has_subaccounts else ()
    found = wrong(draws, date, (*reads, *OF_PAYMENTS, *of_all), pages_max=1, has_subaccounts=has_subaccounts)
    paths = {row.path for one in found if isinstance(one, Verified) for row in one.comparison.differences}
    assert paths <= UNKNOWN, scenario_of_draws(draws, has_subaccounts=has_subaccounts)
    assert [one for one in found if not isinstance(one, Verified)] == []


@given(draws=DRAWS, kept=st.integers(1, 4), has_orders=st.booleans())
@example(BOUGHT, 1, True)
@example(BOUGHT, 1, False)
@example(REPRICED, 1, True)
@ROUNDS
def test_any_account_comes_back_without_its_oldest_fills(draws: list[Draw], kept: int, has_orders: bool) -> None:
    """It takes some seconds, as the test above."""
    check_without_oldest(draws, NEWEST, kept, has_orders=has_orders)


@pytest.mark.thorough
@each_row("date", [date for date in DATES if date not in (NEWEST, *CUT_TO_CENTS)])
@given(draws=DRAWS, kept=st.integers(1, 4), has_orders=st.booleans())
@MORE
def test_any_account_comes_back_without_its_oldest_fills_at_each_date(
    date: str, draws: list[Draw], kept: int, has_orders: bool
) -> None:
    check_without_oldest(draws, date, kept, has_orders=has_orders)
