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

    def __init__(self, path: str, **served: Served) -> None:
        """`served` has, by method, what a caller needs and what answers."""
        self.access = {method: access for method, (access, _) in served.items()}
        self.handlers = {method: handler for method, (_, handler) in served.items()}
        super().__init__(path, self.answer, methods=list(served))

    async def answer(self, request: Request) -> Response:
        """Answer a request that Starlette's router brings."""
        return await self.handlers["GET" if request.method == "HEAD" else request.method](request)


class Found(NamedTuple):
    """What answers a request, and what the caller needs.

    `sandbox` is the name in a path below the sandboxes, whether there is a route, or such a sandbox, or not.
    """

    access: Access
    sandbox: str | None
    handler: Handler
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
        """Returns what answers a request, by its method and path."""
        self.state = State()
        self.state.long_bodies = asyncio.Lock()

    def _find(self, method: str, path: str) -> Found:
        """Find what answers a request. One without a route counts as a change unless its method is safe (RFC 9110).

        A method that an open page does not have needs no token either.
        """
        template, sandbox = path, None
        if path.startswith(f"{SANDBOXES}/"):
            name, slash, rest = path.removeprefix(f"{SANDBOXES}/").partition("/")
            if name:
                template, sandbox = f"{ONE_SANDBOX}{slash}{rest}", name
        direct = self._direct.get(template)
        named: dict[str, Any] = {} if sandbox is None else {"name": sandbox}
        known = "GET" if method == "HEAD" else method
        if direct and known in direct.handlers:
            return Found(direct.access[known], sandbox, direct.handlers[known], named)
        asked, partial = {"type": "http", "method": method, "path": path}, direct
        for route in self._others:
            match, child = route.matches(asked)
            if match is Match.FULL:
                return Found(route.access[known], sandbox, route.handlers[known], child["path_params"])
            partial = partial or (route if match is Match.PARTIAL else None)
        access = Access.LOOK_AT_ALL if method in SAFE_METHODS else Access.CHANGE
        if partial is None:
            return Found(access, sandbox, lambda request: answer_no_path(request, HTTPException(404)), named)
        if set(partial.access.values()) == {Access.OPEN}:
            access = Access.OPEN  # whoever may read a page is told what else it takes
        refusal = HTTPException(405, headers={"Allow": ", ".join(partial.methods or ())})
        return Found(access, sandbox, lambda request: answer_wrong_method(request, refusal), named)
