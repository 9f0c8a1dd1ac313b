"""Defines the outcome of a step (its number in the log, its time, its events) and the steps of a sandbox's script."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mockexchange.api.errors import Refused
from mockexchange.api.values.json_encoding import read_instant, read_row

# The outcome of a step


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a step that was executed; `events` are those of the control API, with amounts as `Decimal`."""

    sequence: int
    """The step's number in the sandbox's log."""
    at: datetime
    """The exchange time at which the step was carried out."""
    events: tuple[Mapping[str, Any], ...]

    def __getitem__(self, name: str) -> Any:
        """Return the first value with this field name among the events, such as `order_id`. Raises KeyError."""
        for event in self.events:
            if name in event:
                return event[name]
        known = ", ".join(sorted({key for event in self.events for key in event}))
        raise KeyError(f"no event has {name!r}; known: {known}")


def read_outcomes(steps: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]]) -> list[Outcome]:
    """Return the outcomes of steps from the control API's answer.

    Raises Refused for the first refused step; the other steps were executed.
    """
    for step, row in zip(steps, rows, strict=True):
        if "refusal" in row:
            raise Refused(row["refusal"]["code"], row["refusal"]["message"], step)
    return [Outcome(row["seq"], read_instant(row["at"]), tuple(map(read_row, row["events"]))) for row in rows]


# Steps of a script, with their progress


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptStep:
    """A step of a sandbox's script: its action, its state, and how often it ran, was refused or failed."""

    name: str
    action: str
    """The name of the scenario step that this step carries out, such as fill, or sequence for several."""
    state: str
    """waiting (for a client), scheduled (for a time) or done."""
    fired: int
    """The number of times the step ran."""
    refused: int
    failed: int
    reason: str | None
    """Why the step was last refused or failed; None if it never was."""
    next: datetime | None
    """The exchange time of the next run; None if no run is scheduled."""


def read_script_step(row: Mapping[str, Any]) -> ScriptStep:
    """Return the script step that a row of the control API describes."""
    due = row["next"]
    return ScriptStep(**{**row, "next": None if due is None else read_instant(due)})
