"""Reads the bodies of `POST sandboxes` and `PUT sandboxes/{name}`, and checks them before a sandbox is created.

A sandbox is made of a scenario, or as a fork: a copy of a sandbox or of a log, up to a point.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

from starlette.requests import Request

from mockexchange.sandbox.clock import SCALE_MAX, parse_mode
from mockexchange.sandbox.forks import ForkSource, Until, open_fork, parse_until, read_source, source_of
from mockexchange.sandbox.interface import SandboxError
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.loader import load_object, load_scenario, load_text
from mockexchange.scenario.located_text import Located
from mockexchange.scenario.plan import Plan
from mockexchange.scenario.requested_files import ScenarioFiles, require_no_key_files
from mockexchange.scenario.stubs import STUBS
from mockexchange.scenario.value_types import DURATION, NAME, Field, Record, Scalar, integer, wrong
from mockexchange.server.control.access import grant_of, is_in_process
from mockexchange.server.control.errors import ControlError, misread
from mockexchange.server.control.requests import beside_loop
from mockexchange.server.control.rules import RuleGroups
from mockexchange.server.server_state import ServerState
from mockexchange.store.log import LogError
from mockexchange.venues.dated_fields import ApiDate
from mockexchange.venues.registry import DEFAULT

DATE_CHARS_MAX = 40
"""The most characters of an API date that are read and shown in errors; the longest valid value has 10."""
PORT_DEFAULT = 0
"""The default port of a fork: any free one. A fork has its source's keys, so they cannot share a port."""


class _LogText:
    """A reader of a log as text: its lines, as `GET log` answers them."""

    def read(self, node: Located, path: str) -> str:
        if not isinstance(node.value, str):
            raise wrong(node, path, "the text of a log, as GET log answers it")
        return node.value

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string"}


AT = Scalar("the number of a command, or an instant", parse_until, {"type": ["integer", "string"]}, shows_reason=True)
FORK = Record({"sandbox": Field(NAME), "log": Field(_LogText()), "at": Field(AT)})


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


class Fork(NamedTuple):
    """A fork that a request asks for: a copy of a sandbox of this server, or of a log, up to the point `until`.

    `clock` and `api_date` are None if the request does not give them.
    """

    sandbox: str | None
    log: str | None
    until: Until | None
    clock: str | None = None
    api_date: ApiDate | None = None


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


def files_for(server_state: ServerState, request: Request) -> ScenarioFiles | None:
    """Return the scenario files that a request may name; None if it may name any, because this process sent it."""
    return None if is_in_process(request) else server_state.scenario_files


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
    fork = _fork_of(values, body)
    plan = plan_of(values["scenario"], files)
    if values["faults"] or values["stubs"]:
        plan = replace(plan, faults=[*plan.faults, *values["faults"]], stubs=[*plan.stubs, *values["stubs"]])
    return SandboxCreation(plan, options, values["port"], values["expires_after"], fork)


def _fork_of(values: dict[str, Any], body: dict[str, Located]) -> Fork | None:
    """Return the fork that a request's body asks for; None if it asks for none.

    A fork is a copy of a sandbox or of a log. Raises ControlError if members of the body contradict each other.
    """
    given = values["fork"]
    if given is None:
        return None
    if (given["sandbox"] is None) == (given["log"] is None):
        raise ControlError(400, "bad_body", "fork: expected either sandbox or log", "fork")
    for name in ("scenario", "faults", "stubs"):
        if name in body:
            message = f"a fork has those of its source: leave {name} out, and change the fork afterwards"
            raise ControlError(400, "bad_body", message, name)
    clock, api_date = (values[name] if name in body else None for name in ("clock", "api_date"))
    return Fork(given["sandbox"], given["log"], given["at"], clock, api_date)


def plan_of(given: Located, files: ScenarioFiles | None) -> Plan:
    """Return the parsed scenario of a body; `files` are the files that it may name, None for any.

    Raises ScenarioError.
    """
    value = given.value
    if isinstance(value, str) and "\n" not in value:
        if files is not None:
            return files.load(value)
        try:
            return load_scenario(value)
        except OSError as error:  # no file can have this name
            raise ScenarioError(f"no scenario {value[:80]!r}: {error.strerror or error}") from None
    plan = load_text(value) if isinstance(value, str) else load_object(given)
    return plan if files is None else require_no_key_files(plan)  # another process reads no file but those


# --- opening


async def open_wanted(server_state: ServerState, wanted: SandboxCreation, name: str, request: Request) -> Sandbox:
    """Open the sandbox that a request asks to create, of a scenario or as a fork.

    Raises ControlError, and the errors of `ServerState.open`.
    """
    options, fork = wanted.named(name), wanted.fork
    if fork is None:
        return await server_state.open(wanted.plan, options, wanted.port, wanted.idle_us_max)
    try:
        source = await _source(server_state, fork, request)
        options = replace(options, api_date=fork.api_date or source.api_date, clock=fork.clock or source.clock)
        make = partial(open_fork, source, until=fork.until, clock=fork.clock)
        port = PORT_DEFAULT if wanted.port is None else wanted.port
        return await server_state.add_sandbox(make, options, port, wanted.idle_us_max)
    except LogError as error:
        raise ControlError(400, "bad_body", str(error), "fork") from None


async def _source(server_state: ServerState, fork: Fork, request: Request) -> ForkSource:
    """Return the source of a fork. Raises ControlError and LogError."""
    if fork.log is not None:
        lines, is_sent = _lines_of(fork.log), not is_in_process(request)

        def read() -> ForkSource:
            source = read_source(lines, is_sent=is_sent)
            return replace(source, records=list(source.records))

        return await beside_loop(read)
    assert fork.sandbox is not None, "one of them is given"
    grant = grant_of(request)
    if not grant.sees(fork.sandbox):
        message = f"the token {grant.name!r} is for the sandbox {grant.sandbox!r} alone"
        raise ControlError(403, "not_allowed", message, "fork.sandbox")
    try:
        return source_of(await server_state.sandboxes.inspectable(fork.sandbox))
    except SandboxError as error:
        raise ControlError(400, "bad_body", str(error), "fork.sandbox") from None


def _lines_of(text: str) -> Iterator[bytes]:
    """Yield the lines of a log when they are asked for: all of them at once would hold the loop."""
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        yield text[start:end].encode(errors="replace")
        start = end
