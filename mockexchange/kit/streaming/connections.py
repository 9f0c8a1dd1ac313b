"""Connects stream clients, over a socket or to an application in this process.

Connections have no thread of their own: pings are answered only while `receive` runs.
"""

import queue
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

import anyio
from anyio.from_thread import BlockingPortal
from starlette.types import ASGIApp, Message
from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake, InvalidStatus, InvalidURI
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.uri import WebSocketURI, parse_uri

from mockexchange.kit.target import Unreachable

# The interface of a connection


ABNORMAL = 1006
"""The close code of a connection that ended without a close frame (RFC 6455, 7.1.5)."""


class FrameType(StrEnum):
    """The type of a WebSocket frame."""

    TEXT = "text"
    BINARY = "binary"
    PING = "ping"
    PONG = "pong"
    CLOSE = "close"


class Arrival(NamedTuple):
    """A received frame; `code` is the close code, and 0 for other frames."""

    type: FrameType
    raw: bytes
    code: int = 0


class HandshakeRefused(Exception):
    """Raised if the server answers a handshake with a status other than 101."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(f"status {status}: {body[:200].decode('utf-8', 'replace')}")
        self.status, self.body = status, body


class StreamConnection(Protocol):
    """The interface of an open WebSocket connection. It is read only while the caller waits in `receive`."""

    has_pings: bool
    """Whether pings and close frames reach the other side."""

    def send(self, raw: bytes, *, is_binary: bool = False) -> None:
        """Send a message. Raises Unreachable if the connection is closed."""
        ...

    def ping(self, payload: bytes) -> None: ...

    def receive(self, timeout_s: float) -> Arrival | None:
        """Return the next frame; None if none came in time.

        After the end of the connection, return its close frame again.
        """
        ...

    def close(self) -> None:
        """Send a close frame. `receive` then returns the close frame of the other side."""
        ...

    def drop(self) -> None:
        """Close the connection in any state, without a close frame."""
        ...


Connect = Callable[[str, Mapping[str, str], float], StreamConnection]
"""A function that opens a stream, given URL, headers and timeout in seconds.

Raises HandshakeRefused and Unreachable.
"""


# Over a socket: blocking, without a thread, by the Sans-I/O protocol of `websockets`


FRAME_BYTES_MAX = 16 * 1024 * 1024
"""The largest frame in bytes, more than any order book needs; a larger one is a server error."""
READ_BYTES = 65_536
SEND_S = 10.0
"""The timeout in seconds for sending to a server that reads nothing."""
FRAME_TYPES = {
    Opcode.TEXT: FrameType.TEXT,
    Opcode.BINARY: FrameType.BINARY,
    Opcode.PING: FrameType.PING,
    Opcode.PONG: FrameType.PONG,
}


def connect_socket(url: str, headers: Mapping[str, str], timeout_s: float) -> "SocketConnection":
    """Open a stream at a ws:// or wss:// URL. Raises HandshakeRefused and Unreachable."""
    try:
        uri = parse_uri(url)
        sock = socket.create_connection((uri.host, uri.port), timeout_s)
    except (InvalidURI, OSError) as error:
        raise Unreachable(f"{url}: no connection: {error}") from None
    connection = SocketConnection(_secured(sock, uri, url), uri)
    try:
        connection.shake_hands(headers, timeout_s)
    except BaseException:
        connection.drop()
        raise
    return connection


def _secured(sock: socket.socket, uri: WebSocketURI, url: str) -> socket.socket:
    if not uri.secure:
        return sock
    try:
        return ssl.create_default_context().wrap_socket(sock, server_hostname=uri.host)
    except OSError as error:
        sock.close()
        raise Unreachable(f"{url}: no secure connection: {error}") from None


class SocketConnection:
    """A `StreamConnection` over a socket; it answers pings as soon as it reads them."""

    has_pings = True

    def __init__(self, sock: socket.socket, uri: WebSocketURI) -> None:
        self._sock, self._protocol = sock, ClientProtocol(uri, max_size=FRAME_BYTES_MAX)
        self._arrived: deque[Arrival] = deque()
        self._message = bytearray()
        self._type = FrameType.TEXT
        self._end: Arrival | None = None

    def shake_hands(self, headers: Mapping[str, str], timeout_s: float) -> None:
        """Send the handshake. Raises HandshakeRefused and Unreachable."""
        request = self._protocol.connect()
        request.headers.update(headers)
        self._protocol.send_request(request)
        self._write()
        until_s = time.monotonic() + timeout_s
        while self._protocol.state is State.CONNECTING and self._protocol.handshake_exc is None:
            if not self._read(until_s - time.monotonic()):
                raise Unreachable(f"no answer to the handshake within {timeout_s:g} seconds")
        failed = self._protocol.handshake_exc
        if isinstance(failed, InvalidStatus):
            raise HandshakeRefused(failed.response.status_code, bytes(failed.response.body))
        if isinstance(failed, InvalidHandshake | EOFError | OSError):
            raise Unreachable(f"the handshake failed: {failed}")

    def send(self, raw: bytes, *, is_binary: bool = False) -> None:
        if self._end or self._protocol.state is not State.OPEN:
            raise Unreachable("the connection is closed")
        (self._protocol.send_binary if is_binary else self._protocol.send_text)(raw)
        self._write()

    def ping(self, payload: bytes) -> None:
        if self._protocol.state is State.OPEN:
            self._protocol.send_ping(payload)
            self._write()

    def receive(self, timeout_s: float) -> Arrival | None:
        until_s = time.monotonic() + timeout_s
        while not self._arrived and self._end is None:
            if not self._read(until_s - time.monotonic()):
                return None
        return self._arrived.popleft() if self._arrived else self._end

    def close(self) -> None:
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(1000)
            self._write()

    def drop(self) -> None:
        self._sock.close()

    def _write(self) -> None:
        self._sock.settimeout(SEND_S)
        try:
            for data in self._protocol.data_to_send():
                if data:
                    self._sock.sendall(data)
        except OSError:
            self._end_abnormally()

    def _read(self, timeout_s: float) -> bool:
        """Read what is available or arrives in time; return whether anything was read."""
        self._sock.settimeout(max(timeout_s, 0.001))
        try:
            data = self._sock.recv(READ_BYTES)
        except TimeoutError:
            return False
        except OSError:
            data = b""
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        for event in self._protocol.events_received():
            self._receive_event(event)
        self._write()
        if not data:
            self._end_abnormally()
        return True

    def _receive_event(self, event: object) -> None:
        if not isinstance(event, Frame):  # the answer to the handshake
            return
        if event.opcode is Opcode.CLOSE:
            received = self._protocol.close_rcvd
            self._end = Arrival(FrameType.CLOSE, bytes(event.data), received.code if received else ABNORMAL)
        elif event.opcode in (Opcode.PING, Opcode.PONG):
            self._arrived.append(Arrival(FRAME_TYPES[event.opcode], bytes(event.data)))
        else:
            self._receive_data(event)

    def _receive_data(self, frame: Frame) -> None:
        """Add a message, or a fragment of one, to the arrivals."""
        if frame.opcode is not Opcode.CONT:
            self._type = FRAME_TYPES[frame.opcode]
            self._message.clear()
        self._message += frame.data
        if frame.fin:
            self._arrived.append(Arrival(self._type, bytes(self._message)))

    def _end_abnormally(self) -> None:
        self._end = self._end or Arrival(FrameType.CLOSE, b"", ABNORMAL)


# To an application in this process: without sockets and pings


NORMAL = 1000
UNSUBSCRIBED: Message = {"type": "websocket.disconnect", "code": NORMAL}
DROP_S = 10.0
"""The seconds in which an application must notice the end of a connection."""
UNREAD_MAX = 100_000
"""The most messages that wait for an application that reads none."""


def connect_app(app: ASGIApp, portal: BlockingPortal) -> Connect:
    """Return a function that opens streams to an application, in the event loop of `portal`."""

    def connect(url: str, headers: Mapping[str, str], timeout_s: float) -> "AppConnection":
        connection = AppConnection(app, portal, scope_of(url, headers))
        try:
            connection.shake_hands(timeout_s)
        except BaseException:
            connection.drop()
            raise
        return connection

    return connect


class AppConnection:
    """A `StreamConnection` to an application in this process."""

    has_pings = False

    def __init__(self, app: ASGIApp, portal: BlockingPortal, scope: dict[str, Any]) -> None:
        self._portal = portal
        self._from_app: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._end: Arrival | None = None
        self._to_app, recording = anyio.create_memory_object_stream[Message](UNREAD_MAX)
        self._to_app_reader, self._is_end_sent = recording, False
        self._serving = portal.start_task_soon(app, scope, recording.receive, self._collect)

    async def _collect(self, message: Message) -> None:
        self._from_app.put(message)

    def shake_hands(self, timeout_s: float) -> None:
        """Send the handshake. Raises HandshakeRefused and Unreachable."""
        self._put({"type": "websocket.connect"})
        answer = self._next(timeout_s)
        if answer is None:
            raise Unreachable(f"no answer to the handshake within {timeout_s:g} seconds")
        if answer["type"] == "websocket.http.response.start":
            body = self._next(timeout_s) or {}
            raise HandshakeRefused(answer["status"], body.get("body", b""))

    def send(self, raw: bytes, *, is_binary: bool = False) -> None:
        if self._end:
            raise Unreachable("the connection is closed")
        content: Message = {"bytes": raw} if is_binary else {"text": raw.decode()}
        self._put({"type": "websocket.receive", **content})

    def ping(self, payload: bytes) -> None:
        """Do nothing, since a connection without a socket has no pings."""

    def receive(self, timeout_s: float) -> Arrival | None:
        message = None if self._end else self._next(timeout_s)
        if message is None:
            return self._end
        if message["type"] == "websocket.close":
            self._end = Arrival(FrameType.CLOSE, b"", message.get("code", ABNORMAL))
            return self._end
        text = message.get("text")
        return Arrival(FrameType.BINARY, message["bytes"]) if text is None else Arrival(FrameType.TEXT, text.encode())

    def close(self) -> None:
        self._end = self._end or Arrival(FrameType.CLOSE, b"", NORMAL)
        if not self._is_end_sent:
            self._is_end_sent = True
            self._put(UNSUBSCRIBED)

    def drop(self) -> None:
        self.close()
        self._serving.result(DROP_S)
        self._to_app.close()
        self._to_app_reader.close()

    def _put(self, message: Message) -> None:
        self._portal.call(self._to_app.send_nowait, message)

    def _next(self, timeout_s: float) -> Message | None:
        try:
            return self._from_app.get(timeout=max(timeout_s, 0.001))
        except queue.Empty:
            return None


def scope_of(url: str, headers: Mapping[str, str]) -> dict[str, Any]:
    """Return the ASGI scope of a WebSocket handshake at this URL, with these headers."""
    parts = urlsplit(url)
    raw = [(name.lower().encode(), value.encode()) for name, value in {"Host": parts.netloc, **headers}.items()]
    return {
        "type": "websocket",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": parts.scheme,
        "path": parts.path,
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(),
        "headers": raw,
        "subprotocols": [],
        "server": (parts.hostname, parts.port),
        "client": ("127.0.0.1", 0),
        "extensions": {"websocket.http.response": {}},
    }
