"""The schedule: pending runs in order of (exchange instant, place in the script, number)."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush, heapreplace
from typing import Any

from mockexchange.scenario.actions import NO_ORDER


@dataclass(order=True, slots=True)
class ScheduledRun:
    """A pending run of a step: its next action with its instant, and in `rest` the later actions with theirs.

    `number` distinguishes the runs of one place in the script; `account` is the account that triggered the run,
    `order` the words for its order, if it was one.
    """

    at: int
    place: int
    number: int
    action: Any = field(compare=False)
    account: str | None = field(compare=False)
    order: Mapping[str, str] = field(compare=False)
    rest: Iterator[tuple[int, Any]] = field(compare=False)


class Schedule:
    """A heap with the next instant of each run. Later instants are generated, so an endless run needs little memory."""

    def __init__(self) -> None:
        self._heap: list[ScheduledRun] = []
        self._last_number = 0

    def __iter__(self) -> Iterator[ScheduledRun]:
        """Yield the pending runs in no particular order."""
        return iter(self._heap)

    @property
    def next_at(self) -> int | None:
        """Instant of the earliest pending action; None if there is none."""
        return self._heap[0].at if self._heap else None

    def begin(
        self,
        place: int,
        instants: Iterator[tuple[int, Any]],
        account: str | None = None,
        order: Mapping[str, str] = NO_ORDER,
    ) -> None:
        """Add a run with these (instant, action) pairs, in ascending order."""
        at, action = next(instants)
        self._last_number += 1
        heappush(self._heap, ScheduledRun(at, place, self._last_number, action, account, order, instants))

    def take(self) -> tuple[ScheduledRun, bool]:
        """Remove the earliest pending action; return it, and whether it was the last of its run."""
        first = self._heap[0]
        following = next(first.rest, None)
        if following is None:
            heappop(self._heap)
            return first, True
        at, action = following
        heapreplace(
            self._heap, ScheduledRun(at, first.place, first.number, action, first.account, first.order, first.rest)
        )
        return first, False

    def drop(self, is_unwanted: Callable[[ScheduledRun], bool]) -> None:
        self._heap = [run for run in self._heap if not is_unwanted(run)]
        heapify(self._heap)
