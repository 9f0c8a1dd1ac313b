"""Repeats recorded streams: sessions get the recorded commands again, and the frames that they send are compared.

A command is repeated at its recorded position in the log. A session knows neither sockets nor faults. Frames that a
fault made, moved or withheld are marked in the recording: they are skipped, together with the session's own copy.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable
from typing import NamedTuple

from mockexchange.core.commands import Command
from mockexchange.core.events import Event
from mockexchange.core.exchange import Outcome
from mockexchange.core.refusals import Refusal
from mockexchange.faults.faulted_calls import RESULT, frame_of
from mockexchange.faults.installed_rules import SUBJECT
from mockexchange.replay.installed_rules import InstalledRules, StubReplay
from mockexchange.replay.log_replay import Replay
from mockexchange.replay.recording import Plain
from mockexchange.replay.verdicts import Verdict, deviating
from mockexchange.sandbox.journal_json import frame_bytes
from mockexchange.scenario.fault_effects import ClockOffset, LostRequest, RateLimit, Status, UnknownOutcome
from mockexchange.scenario.fault_rules import FAULT, Rule
from mockexchange.store.log import Record
from mockexchange.venues.frame import Frame, PendingFrame
from mockexchange.venues.registry import VENUES
from mockexchange.venues.request import Pending, resume
from mockexchange.venues.session import Calls, Session
from mockexchange.venues.venue import Venue

# Calls on streams whose answers were changed by faults or stubs
# A session has to execute the same calls again, because later calls and messages depend on them. Their answers are not
# compared if a fault changed or delayed them in the recording.


INTERCEPTING_EFFECTS = (Status, RateLimit, LostRequest, UnknownOutcome)
"""Effects of faults that answer a call before the session executes it."""


def is_changed(frame: Plain) -> bool:
    """Return whether a fault or a stub changed the answer of a recorded command."""
    return frame["fault"] is not None or frame.get("stub") is not None


class CallReplay:
    """Repeats calls on streams whose answers were changed by faults or stubs.

    It uses the faults and stubs that are installed at the current position of the replay.
    """

    def __init__(self, replay: Replay, stubs: StubReplay) -> None:
        self._replay, self._stubs = replay, stubs
        self._faults = InstalledRules(replay, SUBJECT, FAULT.read)

    def repeat(self, frame: Plain, calls: Calls, venue: Venue) -> list[Frame]:
        """Repeat a call whose answer was changed, and return the frames that the session sends because of it.

        The frames include the call's answers if only a stub changed them. Raises LogError if the log has no such stub.
        """
        raw, at, host_at = frame_bytes(frame), frame["at_us"], frame["host_at_us"]
        calls.note_call(host_at)
        rules = self._rules_of(frame["fault"])
        if any(isinstance(rule.effect, INTERCEPTING_EFFECTS) for rule in rules):
            return []
        host_at += sum(rule.effect.offset_us for rule in rules if isinstance(rule.effect, ClockOffset))
        call, context = calls.request_of(raw), self._replay.contexts[venue.name]
        if frame.get("stub") is None:
            answered = calls.answer(call, context, at, host_at)
            return list(answered.data) if answered else []
        answer = self._stubs.answer(frame["stub"], venue, call, at, host_at, frame["number"])
        if frame["fault"]:
            return []
        return [Frame(b"", RESULT, pending=_framed(answer.pending)) if answer.pending else frame_of(answer)]

    def _rules_of(self, names: str | None) -> list[Rule]:
        """Return the installed rules among the names that the journal gives for a call. A name may contain commas."""
        return [rule for name, rule in self._faults.by_name.items() if names and f", {name}, " in f", {names}, "]


def _framed(pending: Pending) -> PendingFrame:
    return frame_of((yield from pending))


OPEN, CLOSE, ERROR, LITERAL = "open", "close", "error", "literal"
NOTHING = "nothing"


class _Stream:
    """One stream: its session, and its frames that are not compared yet."""

    def __init__(self, session: Session, venue: Venue) -> None:
        self.session, self.venue = session, venue
        self.made: deque[Frame] = deque()
        self.made_at = 0
        """Length of the log when the newest frame was made."""
        self.changed: Counter[bytes] = Counter()
        """Frames later in the recording that a fault moved or withheld."""
        self.answers: dict[bytes, Frame] = {}
        """Answers to writes that are not compared yet; a recording may have them before or after the data."""
        self.writes: deque[list[int]] = deque()
        """Commands of its writes later in the recording, by their numbers in the log."""

    def next_frame(self, raw: bytes) -> bytes | None:
        """Return the session's next frame to compare; frames that a fault moved to a later place are skipped."""
        if self.answers.pop(raw, None):
            return raw
        while self.made and self.made[0].raw != raw and self.changed[self.made[0].raw]:
            self.changed[self.made.popleft().raw] -= 1
        return self.made.popleft().raw if self.made else None

    def skip(self, raw: bytes) -> None:
        """Skip a recorded frame that a fault changed, also in the session's frames if the session sent it too."""
        self.changed[raw] -= 1
        for frame in self.made:
            if frame.raw == raw:
                self.made.remove(frame)
                return

    def apply_recorded(self, raw: bytes, kind: str, channel: str) -> None:
        """Apply a recorded frame that the session did not make: it may end a subscription and drop its frames."""
        before = {frame.sid for frame in self.made if frame.sid in self.session.subscriptions}
        self.session.apply_recorded(raw, kind, channel)
        ended = {sid for sid in before if sid not in self.session.subscriptions}
        self.made = deque(frame for frame in self.made if frame.sid not in ended)

    def wake(self, raw: bytes, frame: Plain) -> None:
        """Wake the session if its wake-up time has come and the recorded frame is not among its frames yet."""
        is_next = bool(self.made) and self.made[0].raw == raw
        wakes_at = self.session.wakes_at
        if not is_next and wakes_at is not None and wakes_at <= frame["host_at_us"]:
            self.made += self.session.wake(frame["at_us"], frame["host_at_us"])


class _Write(NamedTuple):
    """A write of a stream: its next command or its answer, and the numbers of its commands from there on."""

    stream: _Stream
    pending: PendingFrame
    step: Command | Frame
    numbers: list[int]


class StreamReplay:
    """The streams that are open at the current position of a replay.

    `sessions` has the sessions of repeated handshakes, by the number of their connection.
    """

    def __init__(self, replay: Replay, calls: CallReplay, frames: Iterable[Plain]) -> None:
        self.replay, self._calls = replay, calls
        self.sessions: dict[int, tuple[Session, Venue]] = {}
        self._streams: dict[int, _Stream] = {}
        self._changed: defaultdict[int, Counter[bytes]] = defaultdict(Counter)
        self._writes: defaultdict[int, list[list[int]]] = defaultdict(list)
        for frame in frames:
            if frame["fault"] is not None and frame["direction"] != "in":
                self._changed[frame["connection"]][frame_bytes(frame)] += 1
            if frame.get("commands"):
                self._writes[frame["connection"]].append(frame["commands"])
        self._waiting: dict[int, _Write] = {}
        """Writes by the number of their next command in the log."""
        replay.observers += [self._publish, self._resume]

    def count_of(self, account: str) -> int:
        """Return the number of open streams of an account."""
        keys = [stream.session.key for stream in self._streams.values()]
        return sum(key is not None and key.account == account for key in keys)

    def repeat(self, frame: Plain) -> list[Verdict]:
        """Repeat a recorded frame; return verdicts about frames that the session sent.

        A frame from the client has no verdict of its own.
        """
        if frame["kind"] == OPEN:
            return self._open(frame)
        stream = self._streams.get(frame["connection"])
        if stream is None:
            return [] if frame["direction"] == "in" else [_skipped(frame, is_of_unknown_stream=True)]
        if frame["kind"] == CLOSE:
            del self._streams[frame["connection"]]
            if frame["direction"] == "out" and stream.made_at == frame["position"]:
                return []  # cut while a command was published: the rest was never made
            return [self._left(frame["connection"], one) for one in stream.made]
        if frame["direction"] == "in":
            self._receive(frame, stream)
            return []
        return [self._compare(frame, stream)]

    def finish(self) -> list[Verdict]:
        """End the replay; return a verdict for each frame that was sent in the replay and not in the recording."""
        for observer in (self._publish, self._resume):
            self.replay.observers.remove(observer)
        streams = self._streams.items()
        return [
            self._left(number, one) for number, stream in streams for one in (*stream.made, *stream.answers.values())
        ]

    def _open(self, frame: Plain) -> list[Verdict]:
        opened = self.sessions.pop(frame["connection"], None)
        if opened is None:
            return []
        stream = self._streams[frame["connection"]] = _Stream(*opened)
        stream.changed = self._changed[frame["connection"]]
        stream.writes.extend(sorted(self._writes[frame["connection"]]))
        return []

    def _receive(self, frame: Plain, stream: _Stream) -> None:
        calls = stream.session.calls
        made: list[Frame] = []
        if calls and is_changed(frame):
            made = self._calls.repeat(frame, calls, stream.venue)
            stream.made_at = frame["position"]
        elif frame["fault"] is None:
            made = stream.session.receive(frame_bytes(frame), frame["at_us"], frame["host_at_us"])
        stream.made += (one for one in made if one.pending is None)
        for one in made:
            if one.pending is not None:
                # Begin a write of a stream; its commands are those of the next recorded answer to a write.
                while stream.writes and stream.writes[0][0] <= self.replay.exchange.state.sequence:
                    stream.writes.popleft()  # of a write whose answer a fault changed, which is not repeated
                numbers = stream.writes.popleft() if stream.writes else []
                self._continue(_Write(stream, one.pending, resume(one.pending), numbers))

    def _continue(self, write: _Write) -> None:
        """Keep the answer of a write for its comparison, or let the write wait for its next command."""
        if isinstance(write.step, Frame):
            write.stream.answers[write.step.raw] = write.step
        elif write.numbers:
            self._waiting[write.numbers[0]] = write

    def _resume(self, record: Record, outcome: Outcome) -> None:
        """Resume the write whose command was executed; its answer is compared with the recorded one."""
        write = self._waiting.pop(record.sequence, None)
        if write is not None and write.step == record.command:
            step = resume(write.pending, outcome)
            self._continue(write._replace(step=step, numbers=write.numbers[1:]))

    def _publish(self, record: Record, outcome: Outcome) -> None:
        if isinstance(outcome, Refusal) or not self._streams:
            return
        for venue in VENUES.values():
            streams = [stream for stream in self._streams.values() if stream.venue is venue]
            if streams:
                self._publish_events(venue, streams, record, outcome)

    def _publish_events(self, venue: Venue, streams: list[_Stream], record: Record, events: tuple[Event, ...]) -> None:
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
        made = stream.next_frame(raw)
        if made == raw:
            return Verdict("frame", frame["number"])
        return deviating(
            "frame",
            frame["number"],
            f"to stream {frame['connection']} ({frame['kind'] or 'of no kind'})",
            NOTHING if made is None else made,
            raw,
        )

    def _left(self, connection: int, frame: Frame) -> Verdict:
        title = f"to stream {connection} ({frame.kind}), which is not in the journal"
        return deviating("frame", 0, title, frame.raw, NOTHING)


def _skipped(frame: Plain, is_of_unknown_stream: bool = False) -> Verdict:
    return Verdict("frame", frame["number"], is_skipped=True, is_of_unknown_stream=is_of_unknown_stream)
