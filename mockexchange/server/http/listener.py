"""Serves one listening socket with uvicorn's protocols but without its server, so that ports can open at run time."""

import asyncio
import copy
import errno
import logging
import socket
import time
from collections.abc import Callable
from email.utils import formatdate
from functools import lru_cache
from typing import Any, cast

import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from mockexchange.server import open_files
from mockexchange.server.app import ListenerApp
from mockexchange.server.event_loops import close_server
from mockexchange.server.http.cut_requests import HEAD_BYTES_MAX
from mockexchange.server.tls.acceptor import Identity, TlsAcceptor
from mockexchange.server.websocket.framing import MESSAGE_BYTES_MAX

BACKLOG = 2_048
STOP_S_MAX = 5.0
STOP_POLL_S = 0.005
STOP_POLL_STEP_S = 0.000_5
"""The first interval of polling for the end of connections while the server stops, in seconds; it then grows."""
STUCK_S_MAX = 1.0
"""The seconds after which a client is cut that reads nothing of its answer while the server stops."""
PARTING_S_MAX = 0.25
"""The seconds that a client has to close TLS while the server stops."""
LOOPBACK_NAMES = frozenset(("127.0.0.1", "localhost", "::1"))
KEEP_ALIVE_S = 75
DATE_REFRESH_S = 1.0
PROBED_FROM = 16
"""From this number of connections on, each new one checks whether the process may open further files."""
NOTED_EVERY_S = 60.0
LOGGER, UVICORN_LOGGER = logging.getLogger(__name__), logging.getLogger("uvicorn.error")


class PortInUse(Exception):
    """Raised when a port is taken; the message names a free one."""

    def __init__(self, host: str, port: int, free_port: int) -> None:
        super().__init__(host, port, free_port)
        self.host, self.port, self.free_port = host, port, free_port

    def explain(self, option: str = "--port ") -> str:
        """Return the message; `option` sets the port, as it is written before the number."""
        return f"port {self.port} on {self.host} is in use: try {option}{self.free_port}, or {option}0 for any"

    def __str__(self) -> str:
        return self.explain()


def bind(host: str, port: int) -> socket.socket:
    """Open a listening socket; port 0 takes a free port. Raises PortInUse, or OSError with the reason."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return _known_as_tcp(socket.create_server((host, port), family=family, backlog=BACKLOG))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        with socket.create_server((host, 0), family=family) as probe:
            free = probe.getsockname()[1]
        raise PortInUse(host, port, free) from None


def bind_all(host: str, port: int, count: int) -> list[socket.socket]:
    """Open `count` listening sockets on one port, among which the system divides connections.

    Raises the errors of `bind`.
    """
    with bind(host, port) as probe:  # else another server that shares its port would lose connections to this one
        address = host, probe.getsockname()[1]
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return [
        _known_as_tcp(socket.create_server(address, family=family, backlog=BACKLOG, reuse_port=True))
        for _ in range(count)
    ]


def _known_as_tcp(sock: socket.socket) -> socket.socket:
    """Return a socket with its protocol set to TCP, on the file descriptor of the given socket.

    asyncio turns Nagle's algorithm off only for such sockets. With Nagle's algorithm, the body of an answer, which is
    the second packet, waits 40 ms for the client's acknowledgement of the head.
    """
    return socket.socket(sock.family, sock.type, socket.IPPROTO_TCP, sock.detach())


class OpenConnections(set[Any]):
    """The set of a listener's open connections, to which uvicorn's protocols add themselves."""

    note: Callable[[int], object] = staticmethod(lambda count: None)
    """A function that is called with the number of connections when it changes."""

    def add(self, connection: Any) -> None:
        super().add(connection)
        self.note(len(self))

    def discard(self, connection: Any) -> None:
        super().discard(connection)
        self.note(len(self))


class Listener:
    """Serves one application on one listening socket until `stop` is called.

    With `has_deflate`, streams are compressed if a client offers it. With `identity`, TLS is served with that
    certificate.
    """

    def __init__(
        self,
        app: ListenerApp,
        sock: socket.socket,
        *,
        has_deflate: bool = False,
        identity: Identity | None = None,
        protocol: type[asyncio.Protocol] | None = None,
    ) -> None:
        self.sock = sock
        self.app, self._identity = app, identity
        self.host, self.port = sock.getsockname()[:2]
        self._state = ServerState()
        self._state.connections = self.open_connections = OpenConnections()
        self.new_accepted: Callable[[], asyncio.Protocol] | None = None
        """Makes the protocol of a connection that is accepted; None if HTTP begins at once."""
        self._config = _config_of(app, protocol or http_protocol(), has_deflate=has_deflate)
        self._server: asyncio.Server | None = None
        self._doorman: TlsAcceptor | None = None
        self._date_timer: asyncio.TimerHandle | None = None
        self._noted_full_at_s: float | None = None
        self.connections_made = 0
        """How many connections have been accepted so far."""

    @property
    def connection_count(self) -> int:
        """Return the number of connections that are open now."""
        return len(self._state.connections)

    async def start(self) -> None:
        if UVICORN_LOGGER.level != logging.ERROR:  # to set it empties the caches of all loggers
            UVICORN_LOGGER.setLevel(logging.ERROR)
        self._refresh_date()
        if self._identity:
            self._doorman = TlsAcceptor(self.sock, self._identity, self.new_protocol, self.app)
            self._doorman.start()
        else:
            self._server = await asyncio.get_running_loop().create_server(self._accept, sock=self.sock)

    async def stop(self) -> None:
        """Accept no more connections, give running requests and answers some time to finish, then cut the rest."""
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + STOP_S_MAX
        if self._date_timer:
            self._date_timer.cancel()
        if self._server:
            await close_server(self._server)
        if self._doorman:
            await self._doorman.stop()
        for connection in list(self._state.connections):
            connection.shutdown()
        await self._finish(ends_at)
        for connection in list(self._state.connections):
            connection.transport.abort()
        if self._state.tasks:  # they learn that their clients are gone
            await asyncio.wait(self._state.tasks, timeout=STUCK_S_MAX)
        for task in list(self._state.tasks):
            task.cancel()

    async def _finish(self, ends_at: float) -> None:
        """Wait for running requests and open connections, but not for clients that do not read."""
        loop = asyncio.get_running_loop()
        stuck: dict[Any, tuple[int, float]] = {}
        poll_s = 0.0
        while (self._state.tasks or self._state.connections) and loop.time() < ends_at:
            for connection in list(self._state.connections):
                transport = connection.transport
                size_bytes = transport.get_write_buffer_size()
                known_bytes, since = stuck.setdefault(connection, (size_bytes, loop.time()))
                is_parting = self._doorman is not None and transport.is_closing() and not size_bytes
                if size_bytes != known_bytes or not (size_bytes or is_parting):
                    stuck[connection] = size_bytes, loop.time()
                elif loop.time() - since > (PARTING_S_MAX if is_parting else STUCK_S_MAX):
                    transport.abort()
            await asyncio.sleep(poll_s)
            poll_s = min(poll_s + STOP_POLL_STEP_S, STOP_POLL_S)

    def _accept(self) -> asyncio.Protocol:
        return self.new_accepted() if self.new_accepted else self.new_protocol()

    def new_protocol(self) -> asyncio.Protocol:
        """Return the protocol object for a new connection."""
        self.connections_made += 1
        if self.connection_count >= PROBED_FROM and not open_files.can_open_files():
            self._note_full()
        protocol: asyncio.Protocol = self._config.http_protocol_class(  # type: ignore[call-arg]  # uvicorn types the class as a bare asyncio.Protocol
            config=self._config, server_state=self._state, app_state={}
        )
        return protocol

    def _note_full(self) -> None:
        """Log that further connections are refused, once in NOTED_EVERY_S: the system closes them without telling."""
        now_s = asyncio.get_running_loop().time()
        if self._noted_full_at_s is None or now_s - self._noted_full_at_s >= NOTED_EVERY_S:
            self._noted_full_at_s = now_s
            text = "port %d refuses connections: %d are open, and this process may open no more files (ulimit -n)"
            LOGGER.warning(text, self.port, self.connection_count + 1)

    def _refresh_date(self) -> None:
        self._state.default_headers = [_date_header(int(time.time()))]
        self._date_timer = asyncio.get_running_loop().call_later(DATE_REFRESH_S, self._refresh_date)


def _config_of(app: ListenerApp, protocol: Any, *, has_deflate: bool) -> uvicorn.Config:
    """Return uvicorn's configuration for an application: a copy, since to make one takes as long as the socket."""
    config = copy.copy(_loaded_config(protocol, has_deflate))
    config.app = config.loaded_app = app
    return config


@lru_cache
def _loaded_config(protocol: Any, has_deflate: bool) -> uvicorn.Config:
    config = uvicorn.Config(
        _no_app,
        http=protocol,
        ws=cast(type[asyncio.Protocol], _new_stream),
        ws_per_message_deflate=has_deflate,
        ws_max_size=MESSAGE_BYTES_MAX,
        ws_ping_interval=None,
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        h11_max_incomplete_event_size=HEAD_BYTES_MAX,
        timeout_keep_alive=KEEP_ALIVE_S,
    )
    config.load()
    return config


async def _no_app(scope: Scope, receive: Receive, send: Send) -> None:
    """Stand for the applications of all listeners."""


@lru_cache(maxsize=1)
def _date_header(at_s: int) -> tuple[bytes, bytes]:
    return b"date", formatdate(at_s, usegmt=True).encode()


def http_protocol() -> type[asyncio.Protocol]:
    """Return the fastest installed HTTP protocol of uvicorn: on httptools (not on Windows), or else on h11."""
    try:
        from mockexchange.server.http.fast_protocol import JournalledHttpToolsProtocol
    except ImportError:
        from mockexchange.server.http.h11_protocol import JournalledH11Protocol

        return JournalledH11Protocol
    return JournalledHttpToolsProtocol


def _new_stream(**arguments: Any) -> asyncio.Protocol:
    """Return the protocol object of a new stream. The first one imports the library for WebSockets."""
    from mockexchange.server.websocket.protocol import StreamProtocol

    return StreamProtocol(**arguments)
