"""Reads the frames of a recording's streams, up to a limit, and counts those that are not compared by the reason."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from mockexchange.venues.registry import venue_at, venue_of

OPEN, CLOSE = "open", "close"
CONTROL = ("ping", "pong")
CHARS_MAX = 16 * 1024 * 1024
"""The most characters of frames that are held, about 60,000 frames."""


class StreamLine(NamedTuple):
    """A recorded message of a stream (`kind` is not "close"), or its closing. `at` is in microseconds."""

    line: int
    at: int
    connection: int
    is_sent: bool
    """Whether the client sent it."""
    kind: str
    text: str


@dataclass(slots=True)
class RecordedStreams:
    """The frames of the streams in a recording, in the file's order."""

    lines: list[StreamLine] = field(default_factory=list)
    venues: dict[int, str] = field(default_factory=dict)
    """The venue of each stream, by the number of its connection."""
    _chars: int = 0

    def open(self, connection: int | None, path: str) -> None:
        """Note the path at which a stream was opened."""
        if connection is not None:
            self.venues[connection] = venue_at(path).name

    def of(self, venue: str) -> list[StreamLine]:
        """Return the lines of a venue's streams."""
        return [one for one in self.lines if self.venues[one.connection] == venue]

    def take(self, line: dict[str, Any], number: int) -> str:
        """Hold a line; return why its frame is not compared, "" if it is."""
        kind = str(line.get("kind", ""))
        why = self._why_not(line, kind)
        if not why and kind not in (OPEN, *CONTROL):
            text = str(line["frame"] or "")
            self._chars += len(text)
            is_sent = line["direction"] == "in"
            self.lines.append(StreamLine(number, int(line["at_us"]), line["connection"], is_sent, kind, text))
        return why

    def _why_not(self, line: dict[str, Any], kind: str) -> str:
        venue = self.venues.get(line.get("connection", 0))
        if venue is None:
            return "frames of streams whose opening was not recorded"
        if venue_of(venue).rest.rpc_call_of is not None:
            return f"frames of streams of {venue}"
        if kind in (OPEN, CLOSE, *CONTROL):
            return ""
        if line.get("note") or line.get("fault") is not None or line["direction"] not in ("in", "out"):
            return "frames that the proxy or a fault made"
        if line["frame"] is None:
            return "frames whose text was left out"
        return "" if self._chars <= CHARS_MAX else f"frames after the first {CHARS_MAX} characters of frames"
