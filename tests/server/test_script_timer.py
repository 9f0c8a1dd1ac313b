"""Steps on clocks that run by themselves: one timer a sandbox, and none left behind."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from mockexchange.core.commands import Announce
from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.loader import load_text
from mockexchange.server import script_timer as script_timers
from mockexchange.server.script_timer import ScriptTimer
from mockexchange.server.server_state import ServerState
from tests.helpers.patience import PATIENCE_S
from tests.server.wire import ADDRESS

FAST = "1000000x"
"""An hour in 3.6 ms."""
SAY = "announce: {message: x}"


class Loop:
    """What a ticker needs of a loop, with hands that the test moves."""

    def __init__(self) -> None:
        self.timers: list[Timer] = []
        self.tasks: list[asyncio.Task[None]] = []

    def call_later(self, delay_s: float, callback: Callable[[], object]) -> "Timer":
        self.timers.append(Timer(delay_s, callback))
        return self.timers[-1]

    def create_task(self, coroutine: Any) -> asyncio.Task[None]:
        self.tasks.append(asyncio.get_running_loop().create_task(coroutine))
        return self.tasks[-1]

    @property
    def armed(self) -> list["Timer"]:
        return [timer for timer in self.timers if not timer.is_canceled]


class Timer:
    def __init__(self, delay_s: float, callback: Callable[[], object]) -> None:
        self.delay_s, self.callback, self.is_canceled = delay_s, callback, False

    def cancel(self) -> None:
        self.is_canceled = True

    async def ring(self, loop: Loop) -> None:
        self.is_canceled = True
        self.callback()
        await asyncio.gather(*loop.tasks)


class Host:
    def __init__(self) -> None:
        self.at = 0

    def __call__(self) -> int:
        return self.at


async def opened(*entries: str, clock: str = "1x") -> tuple[Sandbox, Host]:
    host = Host()
    plan = load_text("scenario: s\nscript:\n" + "".join(f"  - {{{entry}}}\n" for entry in entries))
    return await open_sandbox(plan, SandboxOptions(clock=clock, host=host)), host


def ticking(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> tuple[ScriptTimer, Loop]:
    loop = Loop()
    monkeypatch.setattr(script_timers, "running_loop", lambda: loop)
    return ScriptTimer(sandbox), loop


def in_a_loop(test: Callable[[pytest.MonkeyPatch], Awaitable[None]]) -> Callable[[pytest.MonkeyPatch], None]:
    def run(monkeypatch: pytest.MonkeyPatch) -> None:
        asyncio.run(asyncio.wait_for(test(monkeypatch), PATIENCE_S))

    return run


@in_a_loop
async def test_it_sleeps_until_what_is_due_next(monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox, host = await opened(f"after: 5s, every: 2s, {SAY}", clock="2x")
    ticker, loop = ticking(sandbox, monkeypatch)
    [timer] = loop.armed
    assert timer.delay_s == 2.5
    host.at += 2_500_000
    await timer.ring(loop)
    assert len(sandbox.log) == 1
    [timer] = loop.armed
    assert timer.delay_s == 1.0
    ticker.stop()
    assert loop.armed == []


@in_a_loop
async def test_a_clock_that_stands_needs_no_timer_until_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox, _ = await opened(f"after: 5s, {SAY}", clock="paused")
    _, loop = ticking(sandbox, monkeypatch)
    assert loop.timers == []
    await sandbox.run_clock("10x")
    assert [timer.delay_s for timer in loop.armed] == [0.5]
    await sandbox.advance(4_000_000)
    assert [timer.delay_s for timer in loop.armed] == [0.1]
    await sandbox.run_clock("paused")
    assert loop.armed == []


@in_a_loop
async def test_what_is_set_off_and_due_sooner_is_waited_for_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = f"when: {{subscribed: {{}}}}, after: 1s, {SAY}"
    sandbox, _ = await opened(f"after: 5s, {SAY}", entry, entry)
    _, loop = ticking(sandbox, monkeypatch)
    sandbox.script.note_subscribed("alice", "fill")
    await sandbox.writer.wait_until_applied()
    assert [timer.delay_s for timer in loop.armed] == [1.0]
    await sandbox.script.clear()
    assert loop.armed == []


@in_a_loop
async def test_a_step_of_next_year_is_waited_for_an_hour_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox, host = await opened(f"after: 365d, {SAY}")
    _, loop = ticking(sandbox, monkeypatch)
    [timer] = loop.armed
    assert timer.delay_s == 3_600
    host.at += 3_600_000_000
    await timer.ring(loop)
    assert ([timer.delay_s for timer in loop.armed], len(sandbox.log)) == ([3_600], 0)


@in_a_loop
async def test_a_clock_too_fast_for_its_script_leaves_time_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox, host = await opened(f"every: 1ms, {SAY}")
    monkeypatch.setattr(script_timers, "BATCH_STEPS_MAX", 10)
    _, loop = ticking(sandbox, monkeypatch)
    host.at += 100_000
    turns = 0

    async def others() -> None:
        nonlocal turns
        while sandbox.script.has_due:
            turns += 1
            await asyncio.sleep(0)

    loop.create_task(others())
    await loop.armed[0].ring(loop)
    assert len(sandbox.log) == 101
    assert turns >= 10


@in_a_loop
async def test_a_stopped_one_never_wakes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox, host = await opened(f"every: 1s, {SAY}")
    ticker, loop = ticking(sandbox, monkeypatch)
    host.at += 5_000_000
    [timer] = loop.armed
    timer.is_canceled = True
    timer.callback()
    ticker.stop()
    assert [type(end) for end in await asyncio.gather(*loop.tasks, return_exceptions=True)] == [asyncio.CancelledError]
    assert len(sandbox.log) == 1
    await sandbox.script.clear()
    await sandbox.run_clock("10x")
    assert loop.armed == []


# --- on the host's own clock

SCRIPT = f"scenario: fast\nscript:\n  - {{after: 1h, every: 1h, times: 5, {SAY}}}\n"


async def said(sandbox: Sandbox) -> list[int]:
    """The instants of the script's steps, once five have happened."""
    done = asyncio.Event()
    sandbox.observers.append(lambda record, outcome: done.set() if len(sandbox.log) >= 5 else None)
    if len(sandbox.log) < 5:
        await done.wait()
    return [record.at - sandbox.plan.start for record in sandbox.log if isinstance(record.command, Announce)]


def test_a_fast_clock_does_its_hours_in_milliseconds_and_again_after_a_reset() -> None:
    async def life() -> None:
        server_state = ServerState(ADDRESS)
        hours = [hour * 3_600_000_000 for hour in range(1, 6)]
        first = await server_state.open(load_text(SCRIPT), SandboxOptions(clock=FAST))
        assert await said(first) == hours
        assert await said(await server_state.reset("default")) == hours
        await server_state.stop()
        await asyncio.sleep(0)
        assert [task for task in asyncio.all_tasks() if "ScriptTimer" in repr(task)] == []

    asyncio.run(asyncio.wait_for(life(), PATIENCE_S))


def test_a_deleted_sandbox_does_nothing_more() -> None:
    async def life() -> None:
        server_state = ServerState(ADDRESS)
        await server_state.open(load_text("scenario: bare\n"), SandboxOptions(name="default"))
        endless = load_text(f"scenario: endless\nscript:\n  - {{every: 1h, {SAY}}}\n")
        sandbox = await server_state.open(endless, SandboxOptions(name="other", clock=FAST))
        await said(sandbox)
        await server_state.delete("other")
        done = len(sandbox.log)
        assert set(server_state.script_timers) == {"default"}
        sandbox.clock.advance(24 * 3_600_000_000)
        for _ in range(100):
            await asyncio.sleep(0)
        assert (len(sandbox.log), sandbox.script.has_due) == (done, False)
        await server_state.stop()

    asyncio.run(asyncio.wait_for(life(), PATIENCE_S))
