"""Makes an exchange an ASGI application: for `uvicorn module:app`, test clients, and mounting in another one."""

import asyncio
import threading
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from starlette.types import Receive, Scope, Send

from mockexchange.api.errors import Closed
from mockexchange.api.serve import run_exchange
from mockexchange.api.synchronous.exchange import Exchange
from mockexchange.api.transport.local_server import ListenerSettings, read_creation
from mockexchange.api.values.sandbox_settings import Scenario, creation_body
from mockexchange.runtime.ready_file import DEFAULT_HOST


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
) -> Application:
    """Return an exchange as an ASGI application: the REST paths and streams of every venue, without a socket.

    The arguments are those of `serve`. Raises WrongRequest if one is wrong. If the exchange refuses a step of the
    scenario's history, that is reported at its start: as WrongRequest, or in the log of the server whose lifespan
    starts it. The attribute `exchange` controls the exchange from the same process.
    """
    body = creation_body(scenario, api_date=api_date, clock=clock, faults=faults)
    read_creation(body)
    settings = ListenerSettings(host=DEFAULT_HOST, port=0, token=None, tls=False, tls_names=(), listens=False)
    return Application(settings, body)
