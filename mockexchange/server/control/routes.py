"""The control API under /_mock, with which a test observes and controls an exchange, and the front page.

Documented in contracts/control/openapi.yaml. A request that fails changes nothing: it is read and checked whole before
anything happens.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from mockexchange.sandbox.port import CommandFailed, SandboxBroken, SandboxEnded, StoreUnavailable
from mockexchange.sandbox.sandboxes import SandboxError
from mockexchange.scenario.errors import ScenarioError
from mockexchange.server.control import errors
from mockexchange.server.control.access import ControlAccess
from mockexchange.server.control.errors import ControlError
from mockexchange.server.control.faults import FAULT_RULES
from mockexchange.server.control.json_text import ControlJson
from mockexchange.server.control.requests import (
    resource,
)
from mockexchange.server.control.rules import handlers_of_all, handlers_of_one
from mockexchange.server.control.sandbox_routes import sandbox_routes
from mockexchange.server.control.script import script_handlers
from mockexchange.server.control.stubs import STUB_ANSWERS
from mockexchange.server.control.traffic_routes import traffic_routes
from mockexchange.server.http.document_pages import document_routes
from mockexchange.server.http.front_page import render_page
from mockexchange.server.http.listener import PortInUse
from mockexchange.server.metrics import MEDIA_TYPE as METRICS_TYPE
from mockexchange.server.metrics import exposition
from mockexchange.server.server_state import ServerState
from mockexchange.store.log import LogUnavailable

Description = Callable[[], dict[str, Any]]


def control_app(server_state: ServerState, token: str, allow_hosts: list[str], describe: Description) -> ASGIApp:
    """Build the application; `describe` returns the content of the ready file, for the front page."""
    handlers: dict[Any, Any] = {
        ControlError: errors.answer_control_error,
        SandboxError: errors.answer_control_error,
        SandboxEnded: errors.answer_sandbox_ended,
        SandboxBroken: errors.answer_sandbox_broken,
        StoreUnavailable: errors.answer_store_unavailable,
        LogUnavailable: errors.answer_store_unavailable,
        CommandFailed: errors.answer_command_failed,
        ScenarioError: errors.answer_scenario_error,
        PortInUse: errors.answer_port_in_use,
        Exception: errors.answer_failure,
        404: errors.answer_no_path,
        405: errors.answer_wrong_method,
    }
    routes = [*_routes(server_state, describe), *document_routes()]
    app = Starlette(routes=routes, exception_handlers=handlers)
    app.router.redirect_slashes = False
    app.state.long_bodies = asyncio.Lock()
    return ControlAccess(app, token, frozenset(allow_hosts))


def _routes(server_state: ServerState, describe: Description) -> list[Route]:
    api = ServerHandlers(server_state, describe)
    one = "/_mock/sandboxes/{name}"
    return [
        resource("/", GET=api.page),
        resource("/_mock/live", GET=api.live),
        resource("/_mock/ready", GET=api.ready),
        resource("/_mock/health", GET=api.ready),
        resource("/_mock/metrics", GET=api.metrics),
        *sandbox_routes(server_state),
        resource(f"{one}/script", **script_handlers(server_state)),
        resource(f"{one}/faults", **handlers_of_all(server_state, FAULT_RULES)),
        resource(f"{one}/faults/{{fault:path}}", **handlers_of_one(server_state, FAULT_RULES)),
        resource(f"{one}/stubs", **handlers_of_all(server_state, STUB_ANSWERS)),
        resource(f"{one}/stubs/{{stub:path}}", **handlers_of_one(server_state, STUB_ANSWERS)),
        *traffic_routes(server_state),
    ]


class ServerHandlers:
    """The handlers that need no sandbox: the front page, the state of the server and its metrics."""

    def __init__(self, server_state: ServerState, describe: Description) -> None:
        self.server_state = server_state
        self.describe = describe

    async def page(self, request: Request) -> Response:
        return render_page(self.describe())

    async def live(self, request: Request) -> Response:
        return ControlJson({"live": True})

    async def ready(self, request: Request) -> Response:
        is_ready = len(self.server_state.sandboxes) > 0
        return ControlJson({"live": True, "ready": is_ready}, status_code=200 if is_ready else 503)

    async def metrics(self, request: Request) -> Response:
        await self.server_state.drop_expired()
        text = exposition([slot.sandbox for slot in self.server_state.sandboxes])
        return Response(text, headers={"content-type": METRICS_TYPE})
