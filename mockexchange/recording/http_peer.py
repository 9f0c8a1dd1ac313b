"""One HTTP/1.1 connection of the proxy: h11's events over a pair of streams."""

import asyncio
import ssl
from collections.abc import Sequence

import h11

from mockexchange.emulation.tcp_listener import READ_BYTES, StreamPair
from mockexchange.recording.upstreams import Origin

HEAD_BYTES_MAX = 256 * 1024
"""Targets of 64 kB pass, with headers beside them; servers refuse much shorter ones."""
BODY_BYTES_MAX = 16 * 1024 * 1024
CONNECT_S_MAX = 10.0
Headers = Sequence[tuple[bytes, bytes]]
HOP_BY_HOP = frozenset(
    {
        *(b"connection", b"keep-alive", b"proxy-connection", b"proxy-authorization", b"te", b"trailer"),
        *(b"transfer-encoding", b"expect", b"host", b"accept-encoding", b"sec-websocket-extensions", b"upgrade"),
    }
)
"""Headers of a request that are this connection's own, or that the proxy writes itself."""
HOP_BY_HOP_BACK = frozenset({b"connection", b"keep-alive", b"proxy-connection"})


class TooLong(Exception):
    """A body is larger than the proxy takes."""


class HttpPeer:
    """A connection, as a server or as a client."""

    def __init__(self, pair: StreamPair, *, is_server: bool) -> None:
        self.pair = pair
        self.state = h11.Connection(h11.SERVER if is_server else h11.CLIENT, max_incomplete_event_size=HEAD_BYTES_MAX)

    async def next_event(self) -> object:
        """Return the next event. Raises h11.RemoteProtocolError and OSError."""
        while (event := self.state.next_event()) is h11.NEED_DATA:
            if self.state.they_are_waiting_for_100_continue:
                await self.send(h11.InformationalResponse(status_code=100, headers=[]))
            self.state.receive_data(await self.pair.reader.read(READ_BYTES))
        return event

    async def read_body(self) -> bytes:
        """Return the rest of a message. Raises TooLong."""
        parts: list[bytes] = []
        size = 0
        while isinstance(event := await self.next_event(), h11.Data):
            parts.append(bytes(event.data))
            size += len(event.data)
            if size > BODY_BYTES_MAX:
                raise TooLong(f"a body of more than {BODY_BYTES_MAX} bytes")
        return b"".join(parts)

    async def send(self, *events: h11.Event) -> None:
        for event in events:
            data = self.state.send(event)
            if data:
                self.pair.writer.write(data)
        await self.pair.writer.drain()

    @property
    def can_go_on(self) -> bool:
        """Whether both sides are done with a request and may begin another."""
        return self.state.our_state is h11.DONE and self.state.their_state is h11.DONE


async def connect(origin: Origin, context: ssl.SSLContext | None) -> HttpPeer:
    """Connect to a server; `context` is used if it is secure. Raises OSError and TimeoutError."""
    opening = asyncio.open_connection(origin.host, origin.port, ssl=context if origin.is_secure else None)
    return HttpPeer(StreamPair(*await asyncio.wait_for(opening, CONNECT_S_MAX)), is_server=False)


def request_for(origin: Origin, request: h11.Request, body: bytes, *, is_stream: bool) -> h11.Request:
    """Return the request as it is sent to a server: the same target and headers, but for those of a connection."""
    kept = [(name, value) for name, value in request.headers.raw_items() if name.lower() not in HOP_BY_HOP]
    kept = [(name, value) for name, value in kept if name.lower() != b"content-length"]
    head = [(b"Host", origin.authority.encode())]
    if is_stream:
        kept += [(b"Connection", b"Upgrade"), (b"Upgrade", b"websocket")]
    else:
        kept.append((b"Accept-Encoding", b"identity"))
    has_length = body or any(name in (b"content-length", b"transfer-encoding") for name, _ in request.headers)
    length = [(b"Content-Length", str(len(body)).encode())] if has_length else []
    return h11.Request(method=request.method, target=request.target, headers=[*head, *kept, *length])


def answer_headers(headers: Headers) -> list[tuple[bytes, bytes]]:
    """Return the headers of an answer as the client gets them."""
    return [(name, value) for name, value in headers if name.lower() not in HOP_BY_HOP_BACK]
