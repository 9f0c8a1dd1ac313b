"""Opens a sandbox: executes the history of its scenario and adds the keys of its accounts."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from mockexchange.core.commands import AddKey
from mockexchange.core.refusals import Refusal
from mockexchange.sandbox import history_cache
from mockexchange.sandbox.clock import SLICE_S, ExchangeClock
from mockexchange.sandbox.credentials import derive_key
from mockexchange.sandbox.garbage_collection import collect_newest, collector_paused, objects_left_out
from mockexchange.sandbox.history_cache import Snapshot
from mockexchange.sandbox.options import Beginning, SandboxOptions, rounding_of
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.accounts import KeySpec
from mockexchange.scenario.error_collection import note_or_raise, note_refusal
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.keys import KeyPool
from mockexchange.scenario.loader import at_beginning
from mockexchange.scenario.located_text import Located
from mockexchange.scenario.plan import Plan, TimedCommand
from mockexchange.store.memory_log import MemoryLog
from mockexchange.venues.registry import venue_of

PROGRESS_EVERY = 10_000
Progress = Callable[[int], None]
Item = TypeVar("Item")


async def open_sandbox(
    plan: Plan, options: SandboxOptions, progress: Progress | None = None, pool: KeyPool | None = None
) -> Sandbox:
    """Build a sandbox from a scenario. Raises ScenarioError, with file and line, if a command is refused.

    Relative values of the scenario count from now, unless the plan was read for a sandbox before, with its own now. The
    clock begins after the last instant of the history. `progress` is called with the number of executed steps every
    PROGRESS_EVERY steps. `pool` has the key pairs of the sandbox that this one replaces.
    """
    is_real = options.clock == "real"
    plan = at_beginning(plan, options.host(), is_real=is_real)
    kept = history_cache.snapshot_for(plan, rounding_of(plan, options))
    sandbox = Sandbox(plan, options, pool, kept.exchange() if kept else None)
    if kept:
        await _restore(sandbox, kept)
    else:
        await _play(sandbox, progress)
        history_cache.note_played(plan, sandbox.exchange, sandbox.log)
    begins = max(plan.start, sandbox.exchange.last_at)
    sandbox.clock = ExchangeClock(options.clock, begins, options.host)
    sandbox.beginning = Beginning(
        history=sandbox.exchange.state.sequence,
        mode=options.clock,
        exchange_at=sandbox.clock.now() if is_real else begins,
        host_at=sandbox.clock.now() if is_real else options.host(),
    )
    sandbox.begin_quota()
    await sandbox.faults.begin()
    await sandbox.stubs.begin()
    sandbox.script.begin(sandbox.beginning.exchange_at)
    await sandbox.run_due()
    return sandbox


async def _play(sandbox: Sandbox, progress: Progress | None) -> None:
    """Execute the setup, the keys and the history of the scenario, all before the clock begins."""

    async def set_up(timed: TimedCommand, number: int) -> None:
        await _execute(sandbox, timed)

    async def play(timed: TimedCommand, number: int) -> None:
        await _execute(sandbox, timed, number)
        if progress and number % PROGRESS_EVERY == 0:
            progress(number)

    await _in_slices(sandbox, sandbox.plan.setup, set_up)
    await _add_keys(sandbox)
    await _in_slices(sandbox, sandbox.plan.steps, play)


async def _in_slices(sandbox: Sandbox, items: Iterable[Item], execute: Callable[[Item, int], Awaitable[None]]) -> None:
    """Call `execute` with each item and its number, from 1, in slices of time, between which other tasks run.

    The collector is paused in a slice: it would walk the new rows, none of which is garbage, again and again.
    """
    numbered, done = enumerate(items, start=1), 0
    with objects_left_out() as leave_out:
        while True:
            until = time.perf_counter() + SLICE_S
            with collector_paused():
                for done, item in numbered:
                    await execute(item, done)
                    if done % PROGRESS_EVERY == 0 or time.perf_counter() >= until:
                        break
                else:
                    return
                if done >= PROGRESS_EVERY:
                    # many items: older records are compressed, and their objects left out of collections
                    if isinstance(sandbox.log, MemoryLog):
                        sandbox.log.pack(PROGRESS_EVERY)
                    leave_out()
            await asyncio.sleep(0)
            if done >= PROGRESS_EVERY:
                collect_newest()  # of other tasks, so that none of their garbage is left out


async def _restore(sandbox: Sandbox, kept: Snapshot) -> None:
    """Restore from a snapshot: refill the log, and add the keys, which a snapshot lacks, at their positions in it."""
    exchange = sandbox.exchange
    ends_at, sequence = exchange.last_at, exchange.state.sequence
    # The keys are added as in the first play, right after the setup: at that number and at that time.
    exchange.last_at, exchange.state.sequence = sandbox.plan.start, len(kept.before_keys)
    log = sandbox.log
    assert isinstance(log, MemoryLog), "a new sandbox has one"
    log.extend_now(kept.before_keys)
    await _add_keys(sandbox)
    log.extend_now(kept.after_keys)
    exchange.last_at, exchange.state.sequence = ends_at, sequence


async def _execute(sandbox: Sandbox, timed: TimedCommand, number: int = 0) -> None:
    """Execute a command; `number` is its place in the history, from 1."""
    _, outcome = await sandbox.writer.write(timed.command, timed.at)
    if isinstance(outcome, Refusal):
        error = _refused(outcome, timed.node, f"history[{number - 1}]" if number else "")
        note_refusal(error, outcome.code, timed.command, timed.node)


async def _add_keys(sandbox: Sandbox) -> None:
    async def add(spec: KeySpec, number: int) -> None:
        if spec.account not in sandbox.exchange.state.accounts:
            return  # a check left it out
        outcome = await sandbox.submit(_key_command(sandbox, spec), sandbox.plan.start)
        if isinstance(outcome, Refusal):
            note_or_raise(_refused(outcome, spec.node))

    await _in_slices(sandbox, sandbox.plan.keys, add)


def _key_command(sandbox: Sandbox, spec: KeySpec) -> AddKey:
    """Return the command that adds a key. Its id and its secret are derived unless the scenario gives them."""
    venue = venue_of(sandbox.exchange.state.accounts[spec.account].venue)
    key_id, secret = derive_key(venue, sandbox.name, spec.account, spec.name)
    key_id, public_key = spec.key_id or key_id, ""
    if secret:
        secret = spec.secret or secret
    else:
        pair = sandbox.pool.pair_for(spec)
        public_key = pair.public_pem
        sandbox.private_pems[key_id] = pair.private_pem
    return AddKey(
        account=spec.account,
        key=spec.name,
        key_id=key_id,
        public_key=public_key,
        scopes=spec.scopes,
        subaccount=spec.subaccount,
        api_date=spec.api_date,
        secret=secret,
    )


def _refused(refusal: Refusal, node: Located | None, path: str = "") -> ScenarioError:
    """Return the error for a refused command, with file and line, or with the path of the step if there is no file."""
    file, line = (node.file, node.line) if node else ("", 0)
    return ScenarioError(f"{refusal.code}: {refusal.message}", file, line, "" if file else path)
