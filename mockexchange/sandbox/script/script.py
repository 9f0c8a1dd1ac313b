"""The script of a sandbox: runs the steps that are due, each at its own instant, and the steps that clients trigger.

The script is outside the exchange. A step submits an ordinary command with the step as its cause, so a log replays
without a script. The script also runs the commands of the calendar, before the steps of the same instant: orders
expire, derivatives are delivered, and the session of every day is settled.
"""

import asyncio
import json
import time
import weakref
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple, Protocol

from mockexchange.core.commands import Command, Note
from mockexchange.core.exchange import Outcome
from mockexchange.core.refusals import Refusal
from mockexchange.faults.installed_rules import Faults
from mockexchange.sandbox.interface import (
    KeyInUse,
    SandboxEnded,
    SandboxPort,
    StoreUnavailable,
    Written,
    log_failure,
)
from mockexchange.sandbox.journal import Firing, JournalEntry
from mockexchange.sandbox.script.calendar import Calendar, DueCommand
from mockexchange.sandbox.script.schedule import (
    DONE,
    Schedule,
    ScheduledRun,
    ScriptOverrun,
    ScriptTooLong,
    Step,
    make_step,
)
from mockexchange.sandbox.script.triggers import TriggeredStep, Triggers, placed_order
from mockexchange.sandbox.streams import Streams
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.fault_rules import Rule
from mockexchange.scenario.literal_json import exact_json, plain
from mockexchange.scenario.located_text import Located, located_json
from mockexchange.scenario.script_entries import ANY, ENTRIES_MAX, ENTRY, FINISHED, NO_ORDER, ScriptedFrame, ScriptEntry
from mockexchange.store.log import FAILURE, Cause, Record

SCRIPT = "script"
"""The subject of the log's notes about steps: added, cleared, triggered, or refused before they had a command."""
DUE_MAX = 100_000
"""The most steps that one advance of the clock runs: about ten seconds on a laptop."""
RUNS_MAX = 10_000
"""The most triggered runs that may be pending: a limit for a client that subscribes in a loop."""
PAUSE_EVERY = 64
SLICE_S = 0.005
"""The seconds for which steps are run before clients get a turn."""
MADE_AT_ONCE = 500
"""The number of steps that are built before other tasks get a turn: about a millisecond."""
UNNAMED = "script["
"""How the generated names of unnamed steps begin."""
Pause = Callable[[], Awaitable[object]]
Action = Command | ScriptedFrame | Rule
"""What a step does: a command, a frame to send, or a fault to install."""


class Playback(Protocol):
    """The interface of commands of a log that are played back, each when it is due."""

    @property
    def next_at(self) -> int | None: ...
    async def play_next(self) -> str: ...


# Steps that are added: built before the note that adds them is logged


def addition_text(entries: Iterable[ScriptEntry]) -> str:
    """Return the text of the log's note that adds these steps to the script."""
    return '{"add":[' + ",".join(exact_json(entry.node) for entry in entries) + "]}"


def make_steps(entries: Sequence[ScriptEntry], first_place: int) -> list[Step]:
    """Return a `Step` for each script entry.

    Entries without a name are named by their index, counted from `first_place`.
    """
    return [make_step(entry, place, f"script[{place}]") for place, entry in enumerate(entries, first_place)]


class Additions:
    """The steps of notes that add steps to the script, from their making, in slices, until the note takes effect.

    They are found by the text of the note, and once it is logged by its number in the log.
    """

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        """Held from making steps until they are added, so that their places stay right."""
        self._prepared: dict[str, list[Step]] = {}
        self._added: dict[int, list[Step]] = {}

    async def prepare(self, text: str, entries: Sequence[ScriptEntry], first_place: int) -> None:
        """Build the steps of a note that will be logged next; other tasks run in between."""
        made: list[Step] = []
        for begin in range(0, len(entries), MADE_AT_ONCE):
            made += make_steps(entries[begin : begin + MADE_AT_ONCE], first_place + begin)
            if len(entries) > MADE_AT_ONCE:
                await asyncio.sleep(0)
        self._prepared[text] = made

    def take_prepared(self, text: str, sequence: int, first_place: int) -> list[Step] | None:
        """Return the steps that were built for a note, which takes effect now; None if there are none.

        There are none if the note comes from a stored log.
        """
        made = self._prepared.pop(text, None)
        if made is None:
            return None
        if made and made[0].place != first_place:  # another writer of the log has added steps meanwhile
            made = make_steps([step.entry for step in made], first_place)
        self._added[sequence] = made
        return made

    def take_added(self, sequence: int) -> list[Step]:
        """Return the steps that the note with this number has added; empty if the note had no effect."""
        return self._added.pop(sequence, [])

    def forget(self, text: str) -> None:
        """Drop the steps that were built for a note, in case the note was not logged."""
        self._prepared.pop(text, None)


# The script


class PoppedStep(NamedTuple):
    """A run of a step that has left the schedule: whether it is the last of its run, its command and its cause."""

    run: ScheduledRun
    is_last: bool
    command: Command
    cause: Cause


def refused(outcome: Refusal, node: Located) -> ScenarioError:
    """Return the error of a step whose command was refused; `node` is the step in the scenario file."""
    return ScenarioError(f"refused: {outcome.code}: {outcome.message}", node.file, node.line)


class Script:
    """The script of one sandbox. `on_change` is called when the time of the next run changes."""

    subject = SCRIPT

    def __init__(self, sandbox: SandboxPort, faults: Faults, streams: Streams) -> None:
        self._sandbox = sandbox
        self._faults, self._streams = faults, streams
        self._schedule = Schedule()
        self._runs = self._schedule.runs
        self.triggers = Triggers()
        self._places = 0
        own: Script = weakref.proxy(self)
        self._calendar = Calendar(sandbox.exchange, partial(Script._begin, own), partial(Script._journal, own))
        self._turn = asyncio.Lock()
        """Held while steps run: other callers wait until they are done."""
        self._steps: dict[int, Step] = {}
        self._unfinished = 0
        self._runs_of_clients = 0
        self._additions = Additions()
        self._running: dict[int, Cause] = {}
        """The causes of the actions that run, by their identity: another writer of the log may have equal ones."""
        self._is_recorded = False
        """Whether the log has a command of the action that runs."""
        self.is_restoring = False
        """Whether the records of a log are applied again: nothing is triggered, and nothing journalled."""
        self.playback: Playback | None = None
        """The rest of a log that is played back; the script goes on after it."""
        self.on_change: Callable[[], object] = lambda: None
        self.pause: Pause | None = None
        """Awaited every PAUSE_EVERY steps or SLICE_S, so that clients are served and readers of streams keep up."""

    def begin(self, at: int) -> None:
        """Schedule the scenario's script and the calendar; `at` is the instant the clock is at.

        A step that is due `after` a time counts from `at`; one whose own instant is earlier is due at `at`.
        """
        self._calendar.begin(at)
        self._add(make_steps(self._sandbox.plan.script, self._places), at)

    async def add(self, entries: Iterable[ScriptEntry], text: str = "") -> list[Step]:
        """Add steps to the script, all of them or none; times in them count from now.

        `text` is their `addition_text`, if the caller has it. Raises ScriptTooLong, and the errors of `submit`.
        """
        added = list(entries)
        text = text or addition_text(added)
        async with self._additions.turn:
            if len(self._steps) + len(added) > ENTRIES_MAX:
                raise ScriptTooLong(f"expected at most {ENTRIES_MAX} steps in all: clear those that are done")
            await self._additions.prepare(text, added, self._places)
            try:
                record, _ = await self._sandbox.write(Note(subject=SCRIPT, text=text))
                return self._additions.take_added(record.sequence)
            finally:
                self._additions.forget(text)

    async def clear(self) -> None:
        """Remove all steps of the script with their pending runs. Commands of the calendar stay scheduled."""
        await self._sandbox.submit(Note(subject=SCRIPT, text='{"clear":true}'))

    def apply(self, record: Record, text: str) -> None:
        """Apply a logged change of the script, such as added steps. Raises ScenarioError if the change is invalid."""
        prepared = self._additions.take_prepared(text, record.sequence, self._places)
        if prepared is not None:
            self._add(prepared, record.at)
            return
        match located_json(text, "", 0).value:
            case {"add": Located(value=list(nodes))}:
                self._add(make_steps([ENTRY.read(node, "") for node in nodes], self._places), record.at)
            case {"clear": _}:
                is_cut_short = not self.is_done
                self._steps, self._unfinished, self._runs_of_clients = {}, 0, 0
                self.triggers.steps.clear()
                self._schedule.drop(lambda run: run.place >= 0)
                self.on_change()
                if is_cut_short:
                    self._journal("script", FINISHED, {})
            case {"trigger": Located(value=dict(nodes))}:
                self._apply_trigger({name: plain(node) for name, node in nodes.items()}, record.at)

    def _add(self, made: Sequence[Step], begins: int) -> None:
        self._places += len(made)
        self._unfinished += len(made)
        for step in made:
            self._steps[step.place] = step
            if step.entry.when:
                self.triggers.steps.append(step)
        timed = (step for step in made if not step.entry.when)
        before = self._schedule.next_at
        self._schedule.begin_all((step.place, step.begin(max(begins, step.entry.at or 0))) for step in timed)
        if self._schedule.next_at != before:
            self.on_change()

    def end(self) -> None:
        """Stop the script for good, even in the middle of a run."""
        self.on_change, self.pause, self.playback = lambda: None, None, None
        self.triggers.steps.clear()
        self._schedule.drop(lambda run: True)

    @property
    def steps(self) -> list[Step]:
        return list(self._steps.values())

    @property
    def next_at(self) -> int | None:
        """The exchange time of the next step, or of the next command that is played back; None if there is none."""
        return (self.playback or self._schedule).next_at

    @property
    def has_due(self) -> bool:
        """Whether a step, or a command that is played back, is due now."""
        return self.is_due(self._sandbox.clock.now())

    def is_due(self, at: int) -> bool:
        """Return whether a step, or a command that is played back, is due at the instant `at` or runs already."""
        if self._running:
            return True
        next_at = self.playback.next_at if self.playback else self._runs[0].at if self._runs else None
        return next_at is not None and next_at <= at

    @property
    def is_done(self) -> bool:
        """Whether no step of the script will run any more."""
        return self._unfinished == 0

    def next_instants(self) -> dict[int, int]:
        """Return the time of the next run (microseconds) of each step with pending runs, by the step's index."""
        return self._schedule.next_instants()

    def _begin(
        self,
        place: int,
        instants: Iterable[tuple[int, object]],
        account: str | None = None,
        order: Mapping[str, str] = NO_ORDER,
    ) -> None:
        before = self._schedule.next_at
        self._schedule.begin(place, instants, account, order)
        if self._schedule.next_at != before:
            self.on_change()

    # Steps that clients trigger

    def note_subscribed(self, account: str | None, channel: str) -> None:
        """Run the steps that wait for a subscription to this channel, after it was acknowledged."""
        if self.triggers.steps:
            self._set_off_all(self.triggers.by_subscription(account, channel))

    def note_operation(self, account: str | None, operation: str) -> None:
        """Run the steps that wait for this operation of a stream, after it was answered."""
        if self.triggers.steps:
            self._set_off_all(self.triggers.by_operation(account, operation))

    def note_request(self, entry: JournalEntry) -> None:
        """Run the steps that wait for the request in a journal entry, which has been answered."""
        self._set_off_all(self.triggers.by_request(entry))

    def _set_off_all(self, found: Iterable[TriggeredStep]) -> None:
        """Record which steps an action of a client triggers; they are set off when the note is applied."""
        for step, account, text, order in found:
            if self.is_restoring:
                continue  # the log has the notes
            if self._runs_of_clients + self._sandbox.writer.post_count >= RUNS_MAX:
                self._journal("finding", step.name, {"text": f"not set off: {RUNS_MAX:,} steps wait already"})
                continue
            values = {"step": step.name, "place": step.place, "account": account, "text": text, "order": dict(order)}
            note = Note(subject=SCRIPT, text=json.dumps({"trigger": values}, separators=(",", ":")))
            self._sandbox.writer.post(note, partial(self._journal_not_set_off, step.name))

    def _journal_not_set_off(self, name: str, reason: str) -> None:
        self._journal("finding", name, {"text": f"not set off: {reason}"})

    def _apply_trigger(self, values: dict[str, Any], at: int) -> None:
        if (step := self._steps.get(int(values["place"]))) is None:
            return  # cleared meanwhile
        account, when = values["account"], step.entry.when
        if self.is_restoring and when is not None:
            step.done_by[account] = max(step.done_by.get(account, 0), when.nth or 0)
        self._runs_of_clients += 1
        self._journal("trigger", step.name, {"text": values["text"]})
        self._begin(step.place, step.begin(at), account, values["order"] or NO_ORDER)

    def sets_nothing_due(self, command: Command) -> bool:
        """Return whether a command sets off no step and schedules no other command, executed or refused."""
        return not self.triggers.steps and self.playback is None and self._calendar.sets_nothing_due(command)

    def note_command(self, record: Record, outcome: Outcome) -> None:
        """Pass an executed command to the calendar; if a client placed an order, run the steps that wait for one."""
        if record.cause is not None:
            self._note_recorded(record, outcome, record.cause)
        self._calendar.note(record, outcome)
        if self.triggers.steps and record.cause is None and not isinstance(outcome, Refusal):
            order = placed_order(self._sandbox.exchange.state, record.command, outcome)
            if order is not None:
                self._set_off_all(self.triggers.by_order(order))

    # Following the log: a script that is restored is at the step where it was, without running the steps before

    def follow(self, at: int) -> None:
        """Remove calendar commands that are due by `at` and void; to be called before a recorded command is applied.

        A void command has left no record: it is recognised by being void at the same place of the log again.
        """
        while (run := self._schedule.first) is not None and run.at <= at:
            if not isinstance(run.action, DueCommand) or not run.action.is_void():
                break
            self._schedule.pop_next()

    def _note_recorded(self, record: Record, outcome: Outcome, cause: Cause) -> None:
        """Note that the log has the command of a step: of the running one, or of one whose run is still scheduled."""
        if self._running.get(id(cause)) is cause:
            self._is_recorded = True
            return

        def has_issued(run: ScheduledRun) -> bool:
            if isinstance(run.action, DueCommand):
                return (run.action.cause, run.action.command) == (cause.step, record.command)
            return bool(run.action.name == cause.step)

        run = self._schedule.first
        if run is not None and has_issued(run):
            run, is_last = self._schedule.pop_next()
        else:
            run = next((run for run in sorted(self._schedule) if has_issued(run)), None)
            if run is None:
                return
            is_last = self._schedule.remove(run)
        if isinstance(run.action, DueCommand):
            self._calendar.count(run.action)
            return
        step: Step = run.action
        step.fired = cause.repetition
        if isinstance(outcome, Refusal):
            step.refused, step.reason = step.refused + 1, str(refused(outcome, step.entry.node))
        elif isinstance(record.command, Note) and record.command.subject == FAILURE:
            step.failed, step.reason = step.failed + 1, record.command.text
        elif isinstance(record.command, Note) and record.command.subject == SCRIPT:
            step.refused, step.reason = step.refused + 1, json.loads(record.command.text)["refused"]
        if is_last:
            self._end(run.place)

    # Running

    async def run_due(self) -> None:
        """Run all steps and calendar commands that are due, at most DUE_MAX; if there are more, journal a finding."""
        try:
            await self.run_to(self._sandbox.clock.now())
        except ScriptOverrun as overrun:
            self._journal("finding", overrun.step, {"text": str(overrun)})

    async def run_batch(self, steps_max: int) -> None:
        """Run at most `steps_max` of the due steps; the others stay due."""
        async with self._turn:
            with suppress(ScriptOverrun):
                await self._run_to(self._sandbox.clock.now(), steps_max)

    async def move(self, target_of: Callable[[], int], finish: Callable[[int], Awaitable[object]]) -> None:
        """Run all steps and calendar commands that are due until an instant, and then call `finish` before any other.

        `target_of` returns the instant. The commands of the steps advance the clock. Raises ScriptOverrun.
        """
        async with self._turn:
            target = target_of()
            await self._run_to(target, DUE_MAX)
            await finish(target)

    async def run_to(self, target: int) -> None:
        """Run all steps and calendar commands that are due until the instant `target`. Raises ScriptOverrun."""
        async with self._turn:
            await self._run_to(target, DUE_MAX)

    async def _run_to(self, until: int, steps_max: int) -> None:
        fired: Counter[str] = Counter()
        until_s, until_pause = time.perf_counter() + SLICE_S, PAUSE_EVERY
        while (next_at := self.next_at) is not None and next_at <= until:
            done = fired.total()
            if done >= steps_max:
                raise ScriptOverrun(fired, steps_max, self._sandbox.clock.now())
            self._sandbox.writer.require_settled()
            together = self._pop_together(until, min(self._sandbox.transaction_room, steps_max - done))
            fired.update(await self._take_together(together) if together else [await self._take()])
            if self.pause and (fired.total() >= until_pause or time.perf_counter() >= until_s):
                await self.pause()
                until_s, until_pause = time.perf_counter() + SLICE_S, fired.total() + PAUSE_EVERY

    def _pop_together(self, until: int, most: int) -> list[PoppedStep]:
        """Remove the next steps that a store can take in one transaction; none if the next action has to run alone."""
        popped: list[PoppedStep] = []
        if self.playback is not None:
            return popped
        while len(popped) < most and (run := self._schedule.first) is not None and run.at <= until:
            step = run.action
            if isinstance(step, DueCommand) or step.template is None:
                break
            try:
                action = step.template.make(run.account, step.fired + 1, run.order)
            except ScenarioError:
                break
            if isinstance(action, (ScriptedFrame, Rule)) or not self.sets_nothing_due(action):
                break
            step.fired += 1
            popped.append(PoppedStep(*self._schedule.pop_next(), action, Cause(step.name, step.fired)))
        return popped

    async def _take_together(self, popped: list[PoppedStep]) -> list[str]:
        """Run steps in one transaction; those that cannot be stored stay due. Raises the errors of `_take`."""
        entries = [(one.command, one.run.at, one.cause) for one in popped]
        self._running = {id(one.cause): one.cause for one in popped}
        left = deque(popped)
        try:
            with self._sandbox.transaction(entries) as futures:
                for future in futures:
                    await self._end_of(left[0], future)
                    left.popleft()
        except StoreUnavailable:
            for one in reversed(left):
                self._put_back(one.run)
            raise
        finally:
            self._running = {}
        return [one.cause.step for one in popped]

    async def _end_of(self, popped: PoppedStep, future: Awaitable[Written]) -> None:
        """Wait until the command of a step was carried out, and note its outcome."""
        step: Step = popped.run.action
        try:
            _, outcome = await future
        except (SandboxEnded, StoreUnavailable):
            raise
        except Exception as error:  # noqa: BLE001  # it is reported
            step.failed, step.reason = step.failed + 1, self._note_failure(step.name, error)
        else:
            if isinstance(outcome, Refusal):
                step.refused, step.reason = step.refused + 1, str(refused(outcome, step.entry.node))
                self._journal("finding", step.name, {"text": step.reason})
        self._journal("script", step.name, {"repetition": popped.cause.repetition})
        if popped.is_last:
            self._end(popped.run.place)

    async def _take(self) -> str:
        """Run the earliest action; it stays due if it cannot be stored. Raises StoreUnavailable, and SandboxEnded."""
        if self.playback:
            return await self.playback.play_next()
        run, is_last = self._schedule.pop_next()
        try:
            if isinstance(run.action, DueCommand):
                return await self._submit(run.action, run.at)
            step: Step = run.action
            await self._fire(step, run)
        except StoreUnavailable:
            self._put_back(run)
            raise
        if is_last:
            self._end(run.place)
        return step.name

    def _put_back(self, run: ScheduledRun) -> None:
        """Schedule an action again whose command could not be stored."""
        if isinstance(run.action, Step):
            run.action.fired -= 1
        if run.place < 0 or run.place in self._steps:  # else it was cleared meanwhile
            self._schedule.put_back(run)

    def _end(self, place: int) -> None:
        if (root := self._steps.get(place)) is None:
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
        cause = Cause(step.name, step.fired)
        self._running, self._is_recorded = {id(cause): cause}, False
        try:
            action = template.make(run.account, step.fired, run.order)
            await self._perform(action, run.at, cause, step.entry.node)
        except ScenarioError as error:
            if not self._is_recorded:  # so that the log has every action
                note = Note(subject=SCRIPT, text=json.dumps({"refused": str(error)}))
                await self._sandbox.submit(note, run.at, cause)
            step.refused, step.reason = step.refused + 1, str(error)
            self._journal("finding", step.name, {"text": step.reason})
        except (SandboxEnded, StoreUnavailable):
            raise
        except Exception as error:  # noqa: BLE001  # it is reported
            step.failed, step.reason = step.failed + 1, self._note_failure(step.name, error)
        finally:
            self._running = {}
        self._journal("script", step.name, {"repetition": step.fired})

    async def _perform(self, action: Action, at: int, cause: Cause, node: Located) -> None:
        """Execute the action of a step; `node` is the step in the scenario file. Raises ScenarioError if refused."""
        if isinstance(action, ScriptedFrame):
            # it changes no state; a note in the log records it
            sent = {"account": action.account, "channel": action.channel, "text": action.text}
            await self._sandbox.submit(Note(subject="frame", text=json.dumps(sent)), at, cause)
            for connection in self._streams.matching(action.account, action.channel):
                connection.send_literal(action.text, "" if action.channel == ANY else action.channel, cause.step)
        elif isinstance(action, Rule):
            # an unnamed fault is named after its step, unless the step is unnamed too or the name is taken
            name = cause.step if cause.repetition == 1 else f"{cause.step}-{cause.repetition}"
            if not action.name and not name.startswith(UNNAMED) and all(one.name != name for one in self._faults):
                action = replace(action, name=name)
            await self._faults.install(action, at, cause)
        else:
            try:
                outcome = await self._sandbox.submit(action, at, cause)
            except KeyInUse as error:
                raise ScenarioError(f"refused: {error.code}: {error}", node.file, node.line) from None
            if isinstance(outcome, Refusal):
                raise refused(outcome, node)

    async def _submit(self, due: DueCommand, at: int) -> str:
        """Submit a command of the calendar, unless it has become void, such as the expiry of a canceled order."""
        if due.is_void():
            return due.cause
        outcome, repetition = None, self._calendar.next_number(due)
        cause = Cause(due.cause, repetition)
        self._running, self._is_recorded = {id(cause): cause}, False
        try:
            outcome = await self._sandbox.submit(due.command, at, cause)
        except (SandboxEnded, StoreUnavailable):
            raise
        except Exception as error:  # noqa: BLE001  # it is reported
            self._note_failure(due.cause, error)
        finally:
            self._running = {}
        self._calendar.count(due)
        if isinstance(outcome, Refusal):
            self._journal("finding", due.cause, {"text": f"refused: {outcome.code}: {outcome.message}"})
        self._journal("script", due.cause, {"repetition": repetition, **due.detail})
        return due.cause

    def _note_failure(self, name: str, error: Exception) -> str:
        """Report a mistake of the exchange, which does not end the script; return its description."""
        reason = log_failure(f"step {name} of sandbox {self._sandbox.name}", error)
        self._journal("finding", name, {"text": reason})
        return reason

    def _journal(self, kind: str, name: str, detail: dict[str, object]) -> None:
        if not self.is_restoring:
            self._sandbox.journal.add_firing(Firing(*self._sandbox.moment(), kind, name, detail))
