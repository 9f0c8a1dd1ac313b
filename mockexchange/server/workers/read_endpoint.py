"""The application of a reader, a worker process that answers reads from sandboxes which the first worker writes.

It passes all other requests to the first worker: writes, and requests to a sandbox with faults, stubs, rate limits or
triggers by clients. Answers of such a sandbox depend on earlier requests, which may come on any connection.
"""

import time
from collections.abc import Callable
from typing import Any, Protocol

from starlette.types import Receive, Scope, Send

from mockexchange.sandbox.request_context import RequestContext
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.server.app import CONTROL, ListenerApp, is_opened_as_page
from mockexchange.server.http.rest_endpoint import (
    DiagnosisWorker,
    api_date_of,
    explain,
    inspect,
    request_of,
    send_whole,
)
from mockexchange.server.http.sequence_headers import sequence_header
from mockexchange.venues.request import Answer


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
            cycle: Any = getattr(send, "__self__", None)
            cycle.transport.get_protocol().hand_over()

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
        await send_whole(send, asked.venue, answer, api_date_of(sandbox, asked), number)
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
