"""The ASGI application of a listener: the venues, and on the main port the control API and the front page."""

from collections.abc import Callable
from http import HTTPStatus

from starlette.types import ASGIApp, Receive, Scope, Send

from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.server.http import rest_endpoint
from mockexchange.server.http.cuts import Cut
from mockexchange.server.websocket import stream_endpoint
from mockexchange.venues.registry import DEFAULT

SandboxOf = Callable[[str | None], Sandbox]
CONTROL = "/_mock"


class ListenerApp:
    """One listener's ASGI application."""

    def __init__(
        self, sandbox_of: SandboxOf, diagnosis_worker: rest_endpoint.DiagnosisWorker, control: ASGIApp | None
    ) -> None:
        self.sandbox_of = sandbox_of
        self.diagnosis_worker = diagnosis_worker
        self.control = control

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        if scope["type"] == "websocket":
            await stream_endpoint.serve(self.sandbox_of, self.diagnosis_worker, scope, receive, send)
        elif self.control and (path in ("/", CONTROL) or path.startswith(CONTROL + "/")):
            await self.control(scope, receive, send)
        else:
            await rest_endpoint.serve(self.sandbox_of, self.diagnosis_worker, scope, receive, send)

    def answer_cut(
        self,
        cut: Cut,
        raw: bytes,
        *,
        method: str = "",
        target: str = "",
        headers: tuple[tuple[bytes, bytes], ...] = (),
    ) -> bytes:
        """Journal a request that is not read to its end; return its answer's body.

        The body of a 400, which is for bytes that are not HTTP, has the default venue's format; others are plain text.
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
