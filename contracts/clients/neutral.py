"""Common parts of the adapters of published clients: the loop over tasks, and the conversion of objects to rows.

An adapter runs as `python -m contracts.clients.NAME` in an interpreter that has the client, so nothing is imported
here but the standard library. Tasks and answers are those of docs/adapters.md. One more task, `untried`, lists the
calls of the client that no task has used yet.

A row has our names and the client's values as text. A shape maps each name to an attribute of the client's object. The
suffixes `_cents`, `_whole` and `_seconds` are units of an amount, a count or an instant.
"""

import faulthandler
import json
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from enum import Enum
from functools import cache, reduce
from pathlib import Path
from typing import Any, NamedTuple

TASK_SECONDS_MAX = 100
"""A task that takes longer ends the process with a traceback, since some clients wait for ever."""
PAGES_MAX = 1_000

Shape = Mapping[str, Any]
"""Our name to an attribute, dotted where nested, or to (attribute, shape) where that is a list of objects."""


class Method(NamedTuple):
    """`read` is called with the client and the task's arguments; without a shape it returns rows."""

    read: Callable[..., Iterable[Any]]
    shape: Shape | None


class Watched:
    """A proxy of a client or a part of it that records the dotted names of its calls."""

    def __init__(self, target: Any, called: set[str], prefix: str = "") -> None:
        self.target, self.called, self.prefix = target, called, prefix

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.target, name)
        if callable(value):
            self.called.add(f"{self.prefix}{name}")
            return value
        return Watched(value, self.called, f"{self.prefix}{name}.")


class Driver(NamedTuple):
    """`connect` takes host, key id and PEM text; `offered` returns the names of all calls that should be tried."""

    connect: Callable[[str, str, str], Any]
    methods: Mapping[str, Method]
    offered: Callable[[Any], Iterable[str]]


def serve(driver: Driver) -> None:
    """Reply to the tasks on standard input."""
    warnings.simplefilter("error")
    called: set[str] = set()
    connected = cache(driver.connect)
    for line in sys.stdin:
        task = json.loads(line)
        faulthandler.dump_traceback_later(TASK_SECONDS_MAX, exit=True)
        client = connected(task["base_url"], task["key_id"], Path(task["private_key_path"]).read_text(encoding="ascii"))
        answer = perform(driver, Watched(client, called), task)
        faulthandler.cancel_dump_traceback_later()
        sys.stdout.write(f"{json.dumps({'id': task['id'], **answer})}\n")
        sys.stdout.flush()


def perform(driver: Driver, client: Watched, task: Mapping[str, Any]) -> dict[str, Any]:
    """Carry out one task; any exception of the client becomes an error reply, since each has its own classes."""
    if task["task"] == "untried":
        return {"rows": [{"call": name} for name in sorted(set(driver.offered(client.target)) - client.called)]}
    if task["task"] not in driver.methods:
        return {"unsupported": True}
    method = driver.methods[task["task"]]
    try:
        found, shape = method.read(client, **task["arguments"]), method.shape
        return {"rows": [one if shape is None else row_of(one, shape) for one in found]}
    except Exception as error:  # noqa: BLE001 # every client has errors of its own
        return error_reply(error)


def error_reply(error: Exception) -> dict[str, Any]:
    """Return the reply for an exception of a client; clients name the HTTP status in two ways."""
    text = f"{type(error).__name__}: {error}"
    return {"error": text, "status": getattr(error, "status", getattr(error, "status_code", None))}


def row_of(found: Any, shape: Shape) -> dict[str, Any]:
    return {name: cell_of(found, where) for name, where in shape.items()}


def cell_of(found: Any, where: Any) -> Any:
    if isinstance(where, str):
        return plain(attribute(found, where))
    path, shape = where
    inner = attribute(found, path)
    return None if inner is None else [row_of(one, shape) for one in inner]


def attribute(found: Any, path: str) -> Any:
    """Follow a dotted path of attributes, keys and indices; the empty path is the object itself."""
    return reduce(step, path.split(".") if path else [], found)


def step(found: Any, part: str) -> Any:
    if isinstance(found, Mapping):
        return found[part]
    return found[int(part)] if part.isdecimal() else getattr(found, part)


def plain(value: Any) -> Any:
    if value is None or (isinstance(value, str) and not isinstance(value, Enum)):
        return value
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return str(value).lower() if isinstance(value, bool) else str(value)


def pages_of(call: Callable[..., Any], **arguments: Any) -> Iterator[Any]:
    """Yield the pages of a call, following its cursors."""
    cursor = None
    for _ in range(PAGES_MAX):
        page = call(**arguments, **({"cursor": cursor} if cursor else {}))
        yield page
        cursor = page.cursor
        if not cursor:
            return
    raise AssertionError(f"more than {PAGES_MAX} pages: do the cursors go in circles?")
