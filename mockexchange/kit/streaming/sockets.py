"""Connects stream clients over a blocking socket, without a thread, by the Sans-I/O protocol of `websockets`."""

import socket
import ssl
import time
from collections import deque
from collections.abc import Mapping

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake, InvalidStatus, InvalidURI
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.uri import WebSocketURI, parse_uri

from mockexchange.kit.streaming.connection import ABNORMAL, Arrival, FrameType, HandshakeRefused
from mockexchange.kit.target import Unreachable

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
