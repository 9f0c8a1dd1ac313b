"""Defines the protocol between the servers of one database: all others connect to the home, the server that writes.

The home greets each server that connects. Then the other server sends the kind of the connection: it either carries a
client's connection, whose bytes are copied, or messages in both directions. A server that is not the home does not
greet, so requests reach only a home.
"""

import asyncio
import hmac
import struct
from collections.abc import Callable
from typing import Any

import msgspec

from mockexchange.server.workers.mailbox import Message

GREETING = b"mockexchange home\n"
CONNECTION = b"connection"
MESSAGES = b"messages"
LINE_BYTES_MAX = 4 * 1024
MESSAGE_BYTES_MAX = 64 * 1024 * 1024
LENGTH = struct.Struct(">I")
_ENCODER = msgspec.msgpack.Encoder()
_DECODER: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(Message)


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


Take = Callable[[Message, Callable[[Message], object]], object]
"""A function that is called with a received message, and with a function that sends a message back."""


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
