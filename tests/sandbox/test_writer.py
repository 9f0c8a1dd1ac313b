"""The writer on a log that suspends and fails at random: the log is the truth, and what was answered is in it."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from itertools import groupby
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockexchange.core.commands import AddKey, Command, Deposit, Note, PlaceOrder, RestOrder
from mockexchange.core.refusals import Refusal
from mockexchange.core.vocabulary import Action, Side, SubaccountRef
from mockexchange.replay import Replay
from mockexchange.sandbox import writer
from mockexchange.sandbox.interface import CommandFailed, SandboxEnded, StoreUnavailable
from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.sandbox import TRANSACTION_MAX, Sandbox
from mockexchange.sandbox.streams import VANISHED
from mockexchange.scenario.loader import load_text
from mockexchange.store.codec import write_log
from mockexchange.store.log import Record
from mockexchange.store.memory_log import MemoryLog
from tests.core.dump import dump
from tests.helpers.effort import examples
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import SMALL, WALL, run, signed
from tests.helpers.scripts import SECOND
from tests.helpers.unsteady_log import UnsteadyLog
from tests.sandbox.random_life import GROUPS, SCRIPTED, ask, deposit, done_by


async def unsteady(seed: int, failures: float = 0.0, text: str = SCRIPTED) -> tuple[Sandbox, UnsteadyLog]:
    sandbox = await open_sandbox(load_text(text), SandboxOptions(clock="paused", host=lambda: WALL))
    log = UnsteadyLog(sandbox.log, seed, failures)
    sandbox.use_log(log)
    return sandbox, log


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "REPEAT_PAUSE_S", 0.0)
    monkeypatch.setattr(writer, "RETRY_PAUSE_S", 0.0)


async def live(
    groups: list[list[str]], seed: int, failures: float
) -> tuple[Sandbox, UnsteadyLog, Counter[int], set[int]]:
    """Do groups of actions at once; return the amounts of deposits that were acknowledged, and those that failed."""
    sandbox, log = await unsteady(seed, failures)
    acknowledged, failed, number = Counter[int](), set[int](), 0

    async def do(name: str, number: int) -> None:
        try:
            await done_by(sandbox, name, number)
        except StoreUnavailable:
            failed.add(1_000_000 + number)
        else:
            acknowledged[1_000_000 + number] += name == "submit"

    for group in groups:
        first, number = number, number + len(group)
        await asyncio.gather(*(do(name, place) for place, name in enumerate(group, start=first)))
    log.failures = 0.0
    await sandbox.submit(Note(subject="end", text="x"))
    return sandbox, log, acknowledged, failed


@settings(max_examples=examples(50), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(GROUPS, st.integers(0, 10**6), st.sampled_from((0.0, 0.3, 0.8)))
def test_the_log_is_the_truth_and_has_each_acknowledged_command_once(
    groups: list[list[str]], seed: int, failures: float
) -> None:
    sandbox, log, acknowledged, failed = run(live(groups, seed, failures))
    assert [record.sequence for record in log] == list(range(1, len(log) + 1))
    assert [record.at for record in log] == sorted(record.at for record in log)
    deposits = [one.command for one in log if isinstance(one.command, Deposit)]
    stored = Counter(one.amount_micros for one in deposits)
    assert all(stored[amount] == count for amount, count in acknowledged.items())
    assert all(stored[amount] <= 1 for amount in failed)
    causes = Counter(one.cause for one in log if one.cause)
    assert set(causes.values()) <= {1}
    replay = Replay(write_log(log))
    replay.run_to(len(log))
    assert dump(replay.exchange.state) == dump(sandbox.exchange.state)


@each_row(("change", "after"), [("advance", "5ms"), ("run", "0s")])
def test_what_a_client_set_off_a_moment_ago_is_run_on_the_way(change: str, after: str) -> None:
    """The note of the trigger waits for its append when the clock is changed."""

    async def life() -> int:
        text = SMALL + f"script:\n  - {{name: s, when: {{request: {{}}}}, after: {after}, announce: {{message: x}}}}\n"
        sandbox, _ = await unsteady(1, text=text)
        sandbox.answer(signed(sandbox))
        await (sandbox.advance(5_000) if change == "advance" else sandbox.run_clock("2x"))
        return sandbox.script.steps[0].fired

    assert run(life()) == 1


def test_commands_that_wait_together_are_appended_together() -> None:
    async def life() -> list[int]:
        sandbox, log = await unsteady(1)
        await asyncio.gather(*(sandbox.submit(deposit(number)) for number in range(1, 600)))
        return log.batches

    batches = run(life())
    assert sum(batches) == 599
    assert max(batches) == writer.BATCH_MAX
    assert len(batches) == 3


def test_a_caller_reads_the_state_before_the_next_command_of_its_batch_changes_it() -> None:
    async def life() -> None:
        sandbox, _ = await unsteady(2)
        primary = sandbox.exchange.state.subaccounts[SubaccountRef("alice", "0")]
        before = primary.cash_micros

        async def pay() -> int:
            await sandbox.submit(deposit(1))
            return primary.cash_micros - before

        assert await asyncio.gather(*(pay() for _ in range(20))) == list(range(1, 21))

    run(life())


def test_a_caller_that_gives_up_before_the_append_leaves_nothing() -> None:
    async def life() -> None:
        sandbox, log = await unsteady(3)
        length = len(log)
        first, second = (asyncio.ensure_future(sandbox.submit(deposit(number))) for number in (1, 2))
        await asyncio.sleep(0)
        second.cancel()
        await first
        assert len(log) == length + 1

    run(life())


def test_a_failed_command_of_a_batch_is_replaced_and_the_others_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    async def life() -> None:
        sandbox, log = await unsteady(4)

        def raise_once(command: Command, at: int) -> Any:
            if isinstance(command, AddKey):
                raise ZeroDivisionError
            return execute(command, at)

        execute = sandbox.exchange.execute
        monkeypatch.setattr(sandbox.exchange, "execute", raise_once)
        key = AddKey(account="bob", key="k", key_id="k", public_key="", secret="s")
        commands: tuple[Command, ...] = (deposit(1), key, deposit(2))
        ends = await asyncio.gather(*map(sandbox.submit, commands), return_exceptions=True)
        assert [isinstance(end, CommandFailed) for end in ends] == [False, True, False]
        await asyncio.sleep(0.001)
        assert [type(record.command) for record in log][-3:] == [Deposit, Note, Deposit]

    run(life())


def test_records_of_another_writer_are_applied_first() -> None:
    async def life() -> None:
        sandbox, log = await unsteady(5)
        number = len(log) + 1
        await log.below.append([Record(number, sandbox.exchange.last_at, deposit(7))], "theirs")
        written = await sandbox.write(deposit(8))
        assert written.record.sequence == number + 1
        assert sandbox.exchange.state.sequence == len(log) == number + 1

    run(life())


def test_a_log_that_lost_what_was_answered_takes_no_more() -> None:
    """A database that failed over to a copy without the last commits; the numbers would have a hole."""

    async def life() -> None:
        sandbox, log = await unsteady(1)
        await sandbox.submit(deposit(1))
        below = list(log.below)
        log.below = MemoryLog(log.header)
        log.below.extend_now(below[:-1])
        with pytest.raises(StoreUnavailable, match=rf"record {len(below)} was answered, and the store has it no more"):
            await sandbox.submit(deposit(2))
        assert len(log) == len(below) - 1

    asyncio.run(life())


def test_what_waits_when_the_sandbox_ends_is_told_so() -> None:
    async def life() -> None:
        sandbox, _ = await unsteady(6)
        waiting = asyncio.ensure_future(sandbox.submit(deposit(1)))
        await asyncio.sleep(0)
        sandbox.close("deleted")
        with pytest.raises(SandboxEnded, match="deleted"):
            await waiting

    run(life())


def test_reads_go_on_and_steps_stay_due_while_the_log_fails() -> None:
    async def life() -> None:
        sandbox, log = await unsteady(7)
        log.failures = 1.0
        for _ in range(3):
            with pytest.raises(StoreUnavailable):
                await sandbox.submit(deposit(5))
        with pytest.raises(StoreUnavailable):
            await sandbox.advance(2 * SECOND)
        for name in ("fault", "stub", "script"):
            with pytest.raises(StoreUnavailable):
                await done_by(sandbox, name, 1)
        await ask(sandbox)
        await sandbox.run_due()
        assert (len(sandbox.faults), sandbox.stubs.installed) == (0, {})
        log.failures = 0.0
        await sandbox.submit(deposit(6))
        await sandbox.advance(2 * SECOND)
        assert sandbox.script.steps[0].fired == 3

    run(life())


def test_what_the_end_of_a_stream_leads_to_is_a_finding_if_it_cannot_be_stored() -> None:
    async def life() -> None:
        sandbox, log = await unsteady(8, failures=1.0)
        session = SimpleNamespace(parting_commands=[deposit(1)])
        connection: Any = SimpleNamespace(number=4, session=session, ending=VANISHED)
        await sandbox.carry_out_end(connection)
        [finding] = [one for one in sandbox.journal.firings if one.kind == "finding"]
        assert str(finding.detail["text"]).startswith("what the end of stream 4 leads to was not done: ")
        log.failures = 0.0
        await sandbox.carry_out_end(connection)
        assert isinstance(list(log)[-1].command, Deposit)

    run(life())


# --- the commands of one request


def pay_into_nobody() -> Command:
    return Deposit(subaccount_ref=SubaccountRef("nobody", "0"), amount_micros=1)


AT_EACH_ORDER = "script:\n  - {when: {order: {market: RAIN-1, nth: each}}, announce: {message: x}}\n"


BID: dict[str, Any] = {
    "subaccount_ref": SubaccountRef("alice", "0"),
    "market": "RAIN-1",
    "side": Side.YES,
    "action": Action.BUY,
    "count_centis": 100,
    "price_centicents": 100,
}


@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from(("pay", "refused", "expires", "place")), max_size=150),
    st.integers(0, 10**6),
    st.booleans(),
)
def test_commands_of_a_request_have_the_log_that_they_have_in_memory(
    kinds: list[str], seed: int, is_triggered: bool
) -> None:
    """Also where one of them makes a command of the calendar due at once, and where the script waits for a client."""

    async def life(sandbox: Sandbox) -> list[bytes]:
        begun_at = sandbox.clock.now()
        await sandbox.advance(5_000)
        make: dict[str, Callable[[int], Command]] = {"pay": deposit, "refused": lambda _: pay_into_nobody()}
        make["place"] = lambda _: PlaceOrder(**BID)
        make["expires"] = lambda _: RestOrder(**BID, expires_at=begun_at + 1)
        outcomes = [one.outcome async for one in sandbox.write_all([make[kind](n) for n, kind in enumerate(kinds, 1)])]
        assert [isinstance(one, Refusal) for one in outcomes] == [kind == "refused" for kind in kinds]
        await sandbox.run_due()
        return list(write_log(sandbox.log))

    async def both() -> None:
        text = SMALL + AT_EACH_ORDER if is_triggered else SMALL
        plain = await open_sandbox(load_text(text), SandboxOptions(clock="paused", host=lambda: WALL))
        stored, _ = await unsteady(seed, text=text)
        assert await life(stored) == await life(plain)

    run(both())


def test_commands_of_a_request_share_transactions() -> None:
    async def life() -> list[int]:
        sandbox, log = await unsteady(5, text=SMALL)
        found = [one async for one in sandbox.write_all([deposit(number) for number in range(1, 151)])]
        assert [one.record.sequence for one in found] == list(range(len(log) - 149, len(log) + 1))
        return log.batches

    assert run(life()) == [TRANSACTION_MAX, TRANSACTION_MAX, 150 - 2 * TRANSACTION_MAX]


def test_a_transaction_that_fails_leaves_nothing_of_its_commands() -> None:
    async def life() -> None:
        sandbox, log = await unsteady(6, text=SMALL)
        length, log.failures = len(log), 1.0
        log.fails_whole = True
        with pytest.raises(StoreUnavailable):
            async for _ in sandbox.write_all([deposit(number) for number in range(1, 11)]):
                pass
        log.failures = 0.0
        await sandbox.submit(deposit(11))
        assert [record.command for record in log][length:] == [deposit(11)]

    run(life())


def test_a_caller_that_leaves_a_request_leaves_whole_commands() -> None:
    async def life() -> None:
        sandbox, log = await unsteady(7, text=SMALL)
        length = len(log)
        written = sandbox.write_all([deposit(number) for number in range(1, 151)])
        await anext(written)
        await written.aclose()
        await sandbox.submit(deposit(200))
        done = [record.command for record in log][length:]
        assert done == [*(deposit(number) for number in range(1, TRANSACTION_MAX + 1)), deposit(200)]

    run(life())


STEPS = {
    "pay": "deposit: {account: alice, amount: 1.%d}",
    "refused": "fill: {account: alice, market: SNOW-$n, side: yes, action: buy, count: 1, price: 0.5}, times: 2",
    "numbered": "deposit: {account: alice, amount: $n}, every: 1us, times: 5",
    "invalid later": "deposit: {account: alice, amount: 0.00000$n}, every: 1us, times: 11",
    "expires": "rest: {account: alice, market: RAIN-1, side: yes, action: buy, count: 1, price: 0.01, expires: +1ms}",
    "frame": "frame: {text: '%d'}",
    "fault": "fault: {name: f%d, then: {status: 503}}",
}
"""Actions of steps: those that a transaction may hold, and those that have to run alone."""


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 3)), min_size=1, max_size=100),
    st.integers(0, 10**6),
    st.sampled_from((0.0, 0.3)),
)
def test_a_script_does_in_a_store_what_it_does_in_memory(
    steps: list[tuple[str, int]], seed: int, failures: float
) -> None:
    entries = [STEPS[kind].replace("%d", str(number)) for number, (kind, _) in enumerate(steps)]
    script = [f"  - {{name: s{number}, after: {steps[number][1]}us, {entry}}}" for number, entry in enumerate(entries)]
    text = SMALL + "\n".join(["script:", *script, ""])

    async def life(sandbox: Sandbox) -> list[object]:
        until = sandbox.clock.now() + 2_000
        while sandbox.clock.now() < until:
            await asyncio.sleep(0)  # it is found out whether the last append took place
            with suppress(StoreUnavailable):
                await sandbox.advance(until - sandbox.clock.now())
        done = [(one.at, one.cause, one.command) for one in sandbox.log if one.cause]
        if failures:  # a change of the clock may then be stored twice, and a stored step be missing in the journal
            return [done]
        firings = [(one.at, one.position, one.kind, one.name, one.detail) for one in sandbox.journal.firings]
        return [done, firings, [(one.state, one.fired_in_all, one.refused_in_all) for one in sandbox.script.steps]]

    async def both() -> None:
        plain = await open_sandbox(load_text(text), SandboxOptions(clock="paused", host=lambda: WALL))
        stored, _ = await unsteady(seed, failures, text)
        assert await life(stored) == await life(plain)

    run(both())


def test_steps_of_a_script_share_transactions() -> None:
    async def life() -> list[int]:
        text = (
            SMALL
            + "script:\n  - {name: s, after: 1us, deposit: {account: alice, amount: $n}, every: 1us, times: 150}\n"
        )
        sandbox, log = await unsteady(5, text=text)
        await sandbox.advance(1_000)
        return log.batches

    assert run(life())[:3] == [TRANSACTION_MAX, TRANSACTION_MAX, 150 - 2 * TRANSACTION_MAX]


BATCH = "/trade-api/v2/portfolio/events/orders/batched"
ITEM = {
    "ticker": "RAIN-1",
    "side": "bid",
    "count": "1.00",
    "price": "0.0100",
    "time_in_force": "good_till_canceled",
    "self_trade_prevention_type": "maker",
}
CHANGES: dict[str, dict[str, Any]] = {
    "rests": {},
    "fills": {"price": "0.9900"},
    "again": {"client_order_id": "same"},
    "unknown": {"ticker": "NONE"},
    "expires": {"expiration_time": WALL // SECOND + 9},
}
"""Items of a batch by what becomes of them; those that are refused as bodies have no command."""


def shared(kinds: list[str]) -> list[int]:
    """Return the sizes of the transactions of a batch: what sets another command due has one of its own."""
    sizes: list[int] = []
    for is_alone, group in groupby(kinds, lambda kind: kind == "expires"):
        left = len([*group])
        sizes += [1] * left if is_alone else [min(TRANSACTION_MAX, left - at) for at in range(0, left, TRANSACTION_MAX)]
    return sizes


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(sorted(CHANGES)), min_size=1, max_size=80), st.integers(0, 10**6), st.booleans())
def test_a_batch_of_a_client_does_in_a_store_what_it_does_in_memory(
    kinds: list[str], seed: int, is_triggered: bool
) -> None:
    """Also where the script waits for orders, so that each sets something due."""
    text = SMALL + AT_EACH_ORDER if is_triggered else SMALL
    orders = [{**ITEM, **CHANGES[kind]} for kind in kinds]

    async def life(sandbox: Sandbox) -> tuple[bytes, tuple[int, ...], list[bytes]]:
        answer, entry = sandbox.answer(signed(sandbox, BATCH, method="POST", body={"orders": orders}))
        answer = await sandbox.carry_out(answer, entry)
        assert answer.status == 201
        await sandbox.run_due()
        return answer.body, entry.commands, [*write_log(sandbox.log)]

    async def both() -> None:
        plain = await open_sandbox(load_text(text), SandboxOptions(clock="paused", host=lambda: WALL))
        stored, log = await unsteady(seed, text=text)
        assert await life(stored) == await life(plain)
        if not is_triggered:
            assert log.batches == shared([kind for kind in kinds if kind != "unknown"])

    run(both())
