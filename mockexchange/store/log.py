"""What a log is: a header, then records in order. Appending is awaitable, so that a log may live elsewhere."""

from collections.abc import Iterator
from typing import Any, Protocol

from msgspec import Struct

from mockexchange.core.commands import Command

FORMAT = 1


class Header(Struct, frozen=True, kw_only=True):
    """The first record: all that a replay needs beside the commands."""

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
    """In microseconds; logs of before there was a history have none."""
    settings: dict[str, Any]
    """Those of the default venue, and by its name those of another that are not as they always are."""


class Cause(Struct, frozen=True):
    """A step of the scenario's script, and which of its repetitions."""

    step: str
    repetition: int


class Record(Struct, frozen=True):
    """One command, refused ones included: `at` is the effective instant in microseconds."""

    sequence: int
    at: int
    command: Command
    cause: Cause | None = None
    """Why it was issued; None for what came from outside, and for a scenario's history."""


class Log(Protocol):
    header: Header

    async def append(self, record: Record) -> None: ...

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Record]: ...
