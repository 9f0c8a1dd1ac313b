"""Counts turns of an event loop while a thread works: a count that no quick or busy machine changes."""

import asyncio
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

NEVER_S = 3_600.0


@contextmanager
def uninterrupted_threads() -> Iterator[None]:
    """Let a thread keep the interpreter until it waits for something; Python takes it away every 5 ms otherwise."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(NEVER_S)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


async def turns_during(work: Callable[[], Coroutine[Any, Any, object]]) -> int:
    """Return how often the loop turned while it carried something out, of which threads do a part."""
    turns = 0

    async def beat() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    beating = asyncio.ensure_future(beat())
    try:
        with uninterrupted_threads():
            await work()
    finally:
        beating.cancel()
    return turns
