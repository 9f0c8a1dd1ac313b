"""Checks the plugin's options and markers after collection. All problems end the run in one usage error.

The server's own parser parses the markers.
"""

import asyncio
import json
import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

import pytest

from mockexchange.api.errors import MockExchangeError, WrongRequest
from mockexchange.api.transport.local_server import read_overlay
from mockexchange.api.transport.remote import RemoteClient, find_control
from mockexchange.api.values.sandbox_settings import creation_body
from mockexchange.pytest_plugin.markers import (
    MARKER_TEXT,
    SandboxRequest,
    WrongMarker,
    find_scenario,
    require_use,
    sandbox_request_of,
)
from mockexchange.pytest_plugin.options import (
    API_DATE,
    API_DATE_DEFAULT,
    LOGS,
    OVERLAY,
    SCENARIO,
    TOKEN,
    URL,
    PluginSettings,
    origin_of,
    settings_of,
)
from mockexchange.sandbox.opening import open_sandbox
from mockexchange.scenario.error_collection import collecting_errors
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.located_text import located_json
from mockexchange.server.control.errors import ControlError
from mockexchange.server.control.requests import read_object
from mockexchange.server.control.sandbox_creation import SandboxCreation, parse_creation

PROBLEMS_SHOWN_MAX = 10
ARGUMENTS = ("api_date", "clock", "faults")
TOKEN_CODES = ("no_token", "unauthorized")
TOKEN_ADVICE = f"expected the token of its control API: give {TOKEN.flag}, or set {TOKEN.variable}"
PROBE_S = 5.0
"""The timeout, in seconds, for a remote server, which usually answers in milliseconds."""


def problems(config: pytest.Config, items: Iterable[pytest.Item]) -> str:
    """Return the problems of the tests and the configuration, one line each; empty if there are none."""
    lines = list(_problems(config, settings_of(config), items))
    more = len(lines) - PROBLEMS_SHOWN_MAX
    return "\n".join([*lines[:PROBLEMS_SHOWN_MAX], *([f"and {more} more"] if more > 0 else [])])


def _problems(config: pytest.Config, settings: PluginSettings, items: Iterable[pytest.Item]) -> Iterator[str]:
    """Yield one line per problem. A problem of the configuration is not repeated for each test."""
    for find in (_wrong_server, _wrong_defaults, _wrong_directory, _wrong_overlay):
        wrong = list(find(config, settings))
        if wrong:
            yield from wrong
            return
    # The problems of markers; equal requests are checked once.
    known: dict[str, list[str]] = {}
    for item in items:
        try:
            sandbox_request = sandbox_request_of(item)
            require_use(item)
            key = json.dumps(_creation_body(sandbox_request), sort_keys=True)
        except (WrongMarker, TypeError, ValueError) as error:
            yield from (f"{item.nodeid}: {line}" for line in str(error).splitlines())
            continue
        if key not in known:
            known[key] = problems_of(sandbox_request, settings)
        yield from (f"{item.nodeid}: {MARKER_TEXT}: {problem}" for problem in known[key])


def _wrong_server(config: pytest.Config, settings: PluginSettings) -> Iterator[str]:
    if settings.url is None:
        return
    try:
        ask = RemoteClient(find_control(settings.url, settings.token, None, None).control)
        ask("GET", "sandboxes", patience_s=PROBE_S)
    except WrongRequest as error:
        yield f"{origin_of(config, URL)}: {TOKEN_ADVICE if error.code in TOKEN_CODES else error.message}"
    except MockExchangeError as error:
        yield f"{origin_of(config, URL)}: {error}"


def _wrong_defaults(config: pytest.Config, settings: PluginSettings) -> Iterator[str]:
    scenario = find_scenario(settings.scenario, config.rootpath)
    for option, sandbox_request in (
        (SCENARIO, SandboxRequest(scenario=scenario, api_date=API_DATE_DEFAULT)),
        (API_DATE, SandboxRequest(scenario="empty", api_date=settings.api_date)),
    ):
        yield from (f"{origin_of(config, option)}: {problem}" for problem in problems_of(sandbox_request, settings))


def _wrong_directory(config: pytest.Config, settings: PluginSettings) -> Iterator[str]:
    if settings.logs is not None and settings.logs.exists() and not settings.logs.is_dir():
        yield f"{origin_of(config, LOGS)}: expected a directory, got the file {settings.logs}"


def _wrong_overlay(config: pytest.Config, settings: PluginSettings) -> Iterator[str]:
    if settings.overlay is None:
        return
    if settings.is_remote:
        yield f"{origin_of(config, OVERLAY)}: the server at {URL.flag} has its own: start it by serve --overlay"
        return
    try:
        read_overlay(settings.overlay)
    except WrongRequest as error:
        yield f"{origin_of(config, OVERLAY)}: {error.message}"


def problems_of(sandbox_request: SandboxRequest, settings: PluginSettings) -> list[str]:
    """Return all problems with the sandbox that a test asks for; an empty list if it can be created."""
    body = _creation_body(sandbox_request)
    find = _misread if settings.is_remote else _uncreatable
    found = find(body)
    if found:
        found += find({"scenario": body["scenario"]})
    wrong = (error for error in found if not (settings.is_remote and _may_be_there(sandbox_request, error)))
    return list(dict.fromkeys(map(_words_of, wrong)))


def _words_of(error: Exception) -> str:
    """Return an error in words; that of a whole argument needs no path, since it names what it expects."""
    is_argument = (
        isinstance(error, ScenarioError) and error.path.partition("[")[0] in ARGUMENTS and "." not in error.path
    )
    return error.message if isinstance(error, ScenarioError) and is_argument else str(error)


def _misread(body: dict[str, Any]) -> list[Exception]:
    """Return the errors of a body that cannot be read."""
    return _errors_of(lambda: _parse(body))


def _uncreatable(body: dict[str, Any]) -> list[Exception]:
    """Return the errors of a sandbox that cannot be created, since only the exchange finds some of them."""
    return _errors_of(lambda: _try_creation(_parse(body)))


def _errors_of(action: Callable[[], object]) -> list[Exception]:
    with collecting_errors() as errors:
        try:
            action()
        except ControlError as error:
            return [*errors, *([error] if str(error) else [])]
    return [*errors]


def _parse(body: dict[str, Any]) -> SandboxCreation:
    return parse_creation(read_object(located_json(json.dumps(body), "", 0)))


def _try_creation(creation: SandboxCreation) -> None:
    """Create the sandbox once, in a thread, for a separate loop; its errors are collected as in this thread."""
    opening = open_sandbox(creation.plan, creation.named("collected"))
    with ThreadPoolExecutor(1) as thread:
        thread.submit(copy_context().run, asyncio.run, opening).result()


def _may_be_there(sandbox_request: SandboxRequest, error: Exception) -> bool:
    """Return whether a remote server may know the scenario: it may have other built-in scenarios and files."""
    return (
        isinstance(error, ScenarioError)
        and re.split(r"[.\[]", error.path)[0] not in ARGUMENTS
        and isinstance(sandbox_request.scenario, str)
        and "\n" not in sandbox_request.scenario
    )


def _creation_body(sandbox_request: SandboxRequest) -> dict[str, Any]:
    return creation_body(
        sandbox_request.scenario,
        api_date=sandbox_request.api_date,
        clock=sandbox_request.clock,
        faults=sandbox_request.faults,
    )
