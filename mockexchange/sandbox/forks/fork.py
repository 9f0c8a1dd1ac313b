"""Opens forks: a new sandbox in the state that another sandbox had after one of its commands, or at an instant."""

from itertools import takewhile

from mockexchange.core.instants import format_instant
from mockexchange.sandbox.forks.playback import LogPlayback
from mockexchange.sandbox.forks.source import ForkSource
from mockexchange.sandbox.forks.until import SPEED_DEFAULT, Until
from mockexchange.sandbox.log.restoring import restore
from mockexchange.sandbox.log.stored import find_private_keys
from mockexchange.sandbox.options import Beginning, SandboxOptions
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.store.log import LogError, Record
from mockexchange.store.memory_log import MemoryLog


async def open_fork(
    source: ForkSource, options: SandboxOptions, until: Until | None = None, clock: str | None = None
) -> Sandbox:
    """Return a new sandbox in the state of the source at `until`; its script and its clock continue from there.

    `clock` is the mode of the clock; None keeps the mode that the source had at that point. The log of the fork has the
    source's commands up to there and one more, which sets the clock. Raises LogError if the source has no such command.
    """
    end = until or Until()
    records = list(takewhile(end.covers, source.records))
    _require_found(records, end)
    sandbox = await _folded(source, options, records)
    at = end.instant
    if at is None:
        ends_at = source.ends_at if until is None else None
        at = sandbox.exchange.last_at if ends_at is None else ends_at
    await sandbox.set_clock(clock or sandbox.clock.mode, at)
    await sandbox.run_due()
    return sandbox


async def open_playback(source: ForkSource, options: SandboxOptions, clock: str | None = None) -> Sandbox:
    """Return a new sandbox in the state after the source's history; it executes the later commands at their times.

    The exchange clock begins after the history, and runs in the mode `clock`. Raises LogError. Without an origin in the
    log it is unknown where the history ends; then all commands are executed at once.
    """
    begun = source.beginning
    if begun is None:
        return await open_fork(source, options, clock=clock)
    records = list(source.records)
    sandbox = await _folded(source, options, records[: begun.history], clock or SPEED_DEFAULT)
    LogPlayback(sandbox, records[begun.history :]).begin()
    return sandbox


async def _folded(
    source: ForkSource, options: SandboxOptions, records: list[Record], clock: str | None = None
) -> Sandbox:
    """Return a sandbox after these commands; `clock` is the mode from its beginning on."""
    begun, host_at = source.beginning, options.host()
    if begun is None:
        begun = Beginning(len(records), options.clock, records[-1].at if records else source.plan.start, host_at)
    if clock is not None or not begun.host_at:
        begun = Beginning(begun.history, clock or begun.mode, begun.exchange_at, host_at)
    sandbox = Sandbox(source.plan, options, source.pool)
    sandbox.private_pems |= source.private_pems
    log = MemoryLog(sandbox.log.header)
    log.extend_now(records)
    await restore(sandbox, log, begun)
    find_private_keys(sandbox)
    return sandbox


def _require_found(records: list[Record], end: Until) -> None:
    """Raise LogError if a log has not the commands that a fork is to have."""
    if end.sequence is not None and len(records) < end.sequence:
        raise LogError(f"the log has {len(records):,} commands, and none with the number {end.sequence:,}")
    if not records:
        when = "" if end.instant is None else f" before {format_instant(end.instant)}"
        raise LogError(f"the log has no command{when}")
