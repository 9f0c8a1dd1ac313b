"""Adapts uvicorn's HTTP protocol on httptools: it limits headers and targets, and answers errors in order."""

from typing import Any

from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mockexchange.server.http.cut_requests import (
    HEAD_BYTES_MAX,
    HEAD_TOO_LONG,
    HEADERS_BYTES_MAX,
    HEADERS_MAX,
    HEADERS_TOO_LONG,
    HEADERS_TOO_MANY,
    NOT_HTTP,
    RAW_BYTES_MAX,
    Cut,
)
from mockexchange.server.http.protocols import JournalledProtocol, Part
from mockexchange.server.http.rest_endpoint import TARGET_BYTES_MAX
from mockexchange.server.loop_budget import PIECE_BYTES

PIPELINE_MAX = 16
"""The most pipelined requests that wait for their answer; later ones are parsed only after that."""
BODY_PIECE_BYTES = 64 * 1024
"""The bytes of a body that are parsed without a pause, which is more than of headers, as they are only kept."""


class Overrun(Exception):
    """Raised to stop the parser when a request exceeds a limit."""


class JournalledHttpToolsProtocol(JournalledProtocol, HttpToolsProtocol):
    cycle: Any
    is_head_open = is_message_open = is_pipelined = False
    head_bytes = url_bytes = header_bytes = body_left = 0
    body_parts: list[bytes]
    """The parts of a body in the piece that is being parsed."""
    overrun: Cut | None = None
    cut: Cut | None = None
    """The reason to end the connection after the earlier requests are answered; None if there is none."""
    running: Any = None
    """The request that is being answered; uvicorn knows only the newest of a pipeline."""

    def connection_made(self, transport: Any) -> None:
        self.body_parts = []
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self.cut is None:
            super().data_received(data)

    def _take(self, piece: bytes) -> None:
        is_head_open = self.is_head_open
        super()._take(piece)
        self._take_body()
        if is_head_open and self.is_head_open:
            self.head_bytes += len(piece)
            if self.head_bytes - self.url_bytes > HEADERS_BYTES_MAX:
                self._refuse_in_turn(HEADERS_TOO_LONG)
            elif self.head_bytes > HEAD_BYTES_MAX:
                self._refuse_in_turn(HEAD_TOO_LONG)

    def piece_bytes(self) -> int:
        return max(PIECE_BYTES, min(self.body_left, BODY_PIECE_BYTES))

    def raw_path(self) -> bytes:
        return self.url.partition(b"?")[0]

    def open_part(self) -> Part:
        return "head" if self.is_head_open else "body" if self.is_message_open else ""

    def is_full(self) -> bool:
        return len(self.pipeline) >= PIPELINE_MAX

    def may_read(self) -> bool:
        return not self.pipeline and (self.cycle is None or len(self.cycle.body) <= HIGH_WATER_LIMIT)

    def is_answering(self) -> bool:
        running = self.running
        if running is None or running.response_complete:
            return False
        return self.is_head_open or running is not self.cycle or bool(running.response_started)

    def on_message_begin(self) -> None:
        self.is_head_open = self.is_message_open = True
        self.head_bytes = self.url_bytes = self.header_bytes = self.body_left = 0
        self.body_parts = []
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self.url_bytes += len(url)
        if len(self.url) < TARGET_BYTES_MAX:
            super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self.header_bytes += len(name) + len(value)
        if len(self.headers) >= HEADERS_MAX or self.header_bytes > HEADERS_BYTES_MAX:
            self.overrun = HEADERS_TOO_MANY if self.header_bytes <= HEADERS_BYTES_MAX else HEADERS_TOO_LONG
            raise Overrun
        super().on_header(name, value)
        if self.headers[-1][0] == b"content-length":
            self.body_left = int(value)  # the parser has checked it

    def on_headers_complete(self) -> None:
        self.is_head_open = False
        if self.url.startswith(b"/"):
            self.url = self.url[:TARGET_BYTES_MAX]
        super().on_headers_complete()
        if not self.pipeline:
            self.running = self.cycle

    def on_body(self, body: bytes) -> None:
        self.body_parts.append(body)

    def _take_body(self) -> None:
        """Take what a piece has of a body at once; with a byte a chunk each would cost as much as a whole piece."""
        parts, self.body_parts = self.body_parts, []
        if parts:
            body = b"".join(parts)
            self.body_left -= len(body)
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._take_body()
        self.is_message_open, self.body_left = False, 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        self._refuse_in_turn(self.overrun or NOT_HTTP)

    def _refuse_in_turn(self, cut: Cut) -> None:
        """Refuse what was sent, after the answers to the requests before it."""
        cycle = self.cycle
        if cycle is None or cycle.response_complete or cycle.more_body:
            self.refuse(cut)
        else:
            self.cut = cut

    def on_response_complete(self) -> None:
        self.is_pipelined = bool(self.pipeline)
        if self.pipeline:
            self.running = self.pipeline[-1][0]
        super().on_response_complete()
        self.is_pipelined = False
        if self.cut and self.cycle.response_complete:
            self.refuse(self.cut)

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        """Answer a request: at once, or in a later turn if it waited behind another one."""
        if self.is_pipelined:
            start = super()._start_asgi_task
            self.shares.start(lambda: self._is_mine() and start(cycle, app))
        else:
            super()._start_asgi_task(cycle, app)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.running is not None:  # else it would write to a closed connection
            self.running.disconnected = True
            self.running.message_event.set()
        super().connection_lost(exc)

    def note_cut(self, cut: Cut) -> bytes:
        """Journal a request that is not read to its end, and return the body of its answer.

        The journal gets the headers parsed so far.
        """
        if cut is NOT_HTTP or self.scope is None:
            return super().note_cut(cut)
        known = {
            "method": self.parser.get_method().decode(),
            "target": self.url[:TARGET_BYTES_MAX].decode("latin-1"),
            "headers": tuple(self.headers),
        }
        body: bytes = self.config.app.answer_cut(cut, self.last_bytes[:RAW_BYTES_MAX], **known)
        return body
