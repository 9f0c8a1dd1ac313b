"""Generated scenarios: the same bytes for the same numbers, never a refused command, and memory that does not grow."""

import asyncio
import gc
import itertools
import json
import re
import sys
import tracemalloc
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Any

import faker
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockexchange.core.commands import Fill
from mockexchange.core.invariants import violations
from mockexchange.core.model.one_or_more import as_list
from mockexchange.core.model.state import State
from mockexchange.core.position_cost import Stake
from mockexchange.core.vocabulary import Action, Side
from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.generator import RSA_ACCOUNTS_MAX, FakerMissing, GeneratedAccounts, Market, Size, generate
from mockexchange.scenario.loader import load_file
from mockexchange.scenario.plan import Plan
from mockexchange.venues.keys.public_keys import load_public_key
from tests.helpers.rows import each_row

SMALL = Size(accounts=4, markets=130, fills=900, seed=7)
TICKER = re.compile(r"KX(HIGH|LOW|RAIN|WIND)[A-Z]{2,4}-\d\d[A-Z]{3}\d\d-[BT]\d+")


def text(size: Size) -> bytes:
    return b"".join(generate(size))


def lines(size: Size) -> list[dict[str, Any]]:
    return [json.loads(line) for line in generate(size)]


def opened(size: Size, folder: Path) -> tuple[Sandbox, Plan]:
    path = folder / "generated.jsonl"
    path.write_bytes(text(size))
    plan = load_file(path)
    return asyncio.run(open_sandbox(plan, SandboxOptions())), plan


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Sandbox, Plan]:
    return opened(SMALL, tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def state(small: tuple[Sandbox, Plan]) -> State:
    return small[0].exchange.state


def test_the_same_numbers_give_the_same_bytes() -> None:
    assert text(SMALL) == text(SMALL)


@each_row(
    "other",
    [
        Size(accounts=4, markets=130, fills=900, seed=8),
        Size(accounts=4, markets=130, fills=901, seed=7),
        Size(accounts=4, markets=131, fills=900, seed=7),
        Size(accounts=5, markets=130, fills=900, seed=7),
    ],
)
def test_other_numbers_give_other_bytes(other: Size) -> None:
    assert text(other).partition(b"\n")[2] != text(SMALL).partition(b"\n")[2]


def test_the_header_has_the_size_and_the_seed() -> None:
    header = next(generate(SMALL))
    assert json.loads(header)["title"] == f"4 accounts, 130 markets, 900 fills; seed 7, Faker {faker.VERSION}"


def test_it_opens_with_what_was_asked_for(small: tuple[Sandbox, Plan], state: State) -> None:
    commands = [timed.command for timed in small[1].steps]
    assert len(state.accounts) == SMALL.accounts
    assert len(state.markets) == SMALL.markets
    assert len([command for command in commands if isinstance(command, Fill)]) == SMALL.fills
    assert violations(state) == []


def test_every_market_is_traded_and_has_a_plausible_name(state: State) -> None:
    assert all(state.market_positions[ticker] for ticker in state.markets)
    assert [ticker for ticker in state.markets if not TICKER.fullmatch(ticker)] == []


def test_events_have_five_to_twenty_markets(state: State) -> None:
    sizes = Counter(market.event.ticker for market in state.markets.values())
    assert 5 <= min(sizes.values()) <= max(sizes.values()) <= 20


def test_it_has_what_real_accounts_have(small: tuple[Sandbox, Plan], state: State) -> None:
    fills = [timed.command for timed in small[1].steps if isinstance(timed.command, Fill)]
    assert {(fill.side, fill.action) for fill in fills} == set(itertools.product(Side, Action))
    assert {fill.taker for fill in fills} == {True, False}
    assert any(fill.against for fill in fills)
    assert any(fill.count_centis % 100 for fill in fills)
    assert any(fill.price_centicents % 100 for fill in fills)
    assert any(order.status == "resting" for order in state.orders.values())
    assert {row.settled for rows in state.market_positions.values() for row in as_list(rows)} == {True, False}


def test_settlements_come_last_and_have_one_winner_an_event(state: State) -> None:
    steps = [next(key for key in line if key not in ("at", "after")) for line in lines(SMALL)[1:]]
    first = steps.index("settle")
    assert set(steps[first:]) == {"settle"}
    results: dict[str, list[str]] = {}
    for market in state.markets.values():
        if market.result:
            results.setdefault(market.event.ticker, []).append(market.result)
    assert results
    assert all(sorted(each)[-1:] == ["yes"] and each.count("yes") == 1 for each in results.values())


def test_cash_never_runs_out(tmp_path: Path) -> None:
    sandbox, plan = opened(Size(accounts=1, markets=600, fills=600, seed=2), tmp_path)
    assert any(type(timed.command).__name__ == "Deposit" for timed in plan.steps)
    assert all(subaccount.cash_micros >= 0 for subaccount in sandbox.exchange.state.subaccounts.values())


def test_later_accounts_sign_with_ed25519() -> None:
    accounts = list(lines(Size(accounts=RSA_ACCOUNTS_MAX + 1, markets=1, fills=0))[0]["accounts"].values())
    assert [account.get("keys") for account in accounts[-2:]] == [None, {"main": {"algorithm": "ed25519"}}]


def test_generated_accounts_have_a_key_each(tmp_path: Path) -> None:
    sandbox, _ = opened(Size(accounts=RSA_ACCOUNTS_MAX + 50, markets=40, fills=400), tmp_path)
    kinds = Counter(type(load_public_key(key.public_key)).__name__ for key in sandbox.exchange.state.keys.values())
    assert sorted(kinds.values()) == [50, RSA_ACCOUNTS_MAX]


@each_row(
    "size",
    [
        Size(accounts=1, markets=1, fills=0),
        Size(accounts=1, markets=1, fills=20),
        Size(accounts=2, markets=21, fills=3),
        Size(accounts=3, markets=400, fills=400),
    ],
)
def test_edges_open(size: Size, tmp_path: Path) -> None:
    sandbox, plan = opened(size, tmp_path)
    assert len(sandbox.exchange.state.markets) == size.markets
    assert len([timed for timed in plan.steps if isinstance(timed.command, Fill)]) == size.fills


def test_one_fill_a_market_leaves_a_position_in_each(tmp_path: Path) -> None:
    sandbox, _ = opened(Size(accounts=1, markets=400, fills=400), tmp_path)
    (subaccount,) = sandbox.exchange.state.subaccounts.values()
    assert len(subaccount.positions) == 400
    assert all(row.stake.quantity_centis for row in subaccount.positions.values() if not row.settled)


def peak_bytes(items: Iterable[object]) -> int:
    """Return the peak memory of an iteration, without the free lists of the interpreter."""
    gc.freeze()
    tracemalloc.start()
    for place, _ in enumerate(items):
        if place % 200 == 0:
            gc.collect()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    gc.unfreeze()
    return peak


def peak_bytes_of_generating(size: Size) -> int:
    """Return the peak memory of the lines after the header, by which time Faker is loaded."""
    made = generate(size)
    next(made)
    return peak_bytes(made)


def peak_bytes_of_reading(file: Path) -> int:
    """Return the peak memory of a second reading, since readers keep some values for all files."""
    for _ in load_file(file).steps:
        pass
    return peak_bytes(load_file(file).steps)


def test_memory_grows_neither_with_fills_nor_with_markets() -> None:
    """The stakes of the day's traders are kept in memory; four traders have traded every market after a few fills."""
    sizes = [Size(accounts=4, markets=60, fills=fills) for fills in (600, 6_000)] + [Size(markets=4_000, fills=4_000)]
    # In a process of its own: threads of this one would count.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        few, many, wide = pool.map(peak_bytes_of_generating, sizes)
    assert many < few + 50_000
    assert wide < 600_000


def test_reading_takes_no_more_memory_for_more_lines(tmp_path: Path) -> None:
    few, many = tmp_path / "few.jsonl", tmp_path / "many.jsonl"
    few.write_bytes(text(Size(markets=20, fills=300)))
    many.write_bytes(text(Size(markets=20, fills=3_000)))
    # In a process of its own: threads of this one would count.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        of_few, of_many = pool.map(peak_bytes_of_reading, [few, many])
    assert of_many < of_few + 50_000


def test_progress_is_reported() -> None:
    told: list[int] = []
    for _ in generate(Size(fills=2_500), told.append):
        pass
    assert told == [1_000, 2_000]


def test_without_faker_the_error_has_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faker", None)
    with pytest.raises(FakerMissing, match=r"^generating needs Faker: \S+ -m pip install 'mockexchange\[generate\]'$"):
        generate(SMALL)


# --- the crowd


def crowd(seed: int) -> GeneratedAccounts:
    return GeneratedAccounts(Random(seed), ["a", "b"], [10**9, 10**9])


@given(st.integers(0, 2**32), st.integers(2, 98))
def test_accounts_sell_only_what_they_hold_except_to_flip(seed: int, price_cents: int) -> None:
    market, people = Market("M", price_cents, (0,)), crowd(seed)
    for _ in range(30):
        before = market.stakes.get(0, Stake()).quantity_centis
        fill = next(line["fill"] for line in list(people.fill(market, "0s")) if "fill" in line)
        after = market.stakes[0].quantity_centis
        if fill["action"] == Action.SELL:
            assert before > 0 if fill["side"] == Side.YES else before < 0
            assert abs(after) < abs(before) or before * after < 0
        assert 0 < float(fill["price"]) < 1
        assert float(fill["count"]) > 0


def test_few_sell_more_than_they_hold() -> None:
    market, people, flips, sales = Market("M", 50, (0,)), crowd(1), 0, 0
    for _ in range(1_000):
        before = market.stakes.get(0, Stake()).quantity_centis
        fill = next(line["fill"] for line in list(people.fill(market, "0s")) if "fill" in line)
        if fill["action"] == Action.SELL:
            sales += 1
            flips += before * market.stakes[0].quantity_centis < 0
    assert 0 < flips < sales / 10 < 100


def test_a_deposit_comes_before_the_fill_it_is_for() -> None:
    poor = GeneratedAccounts(Random(1), ["a"], [0])
    deposit, fill = poor.fill(Market("M", 50, (0,)), "5s")
    assert deposit == {"after": "0s", "deposit": {"account": "a", "amount": "1000"}}
    assert fill["after"] == "5s"
    assert 0 <= poor.cash_micros[0] < 1_000_000_000


def test_an_order_rests_and_some_are_canceled() -> None:
    people, market = crowd(1), Market("M", 50, (0, 1))
    lengths = {len(list(people.rest(market))) for _ in range(50)}
    assert lengths == {1, 2}
    assert people.orders == 50
