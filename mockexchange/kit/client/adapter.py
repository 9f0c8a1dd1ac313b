"""Adapters: programs in any language that carry out tasks with a client, and say what the client made of them.

A task is a line of JSON on their standard input, its answer a line on their standard output (docs/adapters.md).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from mockexchange.kit.client.adapter_process import AdapterBroken, AdapterTimeout, LineProcess, printable_line

__all__ = ["Adapter", "AdapterBroken", "AdapterReply", "AdapterTimeout", "ConnectionDetails", "Fractional", "one_line"]

ERROR_CHARS_MAX = 300
"""Some clients tell of every field of every row."""
TASK_S_MAX = 10.0
"""Clients that retry wait for seconds; one that takes longer hangs."""

Row = dict[str, Any]


class ConnectionDetails(NamedTuple):
    """Where a task goes, and by whose key."""

    base_url: str
    ws_url: str
    key_id: str
    private_key_path: str


class Fractional(str):
    """A JSON number with a fraction or an exponent, as it was written: such a number was a float in the client."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class AdapterReply:
    """What a client made of a task: rows, or an error with the status that it had for it, or nothing at all."""

    rows: list[Row] | None = None
    error: str = ""
    status: int | None = None
    is_unsupported: bool = False


class Adapter:
    """The running adapter, to be used in a `with`; afterwards nothing of it is left.

    `environment` is its whole environment, this process's own if None. Everything raises AdapterBroken where the
    program cannot be worked with (any more).
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
        """The last lines of its log."""
        return self._process.log_tail

    def stop(self) -> None:
        """End it at once, from any thread: who waits for an answer gets AdapterBroken."""
        self._process.stop()

    def ask(
        self, task: str, connection: ConnectionDetails, *, task_s_max: float | None = None, **arguments: Any
    ) -> AdapterReply:
        """Have a task carried out; `task_s_max` is how long it may take. Raises AdapterSilent where it takes longer."""
        self._count += 1
        task_line = {"id": self._count, "task": task, **connection._asdict(), "arguments": arguments}
        self._process.send(json.dumps(task_line), task)
        line = self._process.receive(task, task_s_max or self._task_s_max)
        try:
            return read_answer(line, self._count)
        except ValueError as error:
            raise self._process.broken(f'answered task "{task}" with {error}: {printable_line(line)}') from None


def read_answer(line: bytes, task_id: int) -> AdapterReply:
    """Read the answer to a task; ValueError says what is wrong with it, to follow "answered with"."""
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
    """Return what a client raised as it can be shown."""
    return printable_line(error.encode("utf-8", "replace"), ERROR_CHARS_MAX)


READERS = {"rows": _rows, "error": _error, "unsupported": _unsupported}


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")
