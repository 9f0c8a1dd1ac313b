"""Imports and builds the control API at the first request to it, so that a server starts a tenth faster."""

import asyncio
from importlib import import_module
from typing import TYPE_CHECKING

from starlette.types import Receive, Scope, Send

if TYPE_CHECKING:
    from mockexchange.server.control.about_server import Description
    from mockexchange.server.control.access import Tokens
    from mockexchange.server.control.app import ControlApp
    from mockexchange.server.control.audit import AuditFile
    from mockexchange.server.server_state import ServerState


class ControlOnDemand:
    """The ASGI application of the control API and the front page; requests wait until it is built.

    It is imported in a thread, since that takes longer than a request may hold the event loop.
    """

    def __init__(
        self,
        server_state: "ServerState",
        tokens: "Tokens",
        allow_hosts: list[str],
        describe: "Description",
        audit: "AuditFile | None" = None,
    ) -> None:
        self._arguments = (server_state, tokens, allow_hosts, describe, audit)
        self._app: ControlApp | None = None
        self._building = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._app or await self._built()
        await app(scope, receive, send)

    async def _built(self) -> "ControlApp":
        async with self._building:
            if self._app is None:
                module = await asyncio.to_thread(import_module, "mockexchange.server.control.app")
                self._app = module.control_app(*self._arguments)
            return self._app
