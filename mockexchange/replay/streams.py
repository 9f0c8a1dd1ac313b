"""The streams of a recording, opened again: commands in at their places in the log, frames out to be compared.

A session knows neither sockets nor faults. So what a fault made, moved or kept back is told from what the session makes
by the mark in the recording: it is skipped here, and what the session makes in its place is set aside.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable

from mockexchange.core.events import Event
from mockexchange.core.exchange import Outcome
from mockexchange.core.refusals import Refusal
from mockexchange.replay.log_replay import Replay
from mockexchange.replay.recording import Plain
from mockexchange.replay.stream_calls import CallReplay, is_touched
from mockexchange.replay.verdicts import Verdict, deviation
from mockexchange.sandbox.journal_json import frame_bytes
from mockexchange.store.log import Record
from mockexchange.venues.frame import Frame
from mockexchange.venues.registry import VENUES
from mockexchange.venues.session import Session
from mockexchange.venues.venue import Venue

OPEN, CLOSE, ERROR, LITERAL = "open", "close", "error", "literal"
NOTHING = "nothing"


class _Stream:
    """One stream: its session, and what it made that the recording has not had yet."""

    def __init__(self, session: Session, venue: Venue) -> None:
        self.session, self.venue = session, venue
        self.made: deque[Frame] = deque()
        self.made_at = 0
        """How long the log was when the newest of them was made."""
        self.touched: Counter[bytes] = Counter()
        """Frames that a fault moved or kept back, further on in the recording."""

    def take(self, raw: bytes) -> bytes | None:
        """Return the next frame made, past those that come later by a fault."""
        while self.made and self.made[0].raw != raw and self.touched[self.made[0].raw]:
            self.touched[self.made.popleft().raw] -= 1
        return self.made.popleft().raw if self.made else None

    def skip(self, raw: bytes) -> None:
        """A frame that a fault touched: if the session makes it too, it was made by now."""
        self.touched[raw] -= 1
        for frame in self.made:
            if frame.raw == raw:
                self.made.remove(frame)
                return

    def apply_recorded(self, raw: bytes, kind: str, channel: str) -> None:
        """What the session did not make, and yet has to know of: it may have ended a subscription, with its frames."""
        before = {frame.sid for frame in self.made if frame.sid in self.session.subscriptions}
        self.session.apply_recorded(raw, kind, channel)
        ended = {sid for sid in before if sid not in self.session.subscriptions}
        self.made = deque(frame for frame in self.made if frame.sid not in ended)

    def wake(self, raw: bytes, frame: Plain) -> None:
        """What comes next may be what the session was woken for: it was, if its time had come and nothing else did."""
        is_next = bool(self.made) and self.made[0].raw == raw
        wakes_at = self.session.wakes_at
        if not is_next and wakes_at is not None and wakes_at <= frame["host_at_us"]:
            self.made += self.session.wake(frame["at_us"], frame["host_at_us"])


class StreamReplay:
    """The open streams of a replay. `sessions` are those of the handshakes that were asked again, by connection."""

    def __init__(self, replay: Replay, calls: CallReplay, frames: Iterable[Plain]) -> None:
        self.replay, self._calls = replay, calls
        self.sessions: dict[int, tuple[Session, Venue]] = {}
        self._streams: dict[int, _Stream] = {}
        self._touched: defaultdict[int, Counter[bytes]] = defaultdict(Counter)
        for frame in frames:
            if frame["fault"] is not None and frame["direction"] != "in":
                self._touched[frame["connection"]][frame_bytes(frame)] += 1
        replay.observers.append(self._publish)

    def count_of(self, account: str) -> int:
        """How many streams an account has open."""
        keys = [stream.session.key for stream in self._streams.values()]
        return sum(key is not None and key.account == account for key in keys)

    def repeat(self, frame: Plain) -> list[Verdict]:
        """Let a recorded frame happen again; return what there is to be said, which is nothing of what came in."""
        if frame["kind"] == OPEN:
            return self._open(frame)
        stream = self._streams.get(frame["connection"])
        if stream is None:
            return [] if frame["direction"] == "in" else [_skipped(frame, is_of_unknown_stream=True)]
        if frame["kind"] == CLOSE:
            return self._close(frame, stream)
        if frame["direction"] == "in":
            self._receive(frame, stream)
            return []
        return [self._compare(frame, stream)]

    def finish(self) -> list[Verdict]:
        """End with the last frame: what was made and is not in the recording should be there."""
        self.replay.observers.remove(self._publish)
        return [self._left(number, one) for number, stream in self._streams.items() for one in stream.made]

    def _open(self, frame: Plain) -> list[Verdict]:
        opened = self.sessions.pop(frame["connection"], None)
        if opened is None:
            return []
        stream = self._streams[frame["connection"]] = _Stream(*opened)
        stream.touched = self._touched[frame["connection"]]
        return []

    def _close(self, frame: Plain, stream: _Stream) -> list[Verdict]:
        del self._streams[frame["connection"]]
        if frame["direction"] == "out" and stream.made_at == frame["position"]:
            return []  # it was cut while a command was being told: the rest was never made
        return [self._left(frame["connection"], one) for one in stream.made]

    def _receive(self, frame: Plain, stream: _Stream) -> None:
        calls = stream.session.calls
        if calls and is_touched(frame):
            stream.made += self._calls.repeat(frame, calls, stream.venue)
        elif frame["fault"] is None:
            stream.made += stream.session.receive(frame_bytes(frame), frame["at_us"], frame["host_at_us"])

    def _publish(self, record: Record, outcome: Outcome) -> None:
        if isinstance(outcome, Refusal) or not self._streams:
            return
        for venue in VENUES.values():
            streams = [stream for stream in self._streams.values() if stream.venue is venue]
            if streams:
                self._tell(venue, streams, record, outcome)

    def _tell(self, venue: Venue, streams: list[_Stream], record: Record, events: tuple[Event, ...]) -> None:
        context, subscribed = (
            self.replay.contexts[venue.name],
            {name for one in streams for name in one.session.channels},
        )
        messages = list(venue.stream.messages_of(context.state, events, record.at, context.settings, subscribed))
        for stream in streams:
            frames = [frame for message in messages if (frame := stream.session.frame_of(message))]
            if frames:
                stream.made += frames
                stream.made_at = record.sequence

    def _compare(self, frame: Plain, stream: _Stream) -> Verdict:
        raw = frame_bytes(frame)
        if frame["fault"] is not None:
            if frame["kind"] in (ERROR, LITERAL):
                stream.apply_recorded(raw, frame["kind"], frame["channel"])
            stream.skip(raw)
            return _skipped(frame)
        stream.wake(raw, frame)
        made = stream.take(raw)
        if made == raw:
            return Verdict("frame", frame["number"])
        return deviation("frame", frame["number"], _title(frame), NOTHING if made is None else made, raw)

    def _left(self, connection: int, frame: Frame) -> Verdict:
        title = f"to stream {connection} ({frame.kind}), which is not in the journal"
        return deviation("frame", 0, title, frame.raw, NOTHING)


def _title(frame: Plain) -> str:
    return f"to stream {frame['connection']} ({frame['kind'] or 'of no kind'})"


def _skipped(frame: Plain, is_of_unknown_stream: bool = False) -> Verdict:
    return Verdict("frame", frame["number"], is_skipped=True, is_of_unknown_stream=is_of_unknown_stream)
