"""Buffers the lines of a recording, so that their traffic is passed on first. They are written in order.

Redacting a frame takes several times as long as passing it on, so a burst of frames is passed on first. No line waits
longer than a second, and when some megabytes are waiting, streams are not read until the lines are written.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from mockexchange.recording.recording_file import Exchanged, RecordingFile

AGE_S_MAX, BYTES_MAX = 1.0, 16 * 1024 * 1024
PAUSE_S, SLICE_S = 0.02, 0.01
"""The pause between two slices of writing, and a slice's length: while frames arrive, a third of the time."""


class _Waiting(NamedTuple):
    since: float
    size: int
    write: Callable[[], None]


class LateLines:
    """The lines of one recording that wait until they are redacted and written."""

    def __init__(self, file: RecordingFile) -> None:
        self.file = file
        self._waiting: deque[_Waiting] = deque()
        self._size = 0
        self._timer: asyncio.TimerHandle | None = None

    def add_request(self, found: Exchanged) -> None:
        """Write a request with its answer. It has to wait if older lines are waiting. Raises OSError."""
        if self._waiting:
            self._add(len(found.answer), partial(self.file.add_request, found))
        else:
            self.file.add_request(found)

    def add_frame(self, connection: int, direction: str, raw: bytes, *, kind: str = "", note: str = "") -> None:
        """Add a message of a stream, or its opening or closing, to the waiting lines. Its time is the current time."""
        at, monotonic_ns = time.time_ns() // 1000, time.monotonic_ns()
        add = partial(self.file.add_frame, connection, direction, raw, kind=kind, note=note, at=at, is_flushed=False)
        self._add(len(raw), partial(add, monotonic_us=monotonic_ns // 1000))

    async def keep_up(self) -> None:
        """Write the oldest lines until none is too old and not too many wait. Raises OSError."""
        while self._waiting and (self._size > BYTES_MAX or self._waiting[0].since + AGE_S_MAX < time.monotonic()):
            self._write_until(time.monotonic() + SLICE_S)
            await asyncio.sleep(0)
        self.file.flush()

    def write_all(self) -> None:
        """Write all waiting lines. Raises OSError."""
        self._write_until(float("inf"))

    def _add(self, size: int, write: Callable[[], None]) -> None:
        self._waiting.append(_Waiting(time.monotonic(), size, write))
        self._size += size
        self._arm()

    def _arm(self) -> None:
        if self._timer is None and self._waiting:
            self._timer = asyncio.get_running_loop().call_later(PAUSE_S, self._write_some)

    def _write_some(self) -> None:
        self._timer = None
        try:
            self._write_until(time.monotonic() + SLICE_S)
        except OSError:
            self._waiting.clear()
            self._size = 0  # the file has the reason: streams end with it, and so does the recording
        self._arm()

    def _write_until(self, deadline: float) -> None:
        while self._waiting and time.monotonic() < deadline:
            found = self._waiting.popleft()
            self._size -= found.size
            found.write()
        self.file.flush()
