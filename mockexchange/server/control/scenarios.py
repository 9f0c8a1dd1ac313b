"""The part of the control API that lists, shows and checks scenarios, and replaces the scenario of a sandbox."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from mockexchange.core.instants import format_instant
from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.error_collection import collecting_errors
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.loader import builtin_names, load_builtin
from mockexchange.scenario.located_text import Located
from mockexchange.scenario.plan import Plan
from mockexchange.scenario.requested_files import ScenarioFiles, read_text
from mockexchange.scenario.value_types import Record, must
from mockexchange.server.control.access import Access
from mockexchange.server.control.answers import ControlJson
from mockexchange.server.control.errors import ControlError, misread
from mockexchange.server.control.requests import beside_loop, read_body, read_object
from mockexchange.server.control.route_table import Resource
from mockexchange.server.control.sandbox_creation import SCENARIO_GIVEN, files_for, plan_of
from mockexchange.server.control.sandboxes import summary_of
from mockexchange.server.control.secret_filter import SecretFilter, read_redaction
from mockexchange.server.server_state import ServerState

ERRORS_MAX = 100
GIVEN = Record({"scenario": must(SCENARIO_GIVEN)})


def scenario_routes(server_state: ServerState) -> list[Resource]:
    api = ScenarioHandlers(server_state)
    return [
        Resource("/_mock/scenarios", GET=(Access.LOOK, api.list_scenarios)),
        Resource("/_mock/scenarios/check", POST=(Access.LOOK, api.check)),
        Resource("/_mock/scenarios/{scenario:path}", GET=(Access.LOOK, api.show)),
        Resource("/_mock/sandboxes/{name}/scenario", GET=(Access.LOOK, api.played), PUT=(Access.CHANGE, api.play)),
    ]


class ScenarioHandlers:
    """The handlers of requests about scenarios, one for each operation of the control API."""

    def __init__(self, server_state: ServerState) -> None:
        self.server_state = server_state

    async def list_scenarios(self, request: Request) -> Response:
        def listed() -> list[dict[str, Any]]:
            builtin = [{"name": name, "title": load_builtin(name).title, "kind": "builtin"} for name in builtin_names()]
            files = self.server_state.scenario_files.paths()
            return [*builtin, *({"name": path, "title": "", "kind": "file"} for path in files)]

        return ControlJson(await asyncio.to_thread(listed))

    async def show(self, request: Request) -> Response:
        name = request.path_params["scenario"]
        try:
            text = await asyncio.to_thread(self.server_state.scenario_files.text, name)
        except ScenarioError as error:
            raise ControlError(404, "unknown_scenario", str(error)) from None
        return ControlJson({"name": name, "text": text})

    async def check(self, request: Request) -> Response:
        given = await read_body(request, _given)
        errors, sandbox = await check(given, files_for(self.server_state, request))
        shown = [{"line": error.line or None, "path": error.path, "message": error.message} for error in errors]
        if errors or sandbox is None:
            return ControlJson({"ok": False, "errors": shown, "scenario": None})
        state, plan = sandbox.exchange.state, sandbox.plan
        scenario = {
            "name": plan.name,
            "title": plan.title,
            "accounts": len(state.accounts),
            "markets": len(state.markets),
            "instruments": len(state.derivatives.listed),
            "commands": state.sequence,
            "script_steps": len(plan.script),
            "faults": len(plan.faults),
            "stubs": len(plan.stubs),
        }
        return ControlJson({"ok": True, "errors": [], "scenario": scenario})

    async def played(self, request: Request) -> Response:
        clean = read_redaction(request, SecretFilter.now(self.server_state.secrets))
        plan = (await self.server_state.sandboxes.inspectable(request.path_params["name"])).plan
        text = await asyncio.to_thread(_text_of, plan)
        shown = clean({"text": text})["text"]
        counted = {"counts_from": format_instant(plan.now.at)} if plan.now else {}
        return ControlJson(
            {"name": plan.name, "kind": plan.source.kind, "text": shown, "hidden": shown != text, **counted}
        )

    async def play(self, request: Request) -> Response:
        """Replace a sandbox by a new one that is made from the scenario in the body.

        If that scenario is invalid, the old sandbox stays.
        """
        files = files_for(self.server_state, request)
        plan = await read_body(request, lambda body: plan_of(_given(body), files))
        sandbox = await self.server_state.reset(request.path_params["name"], plan)
        return ControlJson(summary_of(sandbox, self.server_state.base_url(sandbox.name)))


def _given(body: Located) -> Located:
    """Return the scenario of a body. Raises ControlError."""
    try:
        given: Located = GIVEN.read(Located(dict(read_object(body))), "")["scenario"]
    except ScenarioError as error:
        raise misread("bad_body", error) from None
    return given


def _text_of(plan: Plan) -> str | None:
    """Return the text that a plan was read from; None for JSON lines that are gone or too long to show."""
    if plan.source.kind != "lines":
        return plan.source.content
    try:
        return read_text(Path(plan.source.content))
    except ScenarioError:
        return None


# --- checking a scenario


async def check(given: Located, files: ScenarioFiles | None) -> tuple[list[ScenarioError], Sandbox | None]:
    """Read a scenario and execute its history in a temporary sandbox; its script does not run.

    Return the errors in order of lines, and the sandbox, which is None if there are errors.

    A thread reads the scenario, whose errors are collected in this task's context, of which it gets a copy.
    """
    sandbox = None
    with collecting_errors() as errors:
        plan = await beside_loop(partial(plan_of, given, files))
        sandbox = await open_sandbox(plan, SandboxOptions(name="checked", clock="paused"))
    by_place = {(error.line, error.path, error.message): error for error in errors}
    return [by_place[place] for place in sorted(by_place)][:ERRORS_MAX], sandbox
