"""Calls a predicate about the client's state repeatedly, until it is true or the time is up."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Generator
from inspect import isawaitable
from typing import TypeVar

from mockexchange.api.errors import TimedOut
from mockexchange.api.values.arguments import Duration, duration_text
from mockexchange.core.instants import MICROSECONDS_PER_SECOND, parse_duration

Found = TypeVar("Found")
Predicate = Callable[[], Found]
PredicateAsync = Callable[[], Found | Awaitable[Found]]
FIRST_PAUSE_S, PAUSE_MAX_S = 0.002, 0.05
"""The first and the longest pause between two calls, in seconds; most clients need only milliseconds."""
NOT_YET = (AssertionError, LookupError)
VALUE_CHARS_MAX = 500


class _Wait:
    """The state of a wait: the last value or error, and the pauses until the time is up."""

    def __init__(self, predicate: Callable[[], object], within: Duration) -> None:
        self._within = duration_text(within, "within")
        self._ends_s = time.monotonic() + parse_duration(self._within) / MICROSECONDS_PER_SECOND
        self._name = getattr(predicate, "__qualname__", repr(predicate))
        self.last: object = None

    def pauses_s(self) -> Generator[float, None, None]:
        """Yield the pauses between two calls of the predicate, in seconds, until the time is up."""
        pause_s = FIRST_PAUSE_S
        while (left_s := self._ends_s - time.monotonic()) > 0:
            yield min(pause_s, left_s)
            pause_s = min(2 * pause_s, PAUSE_MAX_S)

    def timed_out(self) -> TimedOut:
        what = "raised" if isinstance(self.last, BaseException) else "was"
        return TimedOut(f"not settled within {self._within}: {self._name} {what} {self.last!r:.{VALUE_CHARS_MAX}}")


def settle(predicate: Predicate[Found], within: Duration) -> Found:
    """Call a predicate repeatedly until it returns a true value, and return that value. Raises TimedOut."""
    wait = _Wait(predicate, within)
    pauses = wait.pauses_s()
    while True:
        try:
            found = predicate()
            if found:
                return found
            wait.last = found
        except NOT_YET as error:
            wait.last = error
        if (pause_s := next(pauses, None)) is None:
            raise wait.timed_out()
        time.sleep(pause_s)


async def settle_async(predicate: PredicateAsync[Found], within: Duration) -> Found:
    """Call a predicate, which may be a coroutine function, repeatedly until it returns a true value; return that
    value.

    Raises TimedOut.
    """
    wait = _Wait(predicate, within)
    pauses = wait.pauses_s()
    while True:
        try:
            value = predicate()
            found = await value if isawaitable(value) else value
            if found:
                return found
            wait.last = found
        except NOT_YET as error:
            wait.last = error
        if (pause_s := next(pauses, None)) is None:
            raise wait.timed_out()
        await asyncio.sleep(pause_s)
