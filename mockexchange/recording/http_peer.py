"""Reads and writes one HTTP/1.1 connection of the recording proxy, to a client or to a venue."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Sequence

import h11

from mockexchange.emulation.tcp_listener import READ_BYTES, StreamPair
from mockexchange.recording.upstreams import Origin

HEAD_BYTES_MAX = 256 * 1024
"""The longest request line with headers, in bytes: targets of 64 kB pass, though servers refuse much shorter ones."""
BODY_BYTES_MAX = 16 * 1024 * 1024
CONNECT_S_MAX = 10.0
Headers = Sequence[tuple[bytes, bytes]]
HOP_BY_HOP = frozenset(
    {
        *(b"connection", b"keep-alive", b"proxy-connection", b"proxy-authorization", b"te", b"trailer"),
        *(b"transfer-encoding", b"expect", b"host", b"accept-encoding", b"sec-websocket-extensions", b"upgrade"),
    }
)
"""Request headers that apply to one connection only, or that the proxy writes itself; they are not passed on."""
HOP_BY_HOP_ANSWER = frozenset({b"connection", b"keep-alive", b"proxy-connection"})
"""Headers of answers that are not passed on.

`transfer-encoding` stays, since h11 itself sets it to how the body is sent; `upgrade` stays, since a 426 names with it
what the venue expects.
"""


class TooLong(Exception):
    """Raised if a body is larger than the proxy accepts."""


class HttpPeer:
    """One HTTP connection of the proxy: to a client, for which it is the server, or to a venue, whose client it is."""

    def __init__(self, pair: StreamPair, *, is_server: bool) -> None:
        self.pair = pair
        self.state = h11.Connection(h11.SERVER if is_server else h11.CLIENT, max_incomplete_event_size=HEAD_BYTES_MAX)
        self._queued: list[bytes] = []

    async def next_event(self, before_waiting: Callable[[], Awaitable[None]] | None = None) -> object:
        """Read the next h11 event from the connection; `before_waiting` is awaited whenever more bytes are needed.

        Raises h11.RemoteProtocolError and OSError.
        """
        while (event := self.state.next_event()) is h11.NEED_DATA:
            if before_waiting is not None:
                await before_waiting()
            if self.state.they_are_waiting_for_100_continue:
                await self.send(h11.InformationalResponse(status_code=100, headers=[]))
            self.state.receive_data(await self.pair.reader.read(READ_BYTES))
        return event

    async def read_body(self) -> bytes:
        """Read the rest of the current message and return its body. Raises TooLong."""
        parts: list[bytes] = []
        size = 0
        while isinstance(event := await self.next_event(), h11.Data):
            parts.append(bytes(event.data))
            size += len(event.data)
            if size > BODY_BYTES_MAX:
                raise TooLong(f"a body of more than {BODY_BYTES_MAX} bytes")
        return b"".join(parts)

    def queue(self, *events: h11.Event) -> None:
        """Keep the bytes of h11 events until `flush`, so that a short message is one packet."""
        self._queued += [self.state.send(event) or b"" for event in events]

    async def flush(self) -> None:
        """Send what was queued. Raises OSError."""
        if self._queued:
            self.pair.writer.write(b"".join(self._queued))
            self._queued.clear()
        await self.pair.writer.drain()

    async def send(self, *events: h11.Event) -> None:
        """Send h11 events at once, after those that were queued. Raises OSError."""
        self.queue(*events)
        await self.flush()

    @property
    def can_go_on(self) -> bool:
        """Return whether the current request is complete on both sides, so that another may follow."""
        return self.state.our_state is h11.DONE and self.state.their_state is h11.DONE


async def connect(origin: Origin, context: ssl.SSLContext | None) -> HttpPeer:
    """Open a connection to a server, with TLS by `context` if its URL is secure.

    Raises OSError and TimeoutError.
    """
    opening = asyncio.open_connection(origin.host, origin.port, ssl=context if origin.is_secure else None)
    return HttpPeer(StreamPair(*await asyncio.wait_for(opening, CONNECT_S_MAX)), is_server=False)


def request_for(origin: Origin, request: h11.Request, body: bytes, *, is_stream: bool) -> h11.Request:
    """Return a client's request for the venue's server: with the same target and headers.

    Headers that concern only one connection are replaced.
    """
    left_out = HOP_BY_HOP | {b"content-length"}  # written anew below
    kept = [(name, value) for name, value in request.headers.raw_items() if name.lower() not in left_out]
    head = [(b"Host", origin.authority.encode())]
    if is_stream:
        kept += [(b"Connection", b"Upgrade"), (b"Upgrade", b"websocket")]
    else:
        kept.append((b"Accept-Encoding", b"identity"))
    has_length = body or any(name in (b"content-length", b"transfer-encoding") for name, _ in request.headers)
    length = [(b"Content-Length", str(len(body)).encode())] if has_length else []
    return h11.Request(method=request.method, target=request.target, headers=[*head, *kept, *length])


def answer_headers(headers: Headers) -> list[tuple[bytes, bytes]]:
    """Return the headers of an answer to pass on to the client."""
    return [(name, value) for name, value in headers if name.lower() not in HOP_BY_HOP_ANSWER]
