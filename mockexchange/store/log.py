"""The log: a header, then records in order. `append` is a coroutine, so that a log can be remote."""

from collections.abc import Iterator
from typing import Any, Protocol

from msgspec import Struct

from mockexchange.core.commands import Command
from mockexchange.core.model.order_rules import OrderRules

FORMAT = 1


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


class Log(Protocol):
    """An ordered, append-only log of commands."""

    header: Header

    async def append(self, record: Record) -> None: ...

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Record]: ...


class MemoryLog:
    """A log in memory; `append` completes at once."""

    def __init__(self, header: Header) -> None:
        self.header = header
        self._records: list[Record] = []

    async def append(self, record: Record) -> None:
        self._records.append(record)

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[Record]:
        return iter(self._records)
