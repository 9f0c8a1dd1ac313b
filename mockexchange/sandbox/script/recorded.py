"""Removes from a script's schedule those runs whose commands the log already has, without running them.

So a sandbox that is restored from its log finds its script at the step where it was. A command of the calendar that was
void has left no record, so it is recognised by being void at the same place of the log again.
"""

import json
from collections.abc import Iterable
from typing import Protocol

from mockexchange.core.commands import Note
from mockexchange.core.exchange import Outcome
from mockexchange.core.refusals import Refusal
from mockexchange.sandbox.script.calendar import DueCommand
from mockexchange.sandbox.script.schedule import Schedule, ScheduledRun
from mockexchange.sandbox.script.steps import Step
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.literal_json import exact_json
from mockexchange.scenario.script import ScriptEntry
from mockexchange.store.log import FAILURE, Record

SCRIPT = "script"
"""The subject of the log's notes about steps: added, cleared, triggered, or refused before they had a command."""


class Playback(Protocol):
    """The interface of commands of a log that are played back, each when it is due."""

    @property
    def next_at(self) -> int | None: ...
    async def play_next(self) -> str: ...


def addition_text(entries: Iterable[ScriptEntry]) -> str:
    """Return the text of the log's note that adds these steps to the script."""
    return '{"add":[' + ",".join(exact_json(entry.node) for entry in entries) + "]}"


def drop_void(schedule: Schedule, at: int) -> None:
    """Remove commands from the front of the schedule that are due by `at` and void, so that they never run."""
    while (run := schedule.first) is not None and run.at <= at:
        if not isinstance(run.action, DueCommand) or not run.action.is_void():
            break
        schedule.pop_next()


def take_recorded(schedule: Schedule, record: Record) -> tuple[ScheduledRun | None, bool]:
    """Remove the run that issued a recorded command; return the run, and whether the command was its last action.

    The run is None if no scheduled run has issued the command.
    """
    first = schedule.first
    if first is not None and _is_of(first.action, record):
        run, is_last = schedule.pop_next()
        return run, is_last
    found = next((run for run in sorted(schedule) if _is_of(run.action, record)), None)
    return (None, False) if found is None else (found, schedule.remove(found))


def _is_of(action: DueCommand | Step, record: Record) -> bool:
    """Whether a scheduled action is the one that issued the command of a record."""
    assert record.cause is not None, "a step issued it"
    if isinstance(action, DueCommand):
        return (action.cause, action.command) == (record.cause.step, record.command)
    return action.name == record.cause.step


def note_outcome(step: Step, record: Record, outcome: Outcome) -> None:
    """Count a recorded repetition of a step, and whether its command was refused or failed."""
    assert record.cause is not None, "a step issued it"
    step.fired = record.cause.repetition
    if isinstance(outcome, Refusal):
        node = step.entry.node
        error = ScenarioError(f"refused: {outcome.code}: {outcome.message}", node.file, node.line)
        step.refused, step.reason = step.refused + 1, str(error)
    elif isinstance(record.command, Note) and record.command.subject == FAILURE:
        step.failed, step.reason = step.failed + 1, record.command.text
    elif isinstance(record.command, Note) and record.command.subject == SCRIPT:
        step.refused, step.reason = step.refused + 1, json.loads(record.command.text)["refused"]
