"""The script of a sandbox: runs the steps that are due, each at its own instant, and the steps that clients trigger.

The script is outside the exchange. A step submits an ordinary command with the step as its cause, so a log replays
without a script. The script also runs the commands of the calendar, before the steps of the same instant: orders
expire, derivatives are delivered, and the session of every day is settled.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress

from mockexchange.core.commands import PlaceDerivativeOrder, PlaceOrder
from mockexchange.core.events import DerivativeOrderChanged, OrderPlaced
from mockexchange.core.exchange import Outcome
from mockexchange.core.instants import format_instant
from mockexchange.core.refusals import Refusal
from mockexchange.sandbox.journal import Firing, JournalEntry
from mockexchange.sandbox.port import SandboxEnded, SandboxPort, log_failure
from mockexchange.sandbox.script.calendar import Calendar, DueCommand
from mockexchange.sandbox.script.schedule import Schedule, ScheduledRun
from mockexchange.sandbox.script.steps import DONE, Step, make_step
from mockexchange.sandbox.script.triggers import TriggeredStep, Triggers
from mockexchange.scenario.actions import NO_ORDER
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.script import ENTRIES_MAX, FINISHED, ScriptEntry
from mockexchange.store.log import Cause, Record

DUE_MAX = 100_000
"""Maximum number of steps in one advance: about ten seconds on a laptop."""
RUNS_MAX = 10_000
"""Triggered runs that can be pending: the limit for a client that subscribes in a loop."""
PAUSE_EVERY = 64
Pause = Callable[[], Awaitable[object]]


class ScriptOverrun(Exception):
    """More steps are due than one advance may run; `step` is the most frequent one. The remaining steps stay due."""

    def __init__(self, message: str, step: str) -> None:
        super().__init__(message)
        self.step = step


class ScriptTooLong(Exception):
    """The script has no room for the steps to be added."""


class Script:
    """The script of one sandbox. `on_change` is called when the next due instant changes."""

    def __init__(self, sandbox: SandboxPort) -> None:
        self._sandbox = sandbox
        self._schedule = Schedule()
        self._triggers = Triggers()
        self._places = 0
        self._calendar = Calendar(sandbox.exchange, self._begin, self._journal)
        self._turn = asyncio.Lock()
        """Held while steps run: other callers wait until they are done."""
        self._steps: dict[int, Step] = {}
        self._unfinished = 0
        self._runs_of_clients = 0
        self.on_change: Callable[[], object] = lambda: None
        self.pause: Pause | None = None
        """Awaited every PAUSE_EVERY steps, so that readers of streams can keep up."""

    # --- the steps

    def begin(self, at: int) -> None:
        """Start the script of the scenario at this instant."""
        self._calendar.begin(at)
        self.add(self._sandbox.plan.script, at)

    def add(self, entries: Iterable[ScriptEntry], begins: int | None = None) -> list[Step]:
        """Add steps, whose times count from an instant or from now. Raises ScriptTooLong without adding any."""
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
        """Drop all steps with their pending runs. Commands of the calendar stay."""
        is_cut_short = not self.is_done
        self._steps, self._unfinished, self._runs_of_clients = {}, 0, 0
        self._triggers.clear()
        self._schedule.drop(lambda run: run.place >= 0)
        self.on_change()
        if is_cut_short:
            self._journal("script", FINISHED, {})

    def end(self) -> None:
        """Stop the script finally, even in the middle of a run."""
        self.on_change = lambda: None
        self._triggers.clear()
        self._schedule.drop(lambda run: True)

    @property
    def steps(self) -> list[Step]:
        return list(self._steps.values())

    @property
    def next_at(self) -> int | None:
        """Exchange time of the next due run; None if there is none."""
        return self._schedule.next_at

    @property
    def has_due(self) -> bool:
        """Whether a run is due."""
        next_at = self._schedule.next_at
        return next_at is not None and next_at <= self._now

    @property
    def is_done(self) -> bool:
        """Whether all steps are done."""
        return self._unfinished == 0

    def next_instants(self) -> dict[int, int]:
        """Return the next instant of each pending step, by its place."""
        found: dict[int, int] = {}
        for run in self._schedule:
            found[run.place] = min(run.at, found.get(run.place, run.at))
        return found

    @property
    def _now(self) -> int:
        return self._sandbox.clock.now()

    def _set_off(self, step: Step, at: int, account: str | None = None, order: Mapping[str, str] = NO_ORDER) -> None:
        step.is_begun = True
        step.runs += 1
        self._begin(step.place, step.instants(at + step.entry.after_us), account, order)

    def _begin(
        self,
        place: int,
        instants: Iterable[tuple[int, object]],
        account: str | None = None,
        order: Mapping[str, str] = NO_ORDER,
    ) -> None:
        before = self._schedule.next_at
        self._schedule.begin(place, iter(instants), account, order)
        if self._schedule.next_at != before:
            self.on_change()

    # --- triggers

    def note_subscribed(self, account: str | None, channel: str) -> None:
        """Run the steps that an acknowledged subscription triggers."""
        if self._triggers:
            self._set_off_all(self._triggers.by_subscription(account, channel))

    def note_operation(self, account: str | None, operation: str) -> None:
        """Run the steps that an answered operation of a stream triggers."""
        if self._triggers:
            self._set_off_all(self._triggers.by_operation(account, operation))

    def note_request(self, entry: JournalEntry) -> None:
        """Run the steps that an answered request triggers."""
        if self._triggers:
            self._set_off_all(self._triggers.by_request(entry))

    def _set_off_all(self, found: Iterable[TriggeredStep]) -> None:
        for step, account, text, order in found:
            if self._runs_of_clients >= RUNS_MAX:
                self._journal("finding", step.name, {"text": f"not set off: {RUNS_MAX:,} steps wait already"})
                continue
            self._runs_of_clients += 1
            self._journal("trigger", step.name, {"text": text})
            self._set_off(step, self._now, account, order)

    def note_command(self, record: Record, outcome: Outcome) -> None:
        """Pass an executed command to the calendar, and run the steps that an order from outside triggers."""
        self._calendar.note(record, outcome)
        if not self._triggers or record.cause is not None or isinstance(outcome, Refusal):
            return
        state = self._sandbox.exchange.state
        match record.command, outcome:
            case PlaceOrder(), [OrderPlaced(order_id=order_id), *_]:
                self._set_off_all(self._triggers.by_order(state.orders[order_id]))
            case PlaceDerivativeOrder(), [DerivativeOrderChanged(order_id=order_id), *_]:
                self._set_off_all(self._triggers.by_order(state.derivatives.orders[order_id]))

    # --- running

    async def run_due(self) -> None:
        """Run everything that is due, at most DUE_MAX steps; an overrun is noted in the journal."""
        try:
            await self.run_to(self._now)
        except ScriptOverrun as overrun:
            self._journal("finding", overrun.step, {"text": str(overrun)})

    async def run_batch(self, steps_max: int) -> None:
        """Run due steps, at most this many; the others stay due."""
        async with self._turn:
            with suppress(ScriptOverrun):
                await self._run_to(self._now, steps_max)

    async def advance(self, duration_us: int) -> None:
        """Advance exchange time and run everything that becomes due. Raises ValueError, or ScriptOverrun."""
        async with self._turn:
            target = self._sandbox.clock.after(duration_us)
            await self._run_to(target, DUE_MAX)
            self._sandbox.clock.reach(target)

    async def run_to(self, target: int) -> None:
        """Run everything that is due until an instant, advancing the clock from step to step. Raises ScriptOverrun."""
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
        if isinstance(run.action, DueCommand):
            return await self._submit(run.action, run.at)
        step: Step = run.action
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
            self._journal("script", FINISHED, {})

    async def _fire(self, step: Step, run: ScheduledRun) -> None:
        step.fired += 1
        template = step.template
        assert template is not None, "a sequence yields its parts"
        try:
            action = template.make(run.account, step.fired, run.order)
            await self._sandbox.perform(action, run.at, Cause(step.name, step.fired), step.entry.node)
        except ScenarioError as error:
            step.refused, step.reason = step.refused + 1, str(error)
            self._journal("finding", step.name, {"text": step.reason})
        except SandboxEnded:
            raise
        except Exception as error:  # noqa: BLE001  # it is reported
            step.failed, step.reason = step.failed + 1, self._note_failure(step.name, error)
        self._journal("script", step.name, {"repetition": step.fired})

    async def _submit(self, due: DueCommand, at: int) -> str:
        """Submit a command of the calendar, unless it has become void, such as the expiry of a canceled order."""
        if not due.is_void():
            repetition = self._calendar.count(due)
            outcome = await self._carry_out(due, at, repetition)
            if isinstance(outcome, Refusal):
                self._journal("finding", due.cause, {"text": f"refused: {outcome.code}: {outcome.message}"})
            self._journal("script", due.cause, {"repetition": repetition, **due.detail})
        return due.cause

    async def _carry_out(self, due: DueCommand, at: int, repetition: int) -> Outcome | None:
        """Submit a command; return None, after a report, if it failed."""
        try:
            return await self._sandbox.submit(due.command, at, Cause(due.cause, repetition))
        except SandboxEnded:
            raise
        except Exception as error:  # noqa: BLE001  # it is reported
            self._note_failure(due.cause, error)
            return None

    def _note_failure(self, name: str, error: Exception) -> str:
        """Report a mistake of the exchange, which does not end the script; return its description."""
        reason = log_failure(f"step {name} of sandbox {self._sandbox.name}", error)
        self._journal("finding", name, {"text": reason})
        return reason

    def _journal(self, kind: str, name: str, detail: dict[str, object]) -> None:
        self._sandbox.journal.add_firing(Firing(*self._sandbox.moment(), kind, name, detail))


def _overrun(fired: Counter[str], steps_max: int, stopped_at: int) -> ScriptOverrun:
    [(name, times)] = fired.most_common(1)
    text = (
        f"more than {steps_max:,} steps are due at once: stopped at {format_instant(stopped_at)}, and moving the clock"
        f" again goes on from there; {name} alone was carried out {times:,} times"
    )
    return ScriptOverrun(text, name)
