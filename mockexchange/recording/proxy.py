"""A recording reverse proxy: it passes each request on with its target unchanged, and writes it to a file.

The proxy holds no key. Signatures cover the path without the host, so they stay valid; only headers that belong to one
connection are replaced.
"""

import json
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus

import h11

from mockexchange.emulation.tcp_listener import StreamPair, reset_writer
from mockexchange.recording.http_peer import HttpPeer, TooLong, answer_headers, connect, request_for
from mockexchange.recording.read_errors import network_reason
from mockexchange.recording.read_only import why_not_sent
from mockexchange.recording.recording_file import BODY_BYTES_MAX, Exchanged, LateLines, RecordingFile
from mockexchange.recording.stream_relay import StreamRelay
from mockexchange.recording.upstreams import Origin, Upstreams
from mockexchange.venues.request import Request

PROXY = "proxy"
"""The source that is recorded for an answer of the proxy itself."""
PATH_CHARS_MAX = 200
NOT_RECORDED = "the answer ended after {} bytes: {}"


class RecordingProxy:
    """The proxy of one recording, which serves all its client connections."""

    def __init__(
        self,
        upstreams: Upstreams,
        file: RecordingFile,
        *,
        allows_writes: bool = False,
        announce: Callable[[str], None] = lambda line: None,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.upstreams, self.lines, self.allows_writes, self.announce = (
            upstreams,
            LateLines(file),
            allows_writes,
            announce,
        )
        self.context = context or ssl.create_default_context()
        self.streams = 0

    async def serve(self, client: StreamPair) -> None:
        """Serve a client's connection until it ends."""
        connection = _ClientConnection(self, client)
        try:
            while await connection.serve_one():
                pass
        except h11.RemoteProtocolError as error:
            await connection.refuse(error.error_status_hint, f"expected a request of HTTP/1.1: {error}", None, b"")
        except TooLong as error:
            await connection.refuse(413, str(error), None, b"")
        finally:
            await connection.close()


class _ClientConnection:
    """A connection of a client, and that to the server which it talks to."""

    def __init__(self, proxy: RecordingProxy, client: StreamPair) -> None:
        self.proxy, self.client = proxy, HttpPeer(client, is_server=True)
        self._server: HttpPeer | None = None
        self._origin: Origin | None = None
        self._asked_ns = self._at = 0

    async def close(self) -> None:
        self._drop_server()
        with suppress(OSError):
            await self.client.pair.close()

    async def serve_one(self) -> bool:
        """Serve one request; return whether another may follow on this connection."""
        event = await self.client.next_event()
        if not isinstance(event, h11.Request):
            return False
        self._asked_ns, self._at = time.monotonic_ns(), time.time_ns() // 1000
        body = await self.client.read_body()
        path, _, query = event.target.decode("latin-1").partition("?")
        request = Request(event.method.decode("latin-1"), path, query, tuple(event.headers), body)
        origin = self.proxy.upstreams.of(request.path)
        why = None if self.proxy.allows_writes else why_not_sent(request)
        if origin is None:
            await self.refuse(404, "the recorded servers have no such path", event, body)
        elif why:
            await self.refuse(403, why, event, body)
        else:
            return await self._pass_on(origin, event, body)
        return self._next_cycle()

    async def refuse(self, status: int, message: str, request: h11.Request | None, body: bytes) -> None:
        """Answer a request with an error without passing it on, and record it with the reason."""
        answer = json.dumps({"error": {"code": "not_sent", "message": message}}).encode()
        headers = [(b"Content-Type", b"application/json"), (b"Content-Length", str(len(answer)).encode())]
        if request is not None:
            self._record(request, body, status, headers, answer, PROXY, note=message)
            path = request.target.decode("latin-1").partition("?")[0][:PATH_CHARS_MAX]
            self.proxy.announce(f"{request.method.decode('latin-1')} {path} {status}: {message}")
        if self.client.state.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            response = h11.Response(status_code=status, headers=headers, reason=HTTPStatus(status).phrase)
            with suppress(OSError):
                await self.client.send(response, h11.Data(data=answer), h11.EndOfMessage())

    async def _pass_on(self, origin: Origin, request: h11.Request, body: bytes) -> bool:
        is_stream = any(name == b"upgrade" and value.lower() == b"websocket" for name, value in request.headers)
        try:
            server, response = await self._ask(origin, request, body, is_stream=is_stream)
        except (OSError, TimeoutError, h11.RemoteProtocolError) as error:
            self._drop_server()
            why = f"{origin} cannot be reached: {network_reason(error)}"
            await self.refuse(502, why, request, body)
            return self._next_cycle()
        headers = answer_headers(response.headers.raw_items())
        if isinstance(response, h11.InformationalResponse):
            await self._relay(server, response, request, str(origin))
            return False
        await self._pass_back(server, response, headers, request, body)
        return self._next_cycle()

    async def _ask(
        self, origin: Origin, request: h11.Request, body: bytes, *, is_stream: bool
    ) -> tuple[HttpPeer, h11.Response | h11.InformationalResponse]:
        """Send a request and return the head of its answer; once more if a connection that was kept had ended."""
        is_kept = self._server is not None and self._origin == origin
        try:
            return await self._ask_once(origin, request, body, is_stream=is_stream)
        except (OSError, h11.RemoteProtocolError):
            self._drop_server()
            if not is_kept or request.method not in (b"GET", b"HEAD"):
                raise
            return await self._ask_once(origin, request, body, is_stream=is_stream)

    async def _ask_once(
        self, origin: Origin, request: h11.Request, body: bytes, *, is_stream: bool
    ) -> tuple[HttpPeer, h11.Response | h11.InformationalResponse]:
        if self._server is None or self._origin != origin:
            self._drop_server()
            self._server, self._origin = await connect(origin, self.proxy.context), origin
        server = self._server
        content = [h11.Data(data=body)] if body else []
        await server.send(request_for(origin, request, body, is_stream=is_stream), *content, h11.EndOfMessage())
        while True:
            event = await server.next_event()
            is_switch = isinstance(event, h11.InformationalResponse) and event.status_code == 101
            if isinstance(event, h11.Response) or is_switch:
                return server, event  # type: ignore[return-value]  # the condition in the line above says which
            if not isinstance(event, h11.InformationalResponse):
                raise h11.RemoteProtocolError("the server closed the connection")

    async def _pass_back(
        self,
        server: HttpPeer,
        response: h11.Response,
        headers: list[tuple[bytes, bytes]],
        request: h11.Request,
        body: bytes,
    ) -> None:
        """Send an answer to the client as it comes, and write it down when it has ended."""
        parts, size, note = [], 0, ""
        head = response
        if len(headers) != len(response.headers):  # some are left out
            head = h11.Response(status_code=response.status_code, headers=headers, reason=response.reason)
        try:
            self.client.queue(head)
            while isinstance(event := await server.next_event(self.client.flush), h11.Data):
                size += len(event.data)
                parts += [bytes(event.data)] if size <= BODY_BYTES_MAX else []
                self.client.queue(h11.Data(data=event.data))
            await self.client.send(h11.EndOfMessage())
        except (OSError, h11.RemoteProtocolError) as error:
            note = NOT_RECORDED.format(size, str(error) or "the connection was closed")
            self._drop_server()
            reset_writer(self.client.pair.writer)
        answer = b"".join(parts)
        if size > BODY_BYTES_MAX:
            answer, note = b"", f"an answer of {size} bytes, of which {BODY_BYTES_MAX} are the limit"
        self._record(request, body, response.status_code, headers, answer, str(self._origin or ""), note=note)

    async def _relay(
        self, server: HttpPeer, response: h11.InformationalResponse, request: h11.Request, source: str
    ) -> None:
        """Open a stream at the client, and pass its frames both ways until it ends."""
        self.proxy.streams += 1
        number = self.proxy.streams
        headers = list(response.headers.raw_items())
        self._record(request, b"", 101, headers, b"", source, connection=number)
        await self.client.send(h11.InformationalResponse(status_code=101, headers=headers, reason=response.reason))
        begun = (self.client.state.trailing_data[0], server.state.trailing_data[0])
        relay = StreamRelay(self.proxy.lines, number, allows_writes=self.proxy.allows_writes)
        await relay.run(self.client.pair, server.pair, begun)

    def _record(
        self,
        request: h11.Request,
        body: bytes,
        status: int,
        headers: list[tuple[bytes, bytes]],
        answer: bytes,
        source: str,
        *,
        note: str = "",
        connection: int | None = None,
    ) -> None:
        self.proxy.lines.add_request(
            Exchanged(
                method=request.method.decode("latin-1"),
                target=request.target.decode("latin-1"),
                headers=list(request.headers.raw_items()),
                body=body,
                status=status,
                answer_headers=headers,
                answer=answer,
                at=self._at,
                latency_us=(time.monotonic_ns() - self._asked_ns) // 1000,
                source=source,
                note=note,
                connection=connection,
            )
        )

    def _next_cycle(self) -> bool:
        """Make both connections ready for another request; return whether the client's can have one."""
        if self._server is not None and self._server.can_go_on:
            self._server.state.start_next_cycle()
        else:
            self._drop_server()
        if not self.client.can_go_on:
            return False
        self.client.state.start_next_cycle()
        return True

    def _drop_server(self) -> None:
        if self._server is not None:
            self._server.pair.writer.close()
        self._server = self._origin = None
