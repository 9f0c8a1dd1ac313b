"""Defines the interface of a stream client's connection, over a socket or to an application in this process.

Connections have no thread of their own: pings are answered only while `receive` runs.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import NamedTuple, Protocol

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
