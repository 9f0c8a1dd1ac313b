"""Accepts connections on a TLS port: checks the first byte of each, then performs the handshake or refuses it.

The event loop's own TLS support reports neither a failed handshake nor a client that sends plain HTTP. Here both are
journalled, with advice for the client, and a client that does not complete the handshake in time is disconnected.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, Protocol

from msgspec import Struct

from mockexchange.server.http.request_limits import RAW_BYTES_MAX, Cut, answer_bytes

HANDSHAKE = 0x16
"""The first byte of a TLS connection: the type of the record that has the ClientHello (RFC 8446, section 5.1)."""
GREETING_S_MAX = 15.0
"""The seconds from the connection to the end of the handshake; a slow phone needs 2 s."""
FAREWELL_S_MAX = 2.0
"""The seconds that a client has to close TLS after the server; many never do."""
GREETINGS_MAX = 1_024
"""The most handshakes at the same time; for a further one, the oldest is disconnected."""
ACCEPT_PAUSE_S = 0.1
"""The pause after a failed accept, for example because the process has too many open files, in seconds."""

PLAIN = "these bytes begin no TLS handshake: this port speaks https:// and wss://, not http:// and ws://"
OUSTED = f"no TLS handshake before {GREETINGS_MAX:,} others had begun"
SLOW = f"no TLS handshake within {GREETING_S_MAX:.0f} s"
LEFT = "the client ended the TLS handshake without a word; many do so when they do not trust the certificate"
UNTRUSTED = "the client does not trust this server's certificate: point it at the ready file's ca_cert ({variables})"
REJECTED = "the client rejected this server's certificate: does it trust the ready file's ca_cert ({variables}), and does it call the server by one of {names} (others need --tls-name)?"  # noqa: E501  # one sentence
FAILED = "the TLS handshake failed: {reason}"
VARIABLES = "SSL_CERT_FILE, NODE_EXTRA_CA_CERTS"
ALERTS = {
    "TLSV1_ALERT_UNKNOWN_CA": UNTRUSTED,
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": REJECTED,
    "SSLV3_ALERT_BAD_CERTIFICATE": REJECTED,
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": REJECTED,
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": REJECTED,
}
"""Advice for the alerts by which clients refuse a certificate (RFC 8446, section 6.2), by OpenSSL's names."""


class Identity(Struct, frozen=True):
    """The TLS context of a server, and the names in its certificate."""

    names: tuple[str, ...]
    context: ssl.SSLContext


class ConnectionJournal(Protocol):
    """Journals connections that sent no valid request. `app.ListenerApp` implements this."""

    def answer_cut(self, cut: Cut, raw: bytes) -> bytes: ...

    def note_unfinished(self, raw: bytes, diagnosis: str) -> None: ...


class TlsAcceptor:
    """Accepts connections on a listening socket until `stop`, which closes it."""

    def __init__(
        self,
        sock: socket.socket,
        identity: Identity,
        protocol: Callable[[], asyncio.Protocol],
        journal: ConnectionJournal,
    ) -> None:
        self._sock, self._identity, self._protocol, self._journal = sock, identity, protocol, journal
        self._greetings: dict[asyncio.Task[None], None] = {}
        """In the order of their beginning."""
        self._plain_text: set[PlainTextConnection] = set()
        self._accepting: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._sock.setblocking(False)
        self._accepting = asyncio.get_running_loop().create_task(self._accept())

    async def stop(self) -> None:
        """Accept no more connections, and disconnect clients that are in the handshake or do not use TLS."""
        await _end([self._accepting] if self._accepting else [])
        await asyncio.sleep(0)  # the greeting of the last connection begins: only then it closes its connection
        await _end(self._greetings)
        self._sock.close()
        for one in self._plain_text:
            one.transport.abort()

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection = await _accepted(self._sock)
            except OSError:
                await asyncio.sleep(ACCEPT_PAUSE_S)
                continue
            greeting = loop.create_task(self._greet(connection))
            self._greetings[greeting] = None
            greeting.add_done_callback(self._forget)
            await asyncio.sleep(0)  # a task that is cancelled before it begins would not close its connection
            if len(self._greetings) > GREETINGS_MAX:
                oldest = next(iter(self._greetings))
                oldest.cancel(OUSTED)
                self._forget(oldest)

    def _forget(self, greeting: "asyncio.Task[None]") -> None:
        self._greetings.pop(greeting, None)

    async def _greet(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        raw = b""
        try:
            async with asyncio.timeout(GREETING_S_MAX):
                raw = await _peek(connection)
                if raw:
                    await self._let_in(connection, raw)
        except OSError as error:  # TimeoutError and ssl.SSLError are of its kind
            if raw:
                self._journal.note_unfinished(raw, self._diagnosis(error))
        except asyncio.CancelledError as cancelled:
            if not raw:
                connection.close()
                raise
            with suppress(OSError):  # the loop has the socket, and closes it at its end
                connection.shutdown(socket.SHUT_RDWR)
            if cancelled.args == (OUSTED,):
                self._journal.note_unfinished(raw, OUSTED)
            raise
        else:
            if raw:
                return
        connection.close()

    async def _let_in(self, connection: socket.socket, raw: bytes) -> None:
        loop = asyncio.get_running_loop()
        if raw[0] != HANDSHAKE:
            await loop.connect_accepted_socket(lambda: PlainTextConnection(self._journal, self._plain_text), connection)
            return
        await loop.connect_accepted_socket(
            self._protocol,
            connection,
            ssl=self._identity.context,
            ssl_handshake_timeout=GREETING_S_MAX,
            ssl_shutdown_timeout=FAREWELL_S_MAX,
        )

    def _diagnosis(self, error: OSError) -> str:
        """Return why a handshake failed, and the change that is needed."""
        if isinstance(error, TimeoutError):
            return SLOW
        if isinstance(error, ssl.SSLError):
            template = ALERTS.get(error.reason or "", FAILED)
            return template.format(
                names=", ".join(self._identity.names), variables=VARIABLES, reason=error.reason or error
            )
        return LEFT


class PlainTextConnection(asyncio.Protocol):
    """A connection to a TLS port of a client that does not use TLS.

    It gets an error over plain HTTP, in the venue's format.
    """

    transport: asyncio.Transport

    def __init__(self, journal: ConnectionJournal, open_ones: "set[PlainTextConnection]") -> None:
        self._journal, self._open_ones = journal, open_ones
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self._open_ones.add(self)

    def data_received(self, data: bytes) -> None:
        """Answer the first bytes with the error.

        Later bytes are read and dropped, since the system discards an answer if unread bytes remain.
        """
        if self._timer:
            return
        self._timer = asyncio.get_running_loop().call_later(FAREWELL_S_MAX, self.transport.abort)
        cut = Cut(400, PLAIN)
        self.transport.write(answer_bytes(cut, self._journal.answer_cut(cut, data[:RAW_BYTES_MAX])))
        with suppress(OSError):  # it is gone already
            self.transport.write_eof()

    def connection_lost(self, exc: Exception | None) -> None:
        self._open_ones.discard(self)
        if self._timer:
            self._timer.cancel()


async def _end(tasks: Iterable["asyncio.Task[None]"]) -> None:
    """Cancel tasks, and wait for their end."""
    ended = list(tasks)
    for task in ended:
        task.cancel()
    await asyncio.gather(*ended, return_exceptions=True)


async def _accepted(sock: socket.socket) -> socket.socket:
    """Return the next connection; unlike the function of the loop, lose none if cancelled. Raises OSError."""
    while True:
        try:
            return sock.accept()[0]
        except BlockingIOError:
            pass
        try:
            await _readable(sock)
        except NotImplementedError:  # Windows
            return (await asyncio.get_running_loop().sock_accept(sock))[0]


async def _peek(connection: socket.socket) -> bytes:
    """Return the first bytes without consuming them; none if the client disconnects. Raises OSError."""
    try:
        await _readable(connection)
    except NotImplementedError:  # Windows: all connections are taken for TLS
        return bytes([HANDSHAKE])
    return connection.recv(RAW_BYTES_MAX, socket.MSG_PEEK)


async def _readable(sock: socket.socket) -> None:
    """Wait until a socket can be read, or can accept. Raises NotImplementedError if the loop cannot wait for that."""
    loop = asyncio.get_running_loop()
    is_readable = asyncio.Event()
    loop.add_reader(sock, is_readable.set)
    try:
        await is_readable.wait()
    finally:
        loop.remove_reader(sock)
