"""Adds limits to uvicorn's HTTP protocols: requests that are invalid, too large or too slow are refused and
journalled.

Long data is parsed piece by piece, in later turns of the event loop: see `loop_budget.LoopBudget`.
"""

import asyncio
from abc import abstractmethod
from typing import Any, Literal

from uvicorn.protocols.http.flow_control import FlowControl

from mockexchange.server.http import cut_requests
from mockexchange.server.http.cut_requests import (
    BODY_TOO_SLOW,
    HEAD_TOO_SLOW,
    NOT_HTTP,
    RAW_BYTES_MAX,
    TOO_MUCH_UNFINISHED,
    Cut,
    answer_bytes,
)
from mockexchange.server.loop_budget import PIECE_BYTES, UNFINISHED_BYTES_MAX, LoopBudget, budget_of
from mockexchange.venues.registry import STREAM_PATHS

UPGRADED = frozenset(path.encode() for path in STREAM_PATHS)
SILENCE_S_MAX = 75.0
"""The seconds until the first byte on a connection, and between an answer and the next request."""
TLS_BUFFER_BYTES = 64 * 1024
"""The unread bytes of a TLS client at which writing pauses: as without TLS, where the default is an eighth."""
UNFINISHED = "the connection ended before the request was whole"
Part = Literal["", "head", "body"]
"""The part of a request that was received incompletely; "" between requests."""


class FairFlow(FlowControl):
    """uvicorn's flow control, changed so that the socket is not read while received bytes wait to be parsed."""

    is_held = False

    def resume_reading(self) -> None:
        if self.read_paused and not self.is_held:
            super().resume_reading()

    def hold(self) -> None:
        self.is_held = True
        self.pause_reading()


class JournalledProtocol:
    """A mixin for uvicorn's protocols: it keeps the last received bytes, and journals and answers invalid requests."""

    config: Any
    loop: asyncio.AbstractEventLoop
    transport: Any
    flow: Any  # a FairFlow
    cycle: Any  # None until the first request
    shares: LoopBudget
    last_bytes = b""
    _backlog = memoryview(b"")
    """Received bytes that wait to be parsed; a view, since a piece of it is taken without copying the rest."""
    _is_waiting = _is_refused = False
    _held_bytes = 0
    _deadline: asyncio.TimerHandle | None = None
    _awaited: Part = ""

    def connection_made(self, transport: Any) -> None:
        if transport.get_extra_info("sslcontext"):
            transport.set_write_buffer_limits(TLS_BUFFER_BYTES)
        super().connection_made(transport)  # type: ignore[misc]  # the mixin's base is a protocol class
        self.flow, self.shares = FairFlow(transport), budget_of(self.loop)
        self._deadline = self.loop.call_later(SILENCE_S_MAX, transport.close)

    def data_received(self, data: bytes) -> None:
        if self._backlog:
            self._backlog = memoryview(bytes(self._backlog) + data)
        elif len(data) <= PIECE_BYTES or len(data) <= self.piece_bytes():
            self._take(data)
        else:
            self._backlog = memoryview(data)
            self.flow.hold()
            self._go_on()

    def _go_on(self) -> None:
        """Have the next piece of the backlog parsed in a later turn."""
        if self._backlog and not self._is_waiting:
            self._is_waiting = True
            self.shares.add(self._take_more)

    def _take_more(self) -> None:
        """Parse the next piece of the backlog; if too many requests wait, the end of one of them does so."""
        self._is_waiting = False
        if not self._is_mine():
            self._backlog = self._backlog[:0]
            self._read_on()
        elif not self.is_full():
            size = self.piece_bytes()
            piece, self._backlog = bytes(self._backlog[:size]), self._backlog[size:]
            self._take(piece)
            self._go_on()
            if not self._backlog:
                self.shares.start(self._read_on)

    def _read_on(self) -> None:
        """Read the socket again. Few connections do so in one turn, since each then reads up to 256 KiB at once."""
        if not self._backlog:
            self.flow.is_held = False
            if self.may_read() and not self.transport.is_closing():
                self.flow.resume_reading()

    def on_response_complete(self) -> None:
        super().on_response_complete()  # type: ignore[misc]  # the mixin's base is a protocol class
        self._go_on()

    def _is_mine(self) -> bool:
        """Return whether the connection is open and was not handed over to the protocol of a stream."""
        return not self.transport.is_closing() and self.transport.get_protocol() is self

    def _take(self, piece: bytes) -> None:
        self.last_bytes = piece
        super().data_received(piece)  # type: ignore[misc]  # the mixin's base is a protocol class
        part = self.open_part()
        if part or self._awaited or self._deadline:
            self._note_progress(part, len(piece))

    def _note_progress(self, part: Part, size: int) -> None:
        """Restart the deadline if another part is awaited, and count the bytes of incomplete requests."""
        if part != self._awaited or not part:
            self._forget_deadline()
            self._awaited = part
        if part and not self._deadline:
            limit_s = cut_requests.HEAD_S_MAX if part == "head" else cut_requests.BODY_S_MAX
            self._deadline = self.loop.call_later(limit_s, self._be_late)
        self._hold(self._held_bytes + size if part and not self.is_discarding() else 0)
        if part and self.shares.unfinished_bytes > UNFINISHED_BYTES_MAX:
            self.refuse(TOO_MUCH_UNFINISHED)

    def _hold(self, size: int) -> None:
        self.shares.unfinished_bytes += size - self._held_bytes
        self._held_bytes = size

    def _be_late(self) -> None:
        if self._awaited == "body" and self.is_discarding():
            self.transport.close()
            return
        self.refuse(HEAD_TOO_SLOW if self._awaited == "head" else BODY_TOO_SLOW)

    def _forget_deadline(self) -> None:
        if self._deadline:
            self._deadline.cancel()
        self._deadline = None

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_deadline()
        self._hold(0)
        self._backlog = self._backlog[:0]
        part = self.open_part()
        if not self._is_refused and (part == "head" or (part and not self.is_discarding())):
            self.config.app.note_unfinished(self.last_bytes[:RAW_BYTES_MAX], UNFINISHED)
        super().connection_lost(exc)  # type: ignore[misc]  # the mixin's base is a protocol class

    def _should_upgrade(self) -> bool:
        """Return whether to upgrade; except on stream paths the header is ignored, as by servers without WebSocket."""
        return self.raw_path() in UPGRADED and super()._should_upgrade()  # type: ignore[misc]  # as above

    @abstractmethod
    def raw_path(self) -> bytes:
        """Return the path of the request whose headers are complete."""
        ...

    @abstractmethod
    def open_part(self) -> Part:
        """Return the part of a request that has arrived incompletely: "head", "body", or "" if there is none."""
        ...

    @abstractmethod
    def is_full(self) -> bool:
        """Return whether the client has sent so many requests that parsing stops until one of them is answered."""
        ...

    @abstractmethod
    def may_read(self) -> bool:
        """Return whether the socket may be read.

        It may not be read while several requests or much of a body wait; uvicorn then tries again later.
        """
        ...

    def is_discarding(self) -> bool:
        """Return whether the rest of the body is dropped, because the request is answered already."""
        return self.cycle is not None and bool(self.cycle.response_complete)

    def piece_bytes(self) -> int:
        """Return how many bytes may be parsed before other tasks get a turn."""
        return PIECE_BYTES

    def send_400_response(self, msg: str) -> None:
        self.refuse(NOT_HTTP)

    def refuse(self, cut: Cut) -> None:
        """Journal a request that is not read to its end, answer it, and close the connection.

        It gets no answer if another answer is being sent.
        """
        if self.transport.is_closing():
            return
        self._is_refused = True
        body = self.note_cut(cut)
        if not self.is_answering():
            self.transport.write(answer_bytes(cut, body))
        self.transport.close()

    @abstractmethod
    def is_answering(self) -> bool:
        """Return whether an answer is being sent, so that no other answer may be written now."""
        ...

    def note_cut(self, cut: Cut) -> bytes:
        """Journal a request that is not read to its end, and return the body of its answer."""
        body: bytes = self.config.app.answer_cut(cut, self.last_bytes[:RAW_BYTES_MAX])
        return body
