"""Runs a coroutine at once until it waits. Most requests never wait, and a task costs as much as parsing one.

Until its first wait a coroutine has no task, so it must not ask for the current one, as `asyncio.timeout` does.
"""

import types
from collections.abc import Callable, Coroutine, Generator
from typing import Any

Work = Coroutine[Any, Any, None]


def start_eagerly(work: Work, start: Callable[[Work], object]) -> None:
    """Run a coroutine until its first wait; if there is one, pass the rest to `start`, which makes a task of it."""
    try:
        awaited = work.send(None)
    except StopIteration:
        return
    start(_rest(work, awaited))


async def _rest(work: Work, awaited: Any) -> None:
    await _wait_first(work, awaited)


@types.coroutine
def _wait_first(work: Work, awaited: Any) -> Generator[Any, None, None]:
    """Wait for what a coroutine waits for already, then run its rest."""
    try:
        yield awaited
    except BaseException as error:  # noqa: BLE001  # the coroutine gets it, as it waits
        try:
            further = work.throw(error)
        except StopIteration:
            return
        yield from _wait_first(work, further)
    else:
        yield from work.__await__()
