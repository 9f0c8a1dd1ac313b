"""Makes the ASGI applications of listening sockets: the venues' APIs, and on the main port the control API too."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.types import ASGIApp, Receive, Scope, Send

from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.server.http.request_limits import Cut
from mockexchange.server.http.rest_endpoint import DiagnosisWorker, RestEndpoint
from mockexchange.venues.registry import DEFAULT

if TYPE_CHECKING:  # it needs httptools
    from mockexchange.server.http.request_cycle import RequestCycle

SandboxOf = Callable[[str | None], Sandbox]
CONTROL = "/_mock"
COMMANDS = "/commands"
"""The end of the paths of the control API at which steps are executed."""
NO_STREAMS = 1008
"""The close code for a WebSocket on the port of the control API; before the upgrade, it becomes a 403."""


class ListenerApp:
    """The ASGI application of one listening socket: it passes each request to a venue's API or to the control API."""

    has_readers = False
    """Whether other worker processes answer requests for this one's journal.

    Their messages that have arrived are journalled before a request that arrived after them.
    """

    def __init__(self, sandbox_of: SandboxOf, diagnosis_worker: DiagnosisWorker, control: ASGIApp | None) -> None:
        self.sandbox_of = sandbox_of
        self.diagnosis_worker = diagnosis_worker
        self.control = control
        self.rest = RestEndpoint(sandbox_of, diagnosis_worker)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            from mockexchange.server.websocket import stream_endpoint  # it imports the library for WebSockets

            await stream_endpoint.serve(self.sandbox_of, self.diagnosis_worker, scope, receive, send)
        elif self.control and is_control(scope["path"]):
            await self.control(scope, receive, send)
        else:
            await self.rest.serve(scope, receive, send)

    def direct_answer(self, cycle: "RequestCycle") -> Awaitable[object] | None:
        """Return the answering of a request that needs no task before its first wait; None if the request needs one.

        Requests to the venues' APIs need none, nor ASGI, except encoded paths. Of the control API, requests that
        execute steps need none. While there are readers, every request needs one, which begins after all messages of
        this turn.
        """
        path = cycle.raw_path
        if self.has_readers or "%" in path:
            return None
        if self.control and is_control(path):
            return self.control(cycle.scope(), cycle.receive, cycle.send) if path.endswith(COMMANDS) else None
        return self.rest.serve_cycle(cycle)

    def answer_cut(
        self,
        cut: Cut,
        raw: bytes,
        *,
        method: str = "",
        target: str = "",
        headers: tuple[tuple[bytes, bytes], ...] = (),
    ) -> bytes:
        """Journal a request that was not read to its end, and return the body of the answer to it.

        A 400, the answer to bytes that are not HTTP, has a body in the default venue's format. Other bodies are plain
        text.
        """
        sandbox = self.sandbox_of(None)
        if cut.status == HTTPStatus.BAD_REQUEST:
            body = DEFAULT.rest.malformed_body(cut.diagnosis, sandbox.options.api_date)
        else:
            body = cut.diagnosis.encode() + b"\n"
        sandbox.note_unroutable(
            method=method,
            target=target,
            headers=headers,
            body=raw,
            status=cut.status,
            answer=body,
            diagnosis=cut.diagnosis,
        )
        return body

    def note_unfinished(self, raw: bytes, diagnosis: str) -> None:
        """Journal an incomplete request of a client that disconnected, with status 0."""
        self.sandbox_of(None).note_unroutable(body=raw, diagnosis=diagnosis)


class ControlListenerApp(ListenerApp):
    """The application of a listener that serves only the control API and the front page."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.control is not None, "it is for that"
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": NO_STREAMS})
        else:
            await self.control(scope, receive, send)

    def direct_answer(self, cycle: "RequestCycle") -> None:
        return None


def is_control(path: str) -> bool:
    """Return whether a path belongs to the control API or to the front page."""
    return path.startswith(CONTROL + "/") or path in ("/", CONTROL)
