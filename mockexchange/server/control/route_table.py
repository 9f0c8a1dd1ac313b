"""Lists what the control API answers: each path with its handlers, and what a caller needs for each of them.

A request's route is found once. It decides who may ask, what is audited, and which handler answers.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from starlette.datastructures import State
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route

from mockexchange.server.control.access import SAFE_METHODS, Access
from mockexchange.server.control.errors import answer_no_path, answer_wrong_method

SANDBOXES = "/_mock/sandboxes"
ONE_SANDBOX = f"{SANDBOXES}/{{name}}"
FOUND_MAX = 64
"""The most requests, by method and path, whose route is kept: a test sends the same few."""
Handler = Callable[[Request], Awaitable[Response]]
Served = tuple[Access, Handler]
"""What a caller needs for a method of a path, and what answers."""


class Resource(Route):
    """A path with one handler per method; the answer to any other method lists the supported ones."""

    def __init__(self, path: str, served: dict[str, Served]) -> None:
        self.access = {method: access for method, (access, _) in served.items()}
        self.handlers = {method: handler for method, (_, handler) in served.items()}
        super().__init__(path, self.answer, methods=list(served))

    async def answer(self, request: Request) -> Response:
        """Answer a request that Starlette's router brings."""
        return await self.handlers["GET" if request.method == "HEAD" else request.method](request)


def resource(path: str, **served: Served) -> Resource:
    """Return the route of a path, with what each method needs and what answers it."""
    return Resource(path, served)


class Found(NamedTuple):
    """The route of a request, if there is one, and what the caller needs.

    `sandbox` is the name in a path below the sandboxes, whether there is a route, or such a sandbox, or not.
    """

    access: Access
    sandbox: str | None
    resource: Resource | None
    parameters: dict[str, Any]


class RouteTable:
    """The routes of the control API. It is the `app` of each request, whose state handlers share.

    Most paths have no name but the sandbox's; their routes are found at once, without a comparison with each pattern.
    """

    def __init__(self, routes: Sequence[Resource]) -> None:
        self.routes = routes
        self._direct = {route.path: route for route in routes if "{" not in route.path.removeprefix(ONE_SANDBOX)}
        self._others = [route for route in routes if route.path not in self._direct]
        self.find = lru_cache(FOUND_MAX)(self._find)
        """Returns the route of a request, by its method and path."""
        self.state = State()
        self.state.long_bodies = asyncio.Lock()

    def _find(self, method: str, path: str) -> Found:
        """Find the route of a request. One that has none counts as a change unless its method is safe (RFC 9110).

        A method that an open page does not have needs no token either.
        """
        template, sandbox = path, None
        if path.startswith(f"{SANDBOXES}/"):
            name, slash, rest = path.removeprefix(f"{SANDBOXES}/").partition("/")
            if name:
                template, sandbox = f"{ONE_SANDBOX}{slash}{rest}", name
        direct = self._direct.get(template)
        named: dict[str, Any] = {} if sandbox is None else {"name": sandbox}
        if direct and direct.methods and method in direct.methods:
            return Found(_access_of(direct, method), sandbox, direct, named)
        asked, partial = {"type": "http", "method": method, "path": path}, direct
        for route in self._others:
            match, child = route.matches(asked)
            if match is Match.FULL:
                return Found(_access_of(route, method), sandbox, route, child["path_params"])
            partial = partial or (route if match is Match.PARTIAL else None)
        if partial and set(partial.access.values()) == {Access.OPEN}:
            return Found(Access.OPEN, sandbox, partial, named)  # whoever may read a page is told what else it takes
        return Found(Access.LOOK_AT_ALL if method in SAFE_METHODS else Access.CHANGE, sandbox, partial, named)

    async def answer(self, found: Found, request: Request) -> Response:
        """Return what the handler of a request's route answers, or that there is none. Raises the handler's errors."""
        route = found.resource
        if route is None:
            return await answer_no_path(request, HTTPException(404))
        assert route.methods is not None, "it has handlers"
        method = request.scope["method"]
        if method not in route.methods:
            allowed = {"Allow": ", ".join(route.methods)}
            return await answer_wrong_method(request, HTTPException(405, headers=allowed))
        return await route.handlers["GET" if method == "HEAD" else method](request)


def _access_of(route: Resource, method: str) -> Access:
    return route.access["GET" if method == "HEAD" else method]
