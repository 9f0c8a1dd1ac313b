"""A sandbox restored from a snapshot is equal to one that played the history."""

import json
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from mockexchange.core.commands import Deposit
from mockexchange.core.invariants import violations
from mockexchange.core.vocabulary import FeeRounding, SubaccountRef
from mockexchange.sandbox import history_cache
from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.keys import make_pair
from mockexchange.scenario.loader import builtin_names, load_builtin, load_file, load_text
from mockexchange.scenario.plan import Plan
from mockexchange.store.log import Record
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import SMALL, WALL, do, run, signed

PAY = Deposit(subaccount_ref=SubaccountRef("alice"), amount_micros=1)
SCALARS = (str, int, float, bool, bytes, type(None), type, Enum)


@pytest.fixture(autouse=True)
def _short_histories_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_cache, "COMMANDS_MIN", 0)


def fresh(plan: Plan) -> Plan:
    """Return the same plan with an empty cache."""
    return replace(plan, cache=type(plan.cache)())


def opened(plan: Plan, name: str = "one") -> Sandbox:
    made: Sandbox = run(open_sandbox(plan, SandboxOptions(name=name, clock="paused", host=lambda: WALL)))
    return made


def taken_up(plan: Plan, name: str = "one") -> Sandbox:
    for number in range(history_cache.PLAYS_MIN):
        opened(plan, f"before-{number}")
    assert history_cache.snapshot_for(plan, FeeRounding.GRID)
    return opened(plan, name)


def picture(root: Any) -> list[object]:
    """Everything that can be reached from an object, in order, each thing that may change by the place it was met at.

    Equal pictures are of graphs that are alike in every value, and in which of them are the same thing.
    """
    met: dict[int, int] = {}
    shown: list[object] = []
    waiting = deque([root])
    kept: list[object] = []
    while waiting:
        one = waiting.popleft()
        if isinstance(one, SCALARS):
            shown.append(one)
        elif isinstance(one, frozenset | set):
            shown.append((type(one), sorted(map(repr, one))))
        elif isinstance(one, tuple):
            shown.append((type(one), len(one)))
            waiting.extend(one)
        elif id(one) in met:
            shown.append(("met at", met[id(one)]))
        else:
            met[id(one)] = len(shown)
            kept.append(one)
            parts = list(_parts(one))
            shown.append((type(one), len(parts)))
            waiting.extend(parts)
    return shown


def _parts(one: Any) -> Iterator[object]:
    if isinstance(one, Mapping):
        for key, value in one.items():
            yield from (key, value)
    elif isinstance(one, list):
        yield from one
    else:
        for kind in type(one).__mro__:
            slots = getattr(kind, "__slots__", ())
            for name in [slots] if isinstance(slots, str) else slots:
                if hasattr(one, name):
                    yield from (name, getattr(one, name))
        yield from getattr(one, "__dict__", {}).items()
        if not hasattr(type(one), "__slots__") and not hasattr(one, "__dict__"):
            yield repr(one)


# --- it is the same


@each_row("name", builtin_names())
def test_it_is_as_if_the_history_had_been_played(name: str) -> None:
    plan = fresh(load_builtin(name))
    played, copied = opened(fresh(plan)), taken_up(plan)
    assert picture(copied.exchange) == picture(played.exchange)
    assert list(copied.log) == list(played.log)
    assert copied.log.header == played.log.header
    assert copied.credentials() == played.credentials()
    assert copied.clock.now() == played.clock.now()
    assert copied.script.next_at == played.script.next_at
    assert violations(copied.exchange.state) == []


def test_what_happens_next_is_the_same() -> None:
    plan = load_text(SMALL + "# what happens next\n")
    played, copied = opened(fresh(plan)), taken_up(plan)
    assert do(copied, PAY) == do(played, PAY)
    assert copied.answer(signed(copied))[0] == played.answer(signed(played))[0]
    assert picture(copied.exchange) == picture(played.exchange)


def test_a_picture_tells_graphs_apart() -> None:
    shared: list[int] = [1]
    assert picture([shared, shared]) == picture([shared, shared])
    assert picture([shared, shared]) != picture([[1], [1]])
    assert picture({"a": {1}}) != picture({"a": {2}})
    assert picture(opened(load_builtin("demo")).exchange) != picture(opened(load_builtin("golden")).exchange)


def test_keys_are_those_of_the_name() -> None:
    plan = load_text(SMALL + "# of the name\n")
    one, other = taken_up(plan, "one"), opened(plan, "other")
    ids = [{each.key_id for each in sandbox.credentials()} for sandbox in (one, other)]
    assert not ids[0] & ids[1]
    assert one.credentials() == opened(fresh(plan), "one").credentials()


def test_copies_have_nothing_in_common() -> None:
    plan = load_text(SMALL + "# nothing in common\n")
    one, other = taken_up(plan), opened(plan)
    before = picture(other.exchange)
    do(one, PAY)
    assert picture(other.exchange) == before
    assert picture(opened(plan).exchange) == before


# --- when a copy is kept


def test_the_first_time_is_not_worth_a_copy() -> None:
    plan = load_text(SMALL + "# the first time\n")
    opened(plan)
    assert history_cache.snapshot_for(plan, FeeRounding.GRID) is None
    opened(plan)
    assert history_cache.snapshot_for(plan, FeeRounding.GRID) is not None


def test_plans_that_differ_in_the_history_share_none() -> None:
    plan = load_text(SMALL + "# differ\n")
    taken_up(plan)
    assert history_cache.snapshot_for(replace(plan, faults=[], script=[], settings={**plan.settings}), FeeRounding.GRID)
    longer = replace(plan, steps=[*plan.steps])
    assert history_cache.snapshot_for(longer, FeeRounding.GRID) is None
    assert history_cache.snapshot_for(replace(plan, seed=8), FeeRounding.GRID) is None
    assert opened(replace(plan, seed=8)).exchange.state.seed == 8


def test_a_short_history_is_played_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = load_text(SMALL + "# short\n")
    commands = len(opened(plan).log)
    monkeypatch.setattr(history_cache, "COMMANDS_MIN", commands + 1)
    opened(plan)
    assert history_cache.snapshot_for(plan, FeeRounding.GRID) is None
    monkeypatch.setattr(history_cache, "COMMANDS_MIN", commands)
    opened(plan)
    assert history_cache.snapshot_for(plan, FeeRounding.GRID) is not None


def test_copies_share_values_that_never_change() -> None:
    plan = fresh(load_builtin("golden"))
    [one, other] = [taken_up(plan).exchange.state, opened(plan).exchange.state]
    assert all(one.markets[name].details is other.markets[name].details for name in one.markets)
    assert not any(one.markets[name] is other.markets[name] for name in one.markets)


@each_row("name", builtin_names())
def test_no_row_is_made_by_a_function_in_python(name: str) -> None:
    """As Structs with keyword-only fields are, which take half as long again."""
    plan = fresh(load_builtin(name))
    taken_up(plan)
    assert b"msgspec" not in plan.cache.snapshot.pickled


def test_a_long_history_is_played_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = load_text(SMALL + "# long\n")
    commands = len(opened(plan).log)
    monkeypatch.setattr(history_cache, "COMMANDS_MAX", commands - 1)
    opened(plan)
    assert history_cache.snapshot_for(plan, FeeRounding.GRID) is None
    monkeypatch.setattr(history_cache, "COMMANDS_MAX", commands)
    opened(plan)
    assert history_cache.snapshot_for(plan, FeeRounding.GRID) is not None
    monkeypatch.setattr(history_cache, "COMMANDS_MAX", 0)
    assert history_cache.snapshot_for(plan, FeeRounding.GRID) is None


def test_files_are_read_each_time(tmp_path: Path) -> None:
    (tmp_path / "alice.pem").write_text(make_pair("rsa").private_pem or "")
    keyed = "scenario: keyed\naccounts: {alice: {keys: {main: {private_key: alice.pem}}}}\n"
    lines = '{"scenario": "lines", "accounts": {"alice": {}}}\n{"deposit": {"account": "alice", "amount": 1}}\n'
    (tmp_path / "keyed.yaml").write_text(keyed)
    (tmp_path / "lines.jsonl").write_text(lines)
    for name in ("keyed.yaml", "lines.jsonl"):
        plan = load_file(tmp_path / name)
        for _ in range(history_cache.PLAYS_MIN + 1):
            opened(plan)
        assert history_cache.snapshot_for(plan, FeeRounding.GRID) is None, name


def test_a_history_that_adds_keys_is_played_each_time() -> None:
    pem = make_pair("rsa").public_pem
    step = {"key": {"account": "bob", "key": "more", "key_id": "more", "public_key": pem}}
    plan = load_text(f"{SMALL}  - {json.dumps(step)}\n")
    made = [opened(plan) for _ in range(history_cache.PLAYS_MIN + 1)]
    assert history_cache.snapshot_for(plan, FeeRounding.GRID) is None
    assert "more" in made[-1].exchange.state.keys


def test_a_history_that_is_refused_is_refused_each_time() -> None:
    plan = load_text(SMALL + "  - settle: {market: NOWHERE, result: yes}\n")
    for _ in range(history_cache.PLAYS_MIN + 1):
        with pytest.raises(ScenarioError, match="no market 'NOWHERE'"):
            opened(plan)


def test_the_log_of_a_copy_goes_on_where_it_ends() -> None:
    plan = load_text(SMALL + "# goes on\n")
    sandbox = taken_up(plan)
    do(sandbox, PAY)
    records: list[Record] = list(sandbox.log)
    assert [record.sequence for record in records] == list(range(1, len(records) + 1))
    assert sandbox.exchange.state.sequence == len(records)
