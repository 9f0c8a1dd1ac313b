"""Finds the code that connects to a real host: the published client, and the line of the user's own code.

The call stack shows both. Some libraries resolve names in another task or thread: then the stacks of waiting tasks are
searched. A client that is imported but on no stack is reported as a possibility.
"""

from __future__ import annotations

import os
import sys
from itertools import islice
from types import FrameType
from typing import Any, Iterable, Iterator, NamedTuple  # noqa: UP035  # children of `run` load this with old Pythons

from mockexchange.guard.clients import (
    CLIENTS,
    STREAM_FUNCTIONS,
    STREAM_LIBRARIES,
    STREAM_PARTS,
    KnownClient,
    client_of,
)

FRAMES_MAX = 500
"""The most frames of a stack that are searched; a deeper stack is a recursion that repeats itself."""
OWN = __name__.rpartition(".")[0]
LIBRARY_FOLDERS = frozenset(("site-packages", "dist-packages"))
STANDARD = os.path.dirname(os.__file__)  # noqa: PTH120  # pathlib would be most of the time that this takes to import


class Caller(NamedTuple):
    """The code that connects to a host.

    `client` is the known client on the call stack, or None; `is_stream` is true if a WebSocket connects. `place` is the
    nearest line outside libraries ("bot.py:12"), `module` the library that it called ("httpx"); both may be empty.
    `loaded` is the known client that is imported, if none is on the stack and only one is imported.
    """

    client: KnownClient | None
    is_stream: bool
    place: str
    module: str
    loaded: KnownClient | None


class _Step(NamedTuple):
    module: str
    function: str
    file: str
    line: int


def find_caller() -> Caller:
    """Return the code that connects to a host. The call stack is searched from the innermost frame outwards."""
    here = list(islice(_steps_of_stack(sys._getframe(1)), FRAMES_MAX))  # noqa: SLF001  # there is no public way
    client, depth = _nearest_client(here)
    if client is None:
        here += _steps_of_waiting()
        client, depth = _nearest_client(here)
    is_stream = any(_is_stream(step) for step in here[: depth + 1])
    place, module = _place(here)
    return Caller(client, is_stream, place, module, None if client else _only_one_loaded())


def _nearest_client(steps: list[_Step]) -> tuple[KnownClient | None, int]:
    for depth, step in enumerate(steps):
        client = client_of(step.module.partition(".")[0], sys.modules)
        if client is not None:
            return client, depth
    return None, len(steps)


def _is_stream(step: _Step) -> bool:
    package, *parts = step.module.split(".")
    if package in STREAM_LIBRARIES or step.function in STREAM_FUNCTIONS:
        return True
    return package in CLIENTS and not STREAM_PARTS.isdisjoint(parts)


def _only_one_loaded() -> KnownClient | None:
    loaded = [client_of(package, sys.modules) for package in CLIENTS if package in sys.modules]
    return loaded[0] if len(loaded) == 1 else None


def _steps_of_stack(frame: FrameType | None) -> Iterator[_Step]:
    while frame is not None:
        step = _step(frame)
        if not step.module.startswith(OWN):
            yield step
        frame = frame.f_back


def _step(frame: FrameType) -> _Step:
    module = frame.f_globals.get("__name__", "")
    return _Step(str(module), frame.f_code.co_name, frame.f_code.co_filename, frame.f_lineno)


def _steps_of_waiting() -> list[_Step]:
    """Return the frames of the waiting task of this thread's loop that has a known client; empty without one."""
    asyncio = sys.modules.get("asyncio")
    loop = asyncio._get_running_loop() if asyncio else None  # noqa: SLF001  # the one that raises nothing
    if asyncio is None or loop is None:
        return []
    stacks = [list(islice(_steps_of_coroutine(task.get_coro()), FRAMES_MAX))[::-1] for task in asyncio.all_tasks(loop)]
    found = [(client.name, steps) for steps in stacks if (client := _nearest_client(steps)[0])]
    return min(found)[1] if found else []


def _steps_of_coroutine(coroutine: Any) -> Iterator[_Step]:
    """Yield the frames of a suspended coroutine and of those that it awaits, outermost first."""
    while coroutine is not None:
        frame = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "gi_frame", None)
        if frame is not None:
            yield _step(frame)
        coroutine = getattr(coroutine, "cr_await", None) or getattr(coroutine, "gi_yieldfrom", None)


def _place(steps: Iterable[_Step]) -> tuple[str, str]:
    """Return the nearest line outside libraries, and the library that it called; without one, the outermost library."""
    library = standard = ""
    for step in steps:
        folders = step.file.replace("\\", "/").split("/")
        if not LIBRARY_FOLDERS.isdisjoint(folders):
            library = step.module.partition(".")[0]
        elif step.file.startswith(STANDARD):
            standard = step.module
        elif not step.file.startswith("<"):
            return f"{'/'.join(folders[-2:])}:{step.line}", library or standard
    return "", library
