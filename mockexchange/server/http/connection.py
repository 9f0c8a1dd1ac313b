"""One connection that speaks HTTP/1.1: httptools parses it, and everything that a client may send has a bound.

Bounds are those of heads, bodies, time, memory of all connections together, and turns of the event loop: long data is
parsed piece by piece, see `loop_budget.LoopBudget`. What is invalid, too large or too slow is answered after the
requests before it, and journalled.
"""

import asyncio
from collections import deque
from functools import partial
from typing import Any, Literal

import httptools

from mockexchange.server.http import request_limits
from mockexchange.server.http.listener_state import ListenerState
from mockexchange.server.http.request_cycle import BODY_BYTES_KEPT, Header, RequestCycle, lines_of, start_eagerly
from mockexchange.server.http.request_limits import (
    BODY_TOO_SLOW,
    HEAD_BYTES_MAX,
    HEAD_TOO_LONG,
    HEAD_TOO_SLOW,
    HEADERS_BYTES_MAX,
    HEADERS_MAX,
    HEADERS_TOO_LONG,
    HEADERS_TOO_MANY,
    NOT_HTTP,
    RAW_BYTES_MAX,
    TOO_MUCH_UNFINISHED,
    Cut,
    answer_bytes,
)
from mockexchange.server.http.rest_endpoint import TARGET_BYTES_MAX
from mockexchange.server.loop_budget import PIECE_BYTES, UNFINISHED_BYTES_MAX, budget_of
from mockexchange.venues.registry import STREAM_PATHS

UPGRADED = frozenset(path.encode() for path in STREAM_PATHS)
"""Where an upgrade is granted; on other paths it is ignored, as by servers without WebSocket."""
PIPELINE_MAX = 16
"""The most pipelined requests that wait for their answer; later ones are parsed only after that."""
BODY_PIECE_BYTES = 64 * 1024
"""The bytes of a body that are parsed without a pause, which is more than of headers, as they are only kept."""
SILENCE_S_MAX = 75.0
"""The seconds until the first byte on a connection."""
KEEP_ALIVE_S = 75
"""The seconds between an answer and the next request."""
TLS_BUFFER_BYTES = 64 * 1024
"""The unread bytes of a TLS client at which writing pauses: as without TLS, where the default is an eighth."""
UNFINISHED = "the connection ended before the request was whole"
Part = Literal["", "head", "body"]
"""The part of a request that was received incompletely; "" between requests."""


class Overrun(Exception):
    """Raised to stop the parser when a request exceeds a limit."""


class HttpConnection(asyncio.Protocol):
    """A connection, from its first byte to its end or to the upgrade to a stream."""

    transport: asyncio.Transport
    parser: Any
    is_writable = True
    """Whether the client reads what it is sent; False while more waits than the transport keeps."""

    # The request that is being parsed
    is_head_open = is_message_open = is_upgrading = is_upgrade_ignored = is_continue_expected = False
    headers_as_sent: list[Header] | None = None
    """The headers of a request that is parsed again without its upgrade."""
    head_bytes = url_bytes = header_bytes = body_left = 0
    url = b""
    body_parts: list[bytes]
    """The parts of a body in the piece that is being parsed."""
    overrun: Cut | None = None
    last_bytes = b""

    # Requests that are parsed
    cycle: RequestCycle | None = None
    """The newest request; None before the first."""
    running: RequestCycle | None = None
    """The request that is being answered: the newest, or an earlier one of a pipeline."""
    parsed: RequestCycle | None = None
    """A request in the piece that is being parsed whose answer begins after that."""
    cut: Cut | None = None
    """The reason to end the connection after the earlier requests are answered; None if there is none."""

    _backlog = memoryview(b"")
    """Received bytes that wait to be parsed; a view, since a piece of it is taken without copying the rest."""
    _is_held = _is_paused = _is_waiting = is_refused = False
    _held_bytes = 0
    _deadline: asyncio.TimerHandle | None = None
    _awaited: Part = ""
    _idle_timer: asyncio.TimerHandle | None = None
    _idle_since_s: float | None = None
    """When the connection began to wait for its next request; None while one is sent or answered."""
    _room: asyncio.Event | None = None

    def __init__(self, state: ListenerState) -> None:
        self.state, self.loop = state, asyncio.get_running_loop()
        self.shares = budget_of(self.loop)
        self.headers: list[Header] | None = None
        self.body_parts = []
        self.pipeline: deque[RequestCycle] = deque()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.state.connections.add(self)
        if transport.get_extra_info("sslcontext"):
            transport.set_write_buffer_limits(TLS_BUFFER_BYTES)
        self.parser = self._new_parser()
        self._deadline = self.loop.call_later(SILENCE_S_MAX, transport.close)

    def _new_parser(self) -> Any:
        parser = httptools.HttpRequestParser(self)
        parser.set_dangerous_leniencies(lenient_data_after_close=True)  # it is dropped after the answer
        return parser

    # Bytes come in: short ones are parsed at once, long ones piece by piece in later turns

    def data_received(self, data: bytes) -> None:
        if self.cut is not None:
            return
        if self._backlog:
            self._backlog = memoryview(bytes(self._backlog) + data)
        elif len(data) <= PIECE_BYTES or len(data) <= self._piece_bytes():
            self._take(data)
        else:  # read no more until these are parsed
            self._backlog, self._is_held = memoryview(data), True
            self.read_or_pause()
            self._go_on()

    def _piece_bytes(self) -> int:
        return max(PIECE_BYTES, min(self.body_left, BODY_PIECE_BYTES))

    def _go_on(self) -> None:
        """Have the next piece of the backlog parsed in a later turn."""
        if self._backlog and not self._is_waiting:
            self._is_waiting = True
            self.shares.add(self._take_more)

    def _take_more(self) -> None:
        """Parse the next piece of the backlog; if too many requests wait, the end of one of them does so."""
        self._is_waiting = False
        if not self.is_mine():
            self._backlog = self._backlog[:0]
        elif len(self.pipeline) < PIPELINE_MAX:
            size = self._piece_bytes()
            piece, self._backlog = bytes(self._backlog[:size]), self._backlog[size:]
            self._take(piece)
            self._go_on()
            if not self._backlog:
                self.shares.start(self._read_on)

    def _read_on(self) -> None:
        """Read the socket again. Few connections do so in one turn, since each then reads up to 256 KiB at once."""
        if not self._backlog:
            self._is_held = False
            self.read_or_pause()

    def read_or_pause(self) -> None:
        """Read the socket unless bytes of it, several requests or much of a body wait."""
        cycle = self.cycle
        is_body_long = cycle is not None and not cycle.response_complete and len(cycle.body) > BODY_BYTES_KEPT
        is_pause = self._is_held or bool(self.pipeline) or is_body_long
        if is_pause != self._is_paused and self.is_mine():
            self._is_paused = is_pause
            if is_pause:
                self.transport.pause_reading()
            else:
                self.transport.resume_reading()

    def is_mine(self) -> bool:
        """Return whether the connection is open and was not handed over to the protocol of a stream."""
        return not self.transport.is_closing() and self.transport.get_protocol() is self

    def _take(self, piece: bytes) -> None:
        """Parse a piece, and begin to answer its request."""
        was_head_open = self.is_head_open
        self.last_bytes, self._idle_since_s = piece, None
        data = piece
        while data:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserError:
                self.refuse_in_turn(self.overrun or NOT_HTTP)
            except httptools.HttpParserUpgrade as upgrade:
                if self.is_upgrade_ignored:
                    data = self._without_upgrade(data[upgrade.args[0] :])
                    continue
            break
        if self.is_upgrading:
            self._upgrade()
            return
        if self.is_message_open or self._awaited or self._deadline:
            self._note_progress(len(piece))
        if self.body_parts:
            self._take_body()
        cycle, self.parsed = self.parsed, None
        if cycle is not None:  # it is answered without ASGI and a task if neither is needed
            answering = self.state.app.direct_answer(cycle)
            if answering is None:
                self.state.start_task(cycle.run_asgi(self.state.app))
            else:
                start_eagerly(cycle.run(answering), self.state.start_task)
        if was_head_open and self.is_head_open:
            self.head_bytes += len(piece)
            if self.head_bytes - self.url_bytes > HEADERS_BYTES_MAX:
                self.refuse_in_turn(HEADERS_TOO_LONG)
            elif self.head_bytes > HEAD_BYTES_MAX:
                self.refuse_in_turn(HEAD_TOO_LONG)

    def _without_upgrade(self, rest: bytes) -> bytes:
        """Return a request without its wish for another protocol, and what follows it, for a parser that is new.

        The old one would take no body of it. Java's client offers HTTP/2 with its first request, whatever that is.
        """
        self.headers_as_sent = self.headers
        kept = [header for header in self.headers or () if header[0] != b"upgrade"]
        method, version = self.parser.get_method(), self.parser.get_http_version().encode()
        self.parser = self._new_parser()
        return b"%b %b HTTP/%b\r\n%b\r\n" % (method, self.url, version, lines_of(kept)) + rest

    # What httptools calls while it parses

    def on_message_begin(self) -> None:
        self.is_head_open = self.is_message_open = True
        self.is_upgrading = self.is_upgrade_ignored = self.is_continue_expected = False
        self.head_bytes = self.url_bytes = self.header_bytes = self.body_left = 0
        self.url, self.headers, self.body_parts = b"", [], []

    def on_url(self, url: bytes) -> None:
        self.url_bytes += len(url)
        if len(self.url) < TARGET_BYTES_MAX:
            self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header, also one behind a body in chunks. Raises Overrun at a limit."""
        headers = self.headers
        assert headers is not None, "a request has begun"
        self.header_bytes = size = self.header_bytes + len(name) + len(value)
        if len(headers) >= HEADERS_MAX or size > HEADERS_BYTES_MAX:
            self.overrun = HEADERS_TOO_MANY if size <= HEADERS_BYTES_MAX else HEADERS_TOO_LONG
            raise Overrun
        name = name.lower()
        headers.append((name, value))
        if name == b"content-length":
            self.body_left = int(value)  # the parser has checked it
        elif name == b"expect" and value.lower() == b"100-continue":
            self.is_continue_expected = True

    def on_headers_complete(self) -> None:
        """Begin a request; behind earlier ones of the connection it waits for its turn."""
        self.is_head_open = False
        parser = self.parser
        method, version = parser.get_method().decode("ascii"), parser.get_http_version()
        if parser.should_upgrade() and method != "CONNECT":
            self.is_upgrading = self._is_for_a_stream()
            self.is_upgrade_ignored = not self.is_upgrading
            return
        if self.headers_as_sent is not None:
            self.headers, self.headers_as_sent = self.headers_as_sent, None
        if self.url.startswith(b"/"):
            self.url = self.url[:TARGET_BYTES_MAX]
        cycle = RequestCycle(self, method, version, version != "1.0" and parser.should_keep_alive())
        earlier, self.cycle = self.cycle, cycle
        if earlier is None or earlier.response_complete:
            self.running = self.parsed = cycle
        else:
            self.pipeline.append(cycle)
            self.read_or_pause()

    def _is_for_a_stream(self) -> bool:
        """Return whether the request asks for a WebSocket where there is a stream."""
        if self.url.partition(b"?")[0] not in UPGRADED:
            return False
        last = dict(self.headers or ())
        tokens = [token.strip() for token in last.get(b"connection", b"").lower().split(b",")]
        return b"upgrade" in tokens and last.get(b"upgrade", b"").lower() == b"websocket"

    def on_body(self, body: bytes) -> None:
        self.body_parts.append(body)

    def _take_body(self) -> None:
        """Take what a piece has of a body at once; with a byte a chunk each would cost as much as a whole piece."""
        parts, self.body_parts = self.body_parts, []
        body = b"".join(parts)
        self.body_left -= len(body)
        if self.cycle is not None:
            self.cycle.add_body(body)
            if len(self.cycle.body) > BODY_BYTES_KEPT:
                self.read_or_pause()

    def on_message_complete(self) -> None:
        self.is_message_open = False
        cycle = self.cycle
        if cycle is not None and not (self.is_upgrading or self.is_upgrade_ignored):
            cycle.more_body = False
            if self.body_parts or cycle.event is not None:
                self._take_body()
        self.body_left = 0

    # Answers

    def go_on_after_answer(self) -> None:
        """Answer the next request of a pipeline, or wait for one; end the connection if the next one is cut."""
        if self.pipeline:
            self.running = self.pipeline.popleft()
            self.shares.start(partial(self._answer_in_task, self.running))
        elif not self.transport.is_closing():
            self._idle_since_s = self.loop.time()
            if self._idle_timer is None:
                self._idle_timer = self.loop.call_later(KEEP_ALIVE_S, self._end_if_idle)
        if self._is_paused:
            self.read_or_pause()
        if self._backlog:
            self._go_on()
        if self.cut and self.cycle is not None and self.cycle.response_complete:
            self.refuse(self.cut)

    def _answer_in_task(self, cycle: RequestCycle) -> None:
        if self.is_mine():
            self.state.start_task(cycle.run_asgi(self.state.app))

    def _end_if_idle(self) -> None:
        """Close the connection if no request came for KEEP_ALIVE_S; one timer serves all of its requests."""
        self._idle_timer = None
        if self._idle_since_s is None:
            return
        left_s = self._idle_since_s + KEEP_ALIVE_S - self.loop.time()
        if left_s > 0:
            self._idle_timer = self.loop.call_later(left_s, self._end_if_idle)
        else:
            self.transport.close()

    def pause_writing(self) -> None:
        self.is_writable = False

    def resume_writing(self) -> None:
        self.is_writable = True
        if self._room is not None:
            self._room.set()

    async def until_writable(self) -> None:
        """Wait until the client has read enough of what it was sent, or is gone."""
        while not self.is_writable:
            self._room = asyncio.Event()
            await self._room.wait()

    # Deadlines, and memory of requests that are not whole

    def _note_progress(self, size: int) -> None:
        """Restart the deadline if another part is awaited, and count the bytes of incomplete requests."""
        part: Part = "head" if self.is_head_open else "body" if self.is_message_open else ""
        if part != self._awaited or not part:
            if self._deadline:
                self._deadline.cancel()
            self._deadline, self._awaited = None, part
        if part and not self._deadline:
            limit_s = request_limits.HEAD_S_MAX if part == "head" else request_limits.BODY_S_MAX
            self._deadline = self.loop.call_later(limit_s, self._be_late)
        held_bytes = self._held_bytes + size if part and not self._is_discarding() else 0
        self.shares.unfinished_bytes += held_bytes - self._held_bytes
        self._held_bytes = held_bytes
        if part and self.shares.unfinished_bytes > UNFINISHED_BYTES_MAX:
            self.refuse(TOO_MUCH_UNFINISHED)

    def _is_discarding(self) -> bool:
        """Return whether the rest of the body is dropped, because the request is answered already."""
        return self.cycle is not None and self.cycle.response_complete

    def _be_late(self) -> None:
        if self._awaited == "body" and self._is_discarding():
            self.transport.close()
        else:
            self.refuse(HEAD_TOO_SLOW if self._awaited == "head" else BODY_TOO_SLOW)

    # Refusals of what is not read to its end

    def refuse_in_turn(self, cut: Cut) -> None:
        """Refuse what was sent, after the answers to the requests before it."""
        cycle = self.cycle
        if cycle is None or cycle.response_complete or cycle.more_body:
            self.refuse(cut)
        else:
            self.cut = cut

    def refuse(self, cut: Cut) -> None:
        """Journal a request that is not read to its end, answer it, and close the connection.

        It gets no answer if another answer is being sent. The journal gets the headers parsed so far.
        """
        if self.transport.is_closing():
            return
        self.is_refused = True
        known: dict[str, Any] = {}
        if cut is not NOT_HTTP and self.headers is not None:
            known["method"] = self.parser.get_method().decode()
            known["target"] = self.url[:TARGET_BYTES_MAX].decode("latin-1")
            known["headers"] = tuple(self.headers)
        body = self.state.app.answer_cut(cut, self.last_bytes[:RAW_BYTES_MAX], **known)
        running = self.running
        is_newest = running is self.cycle and not self.is_head_open
        if running is None or running.response_complete or (is_newest and not running.response_started):
            self.transport.write(answer_bytes(cut, body))
        self.transport.close()

    # The end

    def _upgrade(self) -> None:
        """Hand the connection over to the protocol of a stream. What came behind the head is dropped.

        Nobody may send before the answer to an upgrade.
        """
        from mockexchange.server.websocket.stream_protocol import StreamProtocol  # which imports its library

        self._leave()
        if self._is_paused:
            self.transport.resume_reading()
        stream = StreamProtocol(self.state)
        stream.begin(self.transport, self.parser.get_method(), self.url, self.headers or [])
        self.transport.set_protocol(stream)

    def _leave(self) -> None:
        self.state.connections.discard(self)
        self.shares.unfinished_bytes -= self._held_bytes
        self._held_bytes, self._backlog, self._idle_since_s = 0, self._backlog[:0], None
        for timer in (self._deadline, self._idle_timer):
            if timer is not None:
                timer.cancel()
        self._deadline = self._idle_timer = None

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.is_refused and (self.is_head_open or (self.is_message_open and not self._is_discarding())):
            self.state.app.note_unfinished(self.last_bytes[:RAW_BYTES_MAX], UNFINISHED)
        self._leave()
        for cycle in (self.running, self.cycle):
            if cycle is not None:
                cycle.disconnect()
        self.pipeline.clear()
        self.resume_writing()
        self.parser = None  # it keeps the connection

    def shutdown(self) -> None:
        """Close the connection because the listener stops; a request that is being answered gets its answer before."""
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()
        else:
            self.cycle.keep_alive = False
