"""The schedule of a script: pending runs of steps, by exchange time, index of the step and number of the run."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from heapq import heapify, heappop, heappush, heapreplace
from itertools import chain
from typing import Any, NamedTuple

from mockexchange.core.instants import format_instant
from mockexchange.sandbox.collector import collector_paused
from mockexchange.scenario.script import NO_ORDER


class ScheduledRun(NamedTuple):
    """A pending run of a step: its next action and when it is due; `rest` has its later actions with their times.

    `number` is different for all runs, so no field after it is compared; `account` is the account that triggered the
    run, and `order` has the values of `$order...` placeholders, if an order triggered it.
    """

    at: int
    place: int
    number: int
    action: Any
    account: str | None
    order: Mapping[str, str]
    rest: Iterator[tuple[int, Any]]


class Schedule:
    """A heap of pending runs of steps. A run's later actions are generated, so an endless run needs little memory."""

    def __init__(self) -> None:
        self.runs: list[ScheduledRun] = []
        """The pending runs as a heap, always in the same list; to be changed only by the methods."""
        self._last_number = 0

    def __iter__(self) -> Iterator[ScheduledRun]:
        """Yield the pending runs in no particular order."""
        return iter(self.runs)

    @property
    def next_at(self) -> int | None:
        """The time of the earliest pending action, in microseconds; None if there is none."""
        return self.runs[0].at if self.runs else None

    def next_instants(self) -> dict[int, int]:
        """Return the time of the next run (microseconds) of each step with pending runs, by its index (`place`)."""
        found: dict[int, int] = {}
        for run in self.runs:
            found[run.place] = min(run.at, found.get(run.place, run.at))
        return found

    @property
    def first(self) -> ScheduledRun | None:
        """The earliest pending action; None if there is none."""
        return self.runs[0] if self.runs else None

    def begin(
        self,
        place: int,
        instants: Iterable[tuple[int, Any]],
        account: str | None = None,
        order: Mapping[str, str] = NO_ORDER,
    ) -> None:
        """Add a run of a step, given as (instant, action) pairs in ascending order."""
        heappush(self.runs, self._run(place, instants, account, order))

    def begin_all(self, runs: Iterable[tuple[int, Iterable[tuple[int, Any]]]]) -> None:
        """Add many runs at once, ten times faster than one by one.

        Each is a step's index and its (instant, action) pairs in ascending order.
        """
        with collector_paused():
            self.runs += [self._run(place, instants, None, NO_ORDER) for place, instants in runs]
            heapify(self.runs)

    def _run(
        self, place: int, instants: Iterable[tuple[int, Any]], account: str | None, order: Mapping[str, str]
    ) -> ScheduledRun:
        rest = iter(instants)
        at, action = next(rest)
        self._last_number += 1
        return ScheduledRun(at, place, self._last_number, action, account, order, rest)

    def pop_next(self) -> tuple[ScheduledRun, bool]:
        """Remove the earliest pending action and schedule the next action of its run.

        Returns the removed action, and whether it was the last of its run.
        """
        first = self.runs[0]
        following = next(first.rest, None)
        if following is None:
            heappop(self.runs)
            return first, True
        at, action = following
        heapreplace(
            self.runs, ScheduledRun(at, first.place, first.number, action, first.account, first.order, first.rest)
        )
        return first, False

    def remove(self, run: ScheduledRun) -> bool:
        """Remove a pending action and schedule the next action of its run; return whether there is no next one."""
        self.runs.remove(run)
        heapify(self.runs)
        following = next(run.rest, None)
        if following is None:
            return True
        at, action = following
        heappush(self.runs, run._replace(at=at, action=action))
        return False

    def put_back(self, run: ScheduledRun) -> None:
        """Schedule an action again that was removed by `pop_next`, before the later actions of its run."""
        following = next((one for one in self.runs if one.number == run.number), None)
        rest = run.rest
        if following is not None:
            self.runs.remove(following)
            heapify(self.runs)
            rest = chain([(following.at, following.action)], following.rest)
        heappush(self.runs, run._replace(rest=rest))

    def drop(self, is_unwanted: Callable[[ScheduledRun], bool]) -> None:
        self.runs[:] = [run for run in self.runs if not is_unwanted(run)]
        heapify(self.runs)


class ScriptTooLong(Exception):
    """Raised if the script would have too many steps together with those to be added."""


class ScriptOverrun(Exception):
    """Raised if more steps are due than one advance of the clock may run.

    `step` is the step that ran most often; the remaining steps stay due.
    """

    def __init__(self, message: str, step: str) -> None:
        super().__init__(message)
        self.step = step


def overrun_of(fired: Counter[str], steps_max: int, stopped_at: int) -> ScriptOverrun:
    [(name, times)] = fired.most_common(1)
    text = (
        f"more than {steps_max:,} steps are due at once: stopped at {format_instant(stopped_at)}, and moving the clock"
        f" again goes on from there; {name} alone was carried out {times:,} times"
    )
    return ScriptOverrun(text, name)
