"""Sends pings when a stream is quiet, and waits for the pong: with timers of host time, one at a time for each stream.

The venue pings a quiet stream only: 8 times in 90 seconds of silence, never in 75 seconds with 1,712 frames. Sending is
far more frequent than pinging, so a sent frame moves no timer: it only records its time, which the timer checks.
"""

import asyncio
from typing import Protocol

PAYLOAD = b"heartbeat"
"""The payload of the venue's pings, as captured."""
MICROSECONDS = 1_000_000


class Pinged(Protocol):
    """A stream to which pings are sent. `sent_at_s` is the time of the last frame sent, on the loop's clock."""

    sent_at_s: float

    @property
    def has_unread(self) -> bool:
        """Return whether received bytes are not parsed yet; the pong may be among them."""
        ...

    def ping(self) -> None: ...

    def give_up(self) -> None:
        """End the stream of a client that sent no pong in time."""
        ...


class Heartbeat:
    """Sends pings to a quiet stream, and ends it without a pong in time; times are microseconds of host time.

    A quiet time of 0 turns pings off; a pong time of 0 turns the deadlines off.
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
        """Send no more pings, and do not wait for a pong any more."""
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
