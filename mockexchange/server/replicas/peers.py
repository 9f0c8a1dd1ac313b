"""The protocol between the servers of one database: all others connect to the home, the server that writes.

The home greets each server that connects. Then the other server sends the kind of the connection: it either carries a
client's connection, whose bytes are copied, or messages in both directions. A server that is not the home does not
greet, so requests reach only a home. Where there is none, clients get a 503, so that none reads an old state.
"""

import json
import struct
from typing import NamedTuple

import msgspec
from starlette.types import Scope, Send

from mockexchange.server.workers.mailbox import Message

GREETING = b"mockexchange home\n"
CONNECTION = b"connection"
MESSAGES = b"messages"
LINE_BYTES_MAX = 4 * 1024
MESSAGE_BYTES_MAX = 64 * 1024 * 1024
LENGTH = struct.Struct(">I")
_ENCODER = msgspec.msgpack.Encoder()
_DECODER: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(Message)
STATUS = 503
NO_HOME = "no server of this database has become its home yet: ask again in a few seconds"


class Address(NamedTuple):
    """The host and port at which other servers reach a server."""

    host: str
    port: int

    @classmethod
    def read(cls, text: str) -> "Address":
        """Parse HOST:PORT. Raises ValueError."""
        host, colon, port = text.rpartition(":")
        if not (colon and host and port.isdecimal() and 0 < int(port) < 1 << 16):
            raise ValueError(f"expected HOST:PORT, such as mock1:8601, got {text!r}")
        return cls(host.removeprefix("[").removesuffix("]"), int(port))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def announcement(kind: bytes, token: str) -> bytes:
    """Return the first line that a server sends to the home: the kind of the connection, and the token."""
    return b"%s %s\n" % (kind, token.encode())


def encoded(message: Message) -> bytes:
    """Return the bytes of a message, after its length."""
    raw = _ENCODER.encode(message)
    return LENGTH.pack(len(raw)) + raw


class MessageReader:
    """Splits received bytes into messages."""

    def __init__(self) -> None:
        self._bytes = b""

    def feed(self, data: bytes) -> list[Message]:
        """Add received bytes; return the messages that are complete now.

        Raises ValueError for bytes that are no message.
        """
        self._bytes += data
        found: list[Message] = []
        while len(self._bytes) >= LENGTH.size:
            (size,) = LENGTH.unpack_from(self._bytes)
            if size > MESSAGE_BYTES_MAX:
                raise ValueError(f"a message of {size:,} bytes")
            end = LENGTH.size + size
            if len(self._bytes) < end:
                break
            try:
                found.append(_DECODER.decode(self._bytes[LENGTH.size : end]))
            except msgspec.MsgspecError as error:  # which is a ValueError from msgspec 0.21 on
                raise ValueError(str(error)) from None
            self._bytes = self._bytes[end:]
        return found


# --- refusals


def _parts(reason: str) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    body = json.dumps({"error": {"code": "store_unavailable", "message": reason}}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"x-mock-exchange", b"1"),
        (b"x-mock-diagnosis", reason.encode("ascii", "replace")),
        (b"retry-after", b"1"),
    ]
    return body, headers


def refusal(reason: str) -> bytes:
    """Return the bytes of a 503 answer with a reason. The server closes the connection after it."""
    body, headers = _parts(reason)
    lines = [b"%s: %s\r\n" % header for header in [*headers, (b"connection", b"close")]]
    return b"HTTP/1.1 503 Service Unavailable\r\n" + b"".join(lines) + b"\r\n" + body


async def send_refusal(scope: Scope, send: Send, reason: str) -> None:
    """Answer 503 to an ASGI request, which is an HTTP request or the handshake of a stream."""
    kind = "websocket.http.response" if scope["type"] == "websocket" else "http.response"
    body, headers = _parts(reason)
    await send({"type": f"{kind}.start", "status": STATUS, "headers": headers})
    await send({"type": f"{kind}.body", "body": b"" if scope.get("method") == "HEAD" else body})
