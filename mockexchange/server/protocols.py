"""uvicorn's HTTP protocols with one change: bytes that are not HTTP get a venue-shaped 400 and a journal entry."""

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from mockexchange.server.rest import COMMON_HEADERS

RAW_BYTES_MAX = 4_096
DIAGNOSIS = b"these bytes are not an HTTP/1.1 request (https to a plain port? a non-ASCII path?)"


class _JournalledGarbage:
    """Mixed into a protocol: remembers the last bytes, and answers for them when they are no request."""

    config: Any
    transport: Any
    last_bytes = b""

    def data_received(self, data: bytes) -> None:
        self.last_bytes = data
        super().data_received(data)  # type: ignore[misc]  # the mixin's base is a protocol class

    def send_400_response(self, msg: str) -> None:
        body = self.config.app.answer_garbage(self.last_bytes[:RAW_BYTES_MAX], DIAGNOSIS.decode())
        headers = [*COMMON_HEADERS, (b"content-length", b"%d" % len(body)), (b"connection", b"close")]
        lines = [b"HTTP/1.1 400 Bad Request", *(b"%s: %s" % pair for pair in headers)]
        lines.append(b"x-mock-diagnosis: " + DIAGNOSIS)
        self.transport.write(b"\r\n".join(lines) + b"\r\n\r\n" + body)
        self.transport.close()


class JournalledH11Protocol(_JournalledGarbage, H11Protocol):
    pass


def http_protocol() -> type[asyncio.Protocol]:
    """The fastest protocol that is installed: httptools where there is one (not on Windows), else h11."""
    try:
        from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
    except ImportError:
        return JournalledH11Protocol

    class JournalledHttpToolsProtocol(_JournalledGarbage, HttpToolsProtocol):
        pass

    return JournalledHttpToolsProtocol
