"""A long history is no work for the garbage collector, and one that fails is collected."""

import asyncio
import gc
from collections.abc import Iterator
from typing import Any

import pytest

from mockexchange.sandbox import opening
from mockexchange.sandbox.garbage_collection import collect_early
from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.loader import load_steps, load_text
from tests.helpers.rows import each_row

DEPOSIT = "{deposit: {account: alice, amount: 1}}"
SCENARIO = "scenario: long\naccounts: {{alice: {{cash: 5}}}}\nhistory: [{steps}]\n"


@each_row("last", [DEPOSIT, "{withdraw: {account: alice, amount: 900}}"], ids=["whole", "refused"])
def test_the_state_of_a_long_history_is_left_out_of_collections_unless_it_fails(
    last: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "PROGRESS_EVERY", 2)
    plan = load_text(SCENARIO.format(steps=", ".join([*[DEPOSIT] * 4, last])))
    gc.unfreeze()
    try:
        if last == DEPOSIT:
            sandbox = asyncio.run(open_sandbox(plan, SandboxOptions()))
            sandbox.close("over")
        else:
            with pytest.raises(ScenarioError, match="insufficient_cash"):
                asyncio.run(open_sandbox(plan, SandboxOptions()))
        assert bool(gc.get_freeze_count()) == (last == DEPOSIT)
    finally:
        gc.unfreeze()


@each_row("amount", ["1", "0"], ids=["whole", "invalid"])
def test_the_collector_rests_while_a_history_is_executed_and_works_in_its_pauses(
    amount: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "SLICE_S", 0)
    in_slices: list[bool] = []
    in_pauses: list[bool] = []

    class History:
        def __iter__(self) -> Iterator[dict[str, Any]]:
            for value in ("1", "1", amount):
                in_slices.append(gc.isenabled())
                yield {"deposit": {"account": "alice", "amount": value}}

    async def watch() -> None:
        while True:
            in_pauses.append(gc.isenabled())
            await asyncio.sleep(0)

    async def open_watched() -> None:
        watching = asyncio.create_task(watch())
        try:
            await open_sandbox(load_steps(SCENARIO.format(steps=""), History()), SandboxOptions())
        finally:
            watching.cancel()

    if amount == "0":
        with pytest.raises(ScenarioError, match="above 0"):
            asyncio.run(open_watched())
    else:
        asyncio.run(open_watched())
    assert in_slices == [False] * 3
    assert len(in_pauses) > 1
    assert all(in_pauses)
    assert gc.isenabled()


def test_no_collection_walks_accounts_and_keys_that_are_being_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "SLICE_S", 3_600.0)
    accounts = ", ".join(f"a{number}: {{cash: 5}}" for number in range(300))
    plan = load_text(f"scenario: many\naccounts: {{{accounts}}}")
    phases: list[str] = []

    def note(phase: str, info: dict[str, int]) -> None:
        phases.append(phase)

    thresholds = gc.get_threshold()
    gc.callbacks.append(note)
    gc.set_threshold(100, *thresholds[1:])
    try:
        sandbox = asyncio.run(open_sandbox(plan, SandboxOptions()))
    finally:
        gc.set_threshold(*thresholds)
        gc.callbacks.remove(note)
    sandbox.close("over")
    assert len(sandbox.keys) == 300
    assert phases.count("start") < 10, "those between the accounts, the keys and the history"


def test_the_newest_garbage_is_freed_before_python_does_so(monkeypatch: pytest.MonkeyPatch) -> None:
    collected: list[int] = []
    monkeypatch.setattr(gc, "collect", collected.append)
    monkeypatch.setattr(gc, "get_threshold", lambda: (700, 10, 10))
    monkeypatch.setattr(gc, "isenabled", lambda: True)
    for newest, middle, expected in ((300, 0, []), (400, 10, [0]), (400, 11, [])):
        collected.clear()
        monkeypatch.setattr(gc, "get_count", lambda counts=(newest, middle, 0): counts)
        collect_early()
        assert collected == expected
    monkeypatch.setattr(gc, "get_count", lambda: (400, 0, 0))
    for name, value in (("isenabled", False), ("get_threshold", (0, 10, 10))):
        monkeypatch.setattr(gc, name, lambda value=value: value)
        collect_early()
    assert collected == []
