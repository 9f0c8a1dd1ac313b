"""The part of the control API that lists, adds and removes the steps of a sandbox's script."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from mockexchange.core.instants import format_instant
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.sandbox.script.schedule import ScriptTooLong, Step
from mockexchange.sandbox.script.script import Script, addition_text
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.located_text import Located
from mockexchange.scenario.script_entries import (
    ENTRY,
    ScriptEntry,
    require_accounts,
    require_known,
    require_unique_names,
)
from mockexchange.server.control.access import Access
from mockexchange.server.control.answers import answer_in_slices, list_pieces
from mockexchange.server.control.errors import ControlError, misread
from mockexchange.server.control.requests import read_body
from mockexchange.server.control.route_table import ONE_SANDBOX, Resource
from mockexchange.server.server_state import ServerState

CHECKED_AT_ONCE_MAX = 200
"""The most added steps whose names are checked in the event loop; more are checked in a thread."""


def script_routes(server_state: ServerState) -> list[Resource]:
    async def sandbox_of(request: Request) -> Sandbox:
        return await server_state.sandboxes.caught_up(request.path_params["name"])

    async def show(request: Request) -> Response:
        sandbox = await sandbox_of(request)
        return await _shown(sandbox.script, sandbox.script.steps)

    async def add(request: Request) -> Response:
        """Add steps, execute those that are already due, and answer with the added steps."""
        entries, text = await read_body(request, _read_entries)
        sandbox = await sandbox_of(request)
        if len(entries) > CHECKED_AT_ONCE_MAX:
            await asyncio.to_thread(_check, sandbox, entries)
        else:
            _check(sandbox, entries)
        try:
            added = await sandbox.script.add(entries, text)
        except ScriptTooLong as error:
            raise ControlError(400, "too_many_steps", str(error)) from None
        await asyncio.sleep(0)  # to add ten thousand takes most of a turn
        await sandbox.run_due()
        sandbox.require_open()
        sandbox.streams.flush()
        return await _shown(sandbox.script, added, 201)

    async def clear(request: Request) -> Response:
        sandbox = await sandbox_of(request)
        await sandbox.script.clear()
        return Response(status_code=204)

    served = {"GET": (Access.LOOK, show), "POST": (Access.CHANGE, add), "DELETE": (Access.CHANGE, clear)}
    return [Resource(f"{ONE_SANDBOX}/script", **served)]


async def _shown(script: Script, steps: list[Step], status: int = 200) -> Response:
    next_instants = script.next_instants()  # of the exchange, by place
    rows = (
        {
            "name": step.name,
            "action": step.action,
            "state": step.state,
            "fired": step.fired_in_all,
            "next": None if (next_at := next_instants.get(step.place)) is None else format_instant(next_at),
            "refused": step.refused_in_all,
            "failed": step.failed_in_all,
            "reason": step.last_reason or None,
        }
        for step in steps
    )
    return await answer_in_slices(list_pieces(rows), status)


def _check(sandbox: Sandbox, entries: list[ScriptEntry]) -> None:
    """Check what steps name. Raises ControlError."""
    try:
        require_unique_names(entries, "", [part.name for step in sandbox.script.steps for part in step.walk()])
        state = sandbox.exchange.state
        require_accounts(entries, state.accounts)
        require_known(entries, "market", state.markets)
        require_known(entries, "instrument", state.derivatives.listed)
    except ScenarioError as error:
        raise misread("bad_step", error) from None


def _read_entries(body: Located) -> tuple[list[ScriptEntry], str]:
    """Return the steps of a body, and the text of their note: making it takes as long as reading them."""
    if not isinstance(body.value, dict | list):
        raise ControlError(400, "bad_body", "expected a step or a list of steps")
    try:
        if isinstance(body.value, dict):
            entries = [ENTRY.read(body, "")]
        else:
            entries = [ENTRY.read(node, f"[{place}]") for place, node in enumerate(body.value)]
    except ScenarioError as error:
        raise misread("bad_step", error) from None
    return entries, addition_text(entries)
