"""Requests to an application in this process, for clients that are not asynchronous."""

from typing import Any

import httpx
from anyio.from_thread import BlockingPortal
from starlette.types import ASGIApp, Message


class AppTransport(httpx.BaseTransport):
    """Gives each request to an ASGI application, in the event loop of `portal`. httpx's own is asynchronous only.

    Where the application fails the answer is a 500, as that of a server would be.
    """

    def __init__(self, app: ASGIApp, portal: BlockingPortal) -> None:
        self._app, self._portal = app, portal

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        body = request.read()
        return self._portal.call(self._answer, request, body)

    async def _answer(self, request: httpx.Request, body: bytes) -> httpx.Response:
        waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
        said: list[Message] = []

        async def receive() -> Message:
            return waiting.pop() if waiting else {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            said.append(message)

        try:
            await self._app(scope_of(request), receive, send)
        except Exception as error:  # noqa: BLE001  # whatever broke: what would serve it answers so
            return httpx.Response(500, text=f"{type(error).__name__}: {error}", request=request)
        parts = b"".join(message.get("body", b"") for message in said[1:])
        return httpx.Response(said[0]["status"], headers=said[0]["headers"], content=parts, request=request)


def scope_of(request: httpx.Request) -> dict[str, Any]:
    """Return the ASGI scope of a request."""
    path, _, query = request.url.raw_path.partition(b"?")
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": request.url.scheme,
        "path": request.url.path,
        "raw_path": path,
        "query_string": query,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "server": (request.url.host, request.url.port),
        "client": ("127.0.0.1", 0),
    }
