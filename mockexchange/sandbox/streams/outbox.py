"""The queue of frames that wait for one client; its size is limited, so that a client that never reads costs little."""

from collections import deque

OUTBOX_BYTES_MAX = 4 * 1024 * 1024
"""The most bytes in a queue, some 15,000 frames: enough for the burst of a scenario."""


class OutboxTotal:
    """The total size of the queues of several clients, in bytes."""

    __slots__ = ("size_bytes",)

    def __init__(self) -> None:
        self.size_bytes = 0


class Outbox:
    """The queue of raw frames to one client. `put` refuses a frame that does not fit, `force` always accepts it."""

    __slots__ = ("_frames", "bytes_max", "size_bytes", "total")

    def __init__(self, bytes_max: int = OUTBOX_BYTES_MAX, total: OutboxTotal | None = None) -> None:
        self._frames: deque[bytes] = deque()
        self.bytes_max = bytes_max
        self.size_bytes = 0
        self.total = total
        """The total that the frames count in; None if they count in none."""

    def __len__(self) -> int:
        return len(self._frames)

    @property
    def is_full(self) -> bool:
        return self.size_bytes >= self.bytes_max

    @property
    def has_room(self) -> bool:
        """Whether the queue is at most half full, so that a waiting writer can continue."""
        return self.size_bytes * 2 <= self.bytes_max

    def put(self, raw: bytes) -> bool:
        """Append a frame to the queue; return False if there is no room for it."""
        if self.size_bytes + len(raw) > self.bytes_max:
            return False
        self.force(raw)
        return True

    def force(self, raw: bytes) -> None:
        """Append a frame even if the queue is full.

        Answers to commands are appended by this function. They cannot pile up: no command is read while the queue is
        full.
        """
        self._frames.append(raw)
        self.size_bytes += len(raw)
        if self.total is not None:
            self.total.size_bytes += len(raw)

    def clear(self) -> None:
        """Drop all frames of the queue."""
        if self.total is not None:
            self.total.size_bytes -= self.size_bytes
        self._frames.clear()
        self.size_bytes = 0

    def leave_total(self) -> None:
        """Exclude this queue from the total size of several clients' queues."""
        if self.total is not None:
            self.total.size_bytes -= self.size_bytes
            self.total = None

    def pop_frames(self, bytes_max: int) -> list[bytes]:
        """Remove frames from the queue, the oldest first, and return them; stop when they have `bytes_max` bytes."""
        taken, size_bytes = [], 0
        while self._frames and size_bytes < bytes_max:
            raw = self._frames.popleft()
            taken.append(raw)
            size_bytes += len(raw)
        self.size_bytes -= size_bytes
        if self.total is not None:
            self.total.size_bytes -= size_bytes
        return taken
