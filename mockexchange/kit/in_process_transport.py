"""Requests to an application in this process, for clients that are not asynchronous."""

import asyncio

import httpx
from anyio.from_thread import BlockingPortal
from starlette.types import ASGIApp

from mockexchange.api.transport.httpx_transports import LocalTransport
from mockexchange.api.transport.loop_bridge import LoopBridge


class AppTransport(LocalTransport):
    """Gives each request to an ASGI application, in the event loop of `portal`. httpx's own is asynchronous only.

    Where the application fails the answer is a 500, as that of a server would be.
    """

    def __init__(self, app: ASGIApp, portal: BlockingPortal) -> None:
        super().__init__(LoopBridge(app, portal.call(asyncio.get_running_loop)))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer with the whole body at hand, for those who judge it."""
        response = super().handle_request(request)
        response.read()
        return response
