"""Requests get the answers that Starlette's router gives, whether their routes are found at once or compared."""

import asyncio
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message

from mockexchange.sandbox.sandboxes import Sandboxes
from mockexchange.server.control.access import Access, Tokens
from mockexchange.server.control.app import MARKS, ControlApp
from mockexchange.server.control.errors import HANDLERS, ControlError
from mockexchange.server.control.route_table import ONE_SANDBOX, Resource, RouteTable
from tests.helpers.rows import each_row


async def show(request: Request) -> Response:
    return PlainTextResponse(f"{request.method} {request.path_params}")


async def refuse(request: Request) -> Response:
    raise ControlError(409, "no", "not now")


async def fail(request: Request) -> Response:
    raise ZeroDivisionError


SENT = [(b"host", b"localhost"), (b"authorization", b"Bearer t")]
LOOK, CHANGE = Access.LOOK, Access.CHANGE
ROUTES = [
    Resource("/_mock/sandboxes", POST=(CHANGE, show)),
    Resource(ONE_SANDBOX, GET=(LOOK, show), DELETE=(CHANGE, show)),
    Resource(f"{ONE_SANDBOX}/clock", GET=(LOOK, show), POST=(CHANGE, refuse), PUT=(CHANGE, fail)),
    Resource(f"{ONE_SANDBOX}/faults/{{fault:path}}", GET=(LOOK, show)),
    Resource("/_mock/scenarios/check", POST=(LOOK, show)),
    Resource("/_mock/scenarios/{scenario:path}", GET=(LOOK, show)),
]


def router() -> Starlette:
    app = Starlette(routes=ROUTES, exception_handlers=HANDLERS)
    app.router.redirect_slashes = False
    return app


def control() -> ControlApp:
    return ControlApp(RouteTable(ROUTES), Sandboxes(), Tokens("t"), frozenset())


def answer(app: ASGIApp, method: str, path: str) -> tuple[list[Any], str]:
    """Return the messages of an answer, and the name of the exception that was raised after it."""
    messages: list[Message] = []

    async def send(message: Message) -> None:
        messages.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def run() -> str:
        scope = {"type": "http", "method": method, "path": path, "headers": SENT, "query_string": b"", "root_path": ""}
        try:
            await app(scope, receive, send)
        except ZeroDivisionError as error:
            return type(error).__name__
        return ""

    raised = asyncio.run(run())
    messages[0]["headers"] = [header for header in messages[0]["headers"] if header not in MARKS]
    return messages, raised


@each_row("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"])
@each_row(
    "path",
    [
        "/_mock/sandboxes",
        "/_mock/sandboxes/",
        "/_mock/sandboxes/{name}",
        "/_mock/sandboxes/one",
        "/_mock/sandboxes/one/",
        "/_mock/sandboxes/one/clock",
        "/_mock/sandboxes//clock",
        "/_mock/sandboxes/one/clock/",
        "/_mock/sandboxes/one/faults/a/b",
        "/x/_mock/sandboxes/one/clock",
        "/_mock/sandboxes/ä ?/clock",
        "/_mock/scenarios/check",
        "/_mock/scenarios/a/b",
    ],
)
def test_each_answer_is_that_of_the_router(method: str, path: str) -> None:
    assert answer(control(), method, path) == answer(router(), method, path)


def test_a_mistake_of_the_server_is_answered_and_raised() -> None:
    [head, _], raised = answer(control(), "PUT", "/_mock/sandboxes/one/clock")
    assert (head["status"], raised) == (500, "ZeroDivisionError")
