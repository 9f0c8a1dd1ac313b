"""A log that suspends and fails at random, by a seed: it is not available, or leaves its outcome unknown.

`delayed_logs.py` puts existing tests on it.
"""

import asyncio
from collections.abc import Iterator, Sequence
from random import Random

from mockexchange.store.log import Log, LogUnavailable, OutcomeUnknown, Record
from mockexchange.store.memory_log import MemoryLog

TURNS_MAX = 4
SLOW_SHARE = 0.1
"""The share of suspensions that last for a time, in a log with `slow_s`."""


class UnsteadyLog:
    """A log over one in memory. `failures` is the share of appends that fail; half of them took place all the same."""

    def __init__(self, log: Log, seed: int, failures: float = 0.0, slow_s: float = 0.0) -> None:
        """Suspend for some turns of the loop, and in some appends for at most `slow_s` seconds."""
        self.header = log.header
        self.below = MemoryLog(log.header)
        self.below.extend_now(log.records())
        self.failures, self._slow_s = failures, slow_s
        self.batches: list[int] = []
        """Sizes of the batches that were appended."""
        self.fails_whole = False
        """Whether no append that fails takes place, or leaves its outcome unknown."""
        self._random = Random(seed)

    async def append(self, records: Sequence[Record], nonce: str) -> None:
        await self._suspend()
        if self._random.random() < self.failures:
            await self._fail(records, nonce)
        await self.below.append(records, nonce)
        self.batches.append(len(records))
        await self._suspend()

    async def _fail(self, records: Sequence[Record], nonce: str) -> None:
        kind = 0 if self.fails_whole else self._random.randrange(4)
        if kind < 2:
            raise LogUnavailable("the disk is full")
        if kind == 2:
            await self.below.append(records, nonce)
        raise OutcomeUnknown("the connection was lost")

    async def _suspend(self) -> None:
        for _ in range(self._random.randrange(TURNS_MAX)):
            await asyncio.sleep(0)
        if self._slow_s and self._random.random() < SLOW_SHARE:
            await asyncio.sleep(self._random.random() * self._slow_s)

    async def replace(self, record: Record) -> None:
        await self._suspend()
        self.below.replace_now(record)

    def records(self, after: int = 0, count: int | None = None) -> Iterator[Record]:
        return self.below.records(after, count)

    def __len__(self) -> int:
        return len(self.below)

    def __iter__(self) -> Iterator[Record]:
        return iter(self.below)
