"""Defines `serve` and `serve_async`, which run a server in this process until the end of a `with` block."""

import warnings
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from mockexchange.api.asynchronous.exchange import AsyncExchange
from mockexchange.api.asynchronous.sandbox_client import path_of
from mockexchange.api.short_tracebacks import short_traceback_asynccontextmanager, short_traceback_contextmanager
from mockexchange.api.synchronous.exchange import Exchange
from mockexchange.api.transport.background_loop import LoopThread
from mockexchange.api.transport.connection import AsyncConnection, Connection
from mockexchange.api.transport.local_server import ListenerSettings, LocalServer, local_server
from mockexchange.api.values.sandbox_settings import Scenario, creation_body
from mockexchange.runtime.ready_file import DEFAULT_HOST
from mockexchange.sandbox.options import DEFAULT


@short_traceback_contextmanager
def serve(
    scenario: Scenario = "demo",
    *,
    api_date: str = "latest",
    clock: str = "real",
    faults: Sequence[Mapping[str, Any] | str] = (),
    host: str = DEFAULT_HOST,
    port: int = 0,
    token: str | None = None,
    tls: bool = False,
    tls_names: Sequence[str] = (),
) -> Iterator[Exchange]:
    """Run an exchange in a thread of this process, until the end of the block.

    `scenario` is a built-in name, a file, YAML text of more than one line, or a mapping. `faults` are rules as in a
    scenario, and names of presets. Port 0 takes any free port. With `tls` the server speaks https and wss, under this
    machine's names and `tls_names`; clients have to trust `exchange.ca_cert`.

    Raises WrongRequest if an argument is wrong, PortInUse, or Unavailable if the address cannot be listened on.
    """
    body = creation_body(scenario, api_date=api_date, clock=clock, faults=faults)
    place = ListenerSettings(host=host, port=port, token=token, tls=tls, tls_names=tls_names)
    with run_exchange(place, body) as exchange:
        yield exchange


@short_traceback_contextmanager
def run_exchange(place: ListenerSettings, body: dict[str, Any]) -> Iterator[Exchange]:
    """Run a server in a thread of this process and yield its default sandbox, which `body` describes.

    Raises the same errors as `serve`.
    """
    thread = LoopThread(partial(local_server, place, body))
    server = thread.start()
    try:
        ask = thread.sync_client(server.ask)
        connection = Connection(
            **_connection_fields(server), ask=ask, run=thread.run, async_ask=thread.async_client(server.ask)
        )
        with Exchange(connection, ask("GET", path_of(DEFAULT))) as exchange:
            yield exchange
    except GeneratorExit:
        warnings.warn(f"unclosed exchange at {server.control_url}: use `with serve(...)`", ResourceWarning, 2)
        raise
    finally:
        thread.stop()


@short_traceback_asynccontextmanager
async def serve_async(
    scenario: Scenario = "demo",
    *,
    api_date: str = "latest",
    clock: str = "real",
    faults: Sequence[Mapping[str, Any] | str] = (),
    host: str = DEFAULT_HOST,
    port: int = 0,
    token: str | None = None,
    tls: bool = False,
    tls_names: Sequence[str] = (),
) -> AsyncIterator[AsyncExchange]:
    """Run an exchange in the caller's event loop, until the end of the block. The arguments are those of `serve`."""
    body = creation_body(scenario, api_date=api_date, clock=clock, faults=faults)
    place = ListenerSettings(host=host, port=port, token=token, tls=tls, tls_names=tls_names)
    async with local_server(place, body) as server:
        connection = AsyncConnection(**_connection_fields(server), ask=server.ask)
        async with AsyncExchange(connection, await server.ask("GET", path_of(DEFAULT))) as exchange:
            yield exchange


def _connection_fields(server: LocalServer) -> dict[str, Any]:
    return {
        "control_url": server.control_url,
        "token": server.token,
        "ca_cert": server.trust.get("ca_cert"),
        "ca_bundle": server.trust.get("ca_bundle"),
        "app_of": server.app_of,
    }
