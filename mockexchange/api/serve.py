"""Defines `serve`, `serve_async` and `asgi`, which run an exchange in this process."""

import asyncio
import threading
import warnings
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

from starlette.types import Receive, Scope, Send

from mockexchange.api.asynchronous.exchange import AsyncExchange
from mockexchange.api.asynchronous.sandbox_client import path_of
from mockexchange.api.errors import Closed, short_traceback_asynccontextmanager, short_traceback_contextmanager
from mockexchange.api.synchronous.exchange import Exchange
from mockexchange.api.transport.background_loop import LoopThread
from mockexchange.api.transport.connection import (
    PATIENCE_S,
    AsyncConnection,
    AsyncControlClient,
    Connection,
    ConnectionSettings,
    ControlClient,
    Query,
)
from mockexchange.api.transport.local_server import ListenerSettings, LocalServer, local_server, read_creation
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
    overlay: str | Path | None = None,
) -> Iterator[Exchange]:
    """Run an exchange in a thread of this process, until the end of the block.

    `scenario` is a built-in name, a file, YAML text of more than one line, or a mapping. `faults` are rules as in a
    scenario, and names of presets. Port 0 takes any free port. With `tls` the server speaks https and wss, under this
    machine's names and `tls_names`; clients have to trust `exchange.ca_cert`. `overlay` is a newer
    OpenAPI document of a venue, whose new fields answers at its newest date get.

    Raises WrongRequest if an argument is wrong, PortInUse, or Unavailable if the address cannot be listened on.
    """
    body = creation_body(scenario, api_date=api_date, clock=clock, faults=faults)
    place = ListenerSettings(host=host, port=port, token=token, tls=tls, tls_names=tls_names, overlay=overlay)
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
    overlay: str | Path | None = None,
) -> AsyncIterator[AsyncExchange]:
    """Run an exchange in the caller's event loop, until the end of the block. The arguments are those of `serve`."""
    body = creation_body(scenario, api_date=api_date, clock=clock, faults=faults)
    place = ListenerSettings(host=host, port=port, token=token, tls=tls, tls_names=tls_names, overlay=overlay)
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


# An asynchronous object for an exchange that synchronous code has created


@contextmanager
def async_view(exchange: Exchange) -> Iterator[AsyncExchange]:
    """Yield an AsyncExchange for the sandbox of `exchange`, for use in any asyncio loop.

    The sandbox goes on after the end of the block.
    """
    connection = exchange._connection  # noqa: SLF001  # the asynchronous view of the same connection
    reach = {field.name: getattr(connection, field.name) for field in fields(ConnectionSettings)}
    ask = connection.async_ask or _in_threads(connection.ask)
    twin = AsyncExchange(AsyncConnection(**reach, ask=ask), connection.ask("GET", path_of(exchange.name)))
    try:
        yield twin
    finally:
        twin.end()


def _in_threads(ask: ControlClient) -> AsyncControlClient:
    async def ask_and_await(
        method: str, path: str, body: Any = None, query: Query | None = None, patience_s: float = PATIENCE_S
    ) -> Any:
        return await asyncio.to_thread(partial(ask, method, path, body, query, patience_s))

    return ask_and_await


# An exchange as an ASGI application: for `uvicorn module:app`, test clients, and mounting in another one


class Application:
    """An exchange as an ASGI application; create one with `asgi`. It runs in its own thread, so any loop may call it.

    The exchange starts with the first request or with the server's lifespan, and stops with that lifespan, with
    `close`, or at the end of a `with` block; after the end of a lifespan it may start again.
    """

    def __init__(self, settings: ListenerSettings, body: dict[str, Any]) -> None:
        self._settings, self._body = settings, body
        self._lock = threading.Lock()
        self._serving: AbstractContextManager[Exchange] | None = None
        self._exchange: Exchange | None = None
        self._is_closed = False

    @property
    def exchange(self) -> Exchange:
        """Return the exchange behind the application; the first read starts it. Raises Closed after `close`."""
        return self._begin()

    def _begin(self) -> Exchange:
        with self._lock:
            if self._is_closed:
                raise Closed("the application is closed: make another with mockexchange.asgi()")
            if self._exchange is None:
                self._serving = run_exchange(self._settings, self._body)
                self._exchange = self._serving.__enter__()
            return self._exchange

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._run_lifespan(receive, send)
            return
        exchange = self._exchange
        if exchange is None:
            exchange = await asyncio.to_thread(self._begin)
        await exchange.app(scope, receive, send)

    def close(self) -> None:
        """Stop the exchange if it runs."""
        self._is_closed = True
        self._end()

    def __enter__(self) -> "Application":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _end(self) -> None:
        with self._lock:
            serving, self._serving, self._exchange = self._serving, None, None
        if serving is not None:
            serving.__exit__(None, None, None)

    async def _run_lifespan(self, receive: Receive, send: Send) -> None:
        """Start and stop with the server's lifespan. A failed start is reported to the server, which then exits."""
        await receive()
        try:
            await asyncio.to_thread(self._begin)
        except Exception as error:  # noqa: BLE001  # the server shows it and exits
            await send({"type": "lifespan.startup.failed", "message": f"mockexchange: {error}"})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await asyncio.to_thread(self._end)
        await send({"type": "lifespan.shutdown.complete"})


def asgi(
    scenario: Scenario = "demo",
    *,
    api_date: str = "latest",
    clock: str = "real",
    faults: Sequence[Mapping[str, Any] | str] = (),
    overlay: str | Path | None = None,
) -> Application:
    """Return an exchange as an ASGI application: the REST paths and streams of every venue, without a socket.

    The arguments are those of `serve`. Raises WrongRequest if one is wrong. If the exchange refuses a step of the
    scenario's history, that is reported at its start: as WrongRequest, or in the log of the server whose lifespan
    starts it. The attribute `exchange` controls the exchange from the same process.
    """
    body = creation_body(scenario, api_date=api_date, clock=clock, faults=faults)
    read_creation(body)
    settings = ListenerSettings(host=DEFAULT_HOST, port=0, token=None, overlay=overlay, listens=False)
    return Application(settings, body)
