"""The HTTP protocol of a reader: it answers simple reads, and passes every other connection to the first worker."""

import os
import re
from collections.abc import Callable
from typing import Any

from mockexchange.server.http.fast_protocol import JournalledHttpToolsProtocol
from mockexchange.server.loop_budget import PIECE_BYTES

END = b"\r\n\r\n"
PLAIN = re.compile(rb"GET /(?!_mock| )[^\r\n]* HTTP/1\.1\r\n")
NOT_PLAIN = re.compile(rb"\r\n(?:upgrade|content-length|transfer-encoding|expect)[ \t]*:", re.IGNORECASE)
HELD_BYTES_MAX = 64 * 1024
"""The most bytes that a client may send before its request is answered; beyond it the connection ends."""


def is_plain_read(data: bytes) -> bool:
    """Return whether bytes are exactly one complete request that only reads, without a body or an upgrade."""
    return (
        len(data) <= PIECE_BYTES
        and PLAIN.match(data) is not None
        and data.find(END) == len(data) - len(END)
        and NOT_PLAIN.search(data) is None
    )


class ReaderProtocol(JournalledHttpToolsProtocol):
    """Parses one request at a time, and keeps its bytes until it is clear that the request is a simple read."""

    _read = _held = b""
    """The bytes of the request that is answered, and those that came behind it."""

    def data_received(self, data: bytes) -> None:
        if self._held or (self.running is not None and not self.running.response_complete):
            self._held += data
            if len(self._held) > HELD_BYTES_MAX:
                self.transport.abort()
        elif is_plain_read(data):
            self._read = data
            super().data_received(data)
        else:
            self._read = data
            self.hand_over()

    def hand_over(self) -> None:
        """Pass the connection, with the bytes of all unanswered requests, to the first worker."""
        self.transport.pause_reading()
        self._is_refused = True  # nothing is wrong with what was read
        if self.running is not None:
            self.running.disconnected = True
        give: Callable[[bytes, int], Any] = self.config.app.hand_over
        give(self._read + self._held, os.dup(self.transport.get_extra_info("socket").fileno()))
        self._held = b""
        self.transport.abort()

    def send_400_response(self, msg: str) -> None:
        """Pass the connection to the first worker, which refuses the invalid request."""
        self.hand_over()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._held and not self.transport.is_closing():
            self.loop.call_soon(self._go_on_reading)

    def _go_on_reading(self) -> None:
        data, self._held = self._held, b""
        if data and self._is_mine():
            self.data_received(data)
