"""A connection: one open stream with its session, its queue of frames and the faults on them.

Nothing here waits or uses a socket directly: the server gives each connection a `Wire`, which writes to the socket.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from mockexchange.faults.faulty_answer import PLAIN, FrameDelivery
from mockexchange.faults.frames import FrameFaults, FrameRules, Timer
from mockexchange.faults.stream_calls import CallReply, PendingReply
from mockexchange.sandbox.journal.journal import Journal
from mockexchange.sandbox.quotas import FrameQuota
from mockexchange.sandbox.streams.outbox import Outbox, OutboxTotal
from mockexchange.venues.frame import CalledOperation, Frame, PendingFrame
from mockexchange.venues.session import Calls, Message, Session
from mockexchange.venues.venue import Venue

OVERFLOW = 25
OVERFLOWED = "overflow"
"""In the journal: the mark of a frame for which the queue had no room, and of the error that ends the subscription."""
QUOTA = "quota"
"""In the journal: the mark of a frame above the sandbox's quota, and of the error that ends the subscription."""
REASONS = {
    OVERFLOWED: "the outbox of {bytes_max:,} bytes was full",
    QUOTA: "the sandbox sent more frames than its quota of a second",
}
ABNORMAL = 1006
"""The close code of a connection that ends without a close frame; it is never sent (RFC 6455, 7.1.5)."""
Moment = tuple[int, int, int]
Now = Callable[[], Moment]
"""A function that returns exchange time and host time in microseconds, and the length of the log."""
AnswerCall = Callable[[int, Calls, bytes, int, int], CallReply]
"""A function with which faults and stubs answer a call of a stream.

Its arguments: number of the connection, session, command, exchange time, host time.
"""


class Ending(NamedTuple):
    """The end of a connection: its close code, its reason, and whether the server (`is_ours`) ended it."""

    code: int
    reason: str = ""
    is_ours: bool = False
    fault: str | None = None
    """Name of the fault that ended the connection."""
    note: str = ""
    """The cause, if no fault ended the connection."""


VANISHED = Ending(ABNORMAL)


class Wire(Protocol):
    """The interface of the server's socket that a connection uses."""

    def flush(self) -> None:
        """Write the queued frames to the socket, as far as it accepts them."""
        ...

    def close(self, code: int, reason: str = "") -> None: ...

    def abort(self) -> None:
        """Cut the connection (RST) without a close frame."""
        ...

    def drop(self) -> None:
        """Write the queued frames, then end the connection (FIN) without a close frame."""
        ...

    def stall(self) -> None:
        """Write nothing from now on, not even pings, but continue to read."""
        ...

    def call_later(self, delay_us: int, callback: Callable[[], object]) -> Timer:
        """Call a function after a delay of host time, unless the connection has ended by then."""
        ...


class StreamsPort(Protocol):
    """The interface of the sandbox's open streams that a connection uses; `Streams` documents each member."""

    journal: Journal
    now: Now
    moment: Moment | None
    rules: FrameRules
    answer_rules: FrameRules
    answer_call: AnswerCall | None
    on_operation: Callable[[str | None, str], object]
    keyless: OutboxTotal
    frame_quota: FrameQuota | None

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
    def bound_keyless(self) -> None: ...


class Connection:
    """One open stream of a client, with its session and its queue of frames."""

    def __init__(self, number: int, session: Session, wire: Wire, streams: StreamsPort, venue: Venue) -> None:
        self.number = number
        self.session = session
        self.wire = wire
        self.venue = venue
        self.account = session.key.account if session.key else None
        """The account of the client; None until the session knows it."""
        keyless = None if self.account else streams.keyless
        self.outbox = Outbox(session.context.settings.stream_outbox_bytes, keyless)
        self.since = streams.now()[0]
        """Exchange time of the opening."""
        self.ending: Ending | None = None
        """Set when the connection is over."""
        self.is_over = False
        """Whether the connection has ended or is about to end. Nothing is sent or journalled then."""
        self._streams = streams
        self._rules = streams.rules
        self._faults: FrameFaults | None = None
        self._timer: Timer | None = None
        self._rings_at: int | None = None
        self._held: list[Frame] | None = None
        """Data frames that wait for the answer to a write; None if there is none."""

    def receive(self, raw: bytes) -> PendingReply | None:
        """Execute a command of the client, and queue its answers and the requested data.

        A command that changes the exchange is returned instead: the sandbox executes it and calls `complete`, before
        the next `receive`.
        """
        if self.is_over:
            return None
        streams = self._streams
        streams.moment = at, host_at, _ = streams.now()
        try:
            frames, called, pending = self._execute(raw, at, host_at)
        finally:
            streams.moment = None
        if pending is None:
            self._note_answered(frames, called)
        return pending

    def hold(self) -> None:
        """Keep data frames back until `complete` is called, so that they are sent after the answer."""
        self._held = []

    def complete(self, reply: CallReply) -> None:
        """Send the answer to a command that changed the exchange, and then the data that was held back."""
        streams, held, self._held = self._streams, self._held, None
        frames = [reply.frame] if reply.frame else []
        streams.moment = streams.now()
        try:
            self._take(frames, reply.delivery)
            for frame in held or ():
                self._deliver(frame)
        finally:
            streams.moment = None
        self._note_answered(frames, reply.called)

    def _note_answered(self, frames: list[Frame], called: CalledOperation | None) -> None:
        streams = self._streams
        for frame in frames:
            for channel in frame.acknowledged:
                if not self.is_over:
                    streams.on_subscribed(self, channel)
        if called and not self.is_over:
            streams.on_operation(called.account or self.account, called.operation)
        self._follow_session()

    def _execute(
        self, raw: bytes, at: int, host_at: int
    ) -> tuple[list[Frame], CalledOperation | None, PendingReply | None]:
        """Answer a command by the session, a fault or a stub; return the answers, the operation and the write."""
        streams = self._streams
        answer_call = streams.answer_call
        if answer_call and (calls := self.session.calls):
            return self._take_reply(answer_call(self.number, calls, raw, at, host_at), raw)
        streams.note(self, "in", raw)
        frames = self.session.receive(raw, at, host_at)
        called = self.session.called
        if frames and frames[0].pending is not None:
            return [], called, _reply_to(frames[0].pending, called)
        self._take(frames)
        return frames, called, None

    def _take_reply(
        self, reply: CallReply, raw: bytes
    ) -> tuple[list[Frame], CalledOperation | None, PendingReply | None]:
        command = Frame(raw, "", stub=reply.stub)
        self._streams.note(self, "in", raw, command, fault=reply.delivery.fault or None)
        if reply.pending is not None:
            return [], reply.called, reply.pending
        frames = [reply.frame, *reply.frame.data] if reply.frame else []
        self._take(frames, reply.delivery)
        return frames, reply.called, None

    def wake(self) -> None:
        """Queue the frames, such as a heartbeat, that the session sends at its wake-up time, if that has come."""
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
        """Set the timer that wakes the session at the time `wakes_at` that the session asks for."""
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
        if frame is None:
            return
        if self._held is None:
            self._deliver(frame)
        else:
            self._held.append(frame)

    def send(self, raw: bytes, kind: str = "", channel: str = "", fault: str | None = "literal") -> None:
        """Send a frame that the session did not make, regardless of its subscriptions and of faults."""
        self.put(Frame(raw, kind, channel), fault)

    def send_literal(self, text: str, channel: str = "", fault: str | None = "literal") -> None:
        """Send a text with "$sid" and "$seq" replaced by the channel's subscription id and next sequence number."""
        text = self.session.fill_placeholders(text, channel)
        self.send(text.encode() + b"\n" * (not text.endswith("\n")), "literal", channel, fault)

    def put(self, frame: Frame, fault: str | None = None) -> None:
        """Queue a data frame; if there is no room or the quota is reached, end the frame's subscription."""
        if self.is_over:
            return
        quota = self._streams.frame_quota
        if quota is not None and not quota.count_frame(self._streams.now()[1]):
            self._refuse(frame, QUOTA)
        elif self.outbox.put(frame.raw):
            self._sent(frame, fault)
        else:
            self._refuse(frame, OVERFLOWED)

    def _refuse(self, frame: Frame, why: str) -> None:
        self.lose(frame, why)
        self.terminate(frame.sid, OVERFLOW, why)

    def force(self, frame: Frame, fault: str | None = None) -> None:
        """Queue a frame even if the queue has no room: an answer, or the end of a subscription."""
        if not self.is_over:
            self.outbox.force(frame.raw)
            self._sent(frame, fault)

    def lose(self, frame: Frame, fault: str) -> None:
        """Journal a frame as "lost": the session made it, but it is not sent."""
        self._streams.note(self, "lost", frame.raw, frame, fault=fault)

    def terminate(self, sid: int, code: int, fault: str) -> None:
        """End a subscription with a terminal error message; does nothing if it has ended already."""
        if sid in self.session.subscriptions:
            why = REASONS.get(fault, "").format(bytes_max=self.outbox.bytes_max)
            self.force(self.session.terminate(sid, code, (self._streams.moment or self._streams.now())[0], why), fault)
            self._streams.index(self)

    def close(self, code: int, reason: str = "", fault: str | None = None, note: str = "") -> None:
        """Close the connection: send the queued frames, then a close frame."""
        self._streams.forget(self, Ending(code, reason, is_ours=True, fault=fault, note=note))
        self.wire.close(code, reason)

    def abort(self, fault: str | None = None, note: str = "") -> None:
        """Send the queued frames as far as the socket accepts them, then cut the connection (RST)."""
        self._streams.forget(self, Ending(ABNORMAL, is_ours=True, fault=fault, note=note))
        self.wire.flush()
        self.wire.abort()

    def drop(self, fault: str | None = None) -> None:
        """Send the queued frames, then end the connection (FIN) without a close frame."""
        self._streams.forget(self, Ending(ABNORMAL, is_ours=True, fault=fault))
        self.wire.flush()
        self.wire.drop()

    def stall(self) -> None:
        """Send the queued frames as far as the socket accepts them, and nothing after that, not even pings."""
        self.wire.flush()
        self.wire.stall()

    def lose_held(self) -> None:
        """Journal as "lost" the frames that faults hold back, because the connection ends."""
        if self._faults:
            self._faults.lose_held()

    def _take(self, frames: list[Frame], delivery: FrameDelivery = PLAIN) -> None:
        """Take frames from the session and queue them: answers first, then data of the subscriptions that remain."""
        session = self.session
        self.account = session.key.account if session.key else None
        if self.account is not None:
            self.outbox.leave_total()
        self._answer([frame for frame in frames if frame.is_answer], delivery)
        for frame in frames:
            if not frame.is_answer and frame.sid in session.subscriptions:
                self._deliver(frame)
        self._streams.index(self)

    def _follow_session(self) -> None:
        """Close the connection if the session has ended, else set the timer of its next wake-up."""
        ending = self.session.ending
        if ending is not None and not self.is_over:
            self.close(*ending)
        self.set_alarm()

    def _answer(self, frames: list[Frame], delivery: FrameDelivery) -> None:
        if self._streams.answer_rules or self._faults or delivery.fault:
            self._frame_faults().answer(frames, delivery)
            return
        for frame in frames:
            self.force(frame)

    def _deliver(self, frame: Frame) -> None:
        if self._rules or self._faults:
            self._frame_faults().deliver(frame)
        else:
            self.put(frame)

    def _frame_faults(self) -> FrameFaults:
        if self._faults is None:
            self._faults = FrameFaults(self, self._streams)
        return self._faults

    def _sent(self, frame: Frame, fault: str | None) -> None:
        self._streams.note(self, "out", frame.raw, frame, fault=fault)
        self._streams.wants_flush(self)
        if self.outbox.total is not None:
            self._streams.bound_keyless()


def _reply_to(pending: PendingFrame, called: CalledOperation | None) -> PendingReply:
    """Return a session's write as the write of a reply."""
    return CallReply((yield from pending), called=called)
