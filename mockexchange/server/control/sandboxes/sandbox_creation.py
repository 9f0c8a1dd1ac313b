"""Reads the bodies of `POST sandboxes` and `PUT sandboxes/{name}`, and checks them before a sandbox is created."""

from dataclasses import dataclass, replace
from typing import Any

from mockexchange.sandbox.clock import SCALE_MAX, parse_mode
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.files import ScenarioFiles, require_no_key_files
from mockexchange.scenario.loader import load_object, load_scenario, load_text
from mockexchange.scenario.located_text import Located
from mockexchange.scenario.plan import Plan
from mockexchange.scenario.stubs import STUBS
from mockexchange.scenario.value_types import DURATION, NAME, Field, Record, Scalar, integer, wrong
from mockexchange.server.control.errors import ControlError, misread
from mockexchange.server.control.rules.faults import RuleGroups
from mockexchange.server.control.sandboxes.forks import FORK, Fork, fork_of
from mockexchange.venues.dated import ApiDate
from mockexchange.venues.registry import DEFAULT

DATE_CHARS_MAX = 40
"""The most characters of an API date that are read and shown in errors; the longest valid value has 10."""


class _ScenarioGiven:
    """A reader of `scenario`: a name, a file, YAML text of more than one line, or an object; it is parsed later."""

    def read(self, node: Located, path: str) -> Located:
        if not isinstance(node.value, str | dict):
            raise wrong(node, path, "a scenario: a name, a file, YAML text or an object")
        return node

    def json_schema(self) -> dict[str, object]:
        return {"type": ["string", "object"]}


SCENARIO_GIVEN = _ScenarioGiven()


def _clock_mode(text: str) -> str:
    parse_mode(text)
    return text


def _api_date(text: str) -> ApiDate:
    return DEFAULT.api_date(text[:DATE_CHARS_MAX])


CLOCK = Scalar(
    f"a clock real, paused or a scale such as 10x (at most {SCALE_MAX}x)",
    _clock_mode,
    {"type": "string", "minLength": 1},
)
API_DATE = Scalar("an API date", _api_date, {"type": "string", "minLength": 1}, shows_reason=True)


CREATION = Record(
    {
        "name": Field(NAME),
        "scenario": Field(SCENARIO_GIVEN, default=Located("empty")),
        "api_date": Field(API_DATE, default=DEFAULT.api_date("compat")),
        "clock": Field(CLOCK, default="real"),
        "port": Field(integer(0, 65_535)),
        "expires_after": Field(DURATION),
        "faults": Field(RuleGroups(), default=()),
        "stubs": Field(STUBS, default=()),
        "fork": Field(FORK),
    }
)


@dataclass(frozen=True, slots=True)
class SandboxCreation:
    """A sandbox that a request asks to create. The name in `options` is empty if the body has none."""

    plan: Plan
    options: SandboxOptions
    port: int | None
    idle_us_max: int | None
    fork: Fork | None = None
    """The fork to open, with `plan` as that of an empty scenario; None if the sandbox is no fork."""

    def named(self, name: str) -> SandboxOptions:
        return replace(self.options, name=name)


def parse_creation(
    body: dict[str, Located], path_name: str | None = None, files: ScenarioFiles | None = None
) -> SandboxCreation:
    """Parse the body of a request that creates a sandbox; `path_name` is the sandbox's name if the path has it.

    `files` are the scenario files that the body may name, or None if it may name any. Raises ControlError for a wrong
    body, ScenarioError for a wrong scenario.
    """
    try:
        values: dict[str, Any] = CREATION.read(Located(dict(body)), "")
    except ScenarioError as error:
        raise misread("bad_body", error) from None
    if path_name is not None and values["name"] not in (None, path_name):
        message = f"expected the name in the path, {path_name!r}, or none; got {values['name']!r}"
        raise ControlError(400, "bad_body", message, "name")
    options = SandboxOptions(name=values["name"] or "", api_date=values["api_date"], clock=values["clock"])
    fork = fork_of(values, body)
    plan = plan_of(values["scenario"], files)
    if values["faults"] or values["stubs"]:
        plan = replace(plan, faults=[*plan.faults, *values["faults"]], stubs=[*plan.stubs, *values["stubs"]])
    return SandboxCreation(plan, options, values["port"], values["expires_after"], fork)


def plan_of(given: Located, files: ScenarioFiles | None) -> Plan:
    """Return the parsed scenario of a body; `files` are the files that it may name, None for any.

    Raises ScenarioError.
    """
    return _plan(given) if files is None else _sent_plan(given, files)


def _plan(node: Located) -> Plan:
    if not isinstance(node.value, str):
        return load_object(node)
    if "\n" in node.value:
        return load_text(node.value)
    try:
        return load_scenario(node.value)
    except OSError as error:  # no file can have this name
        raise ScenarioError(f"no scenario {node.value[:80]!r}: {error.strerror or error}") from None


def _sent_plan(node: Located, files: ScenarioFiles) -> Plan:
    """Read the scenario of another process, which reads no other file than those of `files`."""
    if isinstance(node.value, str) and "\n" not in node.value:
        return files.load(node.value)
    return require_no_key_files(_plan(node))
