"""Converts httpx requests to ASGI, and ASGI answers to httpx responses."""

from email.utils import formatdate
from http import HTTPStatus
from typing import Any

import httpx
from starlette.types import Message

from mockexchange.api.errors import Closed
from mockexchange.api.transport.loop_bridge import BridgedCall, CallEnd

Item = Message | CallEnd
LOOPBACK = "127.0.0.1"


def scope_of(request: httpx.Request) -> dict[str, Any]:
    """Return the ASGI scope of a request. Its host is that of the request's URL."""
    path, _, query = request.url.raw_path.partition(b"?")
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": request.url.scheme,
        "path": request.url.path,
        "raw_path": path,
        "root_path": "",
        "query_string": query,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "server": (request.url.host, request.url.port),
        "client": (LOOPBACK, 0),
    }


def body_of(request: httpx.Request) -> bytes:
    """Return the whole body of a request. Raises RuntimeError if only an asynchronous client can read it."""
    try:
        return request.content
    except httpx.RequestNotRead:
        return request.read()


async def async_body_of(request: httpx.Request) -> bytes:
    try:
        return request.content
    except httpx.RequestNotRead:
        return await request.aread()


def read_timeout_s(request: httpx.Request) -> float | None:
    """Return the client's read timeout in seconds, which applies to each part of an answer; None without a limit."""
    timeout: float | None = request.extensions.get("timeout", {}).get("read")
    return timeout


class AsgiResponse:
    """The answer to one request, made from the ASGI messages of the application as they arrive."""

    def __init__(self, request: httpx.Request, call: BridgedCall) -> None:
        self.timeout_s = read_timeout_s(request)
        self.is_whole = False
        self._request, self._call = request, call
        self._status = 0
        self._headers: list[tuple[bytes, bytes]] = []
        self._size = 0
        self._failure: bytes | None = None

    def begin(self) -> None:
        """Call the application. Raises httpx.ConnectError if the exchange has ended."""
        try:
            self._call.start()
        except Closed as error:
            raise httpx.ConnectError(str(error), request=self._request) from None

    def abandon(self) -> None:
        """Cancel the call of the application, because the client does not read the rest of the answer."""
        self._call.abandon()

    def receive_head(self, item: Item) -> None:
        """Process the first ASGI message, which has status and headers.

        Raises httpx.TransportError if the call ended without it.
        """
        if not isinstance(item, CallEnd):
            self._status, self._headers = item["status"], list(item["headers"])
        elif item.outcome == "failed":  # as an ASGI server answers
            self._status, self._headers = HTTPStatus.INTERNAL_SERVER_ERROR, [(b"content-type", b"text/plain")]
            self._failure, self.is_whole = item.why.encode(), True
        else:
            raise no_response_error(item, self._request)

    def response(self, stream: httpx.SyncByteStream | httpx.AsyncByteStream) -> httpx.Response:
        """Return the httpx response, with `stream` as its body; call `receive_head` first."""
        names = {name.lower() for name, _ in self._headers}
        date = [] if b"date" in names else [(b"date", formatdate(usegmt=True).encode())]
        return httpx.Response(
            self._status,
            headers=[*date, *self._headers],
            stream=stream if self._failure is None else httpx.ByteStream(self._failure),
            request=self._request,
            extensions={"http_version": b"HTTP/1.1"},
        )

    def receive_part(self, item: Item) -> bytes:
        """Process the next ASGI message and return its part of the body. Raises httpx.TransportError."""
        if not isinstance(item, CallEnd):
            part: bytes = item.get("body", b"")
            self._size += len(part)
            return b"" if self._request.method == "HEAD" else part
        if item.outcome != "done":
            raise incomplete_body_error(item, self._size, self._declared(), self._request)
        self.is_whole = True
        return b""

    def timed_out(self) -> httpx.ReadTimeout:
        self._call.abandon()
        return httpx.ReadTimeout("The read operation timed out", request=self._request)

    def _declared(self) -> str:
        return dict(self._headers).get(b"content-length", b"?").decode()


def no_response_error(ending: CallEnd, request: httpx.Request) -> httpx.TransportError:
    """Return httpx's exception for a connection that ended before the answer's status and headers arrived."""
    match ending.outcome:
        case "refused":
            return httpx.ConnectError(f"[Errno 111] Connection refused: {ending.why}", request=request)
        case "reset":
            return httpx.ReadError("[Errno 104] Connection reset by peer", request=request)
    return httpx.RemoteProtocolError("Server disconnected without sending a response.", request=request)


def incomplete_body_error(ending: CallEnd, size: int, declared: str, request: httpx.Request) -> httpx.TransportError:
    """Return httpx's exception for a connection that ended before the whole body arrived."""
    if ending.outcome == "reset":
        return no_response_error(ending, request)
    words = f"peer closed connection without sending complete message body (received {size} bytes, expected {declared})"
    return httpx.RemoteProtocolError(words, request=request)
