"""The routes of scenarios: they list, show and check scenarios, and show or change the scenario of a sandbox."""

import asyncio
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from mockexchange.core.instants import format_instant
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.files import ScenarioFiles, read_text
from mockexchange.scenario.loader import builtin_names, load_builtin
from mockexchange.scenario.located_text import Located
from mockexchange.scenario.plan import Plan
from mockexchange.scenario.value_types import Record, must
from mockexchange.server.control.access.access import is_in_process
from mockexchange.server.control.access.roles import Access
from mockexchange.server.control.access.secret_filter import SecretFilter
from mockexchange.server.control.documents.scenario_check import check, checked_to_json
from mockexchange.server.control.errors import ControlError, misread
from mockexchange.server.control.json_text import ControlJson
from mockexchange.server.control.requests import read_body, read_object
from mockexchange.server.control.route_table import Resource, resource
from mockexchange.server.control.sandboxes.answers import summary_of
from mockexchange.server.control.sandboxes.sandbox_creation import SCENARIO_GIVEN, plan_of
from mockexchange.server.control.traffic.journal_queries import read_redaction
from mockexchange.server.server_state import ServerState

GIVEN = Record({"scenario": must(SCENARIO_GIVEN)})


def scenario_routes(server_state: ServerState) -> list[Resource]:
    api = ScenarioHandlers(server_state)
    return [
        resource("/_mock/scenarios", GET=(Access.LOOK, api.list_scenarios)),
        resource("/_mock/scenarios/check", POST=(Access.LOOK, api.check)),
        resource("/_mock/scenarios/{scenario:path}", GET=(Access.LOOK, api.show)),
        resource("/_mock/sandboxes/{name}/scenario", GET=(Access.LOOK, api.played), PUT=(Access.CHANGE, api.play)),
    ]


class ScenarioHandlers:
    """The handlers of requests about scenarios, one for each operation of the control API."""

    def __init__(self, server_state: ServerState) -> None:
        self.server_state = server_state

    async def list_scenarios(self, request: Request) -> Response:
        return ControlJson(await asyncio.to_thread(_listed, self.server_state.scenario_files))

    async def show(self, request: Request) -> Response:
        name = request.path_params["scenario"]
        try:
            text = await asyncio.to_thread(self.server_state.scenario_files.text, name)
        except ScenarioError as error:
            raise ControlError(404, "unknown_scenario", str(error)) from None
        return ControlJson({"name": name, "text": text})

    async def check(self, request: Request) -> Response:
        given = await read_body(request, _given)
        return ControlJson(checked_to_json(await check(given, self._files(request))))

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
        files = self._files(request)
        plan = await read_body(request, lambda body: plan_of(_given(body), files))
        sandbox = await self.server_state.reset(request.path_params["name"], plan)
        return ControlJson(summary_of(sandbox, self.server_state.base_url(sandbox.name)))

    def _files(self, request: Request) -> ScenarioFiles | None:
        """Return the files that a request may name as a scenario; None if it is from this process."""
        return None if is_in_process(request) else self.server_state.scenario_files


def _listed(files: ScenarioFiles) -> list[dict[str, Any]]:
    builtin = [{"name": name, "title": load_builtin(name).title, "kind": "builtin"} for name in builtin_names()]
    return [*builtin, *({"name": path, "title": "", "kind": "file"} for path in files.paths())]


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
