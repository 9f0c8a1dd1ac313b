"""Serves listening sockets: each is bound, accepts connections, with TLS or without, and stops gracefully.

A server opens and closes ports while it runs, one for each sandbox that has its own.
"""

import asyncio
import errno
import logging
import socket
import time
from collections.abc import Callable
from email.utils import formatdate
from functools import lru_cache
from typing import Any

from mockexchange.server import operating_system
from mockexchange.server.app import ListenerApp
from mockexchange.server.http.connection import HttpConnection
from mockexchange.server.http.listener_state import ListenerState
from mockexchange.server.operating_system import close_server
from mockexchange.server.tls.acceptor import Identity, TlsAcceptor

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
DATE_REFRESH_S = 1.0
PROBED_FROM = 16
"""From this number of connections on, each new one checks whether the process may open further files."""
NOTED_EVERY_S = 60.0
LOGGER = logging.getLogger(__name__)


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
        connection: Callable[[ListenerState], HttpConnection] = HttpConnection,
    ) -> None:
        """`connection` makes what serves a connection."""
        self.sock = sock
        self.app, self._identity = app, identity
        self.host, self.port = sock.getsockname()[:2]
        self._state = ListenerState(app, has_deflate=has_deflate)
        self.open_connections = self._state.connections
        self._new_connection = connection
        self.new_accepted: Callable[[], asyncio.Protocol] | None = None
        """Makes the protocol of a connection that is accepted; None if HTTP begins at once."""
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
        self._refresh_date()
        if self._identity:
            self._doorman = TlsAcceptor(self.sock, self._identity, self.new_protocol, self.app)
            self._doorman.start()
        else:
            self._server = await asyncio.get_running_loop().create_server(
                lambda: self.new_accepted() if self.new_accepted else self.new_protocol(), sock=self.sock
            )

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

    def new_protocol(self) -> asyncio.Protocol:
        """Return the protocol object for a new connection."""
        self.connections_made += 1
        if self.connection_count >= PROBED_FROM and not operating_system.can_open_files():
            # The system closes further connections without telling: that is logged, once in NOTED_EVERY_S.
            now_s = asyncio.get_running_loop().time()
            if self._noted_full_at_s is None or now_s - self._noted_full_at_s >= NOTED_EVERY_S:
                self._noted_full_at_s = now_s
                text = "port %d refuses connections: %d are open, and this process may open no more files (ulimit -n)"
                LOGGER.warning(text, self.port, self.connection_count + 1)
        return self._new_connection(self._state)

    def _refresh_date(self) -> None:
        self._state.common_headers = [_date_header(int(time.time()))]
        self._date_timer = asyncio.get_running_loop().call_later(DATE_REFRESH_S, self._refresh_date)


@lru_cache(maxsize=1)
def _date_header(at_s: int) -> tuple[bytes, bytes]:
    return b"date", formatdate(at_s, usegmt=True).encode()
