"""What carries a stream for whoever judges it: commands out, and whatever arrives, with the time at which it was read.

Nothing runs beside the caller: pings are answered, and arrivals timed, while somebody reads.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import NamedTuple, Protocol

ABNORMAL = 1006
"""What an end without a close frame is called (RFC 6455, 7.1.5)."""


class FrameType(StrEnum):
    TEXT = "text"
    BINARY = "binary"
    PING = "ping"
    PONG = "pong"
    CLOSE = "close"


class Arrival(NamedTuple):
    """`code` is of a close alone."""

    type: FrameType
    raw: bytes
    code: int = 0


class HandshakeRefused(Exception):
    """The server answered instead of upgrading."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(f"status {status}: {body[:200].decode('utf-8', 'replace')}")
        self.status, self.body = status, body


class StreamConnection(Protocol):
    """`has_pings`: whether pings and closes are carried as they are."""

    has_pings: bool

    def send(self, raw: bytes, *, is_binary: bool = False) -> None:
        """Raises Unreachable where the connection is gone."""
        ...

    def ping(self, payload: bytes) -> None: ...

    def receive(self, timeout_s: float) -> Arrival | None:
        """Return the next arrival, None where nothing came in time; after the end always that end."""
        ...

    def close(self) -> None:
        """Say good-bye; the answer to it arrives as a close."""
        ...

    def drop(self) -> None:
        """Let go of the connection, whatever its state."""
        ...


Connect = Callable[[str, Mapping[str, str], float], StreamConnection]
"""Open a stream: URL, headers, seconds that it may take. Raises HandshakeRefused and Unreachable."""
