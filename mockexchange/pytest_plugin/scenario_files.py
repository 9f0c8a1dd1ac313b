"""Finds scenario files: beside the test first, then in pytest's root directory."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mockexchange.scenario.loader import builtin_names


def find_scenario(scenario: str | Path | Mapping[str, Any], *directories: Path) -> str | Path | Mapping[str, Any]:
    """Return the path of a scenario file that is in one of these directories; return any other scenario unchanged."""
    if isinstance(scenario, Mapping) or (isinstance(scenario, str) and _is_no_file(scenario)):
        return scenario
    candidates = (directory / scenario for directory in directories)
    return next((path for path in candidates if _is_file(path)), scenario)


def _is_no_file(text: str) -> bool:
    return not text or "\n" in text or text in builtin_names()


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that no file can have
        return False
