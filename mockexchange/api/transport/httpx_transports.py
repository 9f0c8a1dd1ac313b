"""Defines transports for httpx that send every request to a sandbox, regardless of its host.

Faults have the same effects as on sockets: a dropped, reset or cut connection raises httpx's exception for it, and a
late answer exceeds the client's own timeout.
"""

import asyncio
import queue
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from functools import partial

import httpx
from starlette.types import ASGIApp

from mockexchange.api.errors import MockExchangeError, Unavailable
from mockexchange.api.transport.httpx_asgi import AsgiResponse, Item, async_body_of, body_of, scope_of
from mockexchange.api.transport.httpx_forwarder import ForwardedResponse, HttpxForwarder
from mockexchange.api.transport.loop_bridge import BridgedCall, LoopBridge, running_loop
from mockexchange.runtime.http_request import shut_down

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


# --- a sandbox of this process


class LocalTransport(Transport):
    """A transport that calls the ASGI application of a sandbox in this process, without a socket."""

    def __init__(self, bridge: LoopBridge) -> None:
        self._bridge = bridge

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._require_another_loop()
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

    def _require_another_loop(self) -> None:
        """Raise MockExchangeError in the exchange's own loop, where a synchronous call would deadlock."""
        try:
            is_here = asyncio.get_running_loop() is self._bridge.loop
        except RuntimeError:
            return
        if is_here:
            words = "a synchronous request would stop the loop that the exchange lives in"
            raise MockExchangeError(f"{words}: use httpx.AsyncClient, or asyncio.to_thread, or serve() instead")


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


# --- a remote sandbox


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
