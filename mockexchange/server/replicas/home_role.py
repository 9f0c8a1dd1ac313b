"""Runs the home: among several servers on one database, the only one that writes."""

import asyncio
import hmac
import socket
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from mockexchange.sandbox.interface import StoreUnavailable
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.sandbox.sandboxes import Sandboxes
from mockexchange.server.app import ListenerApp, SandboxOf
from mockexchange.server.http.rest_endpoint import DiagnosisWorker
from mockexchange.server.persistence import Persistence, id_of
from mockexchange.server.replicas.comparisons import answer_comparison
from mockexchange.server.replicas.peers import (
    CONNECTION,
    GREETING,
    LINE_BYTES_MAX,
    MESSAGES,
    NO_HOME,
    Address,
    MessageReader,
    encoded,
    send_refusal,
)
from mockexchange.server.server_state import ServerState
from mockexchange.server.workers.mailbox import Answered, Compare, Message, RunDue, answer_run_due
from mockexchange.store.postgres.election import Term
from mockexchange.store.postgres.postgres_store import PostgresStore

TERM_S_MAX = 3.0
"""The most seconds that a request waits until it is sure again that no other server writes to the database."""
TERM_POLL_S = 0.02
SendMessage = Callable[[Message], object]
READS = frozenset(("GET", "HEAD"))
Take = Callable[[Message, Callable[[Message], object]], object]
"""A function that is called with a received message, and with a function that sends a message back."""


class HomeRole:
    """The role of the home, the only server that writes to the database.

    It holds the open store, the term for which this server may write, and the sockets for clients and other servers.
    """

    is_numbered = False
    """Whether answers to reads have the header `X-Mock-Seq`, as those of followers with relaxed reads have."""

    def __init__(self, store: PostgresStore, sock: socket.socket, peer_socket: socket.socket, token: str) -> None:
        self.store, self.sock, self._peer_socket, self._token = store, sock, peer_socket, token
        self.term = Term(store)
        self.persistence = Persistence(store, has_own_ports=False)
        self._server_state: ServerState | None = None
        self._listening: asyncio.Server | None = None
        self._callers: set[asyncio.Transport] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def prepare(self, server_state: ServerState) -> None:
        """Give the server its sockets and its application, before its sandboxes are opened."""
        self._server_state = server_state
        server_state.use_sockets(self.sock, None)
        server_state.new_front = partial(HomeApp, self)

    async def listen_to_peers(self) -> None:
        """Accept connections from the other servers. The main port must be served already."""
        assert self._server_state is not None, "it is prepared first"
        main = self._server_state.main
        assert main is not None, "it listens first"
        make = partial(CalledHome, self._token, main.new_protocol, self._take, self._callers)
        self._listening = await asyncio.get_running_loop().create_server(make, sock=self._peer_socket)

    def leave_peers(self) -> None:
        if self._listening:
            self._listening.close()
        for caller in list(self._callers):
            caller.abort()
        self._peer_socket.close()
        for task in self._tasks:
            task.cancel()

    async def refusal_reason(self, method: str) -> str | None:
        """Return the reason why a request cannot be answered now; None if it can be.

        For a read, this first waits until all writes that other servers may have seen are applied here too.
        """
        try:
            async with asyncio.timeout(TERM_S_MAX):
                while not self.term.is_valid:  # noqa: ASYNC110  # a clock is no event
                    await asyncio.sleep(TERM_POLL_S)
        except TimeoutError:
            return NO_HOME
        if method in READS:
            try:
                for slot in self._sandboxes:
                    await slot.sandbox.writer.finish()
            except StoreUnavailable as error:
                return str(error)
        return None

    @property
    def _sandboxes(self) -> Sandboxes:
        assert self._server_state is not None, "it is prepared first"
        return self._server_state.sandboxes

    def _sandbox(self, id_: int) -> Sandbox | None:
        return next((slot.sandbox for slot in self._sandboxes if id_of(slot.sandbox) == id_), None)

    def _take(self, message: Message, send: SendMessage) -> None:
        """Take a message of a follower."""
        if isinstance(message, Answered):
            sandbox = self._sandbox(message.sandbox)
            if sandbox is not None:  # else it was reset or deleted meanwhile, with its journal
                sandbox.note_answered_elsewhere(message.entry)
        elif isinstance(message, RunDue):
            self._start(answer_run_due(self._sandbox(message.sandbox), message, send))
        elif isinstance(message, Compare) and (sandbox := self._sandbox(message.sandbox)) is not None:
            self._start(answer_comparison(sandbox, message, send))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class HomeApp(ListenerApp):
    """The application of the server that writes. It answers only while it is certain that no other server writes."""

    def __init__(
        self, home_role: HomeRole, sandbox_of: SandboxOf, diagnosis_worker: DiagnosisWorker, control: ASGIApp | None
    ) -> None:
        super().__init__(sandbox_of, diagnosis_worker, control)
        self._home_role, self.rest.is_numbered = home_role, home_role.is_numbered

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        reason = await self._home_role.refusal_reason(scope.get("method", ""))
        if reason is None:
            await super().__call__(scope, receive, send)
        else:
            await send_refusal(scope, send, reason)

    def direct_answer(self, cycle: object) -> None:
        return None


def bind_peers(host: str, address: Address) -> socket.socket:
    """Open the socket on which the other servers reach this server. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, address.port), family=family)


# --- connections of the other servers


class CalledHome(asyncio.Protocol):
    """A connection from another server, accepted by the server that writes.

    It carries either a client's connection or messages.
    """

    def __init__(
        self, token: str, new_protocol: Callable[[], asyncio.Protocol], take: Take, callers: set[asyncio.Transport]
    ) -> None:
        """`callers` gets the connections that are not a client's."""
        self._token, self._new_protocol, self._take, self._callers = token, new_protocol, take, callers
        self._first = b""
        self._messages: MessageReader | None = None
        self._transport: asyncio.Transport

    def connection_made(self, transport: Any) -> None:
        """Send the greeting. `transport` is not typed, since uvloop's is not a subclass of `asyncio.Transport`."""
        self._transport = transport
        self._callers.add(transport)
        transport.write(GREETING)

    def connection_lost(self, exc: Exception | None) -> None:
        self._callers.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        try:
            if self._messages is None:
                data = self._begin(data)
            if self._messages is not None:
                for message in self._messages.feed(data):
                    self._take(message, self._send)
        except ValueError:
            self._transport.abort()

    def _begin(self, data: bytes) -> bytes:
        """Read the first line; return what is behind it. Raises ValueError."""
        self._first += data
        line, end, rest = self._first.partition(b"\n")
        kind, _, token = line.partition(b" ")
        if end and hmac.compare_digest(token, self._token.encode()) and kind == MESSAGES:
            self._messages = MessageReader()
        elif end and hmac.compare_digest(token, self._token.encode()) and kind == CONNECTION:
            self._callers.discard(self._transport)
            protocol = self._new_protocol()
            self._transport.set_protocol(protocol)
            protocol.connection_made(self._transport)
            if rest:
                protocol.data_received(rest)
        elif end or len(self._first) > LINE_BYTES_MAX:
            raise ValueError("it is no server of this database")
        return rest

    def _send(self, message: Message) -> None:
        if not self._transport.is_closing():
            self._transport.write(encoded(message))
