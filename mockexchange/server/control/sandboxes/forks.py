"""Reads `fork` in the body of a request that creates a sandbox: which sandbox or log to copy, and up to which point."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

from starlette.requests import Request

from mockexchange.sandbox.forks.fork import open_fork
from mockexchange.sandbox.forks.source import ForkSource, read_source, source_of
from mockexchange.sandbox.forks.until import Until, parse_until
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.port import SandboxError
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.files import ScenarioFiles
from mockexchange.scenario.located_text import Located
from mockexchange.scenario.value_types import NAME, Field, Record, Scalar, wrong
from mockexchange.server.control.access.access import is_in_process
from mockexchange.server.control.access.roles import grant_of
from mockexchange.server.control.errors import ControlError
from mockexchange.server.server_state import ServerState
from mockexchange.store.log import LogError
from mockexchange.venues.dated import ApiDate

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


class Fork(NamedTuple):
    """A fork that a request asks for: a copy of a sandbox of this server, or of a log, up to the point `until`.

    `clock` and `api_date` are None if the request does not give them.
    """

    sandbox: str | None
    log: str | None
    until: Until | None
    clock: str | None = None
    api_date: ApiDate | None = None


class ForkTarget(NamedTuple):
    """The options of the new sandbox that a fork makes: the common options, its port, and its longest idle time."""

    options: SandboxOptions
    port: int | None
    idle_us_max: int | None


def fork_of(values: dict[str, Any], body: dict[str, Located]) -> Fork | None:
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


def files_for(server_state: ServerState, request: Request) -> ScenarioFiles | None:
    """Return the scenario files that a request may name; None if it may name any, because this process sent it."""
    return None if is_in_process(request) else server_state.scenario_files


async def open_forked(server_state: ServerState, fork: Fork, target: ForkTarget, request: Request) -> Sandbox:
    """Copy a sandbox or a log into a new sandbox of the server.

    Raises ControlError, and the errors of `ServerState.open`.
    """
    try:
        source = await _source(server_state, fork, request)
        api_date, clock = fork.api_date or source.api_date, fork.clock or source.clock
        options = replace(target.options, api_date=api_date, clock=clock)
        make = partial(open_fork, source, until=fork.until, clock=fork.clock)
        port = PORT_DEFAULT if target.port is None else target.port
        return await server_state.add_sandbox(make, options, port, target.idle_us_max)
    except LogError as error:
        raise ControlError(400, "bad_body", str(error), "fork") from None


async def _source(server_state: ServerState, fork: Fork, request: Request) -> ForkSource:
    """Return the source of a fork. Raises ControlError and LogError."""
    if fork.log is not None:
        return read_source(_lines_of(fork.log), is_sent=not is_in_process(request))
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
