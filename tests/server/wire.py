"""Bytes on a real socket: requests said exactly as given, replies read exactly as they came."""

import socket
import ssl
from collections.abc import Iterator
from types import TracebackType
from typing import NamedTuple

from tests.helpers.patience import PATIENCE_S

ADDRESS = "127.0.0.1"


class Reply(NamedTuple):
    """`headers` by lower-case name; a status of 0 means that the connection ended without an answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def diagnosis(self) -> str:
        return self.headers.get("x-mock-diagnosis", "")


NO_REPLY = Reply(0, {}, b"")


class Connection:
    """One client connection, closed at the end of its `with` block; over TLS with somebody to trust."""

    def __init__(self, port: int, trust: ssl.SSLContext | None = None) -> None:
        plain = socket.create_connection((ADDRESS, port), timeout=PATIENCE_S)
        self._socket = trust.wrap_socket(plain, server_hostname=ADDRESS) if trust else plain
        self._stream = self._socket.makefile("rb")

    def __enter__(self) -> "Connection":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()
        self._socket.close()

    def send(self, raw: bytes) -> None:
        self._socket.sendall(raw)

    def end(self) -> None:
        """Say that nothing more will be sent; replies can still be read."""
        self._socket.shutdown(socket.SHUT_WR)

    def read(self, *, is_head: bool = False) -> Reply:
        """Read one reply; NO_REPLY when the server has closed the connection."""
        try:
            line = self._stream.readline()
        except ConnectionResetError:
            return NO_REPLY
        if not line:
            return NO_REPLY
        status = int(line.split()[1])
        headers = self._read_headers()
        if headers.get("transfer-encoding") == "chunked":
            return Reply(status, headers, b"".join(self._read_chunks()))
        size = 0 if is_head else int(headers.get("content-length", 0))
        return Reply(status, headers, self._stream.read(size))

    def read_rest(self) -> bytes:
        """Read until the server closes the connection."""
        try:
            return self._stream.read()
        except ConnectionResetError:
            return b""

    def ask(self, raw: bytes, *, is_head: bool = False) -> Reply:
        self.send(raw)
        return self.read(is_head=is_head)

    def _read_chunks(self) -> Iterator[bytes]:
        while size := int(self._stream.readline(), 16):
            yield self._stream.read(size)
            self._stream.readline()
        self._stream.readline()

    def _read_headers(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        while line := self._stream.readline().rstrip(b"\r\n"):
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        return headers


def ask(port: int, raw: bytes, *, is_head: bool = False) -> Reply:
    """Say something on a connection of its own and read one reply."""
    with Connection(port) as connection:
        return connection.ask(raw, is_head=is_head)


def request(method: str, target: str | bytes, headers: dict[str, str] | None = None, body: bytes = b"") -> bytes:
    """An ordinary HTTP/1.1 request."""
    return head(method, target, list((headers or {}).items()), len(body)) + body


def head(
    method: str, target: str | bytes, headers: list[tuple[str, str | bytes]] | list[tuple[str, str]], length: int = 0
) -> bytes:
    """A request's head, its headers in order and as often as given."""
    raw_target = target if isinstance(target, bytes) else target.encode("latin-1")
    lines = [b"%s %s HTTP/1.1" % (method.encode(), raw_target), b"Host: " + ADDRESS.encode()]
    lines += [b"%s: %s" % (name.encode("latin-1"), _raw(value)) for name, value in headers]
    lines += [b"Content-Length: %d" % length] if length else []
    return b"\r\n".join(lines) + b"\r\n\r\n"


def _raw(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("latin-1")
