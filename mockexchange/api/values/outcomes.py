"""Defines the outcome of a step: its number in the log, its time, and the events that it caused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mockexchange.api.errors import Refused
from mockexchange.api.values.rows import read_instant, read_row


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
