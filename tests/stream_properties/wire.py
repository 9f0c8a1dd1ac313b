"""A wire in place of a socket, which a client reads or leaves unread."""

from typing import Any

from mockexchange.sandbox.streams import Connection


class Reading:
    """A wire whose client reads on request, or at once."""

    def __init__(self) -> None:
        self.connection: Connection | None = None
        self.frames: list[bytes] = []
        self.is_slow = False
        self.is_open = True

    def flush(self) -> None:
        if self.connection is not None and not self.is_slow:
            self.frames += self.connection.outbox.pop_frames(1 << 40)

    def close(self, code: int, reason: str = "") -> None:
        self.is_open = False

    def abort(self) -> None:
        self.is_open = False

    def drop(self) -> None:
        self.is_open = False

    def stall(self) -> None:
        self.is_slow = True

    def call_later(self, delay_us: int, callback: Any) -> Any:
        raise AssertionError("nothing here is delayed")
