"""Forks: new sandboxes from a part of another sandbox's log, and logs that are exported, read and played back.

The first line of an exported log has its origin: the description of its sandbox that a store keeps, with which a fork
continues as the original. Key pairs are left out: they are generated again from names.
"""

import json
import weakref
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import NamedTuple

import msgspec

from mockexchange.core.commands import Command, Note
from mockexchange.core.instants import format_instant, parse_instant
from mockexchange.core.vocabulary import FeeRounding
from mockexchange.replay.log_replay import settings_of
from mockexchange.sandbox.clock import Turns, parse_mode
from mockexchange.sandbox.interface import CommandFailed, KeyInUse
from mockexchange.sandbox.options import Beginning, SandboxOptions
from mockexchange.sandbox.reopening import Description, describe, find_private_keys, plan_of, restore
from mockexchange.sandbox.sandbox import CLOCK, Sandbox
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.keys import KeyPool
from mockexchange.scenario.loader import load_text
from mockexchange.scenario.loop_turns import ITEMS_PER_TURN, take_turn
from mockexchange.scenario.plan import Plan, PlanCache
from mockexchange.store.codec import read_log, write_log
from mockexchange.store.log import FAILURE, Header, LogError, ReadableLog, Record
from mockexchange.store.memory_log import MemoryLog
from mockexchange.venues.dated_fields import ApiDate
from mockexchange.venues.registry import DEFAULT, VENUES

SEQUENCE_DIGITS_MAX = 18
SPEED_DEFAULT = "1x"
PLAYED = "log"
"""The name of a played command, where steps are counted by name."""
NO_ORIGIN = "the log has no origin, so the script of its scenario does not go on"
FILES_OF_KEYS = "the scenario has keys in files, which a log that is sent may not name, so its script does not go on"
FILE_OF_SCENARIO = "the scenario is a file of JSON lines, so its script does not go on"


# Exporting a log


def exported(sandbox: Sandbox) -> Iterator[bytes]:
    """Yield the lines of a sandbox's log; the first line also has the sandbox's description, the log's origin."""
    description = msgspec.json.decode(describe(sandbox), type=Description)
    shown = msgspec.structs.replace(description, source=sandbox.plan.source)
    return exported_log(sandbox.log, shown)


def exported_log(log: ReadableLog, description: Description) -> Iterator[bytes]:
    """Yield the lines of a log; the first line also has a sandbox's description, the log's origin."""
    lines = write_log(log)
    next(lines)
    beginning = msgspec.structs.replace(description.beginning, host_at=0)  # equal logs are equal bytes
    origin = msgspec.structs.replace(description, beginning=beginning, pairs={}, places=[], port=None, idle_us_max=None)
    yield msgspec.json.encode({**msgspec.to_builtins(log.header), "origin": origin}) + b"\n"
    yield from lines


# What a fork is made from


class _FirstLine(msgspec.Struct):
    """The first line of a log, as far as it is about the origin."""

    origin: Description | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForkSource:
    """The data from which a fork is made: the source's scenario plan, commands, key pairs and clock."""

    plan: Plan
    rounding: FeeRounding
    """How the source rounds fees."""
    api_date: ApiDate
    clock: str
    """The clock mode with which the source was created."""
    records: Iterable[Record]
    pool: KeyPool
    beginning: Beginning | None = None
    """The start of the source's clock; None if it is not known."""
    private_pems: dict[str, str | None] = field(default_factory=dict)
    ends_at: int | None = None
    """The exchange time of a running source; None for an exported log, which ends with its last command."""
    problem: str = ""
    """The reason why the fork has no script; empty if it has the script of its scenario."""


def source_of(sandbox: Sandbox) -> ForkSource:
    """Return the data for a fork of a running sandbox, as of now; later commands of the sandbox are not included."""
    pool = KeyPool(sandbox.pool.sandbox, set(sandbox.pool.taken), dict(sandbox.pool.drawn))
    return ForkSource(
        plan=sandbox.plan,
        rounding=sandbox.exchange.state.rounding,
        api_date=sandbox.options.api_date,
        clock=sandbox.options.clock,
        records=sandbox.log.records(count=sandbox.exchange.state.sequence),
        pool=pool,
        beginning=sandbox.beginning,
        private_pems=dict(sandbox.private_pems),
        ends_at=sandbox.clock.now(),
    )


def read_source(lines: Iterable[bytes], *, is_sent: bool = False) -> ForkSource:
    """Parse an exported log into the data for a fork. Raises LogError.

    `is_sent` means that another process has sent the log: then the files that it names are not read.
    """
    rest = iter(lines)
    first = next(rest, b"")
    header, records = read_log(chain([first], rest) if first else ())
    try:
        origin = msgspec.json.decode(first, type=_FirstLine).origin
    except (msgspec.MsgspecError, RecursionError) as error:
        raise LogError(f"line 1: its origin cannot be read: {error}") from None
    plan, problem = _plan_of(header, origin, is_sent=is_sent)
    pool = KeyPool(header.sandbox)
    for spec in plan.keys:
        if spec.private_path is None and spec.public_path is None:
            pool.pair_for(spec)
    try:
        rounding = FeeRounding(header.rounding)
        api_date = DEFAULT.api_date(header.api_date)
        parse_mode(header.clock)
    except ValueError as error:
        raise LogError(f"line 1: {error}") from None
    return ForkSource(
        plan=plan,
        rounding=rounding,
        api_date=api_date,
        clock=header.clock,
        records=_in_sequence(records),
        pool=pool,
        beginning=origin.beginning if origin else None,
        problem=problem,
    )


def _plan_of(header: Header, origin: Description | None, *, is_sent: bool) -> tuple[Plan, str]:
    """Return the plan of a log, and the reason if its scenario cannot be read."""
    if origin is None:
        return _bare_plan(header), NO_ORIGIN
    if is_sent and origin.source.kind == "lines":
        return _bare_plan(header), FILE_OF_SCENARIO
    try:
        plan = plan_of(origin)
    except (ScenarioError, ValueError) as error:
        return _bare_plan(header), f"its scenario cannot be read, so its script does not go on: {error}"
    if is_sent and any(spec.private_path or spec.public_path for spec in plan.keys):
        return _bare_plan(header), FILES_OF_KEYS
    return plan, ""


def _bare_plan(header: Header) -> Plan:
    """Return the plan of a log without its scenario: the same rules, and no keys, script, faults or stubs."""
    empty = load_text("scenario: empty\n")
    try:
        settings = {name: venue.scenario.settings(**settings_of(venue, header)) for name, venue in VENUES.items()}
    except (TypeError, ValueError) as error:
        raise LogError(f"line 1: {error}") from None
    return replace(
        empty,
        name=header.scenario,
        title="",
        seed=header.seed,
        archived_before=header.archived_before,
        order_rules=header.orders,
        settings=settings,
        digest=header.scenario_hash,
        keys=[],
        cache=PlanCache(),
    )


def _in_sequence(records: Iterator[Record]) -> Iterator[Record]:
    """Yield records. Raises LogError unless they are numbered from 1 on, in order of time."""
    last_at = 0
    for expected, record in enumerate(records, start=1):
        if record.sequence != expected:
            raise LogError(f"expected command {expected}, got {record.sequence}: the log has a gap")
        if record.at < last_at:
            raise LogError(f"command {expected} is earlier than the one before it")
        last_at = record.at
        yield record
        if expected % ITEMS_PER_TURN == 0:
            take_turn()


# Forks


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
    end, records, turns = until or Until(), [], Turns()
    for record in source.records:
        if not end.covers(record):
            break
        records.append(record)
        await turns.pause()
    if end.sequence is not None and len(records) < end.sequence:
        raise LogError(f"the log has {len(records):,} commands, and none with the number {end.sequence:,}")
    if not records:
        when = "" if end.instant is None else f" before {format_instant(end.instant)}"
        raise LogError(f"the log has no command{when}")
    sandbox = await _sandbox_after(source, options, records)
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
    sandbox = await _sandbox_after(source, options, records[: begun.history], clock or SPEED_DEFAULT)
    LogPlayback(sandbox, records[begun.history :]).begin()
    return sandbox


async def _sandbox_after(
    source: ForkSource, options: SandboxOptions, records: list[Record], clock: str | None = None
) -> Sandbox:
    """Return a sandbox after these commands; `clock` is the mode from its beginning on."""
    begun, host_at = source.beginning, options.host()
    if begun is None:
        begun = Beginning(len(records), options.clock, records[-1].at if records else source.plan.start, host_at)
    if clock is not None or not begun.host_at:
        begun = Beginning(begun.history, clock or begun.mode, begun.exchange_at, host_at)
    sandbox = Sandbox(source.plan, options, source.pool, rounding=source.rounding)
    sandbox.private_pems |= source.private_pems
    log = MemoryLog(sandbox.log.header)
    log.extend_now(records)
    await restore(sandbox, log, begun)
    find_private_keys(sandbox)
    return sandbox


# Playing a log back


class LogPlayback:
    """The commands of a log that are played back: each is executed when the exchange clock reaches its time.

    Meanwhile the script does not run its steps, whose commands are in the log. It goes on after the last command.
    """

    def __init__(self, sandbox: Sandbox, records: Sequence[Record]) -> None:
        self._sandbox: Sandbox = weakref.proxy(sandbox)
        self._records = deque(records)
        self._is_playing = False

    def begin(self) -> None:
        """Stop the script from running steps, and play commands back from now on."""
        if self._records:
            script = self._sandbox.script
            script.playback, script.is_restoring = self, True

    @property
    def next_at(self) -> int | None:
        """The exchange time of the next command to play back; None if there is none, or while one is executed."""
        return self._records[0].at if self._records and not self._is_playing else None

    async def play_next(self) -> str:
        """Execute the next command and return `PLAYED`; after the last command the script continues."""
        record, self._is_playing = self._records.popleft(), True
        self._sandbox.script.follow(record.at)
        try:
            with suppress(CommandFailed):  # its mistake is logged, and a note takes its place
                try:
                    await self._sandbox.submit(self._command_of(record), record.at, record.cause)
                except KeyInUse as error:  # a sandbox that was made meanwhile has it
                    note = Note(subject=FAILURE, text=str(error))
                    await self._sandbox.submit(note, record.at, record.cause)
        finally:
            self._is_playing = False
            if not self._records:
                script = self._sandbox.script
                script.playback, script.is_restoring = None, False
                script.on_change()
        return PLAYED

    def _command_of(self, record: Record) -> Command:
        """Return the command of a record; the clock stays as it is, since time passes by itself between commands."""
        command = record.command
        if not isinstance(command, Note) or command.subject != CLOCK:
            return command
        clock = self._sandbox.clock
        kept = {"mode": clock.mode, "exchange_at": clock.now(), "host_at": self._sandbox.options.host()}
        return Note(subject=CLOCK, text=json.dumps(kept, separators=(",", ":")))
