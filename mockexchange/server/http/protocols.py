"""uvicorn's HTTP protocols, with one change: invalid and incomplete requests are journalled, and invalid ones get the
venue's error format."""

import asyncio
from abc import abstractmethod
from http import HTTPStatus
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from mockexchange.server.http.rest_endpoint import MARK, header_text
from mockexchange.venues.registry import DEFAULT, STREAM_PATHS

UPGRADED = frozenset(path.encode() for path in STREAM_PATHS)
RAW_BYTES_MAX = 4_096
HEAD_BYTES_MAX = 2 * 1024 * 1024
"""The largest head: enough to answer a query of a megabyte with its own error; more is not read."""
HEAD_S_MAX = 60.0
"""Time from the first byte of a head to its end, in seconds; slower clients are disconnected."""
TLS_BUFFER_BYTES = 64 * 1024
"""Unread bytes of a client at which writing pauses: as without TLS, where the loop's default is eight times that."""
NOT_HTTP = "these bytes are not an HTTP/1.1 request (https to a plain port? a non-ASCII path? a method in lower case?)"
HEAD_TOO_LONG = f"the head of this request is longer than {HEAD_BYTES_MAX:,} bytes"
UNFINISHED = "the connection ended before the request was whole"


class JournalledProtocol:
    """A mixin for protocols that keeps the last bytes; if they are no valid request, it journals and answers them."""

    config: Any
    loop: asyncio.AbstractEventLoop
    transport: Any
    last_bytes = b""
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        if transport.get_extra_info("sslcontext"):
            transport.set_write_buffer_limits(TLS_BUFFER_BYTES)
        super().connection_made(transport)  # type: ignore[misc]  # the mixin's base is a protocol class

    def data_received(self, data: bytes) -> None:
        self.last_bytes = data
        super().data_received(data)  # type: ignore[misc]  # the mixin's base is a protocol class
        if self.has_open_head():
            self._head_timer = self._head_timer or self.loop.call_later(HEAD_S_MAX, self.transport.close)
        elif self._head_timer:
            self._forget_timer()

    def _forget_timer(self) -> None:
        if self._head_timer:
            self._head_timer.cancel()
        self._head_timer = None

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_timer()
        if self.has_unfinished_request():
            self.config.app.note_unfinished(self.last_bytes[:RAW_BYTES_MAX], UNFINISHED)
        super().connection_lost(exc)  # type: ignore[misc]  # the mixin's base is a protocol class

    def _should_upgrade(self) -> bool:
        """Return whether to upgrade; except on stream paths the header is ignored, as by servers without WebSocket."""
        return self.raw_path() in UPGRADED and super()._should_upgrade()  # type: ignore[misc]  # as above

    @abstractmethod
    def raw_path(self) -> bytes:
        """Return the path of the request whose head is complete."""
        ...

    @abstractmethod
    def has_open_head(self) -> bool:
        """Return whether the head of a request has begun and is incomplete."""
        ...

    @abstractmethod
    def has_unfinished_request(self) -> bool:
        """Return whether a request has begun and is incomplete."""
        ...

    def send_400_response(self, msg: str) -> None:
        self.refuse(NOT_HTTP)

    def refuse(self, diagnosis: str) -> None:
        body = self.config.app.answer_garbage(self.last_bytes[:RAW_BYTES_MAX], diagnosis)
        self.transport.write(refusal(body, diagnosis))
        self.transport.close()


class JournalledH11Protocol(JournalledProtocol, H11Protocol):
    def raw_path(self) -> bytes:
        path: bytes = self.scope["raw_path"]
        return path

    def has_open_head(self) -> bool:
        return self.conn.their_state is h11.IDLE and bool(self.conn.trailing_data[0])

    def has_unfinished_request(self) -> bool:
        return self.conn.their_state is h11.SEND_BODY or self.has_open_head()


def refusal(body: bytes, diagnosis: str) -> bytes:
    """Return the bytes of a 400 answer to an invalid request."""
    why, length = (b"x-mock-diagnosis", header_text(diagnosis)), (b"content-length", b"%d" % len(body))
    headers = [*DEFAULT.rest.headers, MARK, why, length]
    return raw_head(400, headers) + body


def raw_head(status: int, headers: list[tuple[bytes, bytes]]) -> bytes:
    """Return the bytes of the head of an answer that ends its connection."""
    first = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}".encode()
    lines = [first, *(b"%s: %s" % pair for pair in headers), b"connection: close"]
    return b"\r\n".join(lines) + b"\r\n\r\n"
