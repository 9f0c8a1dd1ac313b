"""What is due, in order of (exchange instant, place in the script, repetition)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush, heapreplace
from typing import Any


@dataclass(order=True, slots=True)
class ScheduledRun:
    """Something that was set off: what it does next and when, and what comes after that.

    `number` tells apart what the same place has set off; `account` is whose doing it was.
    """

    at: int
    place: int
    number: int
    what: Any = field(compare=False)
    account: str | None = field(compare=False)
    rest: Iterator[tuple[int, Any]] = field(compare=False)


class Schedule:
    """Every run's next instant in a heap, so that what goes on for ever takes no more room than what happens once."""

    def __init__(self) -> None:
        self._heap: list[ScheduledRun] = []
        self._last_number = 0

    def __iter__(self) -> Iterator[ScheduledRun]:
        """In no order."""
        return iter(self._heap)

    @property
    def next_at(self) -> int | None:
        """When the next one is due."""
        return self._heap[0].at if self._heap else None

    def begin(self, place: int, instants: Iterator[tuple[int, Any]], account: str | None = None) -> None:
        """Take in what happens at these instants, which do not fall."""
        at, what = next(instants)
        self._last_number += 1
        heappush(self._heap, ScheduledRun(at, place, self._last_number, what, account, instants))

    def take(self) -> tuple[ScheduledRun, bool]:
        """Take out what is due first; return it and whether its run ends with it."""
        first = self._heap[0]
        following = next(first.rest, None)
        if following is None:
            heappop(self._heap)
            return first, True
        at, what = following
        heapreplace(self._heap, ScheduledRun(at, first.place, first.number, what, first.account, first.rest))
        return first, False

    def drop(self, is_unwanted: Callable[[ScheduledRun], bool]) -> None:
        self._heap = [run for run in self._heap if not is_unwanted(run)]
        heapify(self._heap)
