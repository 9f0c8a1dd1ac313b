"""Runs an exchange for the kit in a thread of its own, and opens sandboxes on free ports of the loopback address."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal
from starlette.types import ASGIApp

from mockexchange.api.transport.httpx_transports import LocalTransport
from mockexchange.api.transport.loop_bridge import LoopBridge
from mockexchange.kit.signing_again import renew_old_signature
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.plan import Plan
from mockexchange.server.operating_system import allow_many_files
from mockexchange.server.server_state import ServerState
from mockexchange.venues.registry import DEFAULT
from mockexchange.venues.venue import Venue

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Exchange:
    """A server with sandboxes in its own event loop. Code in other threads calls into a sandbox through `portal`."""

    server_state: ServerState
    portal: BlockingPortal

    def open(self, plan: Plan, options: SandboxOptions) -> Sandbox:
        """Open a sandbox on a free port; `base_url` and `ws_url` return its URLs. Raises ScenarioError."""
        return self.portal.call(partial(self.server_state.open, plan, options, 0))

    def close(self, name: str) -> None:
        self.portal.call(self.server_state.delete, name)

    def base_url(self, name: str, venue: Venue = DEFAULT) -> str:
        return self.server_state.base_url(name, venue)

    def ws_url(self, name: str, venue: Venue = DEFAULT) -> str:
        return self.server_state.ws_url(name, venue)

    def connection_count(self, name: str) -> int:
        """Return the number of open connections to a sandbox."""
        return self.server_state.ports[name].connection_count

    def connections_made(self, name: str) -> int:
        """Return the number of connections that a sandbox has accepted so far."""
        return self.server_state.ports[name].connections_made


@contextmanager
def exchange() -> Iterator[Exchange]:
    """Run an exchange in a thread until the end of the block, which closes its sandboxes."""
    allow_many_files()
    with start_blocking_portal() as portal:
        server_state = portal.call(_make_hub)
        try:
            yield Exchange(server_state, portal)
        finally:
            portal.call(server_state.stop)


async def _make_hub() -> ServerState:
    return ServerState(HOST)


class AppTransport(LocalTransport):
    """An httpx transport that sends the requests of a synchronous client to an ASGI application in this process.

    The application runs in the event loop of `portal`. If it fails, the answer is a 500, as from a server. A request
    that waited after it was signed is signed again.
    """

    def __init__(self, app: ASGIApp, portal: BlockingPortal) -> None:
        super().__init__(LoopBridge(app, portal.call(asyncio.get_running_loop)))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and read the whole body of its response."""
        renew_old_signature(request, time.monotonic())
        response = super().handle_request(request)
        response.read()
        return response
