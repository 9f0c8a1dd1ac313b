"""The ASGI application through which schemathesis sends its requests to the target.

Each request is sent by the target's own client, in process or over a socket, at the rate that the target allows.
schemathesis calls the application in an event loop of its own, one request at a time, so it may block.
"""

import re
import threading
from urllib.parse import urlsplit

import httpx
from starlette.types import Message, Receive, Scope, Send

from mockexchange.kit.target import Target

NOT_ANSWERED = 599
"""The status that schemathesis sees for a request that was not answered; the run ends there."""
WHOLE = re.compile(rb'"(?:[^"\\]|\\.)*"|(-?[0-9]+)\.0+(?![0-9eE])')
"""A text of JSON, or a whole number that is written with decimals: an integer to a schema, and to few servers."""
DECODED = {"content-encoding", "content-length", "transfer-encoding"}
"""Headers that describe the encoded body, which is decoded here."""


class Relay:
    """The application. `failure` is the reason why it stopped, "" while the target answers."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._origin = "{0.scheme}://{0.netloc}".format(urlsplit(target.base_url))
        self.failure = ""
        self.stopped = threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        response = self.answer(scope, await _body(receive))
        headers = [(name.lower(), value) for name, value in response.headers.raw]
        kept = [(name, value) for name, value in headers if name.decode("latin-1") not in DECODED]
        await send({"type": "http.response.start", "status": response.status_code, "headers": kept})
        await send({"type": "http.response.body", "body": response.content})

    def answer(self, scope: Scope, body: bytes) -> httpx.Response:
        """Forward one request. Raises AssertionError for a write in a read-only run."""
        venue = self._target.venue
        path = scope["raw_path"].decode("latin-1").partition(venue.prefix)[2]
        if not self._target.may_write and not venue.is_read(scope["method"], path, body):
            raise AssertionError(f"a read-only run must not send {scope['method']} {scope['path']}")
        if self.stopped.is_set():
            return httpx.Response(NOT_ANSWERED)
        request = self._request(scope, body)
        try:
            return self._target.http.send(request)
        except httpx.HTTPError as error:
            self.failure = f"{request.method} {scope['path']}: no answer: {str(error) or type(error).__name__}"
            self.stopped.set()
            return httpx.Response(NOT_ANSWERED)

    def _request(self, scope: Scope, body: bytes) -> httpx.Request:
        """Return the same request for the target; a Host header is kept only if schemathesis generated it."""
        query = f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
        own_host = (b"host", scope["server"][0].encode())
        content = integers_as_such(body)
        changed = {b"content-length"} if content != body else set()
        headers = [one for one in scope["headers"] if one != own_host and one[0].lower() not in changed]
        url = f"{self._origin}{scope['raw_path'].decode('latin-1')}{query}"
        return self._target.http.build_request(scope["method"], url, headers=headers, content=content)


def integers_as_such(body: bytes) -> bytes:
    """Return a JSON body with its whole numbers written as integers; any other body stays as it is."""
    return WHOLE.sub(lambda found: found[1] or found[0], body) if b".0" in body else body


async def _body(receive: Receive) -> bytes:
    message: Message = {"more_body": True}
    parts = []
    while message.get("more_body"):
        message = await receive()
        parts.append(message.get("body", b""))
    return b"".join(parts)
