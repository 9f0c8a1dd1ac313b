"""An exchange of the kit's own: an event loop in a thread, and sandboxes on free ports of the loopback address."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from anyio.from_thread import BlockingPortal, start_blocking_portal

from mockexchange.sandbox.sandbox import Sandbox, SandboxOptions
from mockexchange.scenario.loader import Plan
from mockexchange.server.open_files import allow_many_files
from mockexchange.server.server_state import Hub

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Exchange:
    """Sandboxes in a loop of their own; whatever touches one goes through `portal`."""

    hub: Hub
    portal: BlockingPortal

    def open(self, plan: Plan, options: SandboxOptions) -> Sandbox:
        """Make a sandbox on a free port; `url` and `ws_url` say where. Raises ScenarioError."""
        return self.portal.call(partial(self.hub.open, plan, options, 0))

    def close(self, name: str) -> None:
        self.portal.call(self.hub.delete, name)

    def base_url(self, name: str) -> str:
        return self.hub.base_url(name)

    def ws_url(self, name: str) -> str:
        return self.hub.ws_url(name)

    def connection_count(self, name: str) -> int:
        """How many connections to a sandbox are open now."""
        return self.hub.ports[name].connection_count

    def connections_made(self, name: str) -> int:
        """How many connections to a sandbox there have been."""
        return self.hub.ports[name].connections_made


@contextmanager
def exchange() -> Iterator[Exchange]:
    """Run a loop in a thread until the end; every sandbox ends with it."""
    allow_many_files()
    with start_blocking_portal() as portal:
        hub = portal.call(_make_hub)
        try:
            yield Exchange(hub, portal)
        finally:
            portal.call(hub.stop)


async def _make_hub() -> Hub:
    return Hub(HOST)
