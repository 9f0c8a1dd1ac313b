"""Sends the venue's heartbeat, which is off by default, and closes idle streams.

At the end of each interval the venue sends a heartbeat to a client that sent a request during the interval, and a
test_request to any other client. A client has to answer a test_request with public/test before the end of the next
interval; otherwise the stream is closed with 4000 [wire].
"""

from mockexchange.core.instants import MICROSECONDS_PER_SECOND
from mockexchange.venues.frame import Frame

INTERVAL_MIN_S = 10
UNANSWERED = 4000, "heartbeat close"
IDLE = 1000, "idle"
Ending = tuple[int, str]


class Liveness:
    """The heartbeat and the idle timer of one stream. Times are host times in microseconds."""

    def __init__(self, idle_us: int, host_at: int) -> None:
        self._idle_us = idle_us
        self._last_request_at = self._began_at = host_at
        self._interval_us = 0
        self._is_tested = False

    @property
    def due_at(self) -> int | None:
        """Return the host time in microseconds at which a heartbeat or the end of the stream is due; None for never."""
        if self._interval_us:
            return self._began_at + self._interval_us
        return self._last_request_at + self._idle_us if self._idle_us else None

    def note_request(self, host_at: int) -> None:
        self._last_request_at = host_at

    def note_test(self) -> None:
        """Record that the client called public/test, which answers a test_request."""
        self._is_tested = False

    def set_interval(self, seconds: int) -> None:
        """Set the heartbeat interval and restart its timer; 0 turns heartbeats off."""
        self._interval_us = seconds * MICROSECONDS_PER_SECOND
        self._began_at, self._is_tested = self._last_request_at, False

    def wake(self, host_at: int, ending: Ending | None) -> tuple[list[Frame], Ending | None]:
        """Return the frames that are due, and the close code and reason if the stream has to end."""
        due_at = self.due_at
        if ending or due_at is None or host_at < due_at:
            return [], ending
        if not self._interval_us:
            return [], IDLE
        if self._is_tested:
            return [], UNANSWERED
        self._is_tested = self._last_request_at <= self._began_at
        self._began_at = host_at
        return [_heartbeat("test_request" if self._is_tested else "heartbeat")], None


def _heartbeat(kind: str) -> Frame:
    """Return a heartbeat, its keys in the recorded order [wire]."""
    return Frame(f'{{"params":{{"type":"{kind}"}},"method":"heartbeat","jsonrpc":"2.0"}}'.encode(), "heartbeat")
