"""Defines the steps of a sandbox's script as the Python API returns them, with their progress."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mockexchange.api.values.rows import read_instant


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
