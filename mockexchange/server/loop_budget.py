"""Divides an event loop among its connections: time in each turn, and memory for unfinished requests.

Data that a client sends at once is processed at once if it is one small piece. Everything else (large headers, the next
request of a pipeline, many frames and commands) waits here, in one queue for all connections, and gets a limited part
of each turn of the loop. So a client that sends much delays others by milliseconds, however many clients do so.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from weakref import WeakKeyDictionary

PIECE_BYTES = 2 * 1024
"""The bytes that are parsed at once: about a hundred of the smallest requests or 300 of the smallest frames."""
TURN_S = 0.001
"""The seconds in one turn of the loop for all work in the queue, and again for the work that it starts."""
STARTS_PER_TURN = 8
"""The most functions that only start work in one turn; fewer if that work would take longer than TURN_S."""
UNFINISHED_BYTES_MAX = 128 * 1024 * 1024
"""The most bytes of incomplete headers and bodies of all connections together."""

Piece = Callable[[], object]


class LoopBudget:
    """Limits the time that queued work takes in each turn of one event loop, and the memory of unfinished requests."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: deque[Piece] = deque()
        self._starts, self._starts_max, self._ran_at_s = 0, 1, 0.0
        self._is_scheduled = False
        self.unfinished_bytes = 0
        """Bytes of unfinished requests that are held now."""

    def add(self, piece: Piece) -> None:
        """Call a function in a later turn of the loop, after those that were added before.

        If it raises, the loop reports that as it does for its own callbacks, and those behind it are called.
        """
        if not self._is_scheduled:
            self._ran_at_s = time.perf_counter()
            self._schedule()
        self._waiting.append(piece)

    def start(self, piece: Piece) -> None:
        """Call a function that only starts work, such as a task, in a later turn of the loop.

        Each turn calls only a few of these functions.
        """
        self.add(lambda: self._count(piece))

    async def wait(self) -> None:
        """Wait until it is the caller's turn to do more work."""
        future = self._loop.create_future()
        self.start(partial(_wake, future))
        await future

    def _count(self, piece: Piece) -> None:
        self._starts += 1
        piece()

    def _run(self) -> None:
        waiting, now_s = self._waiting, time.perf_counter()
        ends_at = now_s + TURN_S
        self._starts_max = self._allowed_starts(now_s - self._ran_at_s)
        self._starts = 0
        while waiting:
            piece = waiting.popleft()
            try:
                piece()
            except Exception as error:  # noqa: BLE001  # it is reported
                self._loop.call_exception_handler(
                    {"message": f"work of a connection failed: {piece}", "exception": error}
                )
            if self._starts >= self._starts_max or time.perf_counter() >= ends_at:
                break
        self._ran_at_s = time.perf_counter()
        self._is_scheduled = False
        if waiting or self._starts:  # the next turn also measures the work that this one started
            self._schedule()

    def _schedule(self) -> None:
        self._is_scheduled = True
        self._loop.call_soon(self._run)

    def _allowed_starts(self, took_s: float) -> int:
        """Return how many starts fit into a turn, if each takes as long as those of the turn before, and at most one
        more than in that turn. A turn without starts changes nothing.
        """
        if not self._starts:
            return self._starts_max
        fitting = int(TURN_S * self._starts / took_s) if took_s else STARTS_PER_TURN
        return max(1, min(fitting, self._starts_max + 1, STARTS_PER_TURN))


def _wake(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)


_BY_LOOP: "WeakKeyDictionary[asyncio.AbstractEventLoop, LoopBudget]" = WeakKeyDictionary()


def budget_of(loop: asyncio.AbstractEventLoop) -> LoopBudget:
    """Return the budget of an event loop, which all listeners in the loop share."""
    found = _BY_LOOP.get(loop)
    if found is None:
        found = _BY_LOOP[loop] = LoopBudget(loop)
    return found
