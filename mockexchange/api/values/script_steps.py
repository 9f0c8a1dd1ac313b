"""Steps of the script with their progress."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mockexchange.api.values.rows import read_instant


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptStep:
    """A step of the script: what it does, and how often it has."""

    name: str
    action: str
    """The step that it carries out, such as fill, or sequence."""
    state: str
    """waiting, scheduled or done."""
    fired: int
    """The number of times it ran."""
    refused: int
    failed: int
    reason: str | None
    """Why it was refused or failed last; None if it never was."""
    next: datetime | None
    """Exchange time of the next run; None if none is due."""


def read_script_step(row: Mapping[str, Any]) -> ScriptStep:
    """Read a row of the control API."""
    due = row["next"]
    return ScriptStep(**{**row, "next": None if due is None else read_instant(due)})
