"""uvicorn's HTTP protocols, with one change: what is no whole request is journalled, and answered in venue style."""

import asyncio
from abc import abstractmethod
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from mockexchange.server.rest import COMMON_HEADERS

RAW_BYTES_MAX = 4_096
HEAD_BYTES_MAX = 2 * 1024 * 1024
"""A query of a megabyte still learns that it is too long; more is not read."""
NOT_HTTP = "these bytes are not an HTTP/1.1 request (https to a plain port? a non-ASCII path? a method in lower case?)"
HEAD_TOO_LONG = f"the head of this request is longer than {HEAD_BYTES_MAX:,} bytes"
UNFINISHED = "the connection ended before the request was whole"


class Journalled:
    """Mixed into a protocol: remembers the last bytes, and speaks for them when they are no request."""

    config: Any
    transport: Any
    last_bytes = b""

    def data_received(self, data: bytes) -> None:
        self.last_bytes = data
        super().data_received(data)  # type: ignore[misc]  # the mixin's base is a protocol class

    def connection_lost(self, exc: Exception | None) -> None:
        if self.has_unfinished_request():
            self.config.app.note_unfinished(self.last_bytes[:RAW_BYTES_MAX], UNFINISHED)
        super().connection_lost(exc)  # type: ignore[misc]  # the mixin's base is a protocol class

    @abstractmethod
    def has_unfinished_request(self) -> bool:
        """Whether a part of a request has come, and not yet all of it."""
        ...

    def send_400_response(self, msg: str) -> None:
        self.refuse(NOT_HTTP)

    def refuse(self, diagnosis: str) -> None:
        body = self.config.app.answer_garbage(self.last_bytes[:RAW_BYTES_MAX], diagnosis)
        headers = [*COMMON_HEADERS, (b"content-length", b"%d" % len(body)), (b"connection", b"close")]
        lines = [b"HTTP/1.1 400 Bad Request", *(b"%s: %s" % pair for pair in headers)]
        lines.append(b"x-mock-diagnosis: " + diagnosis.encode())
        self.transport.write(b"\r\n".join(lines) + b"\r\n\r\n" + body)
        self.transport.close()


class JournalledH11Protocol(Journalled, H11Protocol):
    def has_unfinished_request(self) -> bool:
        state = self.conn.their_state
        return state is h11.SEND_BODY or (state is h11.IDLE and bool(self.conn.trailing_data[0]))


def http_protocol() -> type[asyncio.Protocol]:
    """The fastest protocol that is installed: httptools where there is one (not on Windows), else h11."""
    try:
        from mockexchange.server.fast_protocol import JournalledHttpToolsProtocol
    except ImportError:
        return JournalledH11Protocol
    return JournalledHttpToolsProtocol
