"""A connection: one open stream with its session, its outbox and the faults on its frames.

Nothing here waits or knows a socket: a `Wire` is what the server gives a connection to be flushed, closed and cut by.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from mockexchange.faults.faulty_answer import PLAIN, FrameDelivery
from mockexchange.faults.frames import FrameFaults, FrameRules, Timer
from mockexchange.faults.stream_calls import CallReply
from mockexchange.sandbox.journal import Journal
from mockexchange.sandbox.outbox import Outbox
from mockexchange.venues.frame import Asked, Frame
from mockexchange.venues.session import Calls, Message, Session
from mockexchange.venues.venue import Venue

OVERFLOW = 25
OVERFLOWED = "overflow"
"""What the journal calls a frame that found no room, and the error that a reader too slow gets for it."""
ABNORMAL = 1006
"""No code that is ever sent: what the end of a connection without a close frame is called (RFC 6455, 7.1.5)."""
Moment = tuple[int, int, int]
Now = Callable[[], Moment]
"""Exchange time and host time in microseconds, and the length of the log."""
AnswerCall = Callable[[int, Calls, bytes, int, int], CallReply]
"""(number of the connection, session, command, exchange time, host time)"""


class Ending(NamedTuple):
    """How a connection ended: with which code and reason, and whether it was us."""

    code: int
    reason: str = ""
    is_ours: bool = False
    fault: str | None = None
    """The fault that brought it about."""
    note: str = ""
    """Who else did."""


VANISHED = Ending(ABNORMAL)


class Wire(Protocol):
    """A connection's socket."""

    def flush(self) -> None:
        """Write what waits in the outbox, as far as the socket takes it."""
        ...

    def close(self, code: int, reason: str = "") -> None: ...

    def abort(self) -> None:
        """Cut the connection (RST) without a close frame."""
        ...

    def drop(self) -> None:
        """Write what waits, then end the connection (FIN) without a close frame."""
        ...

    def stall(self) -> None:
        """Write nothing from now on, not even pings; reading goes on."""
        ...

    def call_later(self, delay_us: int, callback: Callable[[], object]) -> Timer:
        """Call back after a while of host time, unless the connection has ended by then."""
        ...


class StreamsPort(Protocol):
    """The streams of a sandbox as one connection sees them; `Streams` documents each member."""

    journal: Journal
    now: Now
    moment: Moment | None
    rules: FrameRules
    answer_rules: FrameRules
    answer_call: AnswerCall | None
    on_operation: Callable[[str | None, str], object]

    @property
    def on_subscribed(self) -> "Callable[[Connection, str], object]": ...

    def note(
        self,
        connection: "Connection",
        direction: str,
        raw: bytes,
        frame: Frame | None = None,
        *,
        fault: str | None = None,
    ) -> None: ...
    def index(self, connection: "Connection") -> None: ...
    def forget(self, connection: "Connection", ending: Ending) -> None: ...
    def wants_flush(self, connection: "Connection") -> None: ...


class Connection:
    """One open stream."""

    def __init__(self, number: int, session: Session, wire: Wire, streams: StreamsPort, venue: Venue) -> None:
        self.number = number
        self.session = session
        self.wire = wire
        self.venue = venue
        self.account = session.key.account if session.key else None
        """Whose it is, as far as the session knows by now."""
        self.outbox = Outbox(session.context.settings.stream_outbox_bytes)
        self.since = streams.now()[0]
        """The exchange's instant at which it was opened."""
        self.is_over = False
        """Whether it has ended, or is about to: nothing goes out or is noted any more."""
        self._streams = streams
        self._rules = streams.rules
        self._disturber: FrameFaults | None = None
        self._timer: Timer | None = None
        self._rings_at: int | None = None

    def receive(self, raw: bytes) -> None:
        """Carry out a command of the client; its answers wait in the outbox then, and data that it asked for."""
        if self.is_over:
            return
        streams = self._streams
        streams.moment = at, host_at, _ = streams.now()
        try:
            frames, asked = self._carry_out(raw, at, host_at)
        finally:
            streams.moment = None
        for frame in frames:
            for channel in frame.acknowledged:
                if not self.is_over:
                    streams.on_subscribed(self, channel)
        if asked and not self.is_over:
            streams.on_operation(asked.account or self.account, asked.operation)
        self._follow_session()

    def _carry_out(self, raw: bytes, at: int, host_at: int) -> tuple[list[Frame], Asked | None]:
        """Have a command answered by the session, or by what stands before it; return the answers, and what it was."""
        streams = self._streams
        answer_call = streams.answer_call
        if answer_call and (calls := self.session.calls):
            return self._take_reply(answer_call(self.number, calls, raw, at, host_at), raw)
        streams.note(self, "in", raw)
        frames = self.session.receive(raw, at, host_at)
        self._take(frames)
        return frames, self.session.asked

    def _take_reply(self, reply: CallReply, raw: bytes) -> tuple[list[Frame], Asked | None]:
        command = Frame(raw, "", stub=reply.stub)
        self._streams.note(self, "in", raw, command, fault=reply.passage.fault or None)
        frames = [reply.frame] if reply.frame else []
        self._take(frames, reply.passage)
        return frames, reply.asked

    def wake(self) -> None:
        """Let the session do what it wanted to be woken for, if it is time by the host's clock."""
        self._timer = self._rings_at = None
        if self.is_over:
            return
        streams, wakes_at = self._streams, self.session.wakes_at
        streams.moment = at, host_at, _ = streams.now()
        try:
            if wakes_at is not None and wakes_at <= host_at:
                self._take(self.session.wake(at, host_at))
        finally:
            streams.moment = None
        self._follow_session()

    def set_alarm(self) -> None:
        """Wake the session when it wants to be woken."""
        wakes_at = None if self.is_over else self.session.wakes_at
        if wakes_at == self._rings_at:
            return
        if self._timer:
            self._timer.cancel()
        self._timer, self._rings_at = None, wakes_at
        if wakes_at is not None:
            delay_us = max(0, wakes_at - self._streams.now()[1])
            self._timer = self.wire.call_later(delay_us, self.wake)

    def publish(self, message: Message) -> None:
        frame = self.session.frame_of(message)
        if frame is not None:
            self._deliver(frame)

    def send(self, raw: bytes, kind: str = "", channel: str = "", fault: str | None = "literal") -> None:
        """Send a frame that the session did not make, past filters and faults."""
        self.put(Frame(raw, kind, channel), fault)

    def send_literal(self, text: str, channel: str = "", fault: str | None = "literal") -> None:
        """Send a text whose "$sid" and "$seq" stand for the channel's subscription here and its next number."""
        text = self.session.spell_literal(text, channel)
        self.send(text.encode() + b"\n" * (not text.endswith("\n")), "literal", channel, fault)

    def put(self, frame: Frame, fault: str | None = None) -> None:
        """Let a data frame wait for the socket; where there is no room, its subscription ends."""
        if self.is_over:
            return
        if self.outbox.put(frame.raw):
            self._sent(frame, fault)
        else:
            self.lose(frame, OVERFLOWED)
            self.terminate(frame.sid, OVERFLOW, OVERFLOWED)

    def force(self, frame: Frame, fault: str | None = None) -> None:
        """Let a frame wait whatever the room: an answer, or the end of a subscription."""
        if not self.is_over:
            self.outbox.force(frame.raw)
            self._sent(frame, fault)

    def lose(self, frame: Frame, fault: str) -> None:
        """Note a frame that was made and does not go out."""
        self._streams.note(self, "lost", frame.raw, frame, fault=fault)

    def terminate(self, sid: int, code: int, fault: str) -> None:
        """End a subscription with a terminal error, if it has not ended before: there is one at most."""
        if sid in self.session.subscriptions:
            why = f"the outbox of {self.outbox.bytes_max:,} bytes was full" if fault == OVERFLOWED else ""
            self.force(self.session.terminate(sid, code, why), fault)
            self._streams.index(self)

    def close(self, code: int, reason: str = "", fault: str | None = None, note: str = "") -> None:
        """Send what waits, then a close frame."""
        self._streams.forget(self, Ending(code, reason, is_ours=True, fault=fault, note=note))
        self.wire.close(code, reason)

    def abort(self, fault: str | None = None, note: str = "") -> None:
        """Send what waits as far as the socket takes it, then cut the connection."""
        self._streams.forget(self, Ending(ABNORMAL, is_ours=True, fault=fault, note=note))
        self.wire.flush()
        self.wire.abort()

    def drop(self, fault: str | None = None) -> None:
        """Send what waits, then end the connection without a close frame."""
        self._streams.forget(self, Ending(ABNORMAL, is_ours=True, fault=fault))
        self.wire.flush()
        self.wire.drop()

    def stall(self) -> None:
        """Send what waits as far as the socket takes it, and then never anything again."""
        self.wire.flush()
        self.wire.stall()

    def lose_held(self) -> None:
        """It ends: what a fault held back does not go out any more."""
        if self._disturber:
            self._disturber.lose_held()

    def _take(self, frames: list[Frame], passage: FrameDelivery = PLAIN) -> None:
        """Let what the session made wait for the socket: answers first, and data of subscriptions that are left."""
        session = self.session
        self.account = session.key.account if session.key else None
        self._answer([frame for frame in frames if frame.is_answer], passage)
        for frame in frames:
            if not frame.is_answer and frame.sid in session.subscriptions:
                self._deliver(frame)
        self._streams.index(self)

    def _follow_session(self) -> None:
        """End if the session has, else see to it that it is woken."""
        ending = self.session.ending
        if ending is not None and not self.is_over:
            self.close(*ending)
        self.set_alarm()

    def _answer(self, frames: list[Frame], passage: FrameDelivery) -> None:
        if self._streams.answer_rules or self._disturber or passage.fault:
            self._disturbed().answer(frames, passage)
            return
        for frame in frames:
            self.force(frame)

    def _deliver(self, frame: Frame) -> None:
        if self._rules or self._disturber:
            self._disturbed().deliver(frame)
        else:
            self.put(frame)

    def _disturbed(self) -> FrameFaults:
        if self._disturber is None:
            self._disturber = FrameFaults(self, self._streams)
        return self._disturber

    def _sent(self, frame: Frame, fault: str | None) -> None:
        self._streams.note(self, "out", frame.raw, frame, fault=fault)
        self._streams.wants_flush(self)
