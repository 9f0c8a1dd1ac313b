"""Who is about to dial: the nearest known client on the stack, and the nearest line of the user's own code.

A client's coroutines are on the stack of the task that runs them. Some libraries resolve names in a task or a thread of
their own: then the tasks that wait are looked through. Of a client that is nowhere there but loaded, no more is said
than that it may have been that one.
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
"""Deeper, a stack is a recursion that repeats itself."""
OWN = __name__.rpartition(".")[0]
LIBRARY_FOLDERS = frozenset(("site-packages", "dist-packages"))
STANDARD = os.path.dirname(os.__file__)  # noqa: PTH120  # pathlib would be most of the time that this takes to import


class Caller(NamedTuple):
    """`place` is the nearest line outside libraries ("bot.py:12"), `module` what that called ("httpx"), both empty
    where there is none. `loaded` is the only known client that is loaded, where none is seen to have called.
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
    """Look for who called. Innermost first."""
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
    """The frames of the tasks of this thread's loop that wait for something, of the one with a known client if any."""
    asyncio = sys.modules.get("asyncio")
    loop = asyncio._get_running_loop() if asyncio else None  # noqa: SLF001  # the one that raises nothing
    if asyncio is None or loop is None:
        return []
    stacks = [list(islice(_steps_of_coroutine(task.get_coro()), FRAMES_MAX))[::-1] for task in asyncio.all_tasks(loop)]
    found = [(client.name, steps) for steps in stacks if (client := _nearest_client(steps)[0])]
    return min(found)[1] if found else []


def _steps_of_coroutine(coroutine: Any) -> Iterator[_Step]:
    """Outermost first: what a suspended coroutine waits for, and so on."""
    while coroutine is not None:
        frame = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "gi_frame", None)
        if frame is not None:
            yield _step(frame)
        coroutine = getattr(coroutine, "cr_await", None) or getattr(coroutine, "gi_yieldfrom", None)


def _place(steps: Iterable[_Step]) -> tuple[str, str]:
    """The nearest line outside libraries, and the library that it called; without one, the outermost library."""
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
