"""Adapts uvicorn's HTTP protocol on httptools: it limits headers and targets, and answers errors in order."""

from collections.abc import Coroutine
from functools import partial
from typing import Any

import httptools
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
from mockexchange.server.http.eager_start import start_eagerly
from mockexchange.server.http.protocols import JournalledProtocol, Part
from mockexchange.server.http.request_cycle import RequestCycle
from mockexchange.server.http.rest_endpoint import TARGET_BYTES_MAX
from mockexchange.server.loop_budget import PIECE_BYTES

PIPELINE_MAX = 16
"""The most pipelined requests that wait for their answer; later ones are parsed only after that."""
BODY_PIECE_BYTES = 64 * 1024
"""The bytes of a body that are parsed without a pause, which is more than of headers, as they are only kept."""


class Overrun(Exception):
    """Raised to stop the parser when a request exceeds a limit."""


class JournalledHttpToolsProtocol(JournalledProtocol, HttpToolsProtocol):
    cycle: Any  # the newest request, a RequestCycle; None before the first
    is_head_open = is_message_open = is_upgrading = False
    head_bytes = url_bytes = header_bytes = body_left = 0
    body_parts: list[bytes]
    """The parts of a body in the piece that is being parsed."""
    overrun: Cut | None = None
    cut: Cut | None = None
    """The reason to end the connection after the earlier requests are answered; None if there is none."""
    running: Any = None
    """The request that is being answered; uvicorn knows only the newest of a pipeline."""
    parsed: RequestCycle | None = None
    """A request in the piece that is being parsed whose answer begins after that."""
    _idle_since_s: float | None = None
    """When the connection began to wait for its next request; None while one is sent or answered."""

    def connection_made(self, transport: Any) -> None:
        self.body_parts = []
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self.cut is None:
            if len(data) <= PIECE_BYTES and not self._backlog:
                self._take(data)
            else:
                super().data_received(data)

    def _take(self, piece: bytes) -> None:
        """Parse a piece, as uvicorn does in `data_received`, and begin to answer its request."""
        is_head_open = self.is_head_open
        self.last_bytes, self._idle_since_s = piece, None
        try:
            self.parser.feed_data(piece)
        except httptools.HttpParserError:
            self.send_400_response("")
        except httptools.HttpParserUpgrade:
            if self.is_upgrading:
                self.handle_websocket_upgrade()
        if self.is_message_open or self._awaited or self._deadline:
            self._note_progress(self.open_part(), len(piece))
        if self.body_parts:
            self._take_body()
        if self.parsed is not None:
            self._answer_parsed()
        if is_head_open and self.is_head_open:
            self._limit_head(len(piece))

    def _limit_head(self, size: int) -> None:
        self.head_bytes += size
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
        self.is_upgrading = self.expect_100_continue = False
        self.head_bytes = self.url_bytes = self.header_bytes = self.body_left = 0
        self.url, self.headers, self.body_parts = b"", [], []

    def on_url(self, url: bytes) -> None:
        self.url_bytes += len(url)
        if len(self.url) < TARGET_BYTES_MAX:
            self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header, as uvicorn does. Raises Overrun at a limit."""
        headers = self.headers
        self.header_bytes = size = self.header_bytes + len(name) + len(value)
        if len(headers) >= HEADERS_MAX or size > HEADERS_BYTES_MAX:
            self.overrun = HEADERS_TOO_MANY if size <= HEADERS_BYTES_MAX else HEADERS_TOO_LONG
            raise Overrun
        name = name.lower()
        headers.append((name, value))
        if name == b"content-length":
            self.body_left = int(value)  # the parser has checked it
        elif name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True

    def on_headers_complete(self) -> None:
        """Begin to answer the request; behind earlier ones of the connection it waits for its turn."""
        self.is_head_open = False
        parser = self.parser
        method, version = parser.get_method().decode("ascii"), parser.get_http_version()
        if parser.should_upgrade() and self._should_upgrade():
            self.is_upgrading, self.scope = True, self.new_scope(method, version, self.headers)
            return
        if self.url.startswith(b"/"):
            self.url = self.url[:TARGET_BYTES_MAX]
        cycle = RequestCycle(self, method, version, version != "1.0" and parser.should_keep_alive())
        earlier, self.cycle = self.cycle, cycle
        if earlier is None or earlier.response_complete:
            self.running = self.parsed = cycle
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((cycle, self.app))

    def new_scope(self, method: str, http_version: str, headers: list[tuple[bytes, bytes]]) -> Any:
        """Return what the ASGI scope of a request has beside its target."""
        return {
            "type": "http",
            "asgi": {"version": self.config.asgi_version, "spec_version": "2.3"},
            "http_version": http_version,
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme,
            "root_path": self.root_path,
            "headers": headers,
            "state": self.app_state.copy(),
            "method": method,
        }

    def on_body(self, body: bytes) -> None:
        self.body_parts.append(body)

    def _take_body(self) -> None:
        """Take what a piece has of a body at once; with a byte a chunk each would cost as much as a whole piece."""
        parts, self.body_parts = self.body_parts, []
        body = b"".join(parts)
        self.body_left -= len(body)
        if self.cycle is not None and not self.is_upgrading:
            self.cycle.add_body(body)

    def on_message_complete(self) -> None:
        self.is_message_open = False
        cycle = self.cycle
        if cycle is not None and not self.is_upgrading:
            cycle.more_body = False
            if self.body_parts or cycle.event is not None:
                self._take_body()
        self.body_left = 0

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
        self.server_state.total_requests += 1
        if self.pipeline:
            self._answer_next()
        else:
            self._await_request()
        if self.cut and self.cycle.response_complete:
            self.refuse(self.cut)

    def _answer_next(self) -> None:
        """Answer the oldest request that waits behind another one, in a task that starts in a later turn."""
        if not self.transport.is_closing():
            self.flow.resume_reading()
            self.running, app = self.pipeline.pop()
            self.shares.start(partial(self._answer_in_task, self.running, app))
        self._go_on()

    def _answer_in_task(self, cycle: RequestCycle, app: Any) -> None:
        if self._is_mine():
            self._start_task(cycle.run_asgi(app))

    def _await_request(self) -> None:
        """Read on, and close the connection if no request comes for long, as uvicorn does."""
        if not self.transport.is_closing():
            if self.flow.read_paused:
                self.flow.resume_reading()
            self._idle_since_s = self.loop.time()
            if self.timeout_keep_alive_task is None:
                self._watch_idleness(self.timeout_keep_alive)
        if self._backlog:
            self._go_on()

    def _watch_idleness(self, delay_s: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(delay_s, self.timeout_keep_alive_handler)

    def _unset_keepalive_if_required(self) -> None:
        """Note that the connection is in use. Its timer goes on, since one for each request costs more."""
        self._idle_since_s = None

    def timeout_keep_alive_handler(self) -> None:
        """Close the connection if it was idle for `timeout_keep_alive` seconds; else check again later."""
        self.timeout_keep_alive_task = None
        if self._idle_since_s is None:
            return
        left_s = self._idle_since_s + self.timeout_keep_alive - self.loop.time()
        if left_s > 0:
            self._watch_idleness(left_s)
        else:
            super().timeout_keep_alive_handler()

    def _forget_idleness(self) -> None:
        self._idle_since_s = None
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None

    def handle_websocket_upgrade(self) -> None:
        self._forget_idleness()
        super().handle_websocket_upgrade()

    def _answer_parsed(self) -> None:
        """Begin to answer the request of the last piece, without ASGI and a task if neither is needed."""
        cycle, self.parsed = self.parsed, None
        assert cycle is not None, "there is one"
        answering = self.config.app.direct_answer(cycle)
        if answering is None:
            self._start_task(cycle.run_asgi(self.app))
        else:
            start_eagerly(cycle.run(answering), self._start_task)

    def _start_task(self, work: Coroutine[Any, Any, None]) -> None:
        task = self.loop.create_task(work)
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.running is not None:  # else it would write to a closed connection
            self.running.disconnected = True
            self.running.message_event.set()
        self._forget_idleness()
        super().connection_lost(exc)

    def note_cut(self, cut: Cut) -> bytes:
        """Journal a request that is not read to its end, and return the body of its answer.

        The journal gets the headers parsed so far.
        """
        if cut is NOT_HTTP or self.headers is None:
            return super().note_cut(cut)
        known = {
            "method": self.parser.get_method().decode(),
            "target": self.url[:TARGET_BYTES_MAX].decode("latin-1"),
            "headers": tuple(self.headers),
        }
        body: bytes = self.config.app.answer_cut(cut, self.last_bytes[:RAW_BYTES_MAX], **known)
        return body
