"""The control API's view of what is installed in a sandbox by name: faults, literal answers.

Shown, added to, all or none, and removed, one or all. Errors and paths are named after what it is.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response

from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.located_text import Located
from mockexchange.server.control.errors import ControlError, misread
from mockexchange.server.control.requests import Handler, read_json
from mockexchange.server.server_state import ServerState


class Registry(Protocol):
    """Where a sandbox keeps what is installed."""

    async def remove(self, name: str) -> None:
        """Raises ScenarioError where there is nothing of that name."""
        ...

    async def clear(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Installable:
    """What can be installed. `name` is what errors call it, and the path parameter that names one."""

    name: str
    registry_of: Callable[[Sandbox], Registry]
    show: Callable[[Sandbox], Response]
    install: Callable[[Sandbox, Located], Awaitable[Response]]
    """Installs what a body says, all or none. Raises ScenarioError or ControlError."""


def handlers_of_all(server_state: ServerState, what: Installable) -> dict[str, Handler]:
    """Of all that is installed, by method."""

    async def show(request: Request) -> Response:
        return what.show(await _sandbox_of(server_state, request))

    async def add(request: Request) -> Response:
        """Answers with what is new, as it is installed."""
        body = await read_json(request)
        sandbox = await _sandbox_of(server_state, request)
        try:
            return await what.install(sandbox, body)
        except ScenarioError as error:
            raise misread(f"bad_{what.name}", error) from None

    async def clear(request: Request) -> Response:
        await what.registry_of(await _sandbox_of(server_state, request)).clear()
        return Response(status_code=204)

    return {"GET": show, "POST": add, "DELETE": clear}


def handlers_of_one(server_state: ServerState, what: Installable) -> dict[str, Handler]:
    """Of one that is installed, by method."""

    async def remove(request: Request) -> Response:
        registry = what.registry_of(await _sandbox_of(server_state, request))
        try:
            await registry.remove(request.path_params[what.name])
        except ScenarioError as error:
            raise ControlError(404, f"unknown_{what.name}", error.message) from None
        return Response(status_code=204)

    return {"DELETE": remove}


async def _sandbox_of(server_state: ServerState, request: Request) -> Sandbox:
    return await server_state.sandboxes.caught_up(request.path_params["name"])
