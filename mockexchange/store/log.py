"""The log of a sandbox: a header, then records in order.

`append` is a coroutine, so that a log can be on a disk or remote. If a handler raises an exception, its command may
have changed a part of the state. Handlers change the state in place, because undoing would cost something with every
command, and a mistake is rare. So the log up to the failed command is executed again, which gives the same state, ids
and revisions; a note takes the place of the failed command in the log, so that a replay does not fail with it.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from msgspec import Struct

from mockexchange.core.commands import Command, Note
from mockexchange.core.exchange import Exchange
from mockexchange.core.model.order_rules import OrderRules
from mockexchange.core.vocabulary import FeeRounding

FORMAT = 1
REBUILD_COMMANDS_MAX = 50_000
"""The most commands that are executed again after a failed one: some three seconds on a laptop, without answers."""
FAILURE = "failure"
"""The subject of the note that replaces a failed command in the log."""


class Header(Struct, frozen=True, kw_only=True):
    """The first line of a log: the data besides the commands that a replay needs, such as the seed."""

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
    """Rows last updated before this instant (microseconds) are archived; absent in logs older than this setting."""
    orders: OrderRules = OrderRules()
    """Rules of order entry that differ from their defaults; absent in logs that are older than this setting."""
    settings: dict[str, Any]
    """The settings of the default venue, and, by name, those of other venues if they differ from their defaults."""

    def new_exchange(self) -> Exchange:
        """Return an exchange in the state before the first command of the log.

        Raises ValueError if the header names an unknown rounding of fees.
        """
        return Exchange(self.seed, FeeRounding(self.rounding), self.archived_before, self.orders)


class Cause(Struct, frozen=True):
    """The cause of a command that the sandbox issued by itself, and its number among commands with this cause.

    `step` is the name of a step of the script, or of an entry of the calendar such as an expiry.
    """

    step: str
    repetition: int


class Record(Struct, frozen=True):
    """One line of the log: a command, executed or refused, with its number and time.

    `at` is the exchange time at which it took effect, in microseconds.
    """

    sequence: int
    at: int
    command: Command
    cause: Cause | None = None
    """The step of the script that issued the command; None for commands from outside and for a scenario's history."""


class LogError(ValueError):
    """Raised if a text is not a log of this format; the message names the line and the reason."""


class LogUnavailable(Exception):
    """Raised if the log cannot be written or read now, and nothing was written.

    The message gives the reason and what to do.
    """


class OutcomeUnknown(Exception):
    """Raised if it is unknown whether records were appended. The same append can safely be repeated.

    A repetition has the same record numbers and the same nonce.
    """


class LogConflict(Exception):
    """Raised if another process has appended records with these numbers.

    The caller has to read those records, and to use higher numbers.
    """


class LogEnded(Exception):
    """Raised by an append to a log that was deleted or replaced."""


class Log(Protocol):
    """The log of a sandbox: commands in order, numbered from 1 without gaps."""

    header: Header

    async def append(self, records: Sequence[Record], nonce: str) -> None:
        """Append records with the next numbers, all or none; repeating an append that succeeded changes nothing.

        The nonce is a random text that distinguishes a repetition from the append of another process. Raises
        LogUnavailable, OutcomeUnknown, LogConflict and LogEnded.
        """
        ...

    async def replace(self, record: Record) -> None:
        """Replace the record with the same number, whose command failed and changed nothing.

        Raises the errors of `append`.
        """
        ...

    def records(self, after: int = 0, count: int | None = None) -> Iterator[Record]:
        """Yield the records with numbers greater than `after` in order, at most `count` of them."""
        ...

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Record]: ...


class ReadableLog(Protocol):
    """The interface of a log that can be read, and perhaps not written."""

    @property
    def header(self) -> Header: ...

    def records(self, after: int = 0, count: int | None = None) -> Iterator[Record]: ...


class CannotRebuild(Exception):
    """Raised if a log has too many commands for them to be executed again."""


def failure_note(failed: Record, error: BaseException) -> Record:
    """Return the note that replaces the record of a failed command, with the names of the command and the error."""
    text = f"{type(failed.command).__name__}: {type(error).__name__}"
    return Record(failed.sequence, failed.at, Note(subject=FAILURE, text=text), failed.cause)


def rebuild(exchange: Exchange, log: Log, before: int) -> None:
    """Set an exchange to the state before the command with the number `before`, by executing the log again.

    Raises CannotRebuild, or the error of a handler; then the exchange is unchanged.
    """
    count = before - 1
    if count > REBUILD_COMMANDS_MAX:
        raise CannotRebuild(f"the log has {count:,} commands, more than {REBUILD_COMMANDS_MAX:,}")
    fresh = log.header.new_exchange()
    for record in log.records(count=count):
        fresh.execute(record.command, record.at)
    exchange.adopt(fresh)
