"""Adds the header `X-Mock-Seq` to answers about one sandbox: the number of the last command that it has executed."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mockexchange.sandbox.sandboxes import Sandboxes
from mockexchange.server.control.route_table import FOUND
from mockexchange.server.http.sequence_headers import sequence_header


class NumberedAnswers:
    """Wraps the control API's application, and adds the header `X-Mock-Seq` to its answers about one sandbox."""

    def __init__(self, app: ASGIApp, sandboxes: Sandboxes) -> None:
        self._app, self._sandboxes = app, sandboxes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = scope[FOUND].sandbox
        await self._app(scope, receive, send if name is None else self._numbering(send, name))

    def _numbering(self, send: Send, name: str) -> Send:
        async def numbered(message: Message) -> None:
            sandbox = self._sandboxes.find(name) if message["type"] == "http.response.start" else None
            if sandbox is not None:
                message = {**message, "headers": [*message["headers"], sequence_header(sandbox)]}
            await send(message)

        return numbered
