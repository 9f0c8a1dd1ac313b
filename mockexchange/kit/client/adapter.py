"""Runs adapters: programs in any language that carry out tasks with a client and report what the client returned.

A task is a line of JSON on the adapter's standard input, its reply a line on standard output (docs/adapters.md).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Protocol, Self

from mockexchange.kit.client.processes import AdapterBroken, LineProcess, printable_line

ERROR_CHARS_MAX = 300
"""The most characters kept of an error message, since some clients put every field of every row into it."""
TASK_S_MAX = 10.0
"""The longest time for a task in seconds; clients that retry need some, and a slower one hangs."""

Row = dict[str, Any]


class ConnectionDetails(NamedTuple):
    """The URLs that an adapter connects to for a task, and the key that it signs with."""

    base_url: str
    ws_url: str
    key_id: str
    private_key_path: str


class Fractional(str):
    """A JSON number with a fraction or an exponent, kept as text. Such a number was a float in the client."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class AdapterReply:
    """The reply to a task: rows, an error with its HTTP status if the client has one, or "unsupported"."""

    rows: list[Row] | None = None
    error: str = ""
    status: int | None = None
    is_unsupported: bool = False


class AskedAdapter(Protocol):
    """An adapter (a program that carries out tasks with a client) to which tasks can be sent."""

    def ask(
        self, task: str, connection: ConnectionDetails, *, task_s_max: float | None = None, **arguments: Any
    ) -> AdapterReply: ...


class Adapter:
    """A running adapter. The end of its `with` block kills its whole process group.

    `environment` is the program's whole environment; with None it inherits that of this process. Every method raises
    AdapterBroken if the program cannot be started or has failed.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        task_s_max: float = TASK_S_MAX,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
    ) -> None:
        self._task_s_max = task_s_max
        self._count = 0
        self._process = LineProcess(command, environment, directory)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._process.end()
        except AdapterBroken:
            if error is None:
                raise

    @property
    def log_tail(self) -> list[str]:
        """Return the last lines of the adapter's log."""
        return self._process.log_tail

    @property
    def log(self) -> str:
        """Return the last part of the adapter's log, long enough to search it for secrets."""
        return self._process.log

    def stop(self) -> None:
        """End the adapter at once, from any thread; a waiting `ask` raises AdapterBroken."""
        self._process.stop()

    def ask(
        self, task: str, connection: ConnectionDetails, *, task_s_max: float | None = None, **arguments: Any
    ) -> AdapterReply:
        """Send a task and return its reply. Raises AdapterTimeout if there is no reply within `task_s_max` seconds."""
        self._count += 1
        task_line = {"id": self._count, "task": task, **connection._asdict(), "arguments": arguments}
        self._process.send(json.dumps(task_line), task)
        line = self._process.receive(task, task_s_max or self._task_s_max)
        try:
            return read_answer(line, self._count)
        except ValueError as error:
            raise self._process.broken(f'answered task "{task}" with {error}: {printable_line(line)}') from None


def read_answer(line: bytes, task_id: int) -> AdapterReply:
    """Parse the reply to a task. Raises ValueError, whose text completes the sentence "answered with ..."."""
    try:
        answer = json.loads(line, parse_float=Fractional, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise ValueError("a line that is not JSON") from None
    if not isinstance(answer, dict):
        raise ValueError("JSON that is no object")  # noqa: TRY004  # one kind of error for all that is wrong
    if answer.get("id") != task_id or isinstance(answer["id"], bool):
        raise ValueError(f"the id {json.dumps(answer.get('id'))} instead of {task_id}")
    kinds = [kind for kind in READERS if kind in answer]
    if len(kinds) != 1:
        raise ValueError(f"{' and '.join(kinds) or 'none'} of rows, error and unsupported, not with one of them")
    return READERS[kinds[0]](answer)


def _rows(answer: Row) -> AdapterReply:
    rows = answer["rows"]
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError("rows that are no list of objects")
    return AdapterReply(rows)


def _error(answer: Row) -> AdapterReply:
    status = answer.get("status")
    if not isinstance(answer["error"], str) or not answer["error"]:
        raise ValueError("an error that is no text")
    if status is not None and type(status) is not int:
        raise ValueError("a status that is neither a whole number nor null")
    return AdapterReply(error=answer["error"], status=status)


def _unsupported(answer: Row) -> AdapterReply:
    if answer["unsupported"] is not True:
        raise ValueError("an `unsupported` that is not true")
    return AdapterReply(is_unsupported=True)


def one_line(error: str) -> str:
    """Return an error message of a client as one short, printable line."""
    return printable_line(error.encode("utf-8", "replace"), ERROR_CHARS_MAX)


READERS = {"rows": _rows, "error": _error, "unsupported": _unsupported}


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")
