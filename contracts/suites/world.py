"""The servers that the suites test: an exchange of `world.yaml`, in process and on a socket."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NamedTuple

from anyio.from_thread import start_blocking_portal
from starlette.types import ASGIApp

from mockexchange.kit.kalshi.signing import Signer, load_signer
from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.loader import load_file, load_text
from mockexchange.server.app import ListenerApp
from mockexchange.server.http.listener import Listener, bind
from mockexchange.server.http.rest_endpoint import DiagnosisWorker
from mockexchange.venues.kalshi.named_days import api_date

HOST = "127.0.0.1"
IN_PROCESS_HOST = "testserver"
WORLD = Path(__file__).with_name("world.yaml")


class World(NamedTuple):
    """An exchange and its keys by (account, key)."""

    sandbox: Sandbox
    signers: dict[tuple[str, str], Signer]


def open_world(date: str, further: str = "") -> World:
    """Play the scenario of the suites into an exchange that speaks the wire of a date; `further` is added to it."""
    plan = load_text(WORLD.read_text() + further) if further else load_file(WORLD)
    sandbox = asyncio.run(open_sandbox(plan, SandboxOptions(api_date=api_date(date), clock="paused")))
    keys = ((one.account, one.key, one.key_id, one.private_pem or "") for one in sandbox.credentials())
    return World(sandbox, {(account, key): load_signer(key_id, pem) for account, key, key_id, pem in keys})


@contextmanager
def front_of(sandbox: Sandbox) -> Iterator[ListenerApp]:
    """The application of a sandbox's own port."""
    diagnosis_worker = DiagnosisWorker()
    yield ListenerApp(lambda key_id: sandbox, diagnosis_worker, None)
    diagnosis_worker.close()


class Reached(NamedTuple):
    """The destination of requests: `app`, or the server at `origin` if it is None."""

    origin: str
    app: ASGIApp | None


@contextmanager
def in_process(front: ListenerApp) -> Iterator[Reached]:
    yield Reached(f"http://{IN_PROCESS_HOST}", front)


@contextmanager
def over_a_socket(front: ListenerApp) -> Iterator[Reached]:
    """Serve on a free port, in an event loop with its own thread."""
    with start_blocking_portal() as portal:
        listener = Listener(front, bind(HOST, 0))
        portal.call(listener.start)
        try:
            yield Reached(f"http://{HOST}:{listener.port}", None)
        finally:
            portal.call(listener.stop)


TRANSPORTS: dict[str, Callable[[ListenerApp], AbstractContextManager[Reached]]] = {
    "in process": in_process,
    "over a socket": over_a_socket,
}
