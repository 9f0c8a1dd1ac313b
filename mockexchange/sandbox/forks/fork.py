"""Opens forks: a new sandbox in the state that another sandbox had after one of its commands, or at an instant."""

from itertools import takewhile
from typing import NamedTuple

from mockexchange.core.instants import format_instant, parse_instant
from mockexchange.sandbox.forks.playback import LogPlayback
from mockexchange.sandbox.forks.source import ForkSource
from mockexchange.sandbox.log.restoring import restore
from mockexchange.sandbox.log.stored import find_private_keys
from mockexchange.sandbox.options import Beginning, SandboxOptions
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.store.log import LogError, MemoryLog, Record

SEQUENCE_DIGITS_MAX = 18
SPEED_DEFAULT = "1x"


class Until(NamedTuple):
    """The point up to which a fork copies the commands of its source: the number of the last command, or an instant.

    If both are None, the fork copies all commands.
    """

    sequence: int | None = None
    instant: int | None = None

    def covers(self, record: Record) -> bool:
        """Return whether a command belongs to the fork, because it is not after this point."""
        if self.instant is not None:
            return record.at <= self.instant
        return self.sequence is None or record.sequence <= self.sequence


def parse_until(text: str) -> Until:
    """Parse the number of a command, from 1 on, or an instant. Raises ValueError."""
    if text.isascii() and text.isdigit() and len(text) <= SEQUENCE_DIGITS_MAX:
        if int(text) == 0:
            raise ValueError("expected the number of a command, from 1 on, got 0")
        return Until(sequence=int(text))
    try:
        return Until(instant=parse_instant(text))
    except ValueError:
        raise ValueError(
            f"expected the number of a command or an instant such as 2026-06-01T12:00:00Z, got {text[:60]!r}"
        ) from None


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
