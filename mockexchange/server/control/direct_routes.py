"""Finds the handlers of most requests in a table, since Starlette tries its routes one after the other.

Starlette answers the other requests: those whose paths have names besides the sandbox's, and those that fit no route.
"""

from collections.abc import Iterable, Iterator

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import BaseRoute
from starlette.types import Receive, Scope, Send

from mockexchange.server.control.errors import answer_failure, answer_function
from mockexchange.server.control.requests import ONE_SANDBOX, Handler, Resource

BELOW_SANDBOXES = ONE_SANDBOX.partition("{")[0]


class DirectRoutes:
    """The ASGI application that calls the handlers in the table, and passes all other requests to Starlette."""

    def __init__(self, app: Starlette) -> None:
        self._app = app
        self._handlers = dict(_handlers_of(app.routes))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, names = _template_of(scope["path"])
        handler = self._handlers.get((scope["method"], path))
        if handler is None:
            await self._app(scope, receive, send)
            return
        scope["app"], scope["path_params"] = self._app, names
        request = Request(scope, receive)
        try:
            response = await handler(request)
        except Exception as error:
            answer = answer_function(error)
            await (await answer(request, error))(scope, receive, send)
            if answer is answer_failure:
                raise  # a mistake of the server: its traceback is logged
            return
        await response(scope, receive, send)


def _template_of(path: str) -> tuple[str, dict[str, str]]:
    """Return a path with the sandbox's name replaced by its placeholder, and the path's parameters."""
    if not path.startswith(BELOW_SANDBOXES):
        return path, {}
    name, slash, rest = path.removeprefix(BELOW_SANDBOXES).partition("/")
    return (f"{ONE_SANDBOX}{slash}{rest}", {"name": name}) if name else (path, {})


def _handlers_of(routes: Iterable[BaseRoute]) -> Iterator[tuple[tuple[str, str], Handler]]:
    """Yield the handlers of the paths that have no name but the sandbox's, by method and path."""
    for route in routes:
        if isinstance(route, Resource) and "{" not in route.path.removeprefix(ONE_SANDBOX):
            yield from (((method, route.path), handler) for method, handler in route.handlers.items())
