"""Adapts uvicorn's HTTP protocol on h11, which is used where httptools is not installed."""

from typing import Any

import h11
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.h11_impl import H11Protocol

from mockexchange.server.http.cut_requests import (
    HEAD_BYTES_MAX,
    HEAD_TOO_LONG,
    HEADERS_BYTES_MAX,
    HEADERS_MAX,
    HEADERS_TOO_LONG,
    HEADERS_TOO_MANY,
    NOT_HTTP,
)
from mockexchange.server.http.protocols import JournalledProtocol, Part
from mockexchange.server.loop_budget import PIECE_BYTES


class JournalledH11Protocol(JournalledProtocol, H11Protocol):
    cycle: Any

    def raw_path(self) -> bytes:
        path: bytes = self.scope["raw_path"]
        return path

    def _take(self, piece: bytes) -> None:
        """Parse a piece; a head with too much in it is refused before h11 takes it apart."""
        if self.conn.their_state is h11.IDLE:
            headers = (self.conn.trailing_data[0] + piece).partition(b"\r\n\r\n")[0].partition(b"\n")[2]
            if headers.count(b"\n") >= HEADERS_MAX or len(headers) > HEADERS_BYTES_MAX:
                self.last_bytes = piece
                self.refuse(HEADERS_TOO_LONG if len(headers) > HEADERS_BYTES_MAX else HEADERS_TOO_MANY)
                return
        super()._take(piece)

    def piece_bytes(self) -> int:
        """Return how many bytes may be parsed at once.

        It is more for the rest of the headers, since h11 scans these from the start with each piece.
        """
        return 8 * PIECE_BYTES if self.open_part() == "head" else PIECE_BYTES

    def open_part(self) -> Part:
        if self.conn.their_state is h11.SEND_BODY:
            return "body"
        return "head" if self.conn.their_state is h11.IDLE and self.conn.trailing_data[0] else ""

    def is_full(self) -> bool:
        return self.conn.their_state is h11.DONE and not self.cycle.response_complete

    def may_read(self) -> bool:
        return not self.is_full() and (self.cycle is None or len(self.cycle.body) <= HIGH_WATER_LIMIT)

    def is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete and self.cycle.response_started

    def send_400_response(self, msg: str) -> None:
        self.refuse(HEAD_TOO_LONG if len(self.conn.trailing_data[0]) > HEAD_BYTES_MAX else NOT_HTTP)
