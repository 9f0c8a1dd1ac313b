"""The runner: carries out the steps that are due, each at its own instant, and notices what sets steps off.

It sits outside the exchange. What a step does is submitted as an ordinary command with the step as its cause, so a
log replays without any runner. What has its own time is done by it too, before the steps of the same instant: orders
expire, contracts are delivered, and the session of every day is settled.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress

from mockexchange.core.exchange import Outcome
from mockexchange.core.instants import format_instant
from mockexchange.core.refusals import Refusal
from mockexchange.sandbox.journal import Firing, JournalEntry
from mockexchange.sandbox.port import SandboxPort
from mockexchange.sandbox.script.calendar import Calendar, DueCommand
from mockexchange.sandbox.script.schedule import Schedule, ScheduledRun
from mockexchange.sandbox.script.steps import DONE, Step, make_step
from mockexchange.sandbox.script.triggers import TriggeredStep, Triggers
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.script import ENTRIES_MAX, FINISHED, ScriptEntry
from mockexchange.store.log import Cause, Record

DUE_MAX = 100_000
"""What one advance carries out at most: some ten seconds of a laptop."""
RUNS_MAX = 10_000
"""What can be set off and not done yet: a client that subscribes in a loop costs no more."""
PAUSE_EVERY = 64
Pause = Callable[[], Awaitable[object]]


class ScriptOverrun(Exception):
    """More is due than is carried out at once, `step` above all; the rest is still to be done."""

    def __init__(self, message: str, step: str) -> None:
        super().__init__(message)
        self.step = step


class ScriptTooLong(Exception):
    """The script has no room for what is to be added."""


class Script:
    """What one sandbox does by itself. `on_change` is told when something new is due first."""

    def __init__(self, sandbox: SandboxPort) -> None:
        self._sandbox = sandbox
        self._schedule = Schedule()
        self._triggers = Triggers()
        self._places = 0
        self._calendar = Calendar(sandbox.exchange, self._begin, self._tell)
        self._turn = asyncio.Lock()
        """Held while steps are carried out: who comes meanwhile waits until they are done."""
        self._steps: dict[int, Step] = {}
        self._unfinished = 0
        self._runs_of_clients = 0
        self.on_change: Callable[[], object] = lambda: None
        self.pause: Pause | None = None
        """Awaited now and then while much is carried out, so that readers can keep up."""

    # --- what is to be done

    def begin(self, at: int) -> None:
        """The sandbox runs from this instant on."""
        self._calendar.begin(at)
        self.add(self._sandbox.plan.script, at)

    def add(self, entries: Iterable[ScriptEntry], begins: int | None = None) -> list[Step]:
        """Take steps in; their time begins at an instant, or now. Raises ScriptTooLong, nothing taken in then."""
        added = list(entries)
        if len(self._steps) + len(added) > ENTRIES_MAX:
            raise ScriptTooLong(f"expected at most {ENTRIES_MAX} steps in all: clear those that are done")
        made = [make_step(entry, place, f"script[{place}]") for place, entry in enumerate(added, self._places)]
        self._places += len(made)
        self._steps |= {step.place: step for step in made}
        self._unfinished += len(made)
        for step in made:
            if step.entry.when:
                self._triggers.add(step)
            else:
                self._set_off(step, max(self._now if begins is None else begins, step.entry.at or 0))
        return made

    def clear(self) -> None:
        """Forget all steps and what they still had to do. What has its own time goes on."""
        is_cut_short = not self.is_done
        self._steps, self._unfinished, self._runs_of_clients = {}, 0, 0
        self._triggers.clear()
        self._schedule.drop(lambda run: run.place >= 0)
        self.on_change()
        if is_cut_short:
            self._tell("script", FINISHED, {})

    def end(self) -> None:
        """Do nothing more at all, not even what is under way."""
        self.on_change = lambda: None
        self._triggers.clear()
        self._schedule.drop(lambda run: True)

    @property
    def steps(self) -> list[Step]:
        return list(self._steps.values())

    @property
    def next_at(self) -> int | None:
        """The exchange instant of what is due next."""
        return self._schedule.next_at

    @property
    def has_due(self) -> bool:
        """Whether something is due by now."""
        next_at = self._schedule.next_at
        return next_at is not None and next_at <= self._now

    @property
    def is_done(self) -> bool:
        """Whether no step has anything left to do."""
        return self._unfinished == 0

    def next_instants(self) -> dict[int, int]:
        """When the steps that are to happen do so next, by their place."""
        found: dict[int, int] = {}
        for run in self._schedule:
            found[run.place] = min(run.at, found.get(run.place, run.at))
        return found

    @property
    def _now(self) -> int:
        return self._sandbox.clock.now()

    def _set_off(self, step: Step, at: int, account: str | None = None) -> None:
        step.is_begun = True
        step.runs += 1
        self._begin(step.place, step.instants(at + step.entry.after_us), account)

    def _begin(self, place: int, instants: Iterable[tuple[int, object]], account: str | None = None) -> None:
        before = self._schedule.next_at
        self._schedule.begin(place, iter(instants), account)
        if self._schedule.next_at != before:
            self.on_change()

    # --- what clients do

    def note_subscribed(self, account: str | None, channel: str) -> None:
        """An account was acknowledged a channel."""
        if self._triggers:
            self._set_off_all(self._triggers.by_subscription(account, channel))

    def note_operation(self, account: str | None, operation: str) -> None:
        """An operation was asked for on a stream, and answered."""
        if self._triggers:
            self._set_off_all(self._triggers.by_operation(account, operation))

    def note_request(self, entry: JournalEntry) -> None:
        """A request was answered."""
        if self._triggers:
            self._set_off_all(self._triggers.by_request(entry))

    def _set_off_all(self, found: Iterable[TriggeredStep]) -> None:
        for step, account, words in found:
            if self._runs_of_clients >= RUNS_MAX:
                self._tell("finding", step.name, {"text": f"not set off: {RUNS_MAX:,} steps wait already"})
                continue
            self._runs_of_clients += 1
            self._tell("trigger", step.name, {"text": words})
            self._set_off(step, self._now, account)

    def note_command(self, record: Record, outcome: Outcome) -> None:
        """Something was carried out: there may be something that has its own time now."""
        self._calendar.note(record, outcome)

    # --- carrying out

    async def run_due(self) -> None:
        """Carry out everything that is due by now, at most DUE_MAX steps; beyond that the journal says so."""
        try:
            await self.run_to(self._now)
        except ScriptOverrun as overrun:
            self._tell("finding", overrun.step, {"text": str(overrun)})

    async def run_batch(self, steps_max: int) -> None:
        """Carry out what is due by now, at most so many steps; the rest stays due."""
        async with self._turn:
            with suppress(ScriptOverrun):
                await self._run_to(self._now, steps_max)

    async def advance(self, duration_us: int) -> None:
        """Move time through everything that is due on the way. Raises ValueError, or ScriptOverrun."""
        async with self._turn:
            target = self._sandbox.clock.after(duration_us)
            await self._run_to(target, DUE_MAX)
            self._sandbox.clock.reach(target)

    async def run_to(self, target: int) -> None:
        """Carry out everything that is due by an instant, time moving along. Raises ScriptOverrun."""
        async with self._turn:
            await self._run_to(target, DUE_MAX)

    async def _run_to(self, until: int, steps_max: int) -> None:
        fired: Counter[str] = Counter()
        while (next_at := self.next_at) is not None and next_at <= until:
            if fired.total() >= steps_max:
                raise _overrun(fired, steps_max, self._now)
            self._sandbox.clock.reach(next_at)
            fired[await self._take()] += 1
            if self.pause and fired.total() % PAUSE_EVERY == 0:
                await self.pause()

    async def _take(self) -> str:
        run, is_last = self._schedule.take()
        if isinstance(run.what, DueCommand):
            return await self._carry_out(run.what, run.at)
        step: Step = run.what
        await self._fire(step, run)
        if is_last:
            self._end(run.place)
        return step.name

    def _end(self, place: int) -> None:
        root = self._steps.get(place)
        if root is None:
            return
        root.runs -= 1
        self._runs_of_clients -= root.entry.when is not None
        self._unfinished -= root.state == DONE
        if self.is_done:
            self._tell("script", FINISHED, {})

    async def _fire(self, step: Step, run: ScheduledRun) -> None:
        step.fired += 1
        template = step.template
        assert template is not None, "a sequence yields its parts"
        try:
            action = template.make(run.account, step.fired)
            await self._sandbox.perform(action, run.at, Cause(step.name, step.fired), step.entry.node)
        except ScenarioError as error:
            step.refused, step.reason = step.refused + 1, str(error)
            self._tell("finding", step.name, {"text": step.reason})
        self._tell("script", step.name, {"repetition": step.fired})

    async def _carry_out(self, due: DueCommand, at: int) -> str:
        """What has its own time, unless it has come to nothing."""
        if not due.is_void():
            repetition = self._calendar.count(due)
            outcome = await self._sandbox.submit(due.command, at, Cause(due.cause, repetition))
            if isinstance(outcome, Refusal):
                self._tell("finding", due.cause, {"text": f"refused: {outcome.code}: {outcome.message}"})
            self._tell("script", due.cause, {"repetition": repetition, **due.detail})
        return due.cause

    def _tell(self, kind: str, name: str, detail: dict[str, object]) -> None:
        self._sandbox.journal.add_firing(Firing(*self._sandbox.moment(), kind, name, detail))


def _overrun(fired: Counter[str], steps_max: int, stopped_at: int) -> ScriptOverrun:
    [(name, times)] = fired.most_common(1)
    words = (
        f"more than {steps_max:,} steps are due at once: stopped at {format_instant(stopped_at)}, and moving the clock"
        f" again goes on from there; {name} alone was carried out {times:,} times"
    )
    return ScriptOverrun(words, name)
