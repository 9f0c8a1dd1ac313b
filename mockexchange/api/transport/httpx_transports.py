"""Defines transports for httpx that send every request to a sandbox, regardless of its host.

A sandbox of this process gets the request as ASGI, a remote one over HTTP.
"""

import asyncio
import http.client
import queue
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from email.utils import formatdate
from functools import partial
from http import HTTPStatus
from typing import Any, NoReturn
from urllib.parse import urlsplit

import httpx
from starlette.types import ASGIApp, Message

from mockexchange.api.errors import Closed, MockExchangeError, Unavailable
from mockexchange.api.transport.loop_bridge import BridgedCall, CallEnd, LoopBridge, running_loop
from mockexchange.runtime.http_request import shut_down
from mockexchange.runtime.trust import client_context

# Requests of httpx as ASGI, and ASGI answers as responses of httpx


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


# Requests to a remote server, regardless of the host in their URLs: each on a connection of its own


PART_BYTES_MAX = 65_536
FRAMING_HEADERS = frozenset({b"transfer-encoding", b"content-length"})
"""Headers that delimit a body; they are replaced, since the forwarder sends the whole body with its length."""


class HttpxForwarder:
    """Sends httpx requests to the origin of `base_url`, regardless of the host in their URLs."""

    def __init__(self, base_url: str, ca_cert: str | None) -> None:
        url = urlsplit(base_url)
        self._host, self._port = url.hostname or "", url.port
        self._context = client_context(ca_cert) if url.scheme == "https" else None

    def send(self, connection: http.client.HTTPConnection, request: httpx.Request, body: bytes) -> "ForwardedResponse":
        """Send a request with its own Host header, and return the answer, whose body is not read yet.

        Raises httpx.TransportError.
        """
        self._connect(connection, request)
        try:
            target = request.url.raw_path.decode("ascii")
            connection.putrequest(request.method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in request.headers.raw:
                if name.lower() not in FRAMING_HEADERS:
                    connection.putheader(name, value)
            if body or FRAMING_HEADERS & {name.lower() for name, _ in request.headers.raw}:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body or None)
            return ForwardedResponse(request, connection, connection.getresponse())
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            _raise_as_httpx(error, request)
        except BaseException:
            connection.close()
            raise

    def connection_for(self, request: httpx.Request) -> http.client.HTTPConnection:
        """Return a connection for one request; it is opened when that is sent."""
        timeout_s = request.extensions.get("timeout", {}).get("connect")
        if self._context is None:
            return http.client.HTTPConnection(self._host, self._port, timeout=timeout_s)
        return http.client.HTTPSConnection(self._host, self._port, timeout=timeout_s, context=self._context)

    def _connect(self, connection: http.client.HTTPConnection, request: httpx.Request) -> None:
        try:
            connection.connect()
        except TimeoutError as error:
            raise httpx.ConnectTimeout(str(error), request=request) from error
        except OSError as error:
            raise httpx.ConnectError(f"{self._host}:{self._port}: {error}", request=request) from error
        connection.sock.settimeout(read_timeout_s(request))


class ForwardedResponse:
    """An answer of the remote server whose body is not read yet."""

    def __init__(
        self, request: httpx.Request, connection: http.client.HTTPConnection, answer: http.client.HTTPResponse
    ) -> None:
        self._request, self._connection, self._answer = request, connection, answer
        self._declared = answer.length
        self._size = 0

    def response(self, stream: httpx.SyncByteStream | httpx.AsyncByteStream) -> httpx.Response:
        return httpx.Response(
            self._answer.status,
            headers=self._answer.getheaders(),
            stream=stream,
            request=self._request,
            extensions={"http_version": b"HTTP/1.1", "reason_phrase": self._answer.reason.encode("ascii", "ignore")},
        )

    def read(self) -> bytes:
        """Return the next part of the body, b"" at its end. Raises httpx.TransportError."""
        try:
            part = self._answer.read1(PART_BYTES_MAX)
        except (OSError, http.client.HTTPException) as error:
            _raise_as_httpx(error, self._request)
        self._size += len(part)
        if not part and self._declared is not None and self._size < self._declared:
            raise incomplete_body_error(CallEnd("closed"), self._size, str(self._declared), self._request)
        return part

    def close(self) -> None:
        self._answer.close()
        self._connection.close()


def _raise_as_httpx(error: Exception, request: httpx.Request) -> NoReturn:
    """Raise httpx's exception for an error of http.client."""
    if isinstance(error, http.client.RemoteDisconnected):  # which is a ConnectionResetError as well
        raise no_response_error(CallEnd("closed"), request) from error
    kind: Any = httpx.RemoteProtocolError if isinstance(error, http.client.HTTPException) else httpx.ReadError
    raise (httpx.ReadTimeout if isinstance(error, TimeoutError) else kind)(str(error), request=request) from error


# The transports
#
# Faults have the same effects as on sockets: a dropped, reset or cut connection raises httpx's exception for it, and a
# late answer exceeds the client's own timeout.


Handler = Callable[[httpx.Request], httpx.Response]
AsyncHandler = Callable[[httpx.Request], Awaitable[httpx.Response]]
AppOf = Callable[[str], ASGIApp]


class Transport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """A transport for `httpx.Client(transport=...)` and `httpx.AsyncClient(transport=...)`, in any thread and loop."""


def make_transport(app_of: AppOf, sandbox: str, base_url: str, ca_cert: str | None) -> Transport:
    """Return a transport that calls a sandbox's application if it is in this process, else sends requests over HTTP."""
    try:
        app = app_of(sandbox)
    except Unavailable:
        return RemoteTransport(HttpxForwarder(base_url, ca_cert))
    assert isinstance(app, LoopBridge)
    return LocalTransport(app)


def make_handler(transport: Transport) -> Handler:
    """Return a function from a request to its whole response, for use as respx side effect or with MockTransport."""

    def handle(request: httpx.Request) -> httpx.Response:
        response = transport.handle_request(request)
        try:
            return _read_whole(response, response.read(), request)
        finally:
            response.close()

    return handle


def make_async_handler(transport: Transport) -> AsyncHandler:
    """Return the asynchronous counterpart of `make_handler`, which does not block the loop."""

    async def handle(request: httpx.Request) -> httpx.Response:
        response = await transport.handle_async_request(request)
        try:
            return _read_whole(response, await response.aread(), request)
        finally:
            await response.aclose()

    return handle


def _read_whole(response: httpx.Response, content: bytes, request: httpx.Request) -> httpx.Response:
    return httpx.Response(response.status_code, headers=response.headers.raw, content=content, request=request)


# The transport of a sandbox of this process


class LocalTransport(Transport):
    """A transport that calls the ASGI application of a sandbox in this process, without a socket."""

    def __init__(self, bridge: LoopBridge) -> None:
        self._bridge = bridge

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        try:
            is_here = asyncio.get_running_loop() is self._bridge.loop
        except RuntimeError:
            is_here = False
        if is_here:
            words = "a synchronous request would stop the loop that the exchange lives in"
            raise MockExchangeError(f"{words}: use httpx.AsyncClient, or asyncio.to_thread, or serve() instead")
        inbox: queue.SimpleQueue[Item] = queue.SimpleQueue()
        body = SyncBody(
            AsgiResponse(request, BridgedCall(self._bridge, scope_of(request), body_of(request), inbox.put)), inbox
        )
        return body.response()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        loop, inbox = running_loop(), asyncio.Queue[Item]()
        content = await async_body_of(request)
        deliver = partial(put_in_loop, loop, inbox)
        body = AsyncBody(AsgiResponse(request, BridgedCall(self._bridge, scope_of(request), content, deliver)), inbox)
        return await body.response()


def put_in_loop(loop: asyncio.AbstractEventLoop, inbox: "asyncio.Queue[Item]", item: Item) -> None:
    """Put an item into a queue of another event loop; do nothing if that loop has ended."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(inbox.put_nowait, item)


class SyncBody(httpx.SyncByteStream):
    """The body of an in-process response, for synchronous clients."""

    def __init__(self, answer: AsgiResponse, inbox: "queue.SimpleQueue[Item]") -> None:
        self._answer, self._inbox = answer, inbox

    def response(self) -> httpx.Response:
        """Wait for the status and headers, and return the response; this object is its body."""
        self._answer.begin()
        self._answer.receive_head(self._next())
        return self._answer.response(self)

    def __iter__(self) -> Iterator[bytes]:
        while not self._answer.is_whole:
            yield self._answer.receive_part(self._next())

    def close(self) -> None:
        self._answer.abandon()

    def _next(self) -> Item:
        try:
            return self._inbox.get(timeout=self._answer.timeout_s)
        except queue.Empty:
            raise self._answer.timed_out() from None


class AsyncBody(httpx.AsyncByteStream):
    """The body of an in-process response, for asynchronous clients."""

    def __init__(self, answer: AsgiResponse, inbox: "asyncio.Queue[Item]") -> None:
        self._answer, self._inbox = answer, inbox

    async def response(self) -> httpx.Response:
        self._answer.begin()
        self._answer.receive_head(await self._next())
        return self._answer.response(self)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while not self._answer.is_whole:
            yield self._answer.receive_part(await self._next())

    async def aclose(self) -> None:
        self._answer.abandon()

    async def _next(self) -> Item:
        try:
            return await asyncio.wait_for(self._inbox.get(), self._answer.timeout_s)
        except TimeoutError:
            raise self._answer.timed_out() from None
        except asyncio.CancelledError:
            self._answer.abandon()
            raise


# The transport of a remote sandbox


class RemoteTransport(Transport):
    """A transport that sends each request to a remote server, on its own connection, regardless of the host in the
    URL.

    It does not use httpx, since a patch of httpx, such as respx, would catch the forwarded request again.
    """

    def __init__(self, forwarder: HttpxForwarder) -> None:
        self._forwarder = forwarder

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        forwarded = self._forwarder.send(self._forwarder.connection_for(request), request, body_of(request))
        return forwarded.response(SyncForwardedBody(forwarded))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        connection, body = self._forwarder.connection_for(request), await async_body_of(request)
        try:
            forwarded = await asyncio.to_thread(self._forwarder.send, connection, request, body)
        except asyncio.CancelledError:
            shut_down(connection)  # else a thread would wait for the answer, and nobody close its connection
            raise
        return forwarded.response(AsyncForwardedBody(forwarded))


class SyncForwardedBody(httpx.SyncByteStream):
    """The body of a response from a remote server, for synchronous clients."""

    def __init__(self, forwarded: ForwardedResponse) -> None:
        self._forwarded = forwarded

    def __iter__(self) -> Iterator[bytes]:
        while part := self._forwarded.read():
            yield part

    def close(self) -> None:
        self._forwarded.close()


class AsyncForwardedBody(httpx.AsyncByteStream):
    """The body of a response from a remote server, for asynchronous clients; a thread reads it."""

    def __init__(self, forwarded: ForwardedResponse) -> None:
        self._forwarded = forwarded

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while part := await asyncio.to_thread(self._forwarded.read):
            yield part

    async def aclose(self) -> None:
        self._forwarded.close()
