"""Reads the marker `@pytest.mark.mockexchange(...)` of a test, its class and its module; the test's has precedence.

The scenario file that it names is beside the test, or in pytest's root directory.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mockexchange.pytest_plugin.options import CLOCK_DEFAULT, MARKER, settings_of
from mockexchange.scenario.errors import did_you_mean
from mockexchange.scenario.loader import builtin_names

SANDBOX, SESSION = "exchange_sandbox", "mock_exchange"
MARKER_TEXT = "@pytest.mark.mockexchange"
ARGUMENT_TYPES: Mapping[str, str] = {
    "scenario": "a built-in name, a file, YAML text or a mapping",
    "api_date": "text, such as 'latest' or '2026-06'",
    "clock": "text, such as 'paused' or '10x'",
    "faults": "a list of rules or of names of presets",
    "allow_hosts": "a list of host names",
}


SANDBOX_REQUEST = pytest.StashKey["SandboxRequest"]()


class WrongMarker(Exception):
    """Raised for a wrong marker. The user sees the message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxRequest:
    """The settings of the sandbox that a test asks for with its markers."""

    scenario: str | Path | Mapping[str, Any]
    api_date: str
    clock: str = CLOCK_DEFAULT
    faults: Sequence[Mapping[str, Any] | str] = ()
    allow_hosts: tuple[str, ...] = ()


def sandbox_request_of(item: pytest.Item) -> SandboxRequest:
    """Return the settings of a test's sandbox. Raises WrongMarker.

    Scenario files are looked up beside the test, then in pytest's root directory.
    """
    if SANDBOX_REQUEST not in item.stash:
        given: dict[str, Any] = {}
        for mark in reversed(list(item.iter_markers(MARKER))):
            given |= read_mark(mark)
        settings, root = settings_of(item.config), item.config.rootpath
        if "scenario" in given:
            given["scenario"] = find_scenario(given["scenario"], item.path.parent, root)
        default = {"scenario": find_scenario(settings.scenario, root), "api_date": settings.api_date}
        item.stash[SANDBOX_REQUEST] = SandboxRequest(
            **{**default, **given, "allow_hosts": tuple(given.get("allow_hosts", ()))}
        )
    return item.stash[SANDBOX_REQUEST]


def require_use(item: pytest.Item) -> None:
    """Raise WrongMarker if a test has a marker of its own but uses no sandbox, so that the marker has no effect.

    Markers of its class and module may be unused. A test with the fixture `request` may request the sandbox at run
    time.
    """
    names = frozenset(getattr(item, "fixturenames", ()))
    said = {name for mark in item.own_markers if mark.name == MARKER for name in mark.kwargs} - {"allow_hosts"}
    if not said or SANDBOX in names or (SESSION not in names and "request" in names):
        return
    uses = f"{SESSION} is as the options say" if SESSION in names else "it uses no exchange"
    words = ", ".join(sorted(said))
    raise WrongMarker(f"{MARKER_TEXT}({words}) says what {SANDBOX} is made of, and the test has none: {uses}")


def read_mark(mark: pytest.Mark) -> dict[str, Any]:
    """Return the arguments of a marker. Raises WrongMarker, with one line for each wrong argument."""
    problems = list(_problems_of(mark))
    if problems:
        raise WrongMarker("\n".join(problems))
    return dict(mark.kwargs)


def _problems_of(mark: pytest.Mark) -> Iterator[str]:
    if mark.args:
        example = f"{MARKER_TEXT}(scenario={mark.args[0]!r})"
        yield f"{MARKER_TEXT} takes keyword arguments alone, such as {example}; got {_shown(mark.args)}"
    for name, value in mark.kwargs.items():
        if name not in ARGUMENT_TYPES:
            advice = did_you_mean(name, ARGUMENT_TYPES) or f" (known: {', '.join(ARGUMENT_TYPES)})"
            yield f"{MARKER_TEXT} has no argument {name!r}{advice}"
        elif not _is_right(name, value):
            yield f"{MARKER_TEXT}({name}=...): expected {ARGUMENT_TYPES[name]}, got {_shown(value)}"


def _is_right(name: str, value: object) -> bool:
    match name:
        case "scenario":
            return isinstance(value, str | Path | Mapping)
        case "faults":
            return _is_list_of(value, (str, Mapping))
        case "allow_hosts":
            return _is_list_of(value, (str,))
    return isinstance(value, str)


def _is_list_of(value: object, kinds: tuple[type, ...]) -> bool:
    return isinstance(value, list | tuple | set | frozenset) and all(isinstance(one, kinds) for one in value)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


# Scenario files: beside the test first, then in pytest's root directory


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
