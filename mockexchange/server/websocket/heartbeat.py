"""Sends a ping when a stream is quiet, and waits for the pong, with one timer of host time for each stream.

The venue pings quiet streams only: 8 times in 90 seconds of silence, never in 75 seconds with 1,712 frames. Frames are
far more frequent than pings, so sending a frame does not move the timer: it records the time, and the timer checks
that.
"""

import asyncio
from typing import Protocol

PAYLOAD = b"heartbeat"
"""The payload of the venue's pings, as captured."""
MICROSECONDS = 1_000_000


class Pinged(Protocol):
    """A stream that gets pings. `sent_at_s` is the time of the last frame sent, on the event loop's clock."""

    sent_at_s: float

    @property
    def has_unread(self) -> bool:
        """Return whether received bytes are not parsed yet. The pong may be among them."""
        ...

    def ping(self) -> None: ...

    def give_up(self) -> None:
        """End the stream, because the client sent no pong in time."""
        ...


class Heartbeat:
    """Sends pings while a stream is quiet, and ends the stream if no pong comes in time.

    `quiet_us` and `pong_us` are host time. With `quiet_us` 0 no pings are sent; with `pong_us` 0 pongs have no
    deadline.
    """

    def __init__(self, quiet_us: int, pong_us: int, wire: Pinged, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._quiet_s, self._pong_s = quiet_us / MICROSECONDS, pong_us / MICROSECONDS
        self._wire = wire
        self._timer: asyncio.TimerHandle | None = None
        self._is_awaited, self._pinged_at_s = False, 0.0
        wire.sent_at_s = self._loop.time()
        self._wait(self._quiet_s)

    def note_pong(self, payload: bytes) -> None:
        """Process a pong of the client; unsolicited pongs are ignored."""
        if self._is_awaited and payload == PAYLOAD:
            self._is_awaited = False
            self._wait(self._left_s())

    def stop(self) -> None:
        """Send no more pings, and wait for no pong."""
        self._quiet_s = 0.0
        self._cancel()

    def _cancel(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = None

    def _wait(self, duration_s: float) -> None:
        self._cancel()
        if self._quiet_s:
            self._timer = self._loop.call_later(duration_s, self._look)

    def _left_s(self) -> float:
        """Return the seconds of silence that are left until the next ping."""
        return self._quiet_s - (self._loop.time() - self._wire.sent_at_s)

    def _look(self) -> None:
        left_s = self._left_s()
        if self._is_awaited:
            self._miss_pong()
        elif left_s > 0:
            self._wait(left_s)
        else:
            self._wire.ping()
            self._wire.sent_at_s = self._pinged_at_s = self._loop.time()
            self._is_awaited = self._pong_s > 0
            self._wait(self._pong_s or self._quiet_s)

    def _miss_pong(self) -> None:
        """Check the deadline of the pong; it is extended as long as a slow client reads what is sent."""
        sent_at_s = self._wire.sent_at_s
        if sent_at_s > self._pinged_at_s and self._wire.has_unread:
            self._pinged_at_s = sent_at_s
            self._wait(self._pong_s)
        else:
            self._wire.give_up()
