"""The steps of a running script, and its schedule: pending runs by exchange time, index of the step and number."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from heapq import heapify, heappop, heappush, heapreplace
from itertools import chain, count
from typing import Any, NamedTuple

from msgspec import Struct, field

from mockexchange.core.instants import format_instant
from mockexchange.sandbox.garbage_collection import collector_paused
from mockexchange.scenario.script_entries import ANY, NO_ORDER, ScriptEntry, Template

WAITING, SCHEDULED, DONE = "waiting", "scheduled", "done"


class ScriptTooLong(Exception):
    """Raised if the script would have too many steps together with those to be added."""


class ScriptOverrun(Exception):
    """Raised if more steps are due than one advance of the clock may run; the remaining steps stay due."""

    def __init__(self, fired: Counter[str], steps_max: int, stopped_at: int) -> None:
        """`fired` counts the steps that ran, by name; the clock has `stopped_at` an instant."""
        [(self.step, times)] = fired.most_common(1)
        super().__init__(
            f"more than {steps_max:,} steps are due at once: stopped at {format_instant(stopped_at)}, and moving the"
            f" clock again goes on from there; {self.step} alone was carried out {times:,} times"
        )


class Step(Struct, eq=False):
    """An entry of a running script, or a part of an entry that is a sequence. `place` is the index of the entry."""

    name: str
    place: int
    entry: ScriptEntry
    parts: "tuple[Step, ...]"
    fired: int = 0
    """How often the step's action ran; for a sequence, its parts count instead."""
    runs: int = 0
    """How many runs of the step are pending."""
    refused: int = 0
    """Number of times its action was refused."""
    failed: int = 0
    """Number of times that an exception ended its action."""
    reason: str = ""
    """Reason of the last refusal or failure; empty if there was none."""
    is_begun: bool = False
    done_by: dict[str | None, int] = field(default_factory=dict)
    """How often each account did the action that triggers the step."""

    @property
    def template(self) -> Template | None:
        return self.entry.action if isinstance(self.entry.action, Template) else None

    @property
    def action(self) -> str:
        return self.template.kind if self.template else "sequence"

    def walk(self) -> "Iterator[Step]":
        """Yield this step and its parts, recursively."""
        yield self
        for part in self.parts:
            yield from part.walk()

    @property
    def fired_in_all(self) -> int:
        return sum(step.fired for step in self.walk())

    @property
    def refused_in_all(self) -> int:
        return sum(step.refused for step in self.walk())

    @property
    def failed_in_all(self) -> int:
        return sum(step.failed for step in self.walk())

    @property
    def last_reason(self) -> str:
        """The reason why the step was last refused or failed, "" if it never was; for a sequence, that of its parts."""
        return next((step.reason for step in reversed(list(self.walk())) if step.reason), "")

    @property
    def state(self) -> str:
        if self.runs:
            return SCHEDULED
        when = self.entry.when
        is_over = self.is_begun and (when is None or (when.nth is not None and when.account != ANY))
        return DONE if is_over else WAITING

    def begin(self, at: int) -> "Iterable[tuple[int, Step]]":
        """Count a run that is triggered at `at`; return the (instant, step) pairs of the run."""
        self.is_begun = True
        self.runs += 1
        return self.instants(at + self.entry.after_us)

    def instants(self, begins: int) -> "Iterable[tuple[int, Step]]":
        """Return the (instant, step) pairs of a run that starts at the instant `begins`.

        The steps are this one, or the parts of a sequence.
        """
        if self.entry.times == 1 and not self.parts:
            return ((begins, self),)
        return self._instants(begins)

    def _instants(self, begins: int) -> "Iterator[tuple[int, Step]]":
        entry = self.entry
        for repetition in count() if entry.times is None else range(entry.times):
            at = begins + repetition * entry.period_us
            if entry.action is self.template:
                yield at, self
            for part in self.parts:
                at += part.entry.after_us
                yield from part.instants(at)
                at += part.entry.span_us


def make_step(entry: ScriptEntry, place: int, path: str) -> Step:
    """Return the step for a script entry, with its parts. The step is named `path` if the entry has no name."""
    name = entry.name or path
    parts = () if isinstance(entry.action, Template) else entry.action
    made = (make_step(part, place, f"{name}[{number}]") for number, part in enumerate(parts))
    return Step(name, place, entry, tuple(made))


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
