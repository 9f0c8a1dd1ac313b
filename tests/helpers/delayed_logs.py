"""Sandboxes whose logs suspend at random: the switch that puts existing tests on them.

`DELAYED_LOGS=SEED` in the environment puts all tests of a run on such logs: `tools/test.sh delayed`. Tests that are
about a log in memory are marked `in_memory`, and left out then.
"""

import asyncio
import os
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from typing import Any
from weakref import WeakSet

import pytest

from mockexchange.core.commands import Note
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.sandbox.writer import Writer
from mockexchange.store.memory_log import MemoryLog
from tests.helpers.patience import PATIENCE_S
from tests.helpers.unsteady_log import UnsteadyLog

VARIABLE = "DELAYED_LOGS"
SLOW_S = 0.01
"""The longest suspension: clients over sockets do something else meanwhile."""


def chosen_seed() -> int | None:
    """Return the seed of a run whose logs suspend; None in any other run."""
    text = os.environ.get(VARIABLE, "")
    return int(text) if text else None


@contextmanager
def delayed_logs(seed: int) -> Iterator[None]:
    """Let every sandbox that is opened in the block write a log that suspends at random, once its history is played."""
    with pytest.MonkeyPatch.context() as patch:
        _suspend_appends(patch, seed)
        _post_without_loops(patch)
        yield


def _suspend_appends(patch: pytest.MonkeyPatch, seed: int) -> None:
    begin, seeds = Sandbox.begin_quota, count(seed * 1_000)

    def begin_quota(sandbox: Sandbox) -> None:
        begin(sandbox)
        if isinstance(sandbox.log, MemoryLog):
            sandbox.use_log(UnsteadyLog(sandbox.log, next(seeds), slow_s=SLOW_S))

    patch.setattr(Sandbox, "begin_quota", begin_quota)


def _post_without_loops(patch: pytest.MonkeyPatch) -> None:
    """Let tests post notes outside an event loop, and have a loop for each call: only a server has one for all.

    Such notes wait for the next loop, which begins to append them and then runs what it is for. A loop goes on until
    posted notes are applied.
    """
    run, post = asyncio.run, Writer.post
    waiting: list[Callable[[], None]] = []
    writers = WeakSet[Writer]()

    def posted(writer: Writer, note: Note, failed: Callable[[str], object]) -> None:
        writers.add(writer)
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            waiting.append(partial(post, writer, note, failed))
        else:
            post(writer, note, failed)

    async def post_and_settle(main: Coroutine[Any, Any, Any]) -> Any:
        while waiting:
            waiting.pop(0)()
        try:
            return await main
        finally:
            async with asyncio.timeout(PATIENCE_S):
                for writer in list(writers):
                    await writer.wait_until_applied()

    patch.setattr(Writer, "post", posted)
    patch.setattr(asyncio, "run", lambda main, **options: run(post_and_settle(main), **options))
