"""Makes the control API's handlers for faults and for stubs, which work alike.

They list the installed rules, install several (all or none), and remove one or all.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import Response

from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.located_text import Located
from mockexchange.server.control.access.roles import Access
from mockexchange.server.control.errors import ControlError, misread
from mockexchange.server.control.requests import read_body
from mockexchange.server.control.route_table import Served
from mockexchange.server.server_state import ServerState


class Registry(Protocol):
    """The interface of the installed rules of one kind in a sandbox: its faults, or its stubs."""

    async def remove(self, name: str) -> None:
        """Remove a rule. Raises ScenarioError if there is no such rule."""
        ...

    async def clear(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Installable:
    """A kind of rule that the handlers install: faults or stubs. `name` is its name in errors and in the path."""

    name: str
    registry_of: Callable[[Sandbox], Registry]
    show: Callable[[Sandbox], Response]
    read: Callable[[Located], Sequence[Any]]
    """A function that reads the rules of a body. Raises ScenarioError or ControlError."""
    install: Callable[[Sandbox, Sequence[Any]], Awaitable[Response]]
    """A function that installs rules, all or none. Raises ScenarioError."""


def handlers_of_all(server_state: ServerState, what: Installable) -> dict[str, Served]:
    """Return, by HTTP method, the handlers that list, install and clear all rules of a kind."""

    async def show(request: Request) -> Response:
        return what.show(await _sandbox_of(server_state, request))

    one_addition = asyncio.Lock()  # the loop turns between rules, and two requests must not check before both install

    async def add(request: Request) -> Response:
        """Install the rules in the body; the answer lists them as they were installed."""
        try:
            rules = await read_body(request, what.read)
            sandbox = await _sandbox_of(server_state, request)
            async with one_addition:
                return await what.install(sandbox, rules)
        except ScenarioError as error:
            raise misread(f"bad_{what.name}", error) from None

    async def clear(request: Request) -> Response:
        await what.registry_of(await _sandbox_of(server_state, request)).clear()
        return Response(status_code=204)

    return {"GET": (Access.LOOK, show), "POST": (Access.CHANGE, add), "DELETE": (Access.CHANGE, clear)}


def handlers_of_one(server_state: ServerState, what: Installable) -> dict[str, Served]:
    """Return, by HTTP method, the handlers for one rule, which remove it for example."""

    async def remove(request: Request) -> Response:
        registry = what.registry_of(await _sandbox_of(server_state, request))
        try:
            await registry.remove(request.path_params[what.name])
        except ScenarioError as error:
            raise ControlError(404, f"unknown_{what.name}", error.message) from None
        return Response(status_code=204)

    return {"DELETE": (Access.CHANGE, remove)}


async def _sandbox_of(server_state: ServerState, request: Request) -> Sandbox:
    return await server_state.sandboxes.caught_up(request.path_params["name"])
