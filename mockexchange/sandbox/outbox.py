"""What waits to be sent to one client: bounded, so that a client which never reads costs a fixed amount at most."""

from collections import deque

OUTBOX_BYTES_MAX = 4 * 1024 * 1024
"""Some 15,000 frames: a scenario's burst fits, a client that never reads does not take the machine."""


class Outbox:
    """Raw frames in order. What does not fit is refused, but for what has to be said (`force`)."""

    __slots__ = ("_frames", "bytes_max", "size_bytes")

    def __init__(self, bytes_max: int = OUTBOX_BYTES_MAX) -> None:
        self._frames: deque[bytes] = deque()
        self.bytes_max = bytes_max
        self.size_bytes = 0

    def __len__(self) -> int:
        return len(self._frames)

    @property
    def is_full(self) -> bool:
        return self.size_bytes >= self.bytes_max

    @property
    def has_room(self) -> bool:
        """Whether it is at most half full: what waited for room need not wait any more."""
        return self.size_bytes * 2 <= self.bytes_max

    def put(self, raw: bytes) -> bool:
        """Take a frame in; False where there is no room for it."""
        if self.size_bytes + len(raw) > self.bytes_max:
            return False
        self.force(raw)
        return True

    def force(self, raw: bytes) -> None:
        """Take a frame in whatever the size: answers to commands, which stop being read while it is full."""
        self._frames.append(raw)
        self.size_bytes += len(raw)

    def clear(self) -> None:
        """Throw away what waits."""
        self._frames.clear()
        self.size_bytes = 0

    def take(self, bytes_max: int) -> list[bytes]:
        """Take frames out, oldest first, until `bytes_max` are reached or none is left."""
        taken, size_bytes = [], 0
        while self._frames and size_bytes < bytes_max:
            raw = self._frames.popleft()
            taken.append(raw)
            size_bytes += len(raw)
        self.size_bytes -= size_bytes
        return taken
