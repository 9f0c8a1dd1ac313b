"""The streams of a recording, opened again: commands in at their places in the log, frames out to be compared.

A session knows neither sockets nor faults. So what a fault made, moved or kept back is told from what the session makes
by the mark in the recording: it is skipped here, and what the session makes in its place is set aside.
"""

import json
from collections import Counter, defaultdict, deque
from collections.abc import Iterable

from mockexchange.core.exchange import Outcome
from mockexchange.core.refusals import Refusal
from mockexchange.journal_json import frame_bytes
from mockexchange.replay.recording import Plain
from mockexchange.replay.running import Replay
from mockexchange.replay.verdicts import Verdict, deviation
from mockexchange.store.log import Record
from mockexchange.venues.kalshi.stream.feed import messages_of
from mockexchange.venues.kalshi.stream.session import Frame, Session

OPEN, CLOSE, ERROR, LITERAL = "open", "close", "error", "literal"
NOTHING = "nothing"


class _Stream:
    """One stream: its session, and what it made that the recording has not had yet."""

    def __init__(self, session: Session) -> None:
        self.session = session
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

    def end_subscription(self, raw: bytes) -> None:
        """A terminal error that a fault or a slow reader brought about ends the subscription here too."""
        sid, code = _numbers(raw)
        if sid in self.session.subscriptions:
            self.session.terminate(sid, code)
            self.made = deque(frame for frame in self.made if frame.sid != sid)

    def count_literal(self, raw: bytes, channel: str) -> None:
        """A literal frame that bears the channel's next number has used it up."""
        subscription = self.session.by_channel.get(channel)
        if subscription and _document(raw).get("seq") == subscription.sequence + 1:
            subscription.next_seq()


class StreamReplay:
    """The open streams of a replay. `sessions` are those of the handshakes that were asked again, by connection."""

    def __init__(self, replay: Replay, frames: Iterable[Plain]) -> None:
        self.replay = replay
        self.sessions: dict[int, Session] = {}
        self._streams: dict[int, _Stream] = {}
        self._touched: defaultdict[int, Counter[bytes]] = defaultdict(Counter)
        for frame in frames:
            if frame["fault"] is not None:
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
        session = self.sessions.pop(frame["connection"], None)
        if session is None:
            return []
        stream = self._streams[frame["connection"]] = _Stream(session)
        stream.touched = self._touched[frame["connection"]]
        return []

    def _close(self, frame: Plain, stream: _Stream) -> list[Verdict]:
        del self._streams[frame["connection"]]
        if frame["direction"] == "out" and stream.made_at == frame["position"]:
            return []  # it was cut while a command was being told: the rest was never made
        return [self._left(frame["connection"], one) for one in stream.made]

    def _receive(self, frame: Plain, stream: _Stream) -> None:
        if frame["fault"] is None:
            stream.made += stream.session.receive(frame_bytes(frame), frame["at_us"], frame["host_at_us"])

    def _publish(self, record: Record, outcome: Outcome) -> None:
        if isinstance(outcome, Refusal) or not self._streams:
            return
        desk = self.replay.desk
        messages = messages_of(desk.state, outcome, record.at, desk.settings)
        for stream in self._streams.values():
            frames = [frame for message in messages if (frame := stream.session.frame_of(message))]
            if frames:
                stream.made += frames
                stream.made_at = record.sequence

    def _compare(self, frame: Plain, stream: _Stream) -> Verdict:
        raw = frame_bytes(frame)
        if frame["fault"] is not None:
            if frame["kind"] == ERROR:
                stream.end_subscription(raw)
            elif frame["kind"] == LITERAL:
                stream.count_literal(raw, frame["channel"])
            stream.skip(raw)
            return _skipped(frame)
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


def _numbers(raw: bytes) -> tuple[int, int]:
    """The sid and the code of an error; zeros where there are none."""
    document = _document(raw)
    message = document.get("msg")
    code = message.get("code") if isinstance(message, dict) else 0
    sid = document.get("sid")
    return (sid, code) if isinstance(sid, int) and isinstance(code, int) else (0, 0)


def _document(raw: bytes) -> Plain:
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}
