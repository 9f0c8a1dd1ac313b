"""The connections and the application of a reader, a worker process that answers reads of sandboxes.

It passes a connection to the first worker, which writes the sandboxes, at the first request that it cannot answer: a
write, or one to a sandbox with faults, stubs, rate limits or triggers by clients. Answers of such a sandbox depend on
earlier requests, which may come on any connection.
"""

import os
import re
import time
from collections.abc import Callable
from typing import Protocol

from starlette.types import Receive, Scope, Send

from mockexchange.sandbox.port import RequestContext
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.server.app import CONTROL, ListenerApp, is_opened_as_page
from mockexchange.server.http.connection import HttpConnection
from mockexchange.server.http.cut_requests import Cut
from mockexchange.server.http.request_cycle import carrier_of
from mockexchange.server.http.rest_endpoint import (
    DiagnosisWorker,
    api_date_of,
    explain,
    inspect,
    request_of,
    send_whole,
    sequence_header,
)
from mockexchange.server.loop_budget import PIECE_BYTES
from mockexchange.venues.request import Answer

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


class ReadSide(Protocol):
    """The interface of a reader (a worker process that answers reads) for its ASGI application."""

    is_numbered: bool
    """Whether answers have the header `X-Mock-Seq`."""

    async def sandbox_for(self, asked: RequestContext) -> Sandbox | None:
        """Return the sandbox that answers a request, in a state as new as the request has to see it.

        None if this process cannot know that state.
        """
        ...

    hand_over: Callable[[bytes, int], None]
    """A function that gives a connection, with the bytes read from it, to the process that can answer."""

    def route(self, key_id: str | None) -> Sandbox: ...


class ReaderApp(ListenerApp):
    """The ASGI application of a reader: it answers reads, and passes all other requests to the first worker."""

    def __init__(self, reader: ReadSide, diagnosis_worker: DiagnosisWorker) -> None:
        super().__init__(reader.route, diagnosis_worker, None)
        self._reader = reader
        self.hand_over = reader.hand_over
        """Called by a connection with the bytes that were read of it, and its open file."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        is_control = path in ("/", CONTROL) or path.startswith(CONTROL + "/")
        if is_control or is_opened_as_page(scope["headers"]) or not await self._answer(scope, send):
            carrier_of(scope).transport.get_protocol().hand_over()

    def direct_answer(self, cycle: object) -> None:
        return None

    async def _answer(self, scope: Scope, send: Send) -> bool:
        """Answer a request; return whether this reader can."""
        started_ns = time.perf_counter_ns()
        asked = RequestContext.of(request_of(scope, b""))
        sandbox = await self._reader.sandbox_for(asked)
        answer = None if sandbox is None else read_answer(sandbox, asked)
        if sandbox is None or answer is None:
            return False
        number = (sequence_header(sandbox),) if self._reader.is_numbered else ()
        entry = sandbox.note_answer(asked, answer)
        if answer.diagnose is not None:
            entry.diagnosis = answer.diagnosis = await explain(self.diagnosis_worker, asked.request, answer)
        elif answer.diagnosis:
            answer.diagnosis = self.diagnosis_worker.hide(answer.diagnosis)
        if sandbox.options.inspector:
            entry.findings += inspect(sandbox.options.inspector, sandbox, asked, entry, answer)
        entry.latency_us = (time.perf_counter_ns() - started_ns) // 1_000
        sandbox.journal.close(entry)  # before the client knows the answer: what it does next comes after this
        await send_whole(send, carrier_of(scope), asked.venue, answer, api_date_of(sandbox, asked), number)
        return True


def read_answer(sandbox: Sandbox, asked: RequestContext) -> Answer | None:
    """Return the answer to a request that only reads; None if only the first worker may answer.

    The first worker has to answer writes, and requests that change later answers, such as those that rate limits count.
    """
    venue, context = asked.venue, sandbox.contexts[asked.venue.name]
    counts = venue.rest.counts_requests
    if (
        sandbox.broken
        or sandbox.faults.for_requests
        or sandbox.stubs.installed
        or sandbox.script.triggers.steps
        or (counts is not None and counts(context))
    ):
        return None
    at, host_at, _ = sandbox.moment()
    try:
        answer = venue.rest.answer(context, asked.request, at, host_at)
    except Exception:  # noqa: BLE001  # the first worker reports it
        return None
    return answer if answer.pending is None else None


class ReaderConnection(HttpConnection):
    """Answers simple reads, and passes every other connection to the first worker.

    It parses one request at a time, and keeps its bytes until it is clear that the request is a simple read.
    """

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
        self.is_refused = True  # nothing is wrong with what was read
        if self.running is not None:
            self.running.disconnected = True
        app = self.state.app
        assert isinstance(app, ReaderApp), "it is a reader's"
        give = app.hand_over
        give(self._read + self._held, os.dup(self.transport.get_extra_info("socket").fileno()))
        self._held = b""
        self.transport.abort()

    def refuse_in_turn(self, cut: Cut) -> None:
        """Pass the connection to the first worker, which refuses the invalid request."""
        self.hand_over()

    def go_on_after_answer(self) -> None:
        super().go_on_after_answer()
        if self._held and not self.transport.is_closing():
            self.loop.call_soon(self._go_on_reading)

    def _go_on_reading(self) -> None:
        data, self._held = self._held, b""
        if data and self.is_mine():
            self.data_received(data)
