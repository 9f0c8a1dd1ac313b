"""A sandbox that is opened again from its log and its description is as it was, and goes on in the same way."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockexchange.core.commands import Note, PriceMarket
from mockexchange.core.exchange import HANDLERS
from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.reopening import describe, read_description
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.keys import make_pair
from mockexchange.scenario.loader import load_builtin, load_file, load_object, load_text
from mockexchange.scenario.located_text import located_json
from mockexchange.scenario.plan import Plan
from mockexchange.store.log import LogError, Record
from mockexchange.store.memory_log import MemoryLog
from tests.core.dump import dump
from tests.helpers.derivatives import WORLD
from tests.helpers.effort import examples
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import SMALL, WALL, open_again, run, signed
from tests.helpers.scripts import SECOND
from tests.sandbox.random_life import GROUPS, SCRIPTED, done_by

HOUR = 3_600 * SECOND


async def opened(plan: Plan, clock: str = "paused", host: Any = lambda: WALL) -> Sandbox:
    return await open_sandbox(plan, SandboxOptions(clock=clock, host=host))


async def again(sandbox: Sandbox, host: Any = lambda: WALL) -> Sandbox:
    """Return a sandbox restored from what a store has of this one."""
    log = MemoryLog(sandbox.log.header)
    log.extend_now(list(sandbox.log))
    return await open_again(describe(sandbox), log, host)


def picture(sandbox: Sandbox) -> dict[str, Any]:
    steps = [part for step in sandbox.script.steps for part in step.walk()]
    return {
        "state": dump(sandbox.exchange.state),
        "faults": [(one.name, one.rule.text) for one in sandbox.faults],
        "stubs": [one.stub.written for one in sandbox.stubs],
        "steps": [(one.name, one.state, one.fired, one.refused, one.failed, one.runs) for one in steps],
        "next": sandbox.script.next_instants(),
        "done": sandbox.script.is_done,
        "clock": (sandbox.clock.mode, sandbox.clock.now()),
        "keys": sandbox.credentials(),
    }


@settings(max_examples=examples(30), deadline=None)
@given(GROUPS, st.integers(0, 2))
def test_a_restored_sandbox_is_as_it_was_and_goes_on_in_the_same_way(groups: list[list[str]], restarts: int) -> None:
    async def life() -> None:
        sandbox = await opened(load_text(SCRIPTED))
        for number, name in enumerate(name for group in groups for name in group):
            await done_by(sandbox, name, number)
        restored = sandbox
        for _ in range(restarts + 1):
            restored = await again(restored)
        assert picture(restored) == picture(sandbox)
        for one in (sandbox, restored):
            await one.advance(7 * SECOND)
        assert picture(restored) == picture(sandbox)
        assert list(restored.log) == list(sandbox.log)

    run(life())


SEQUENCE = """script:
  - name: story
    when: {request: {account: alice}}
    sequence:
      - {after: 1s, deposit: {account: "*", amount: 1}}
      - {after: 1s, times: 2, every: 1s, withdraw: {account: "*", amount: 10000000}}
      - {after: 1s, fill: {account: "*", market: RAIN-1, side: yes, action: buy, count: 1, price: 0.000$n}}
  - {after: 1s, every: 200ms, times: 11, price: {market: RAIN-2, price: 0.000$n}}
  - {after: 2s, fault: {name: late, match: {account: alice, until: 1h}, then: {status: 500}}}
"""


@each_row("seconds", range(7))
def test_a_triggered_sequence_goes_on_where_it_was(seconds: int) -> None:
    """Its account comes from the client that triggered it, whose request no log has."""

    async def life() -> None:
        sandbox = await opened(load_text(SMALL + SEQUENCE))
        sandbox.answer(signed(sandbox))
        await sandbox.run_due()
        await sandbox.advance(seconds * SECOND)
        restored = await again(sandbox)
        assert picture(restored) == picture(sandbox)
        for one in (sandbox, restored):
            await one.advance(10 * SECOND)
        assert picture(restored) == picture(sandbox)
        assert [step.refused_in_all for step in restored.script.steps] == [2, 2, 0]

    run(life())


@each_row("hours", [1, 30, 80])
def test_the_calendar_goes_on_without_what_was_void(hours: int) -> None:
    async def life() -> None:
        sandbox = await opened(load_text(WORLD))
        for _ in range(2):
            await sandbox.advance(hours * HOUR)
            await sandbox.submit(Note(subject="x", text="y"))
        restored = await again(sandbox)
        assert picture(restored) == picture(sandbox)
        for one in (sandbox, restored):
            await one.advance(48 * HOUR)
        assert list(restored.log) == list(sandbox.log)

    run(life())


@each_row(("clock", "passed_us"), [("real", HOUR), ("10x", 10 * HOUR), ("paused", 0)])
def test_a_clock_that_runs_has_run_on_meanwhile(clock: str, passed_us: int) -> None:
    async def life() -> None:
        host = [WALL]
        sandbox = await opened(load_text(SMALL), clock, lambda: host[0])
        for change in (None, "advance", "run"):
            if change == "advance":
                await sandbox.advance(5 * SECOND)
            elif change == "run":
                await sandbox.run_clock("paused")
                await sandbox.run_clock(clock)
            before = sandbox.clock.now()
            host[0] += HOUR
            restored = await again(sandbox, lambda: host[0])
            assert restored.clock.now() == sandbox.clock.now() == before + passed_us

    run(life())


def test_a_command_that_failed_and_was_not_replaced_is_taken_back_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async def life() -> None:
        sandbox = await opened(load_text(SMALL))
        log = sandbox.log
        command = PriceMarket(market="RAIN-1", price_centicents=100)
        await log.append([Record(len(log) + 1, sandbox.exchange.last_at, command)], "nonce")

        def fail(*_: Any) -> Any:
            raise ZeroDivisionError

        monkeypatch.setitem(HANDLERS, PriceMarket, fail)
        restored = await again(sandbox)
        assert isinstance(list(restored.log)[-1].command, Note)
        assert restored.exchange.state.sequence == len(log)

    run(life())


def test_scenarios_come_back_from_texts_objects_and_files(tmp_path: Path) -> None:
    lines, text, pair = tmp_path / "s.jsonl", tmp_path / "s.yaml", make_pair("ed25519")
    lines.write_text('{"scenario": "lines", "accounts": {"a": {"cash": 5}}}\n')
    (tmp_path / "key.pem").write_text(pair.private_pem or "")
    text.write_text("scenario: keys\naccounts: {a: {keys: {main: {private_key: key.pem}}}}\n")
    of_object = load_object(located_json('{"scenario": "o"}', "", 0))
    plans = (load_file(lines), load_file(text), load_builtin("demo"), of_object)

    async def life() -> None:
        for plan in plans:
            sandbox = await opened(plan)
            assert (pair.private_pem or "").encode()[40:60] not in describe(sandbox)
            restored = await again(sandbox)
            assert picture(restored) == picture(sandbox)
            assert (restored.plan.name, restored.plan.digest) == (plan.name, plan.digest)
            assert dump((await opened(restored.plan)).exchange.state) == dump(sandbox.exchange.state)
        kept = await opened(plans[1])
        (tmp_path / "key.pem").unlink()
        assert [one.private_pem for one in (await again(kept)).credentials()] == [None]
        changed = await opened(plans[0])
        lines.write_text('{"scenario": "other"}\n')
        with pytest.raises(ScenarioError, match="it was changed since the sandbox began"):
            await again(changed)

    run(life())


def test_rules_of_a_creation_come_back_for_a_reset() -> None:
    async def life() -> None:
        rules = load_text("scenario: s\nfaults: [{then: {status: 500}}]\nstubs: [{request: GET /x, status: 200}]")
        plan = replace(load_text("scenario: t"), faults=rules.faults, stubs=rules.stubs)
        restored = await again(await opened(plan))
        assert [rule.text for rule in restored.plan.faults] == [rule.text for rule in rules.faults]
        assert [stub.written for stub in restored.plan.stubs] == [stub.written for stub in rules.stubs]

    run(life())


def test_notes_and_descriptions_that_cannot_be_read_are_errors() -> None:
    async def life() -> None:
        sandbox = await opened(load_text(SMALL))
        await sandbox.submit(Note(subject="fault", text='{"install":{"then":"nothing"}}'))
        with pytest.raises(ScenarioError, match="nothing"):
            await again(sandbox)
        with pytest.raises(ScenarioError, match="use the version that wrote it"):
            read_description(b'{"created_by": 1}')
        log = MemoryLog(sandbox.log.header)
        log.extend_now([Record(2, 0, Note(subject="x", text="y"))])
        with pytest.raises(LogError, match="expected record 1, got 2"):
            await open_again(describe(sandbox), log, lambda: WALL)

    run(life())
