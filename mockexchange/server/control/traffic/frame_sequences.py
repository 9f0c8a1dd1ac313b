"""Finds the gaps in the numbers of streams: for each journalled frame, how many numbers a client misses before it."""

import asyncio
from collections import deque
from itertools import islice
from typing import Any, NamedTuple

from mockexchange.sandbox.journal import FrameEntry, Journal
from mockexchange.sandbox.journal_json import counts_of
from mockexchange.server.control.turns import in_turns


class NumberedFrame(NamedTuple):
    """A journalled frame with its number, and what its text has of `sid` and `seq`."""

    number: int
    frame: FrameEntry
    sid: int | None
    seq: int | None
    missing: int
    """How many numbers of `seq` a reader of the subscription misses before it; -1 if its number came before."""

    def get(self, name: str) -> Any:
        """Return what the frame has under a name; None if it has nothing."""
        return getattr(self if name in self._fields else self.frame, name, None)


class FrameSequences:
    """The kept frames of one journal with their gaps. Each frame is read once, at the first call after it came."""

    def __init__(self) -> None:
        self._frames: deque[NumberedFrame] = deque()
        self._read = 0
        """The number of the last frame that was read."""
        self._last: dict[int, dict[int, int]] = {}
        """The last `seq` by stream and subscription."""
        self._turn = asyncio.Lock()

    async def kept(self, journal: Journal) -> list[NumberedFrame]:
        """Return the kept frames, oldest first."""
        async with self._turn:
            if self._read < journal.frame_count - len(journal.frames):
                self._last.clear()  # frames were dropped unread: what they were numbered is not known
                self._read = journal.frame_count - len(journal.frames)
            fresh = list(islice(reversed(journal.frames), journal.frame_count - self._read))
            async for frame in in_turns(reversed(fresh)):
                self._read += 1
                self._frames.append(self._numbered(self._read, frame))
            first = journal.frame_count - len(journal.frames) + 1
            while self._frames and self._frames[0].number < first:
                self._frames.popleft()
            return list(self._frames)

    def _numbered(self, number: int, frame: FrameEntry) -> NumberedFrame:
        counts = counts_of(frame)
        sid, seq = counts["sid"], counts["seq"]
        if frame.kind == "close":
            self._last.pop(frame.connection, None)
        if frame.direction != "out" or sid is None or seq is None:
            return NumberedFrame(number, frame, sid, seq, 0)
        last = self._last.setdefault(frame.connection, {})
        before = last.get(sid, seq - 1)
        last[sid] = max(before, seq)
        return NumberedFrame(number, frame, sid, seq, seq - before - 1 if seq > before else -1)
