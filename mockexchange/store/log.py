"""The log: a header, then records in order. `append` is a coroutine, so that a log can be on a disk or remote.

A command that raised an exception in the middle is taken back by the log. Handlers change the state in place, because
undoing would cost something with every command, and a mistake is rare. After one the log up to the failed command is
executed again, which gives the same state, ids and revisions; a note takes the place of the failed command, so that a
replay does not fail with it.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Protocol

from msgspec import Struct

from mockexchange.core.commands import Command, Note
from mockexchange.core.exchange import Exchange
from mockexchange.core.model.order_rules import OrderRules
from mockexchange.core.vocabulary import FeeRounding

FORMAT = 1
REBUILD_COMMANDS_MAX = 50_000
"""Commands that are executed again: some three seconds on a laptop, in which the server answers nobody."""
FAILURE = "failure"
"""Subject of the note in the place of a failed command."""


class Header(Struct, frozen=True, kw_only=True):
    """The first record: everything that a replay needs besides the commands."""

    format: int = FORMAT
    version: str
    sandbox: str
    scenario: str
    scenario_hash: str
    seed: int
    api_date: str
    clock: str
    rounding: str
    archived_before: int = 0
    """Rows last updated before this instant (microseconds) are archived; absent in logs written before that existed."""
    orders: OrderRules = OrderRules()
    """Rules of order entry that differ from their defaults; absent in logs written before that existed."""
    settings: dict[str, Any]
    """Settings of the default venue, and by name those of other venues that differ from their defaults."""

    def new_exchange(self) -> Exchange:
        """Return the exchange before the first command. Raises ValueError on an unknown rounding."""
        return Exchange(self.seed, FeeRounding(self.rounding), self.archived_before, self.orders)


class Cause(Struct, frozen=True):
    """The cause of a command: a step of the scenario's script, and the number of its repetition."""

    step: str
    repetition: int


class Record(Struct, frozen=True):
    """One executed or refused command; `at` is its effective exchange time in microseconds."""

    sequence: int
    at: int
    command: Command
    cause: Cause | None = None
    """The step that issued it; None for commands from outside and for a scenario's history."""


class LogError(ValueError):
    """A text is not a log of this format; the message names the line and the reason."""


class LogUnavailable(Exception):
    """The log cannot be written, and nothing was: the message gives the reason and what to do."""


class OutcomeUnknown(Exception):
    """Whether an append took place is not known. Repeating it with the same numbers and nonce settles that."""


class LogConflict(Exception):
    """Another writer has appended records with these numbers: read them, and take new numbers."""


class LogEnded(Exception):
    """The log was deleted or replaced: nothing can be appended to it any more."""


class Log(Protocol):
    """An ordered log of commands, numbered from 1 without gaps."""

    header: Header

    async def append(self, records: Sequence[Record], nonce: str) -> None:
        """Append records with the next numbers, all or none; repeating an append that took place changes nothing.

        The nonce distinguishes a repetition from the append of another writer. Raises LogUnavailable, OutcomeUnknown,
        LogConflict and LogEnded.
        """
        ...

    async def replace(self, record: Record) -> None:
        """Replace the record with this number: its command failed and changed nothing. Raises as `append` does."""
        ...

    def records(self, after: int = 0, count: int | None = None) -> Iterator[Record]:
        """Yield records in order, from the one after the number `after` on, at most `count`."""
        ...

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Record]: ...


class ReadableLog(Protocol):
    """A log as far as it is read."""

    @property
    def header(self) -> Header: ...

    def records(self, after: int = 0, count: int | None = None) -> Iterator[Record]: ...


class MemoryLog:
    """A log in memory. `append_now` and `extend_now` append records of the only writer, without waiting."""

    def __init__(self, header: Header) -> None:
        self.header = header
        self._records: list[Record] = []
        self._nonces: dict[int, str] = {}
        self.append_now = self._records.append
        self.extend_now = self._records.extend

    async def append(self, records: Sequence[Record], nonce: str) -> None:
        first = records[0].sequence
        if first != len(self._records) + 1:
            if self._nonces.get(first) == nonce:
                return
            raise LogConflict(f"expected record {len(self._records) + 1}, got {first}")
        self._nonces |= dict.fromkeys((record.sequence for record in records), nonce)
        self._records += records

    async def replace(self, record: Record) -> None:
        self.replace_now(record)

    def replace_now(self, record: Record) -> None:
        self._records[record.sequence - 1] = record

    def records(self, after: int = 0, count: int | None = None) -> Iterator[Record]:
        return islice(self._records, after, None if count is None else after + count)

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[Record]:
        return iter(self._records)


class CannotRebuild(Exception):
    """The log is too long to be executed again."""


def failure_note(failed: Record, error: BaseException) -> Record:
    """Return the record that takes the place of a failed one."""
    text = f"{type(failed.command).__name__}: {type(error).__name__}"
    return Record(failed.sequence, failed.at, Note(subject=FAILURE, text=text), failed.cause)


def rebuild(exchange: Exchange, log: Log, before: int) -> None:
    """Give an exchange the state before the command with this number. Raises CannotRebuild, or the error of a handler.

    The exchange is unchanged after an exception.
    """
    count = before - 1
    if count > REBUILD_COMMANDS_MAX:
        raise CannotRebuild(f"the log has {count:,} commands, more than {REBUILD_COMMANDS_MAX:,}")
    fresh = log.header.new_exchange()
    for record in log.records(count=count):
        fresh.execute(record.command, record.at)
    exchange.adopt(fresh)
