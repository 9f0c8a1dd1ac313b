"""The control API's view of a sandbox's faults: what is installed, how often it fired, more of it and less."""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mockexchange.faults import FaultError
from mockexchange.faults.chaos import load_preset
from mockexchange.faults.installed import Installed
from mockexchange.sandbox import Sandbox
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.faults import FAULT, Rule
from mockexchange.scenario.source import Located
from mockexchange.server.control_errors import ControlError, misread
from mockexchange.server.control_requests import Handler, read_json
from mockexchange.server.hub import Hub


def faults_handlers(hub: Hub) -> dict[str, Handler]:
    """Of the faults of a sandbox, by method."""

    async def sandbox_of(request: Request) -> Sandbox:
        return await hub.sandboxes.caught_up(request.path_params["name"])

    async def show(request: Request) -> Response:
        sandbox = await sandbox_of(request)
        return JSONResponse([fault_of(one) for one in sandbox.faults])

    async def add(request: Request) -> Response:
        """Install rules, all or none; answers with them as they are installed."""
        body = await read_json(request)
        sandbox = await sandbox_of(request)
        try:
            rules = _read_rules(body)
            names = await _install(sandbox, rules)
        except ScenarioError as error:
            raise misread("bad_fault", error) from None
        installed = {one.name: one for one in sandbox.faults}
        return JSONResponse([fault_of(installed[name]) for name in names], status_code=201)

    async def clear(request: Request) -> Response:
        sandbox = await sandbox_of(request)
        await sandbox.faults.clear()
        return Response(status_code=204)

    return {"GET": show, "POST": add, "DELETE": clear}


def fault_handlers(hub: Hub) -> dict[str, Handler]:
    """Of one fault, by method."""

    async def remove(request: Request) -> Response:
        sandbox = await hub.sandboxes.caught_up(request.path_params["name"])
        try:
            await sandbox.faults.remove(request.path_params["fault"])
        except FaultError as error:
            raise ControlError(404, "unknown_fault", error.message) from None
        return Response(status_code=204)

    return {"DELETE": remove}


def fault_of(one: Installed) -> dict[str, Any]:
    """A rule as it was given, its scalars text, and how often it matched and fired."""
    given = one.rule.given
    return {
        "name": one.name,
        "match": given.get("match") or {},
        "times": one.rule.times,
        "then": given["then"],
        "matched": one.matched,
        "fired": one.fired,
    }


async def _install(sandbox: Sandbox, rules: Sequence[Rule]) -> list[str]:
    sandbox.faults.check(rules)
    return [await sandbox.faults.install(rule) for rule in rules]


def _read_rules(body: Located) -> Sequence[Rule]:
    """A rule, a list of them, or a preset by name. Raises ScenarioError or ControlError."""
    match body.value:
        case {"preset": Located(value=str(name)), **rest} if not rest:
            return load_preset(name)
        case dict():
            return [FAULT.read(body, "")]
        case list(nodes):
            return [FAULT.read(node, f"[{place}]") for place, node in enumerate(nodes)]
        case _:
            raise ControlError(400, "bad_body", 'expected a rule, a list of rules or {"preset": "flaky"}')
