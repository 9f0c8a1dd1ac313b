"""Checks the order of a recorded stream's frames, by the rules for live streams."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from mockexchange.drift.deviations import Deviation, Kind, Level
from mockexchange.drift.recorded_lines import RecordedFrame
from mockexchange.kit.streaming import rules
from mockexchange.kit.streaming.protocol import StreamMessage, StreamProtocol
from mockexchange.kit.streaming.recorded_stream import SentCommand

FRAMES_MAX = 200_000
"""The most frames of a stream that are checked, since their envelopes are kept in memory."""
RULES = {
    "acknowledgements": rules.acks,
    "numbers of subscriptions": rules.sids,
    "acknowledgements before data": rules.acks_first,
    "nothing after the end of a subscription": rules.silence,
    "sequence numbers": rules.numbers,
}
STREAM = "stream"


@dataclass(slots=True)
class _Entry:
    sent: SentCommand | None


@dataclass(slots=True)
class FrameOrder:
    """The frames of one recorded stream, in the form that the rules for streams use."""

    protocol: StreamProtocol
    messages: list[StreamMessage] = field(default_factory=list)
    entries: list[_Entry] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    first_at: int = 0
    is_whole: bool = True
    """Whether no frame is missing so far."""

    def add_frame(self, frame: RecordedFrame) -> None:
        """Add a frame. If the recording has left out a frame, the order of later ones is not checked."""
        if frame.kind or not self.is_whole:
            return
        self.first_at = self.first_at or frame.at
        if frame.text is None or len(self.messages) >= FRAMES_MAX:
            self.is_whole = frame.text is not None
            return
        if frame.is_sent:
            self.entries.append(_Entry(_command(frame.text)))
        else:
            self.lines.append(frame.line)
            self.messages.append(self.protocol.read(frame.text.encode())._replace(body={}, frame={}))

    def deviations(self) -> Iterator[tuple[int, Deviation]]:
        """Yield the first violation of each rule, with the number of its line in the file."""
        for name, rule in RULES.items() if self.is_whole and self.messages else ():
            broken = next(iter(rule(self)), None)
            if broken is not None:
                line = self.lines[max(0, min(broken.number, len(self.lines)) - 1)]
                yield line, Deviation(Level.TWIN, Kind.ORDER, STREAM, name, broken.seen, broken.expected)


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
