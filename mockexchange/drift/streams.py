"""Checks the order of a recorded stream's frames, by the rules for live streams."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from sys import intern
from types import MappingProxyType
from typing import Any

from mockexchange.drift.deviations import Deviation, Kind, Level
from mockexchange.drift.recorded_lines import RecordedFrame
from mockexchange.importing.recorded_answers import CLOSE, OPEN
from mockexchange.kit.streaming import rules
from mockexchange.kit.streaming.protocol import StreamMessage, StreamProtocol
from mockexchange.kit.streaming.recorded_stream import SentCommand

FRAMES_MAX = 200_000
"""The most frames of open streams that are held to check their order: some hundred bytes each, without the content."""
RULES = {
    "acknowledgements": rules.acks,
    "numbers of subscriptions": rules.sids,
    "acknowledgements before data": rules.acks_first,
    "nothing after the end of a subscription": rules.silence,
    "sequence numbers": rules.numbers,
}
NEED_ALL = "acknowledgements"
"""The rule that needs all frames of a stream: an acknowledgement may come at any later time."""
STREAM = "stream"
NO_CONTENT: Mapping[str, Any] = MappingProxyType({})


@dataclass(slots=True)
class _Entry:
    """A frame of the client, as `rules.SentEntry` wants it."""

    sent: SentCommand | None
    """The command in the frame; None if it has none."""


@dataclass(slots=True)
class FrameOrder:
    """The frames of one recorded stream, in the form that the rules for streams use."""

    protocol: StreamProtocol
    messages: list[StreamMessage] = field(default_factory=list)
    entries: list[_Entry] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    first_at: int = 0
    is_whole: bool = True
    """Whether no frame is missing so far. Later ones are not checked if one is."""
    is_cut: bool = False
    """Whether later frames are not held."""

    @property
    def held(self) -> int:
        return len(self.messages) + len(self.entries)

    def add_frame(self, frame: RecordedFrame) -> None:
        """Add a frame of either side. A frame whose text was not recorded ends what can be checked."""
        self.first_at = self.first_at or frame.at
        if frame.text is None:
            self.is_whole = False
        elif frame.is_sent:
            self.entries.append(_Entry(_command(frame.text)))
        else:
            message = self.protocol.read(frame.text.encode())
            self.lines.append(frame.line)
            self.messages.append(message._replace(name=intern(message.name), body=NO_CONTENT, frame=NO_CONTENT))

    def deviations(self) -> Iterator[tuple[int, Deviation]]:
        """Yield the first violation of each rule, with the number of its line in the file."""
        for name, rule in RULES.items() if self.is_whole and self.messages else ():
            broken = None if self.is_cut and name == NEED_ALL else next(iter(rule(self)), None)
            if broken is not None:
                line = self.lines[max(0, min(broken.number, len(self.lines)) - 1)]
                yield line, Deviation(Level.TWIN, Kind.ORDER, STREAM, name, broken.seen, broken.expected)


@dataclass(slots=True)
class OpenStreams:
    """The recorded streams that are not closed yet, whose frames are limited together."""

    streams: dict[int, FrameOrder] = field(default_factory=dict)
    """By connection number."""
    beyond: int = 0
    """The number of frames whose order is not checked, since too many are held."""
    _held: int = 0
    _closed: set[int] = field(default_factory=set)

    def add_frame(self, frame: RecordedFrame, protocol: StreamProtocol) -> FrameOrder | None:
        """Add a frame; return the order of its stream if the frame closes it. Frames after that are not checked."""
        if frame.kind == OPEN:
            self._closed.discard(frame.connection)
        if frame.connection in self._closed:
            return None
        stream = self.streams.setdefault(frame.connection, FrameOrder(protocol))
        if frame.kind == CLOSE:
            self._closed.add(frame.connection)
            self._held -= stream.held
            return self.streams.pop(frame.connection)
        if not frame.kind and stream.is_whole:
            stream.is_cut |= self._held >= FRAMES_MAX
            if stream.is_cut:  # from here on: a gap would look like a broken order
                self.beyond += 1
            else:
                before = stream.held
                stream.add_frame(frame)
                self._held += stream.held - before
        return None


def _command(text: str) -> SentCommand | None:
    """Return what a command of a client asks for; None if it is none."""
    try:
        command: Any = json.loads(text)
        params = command.get("params") or {}
        channels, sids = params.get("channels") or (), params.get("sids") or ()
        name = str(command.get("cmd") or command.get("method") or "")
        subscribed = tuple(map(str, channels)) if name == "subscribe" else ()
        number = command.get("id")
        return SentCommand(number if isinstance(number, int) else None, name, b"", subscribed, tuple(sids))
    except (ValueError, AttributeError, TypeError):
        return None
