"""The open streams of a sandbox: the queue of frames to each client, the connections, and the index by channel.

Nothing here waits or uses a socket directly: the server gives each connection a `Wire`, which writes to the socket.
"""

import re
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from mockexchange.core.exchange import Outcome
from mockexchange.core.model.state import State
from mockexchange.core.refusals import Refusal
from mockexchange.faults.delivery import PLAIN, FrameDelivery
from mockexchange.faults.faulted_calls import CallReply, PendingReply
from mockexchange.faults.faulted_frames import FrameFaults, FrameRules, Timer
from mockexchange.sandbox.journal import FrameEntry, Journal
from mockexchange.sandbox.options import Inspector
from mockexchange.sandbox.quotas import NO_QUOTAS, FrameQuota, QuotaReached, Quotas, RefusalPace
from mockexchange.venues.frame import CalledOperation, Frame, PendingFrame
from mockexchange.venues.registry import DEFAULT, VENUES
from mockexchange.venues.session import Calls, Message, Session
from mockexchange.venues.venue import Venue

OUTBOX_BYTES_MAX = 4 * 1024 * 1024
"""The most bytes in a queue, some 15,000 frames: enough for the burst of a scenario."""
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
SERVICE_RESTART = 1012
"""The close code of a reset and a shutdown, after which clients wait before they reconnect.

After 1001, one published client does not wait.
"""
CLOSE = "close"
"""The kind, in the journal, of the entry for the end of a connection."""
ANY = "*"
KEYLESS_BYTES_MAX = 64 * 1024 * 1024
"""The most bytes of unread frames of all connections without an account together, since they need no credentials."""
KEYLESS_LIMIT = f"the unread frames of all streams without an account were more than {KEYLESS_BYTES_MAX:,} bytes"
NO_FRAME = Frame(b"", "")
COMMAND = re.compile(rb'"(?:cmd|method)" ?: ?"([\w/]{1,60})"')
"""The pattern of the command's name in a client's frame; the name is the frame's kind in the journal."""
COMMAND_WITHIN_BYTES = 2_000


# The queue of frames that wait for one client


class OutboxTotal:
    """The total size of the queues of several clients, in bytes."""

    __slots__ = ("size_bytes",)

    def __init__(self) -> None:
        self.size_bytes = 0


class Outbox:
    """The queue of raw frames to one client. `put` refuses a frame that does not fit, `force` always accepts it."""

    __slots__ = ("_frames", "bytes_max", "size_bytes", "total")

    def __init__(self, bytes_max: int = OUTBOX_BYTES_MAX, total: OutboxTotal | None = None) -> None:
        self._frames: deque[bytes] = deque()
        self.bytes_max = bytes_max
        self.size_bytes = 0
        self.total = total
        """The total that the frames count in; None if they count in none."""

    def __len__(self) -> int:
        return len(self._frames)

    @property
    def is_full(self) -> bool:
        return self.size_bytes >= self.bytes_max

    @property
    def has_room(self) -> bool:
        """Whether the queue is at most half full, so that a waiting writer can continue."""
        return self.size_bytes * 2 <= self.bytes_max

    def put(self, raw: bytes) -> bool:
        """Append a frame to the queue; return False if there is no room for it."""
        if self.size_bytes + len(raw) > self.bytes_max:
            return False
        self.force(raw)
        return True

    def force(self, raw: bytes) -> None:
        """Append a frame even if the queue is full.

        Answers to commands are appended by this function. They cannot pile up: no command is read while the queue is
        full.
        """
        self._frames.append(raw)
        self.size_bytes += len(raw)
        if self.total is not None:
            self.total.size_bytes += len(raw)

    def clear(self) -> None:
        if self.total is not None:
            self.total.size_bytes -= self.size_bytes
        self._frames.clear()
        self.size_bytes = 0

    def leave_total(self) -> None:
        """Exclude this queue from the total size of several clients' queues."""
        if self.total is not None:
            self.total.size_bytes -= self.size_bytes
            self.total = None

    def pop_frames(self, bytes_max: int) -> list[bytes]:
        """Remove frames from the queue, the oldest first, and return them; stop when they have `bytes_max` bytes."""
        taken, size_bytes = [], 0
        while self._frames and size_bytes < bytes_max:
            raw = self._frames.popleft()
            taken.append(raw)
            size_bytes += len(raw)
        self.size_bytes -= size_bytes
        if self.total is not None:
            self.total.size_bytes -= size_bytes
        return taken


# A connection: one open stream with its session, its queue of frames and the faults on them


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


class Connection:
    """One open stream of a client, with its session and its queue of frames."""

    def __init__(self, number: int, session: Session, wire: Wire, streams: "Streams", venue: Venue) -> None:
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
        """Answer a command of the client by its session, a fault or a stub, and queue the requested data.

        A command that changes the exchange is returned instead: the sandbox executes it and calls `complete`, before
        the next `receive`.
        """
        if self.is_over:
            return None
        streams, pending, delivery = self._streams, None, PLAIN
        streams.moment = at, host_at, _ = streams.now()
        try:
            if (answer_call := streams.answer_call) and (calls := self.session.calls):
                reply = answer_call(self.number, calls, raw, at, host_at)
                frames = [reply.frame, *reply.frame.data] if reply.frame else []
                called, pending, delivery = reply.called, reply.pending, reply.delivery
                streams.note(self, "in", raw, Frame(raw, "", stub=reply.stub), fault=delivery.fault or None)
            else:
                streams.note(self, "in", raw)
                frames = self.session.receive(raw, at, host_at)
                called = self.session.called
                if frames and frames[0].pending is not None:
                    pending = _reply_to(frames[0].pending, called)
            if pending is None:
                self._take(frames, delivery)
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
        answers = [frame for frame in frames if frame.is_answer]
        if self._streams.answer_rules or self._faults or delivery.fault:
            self._frame_faults().answer(answers, delivery)
        else:
            for frame in answers:
                self.force(frame)
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


# All connections of a sandbox


class Streams:
    """The open streams of one sandbox. `on_waiting` is called when the first connection has frames to write:

    `server/websocket/stream_endpoint.py` has `flush` called at the next turn of the loop.
    """

    def __init__(
        self, journal: Journal, now: Now, inspector: Inspector | None = None, quotas: Quotas = NO_QUOTAS
    ) -> None:
        self.journal = journal
        self.now = now
        self.inspector = inspector
        self.moment: Moment | None = None
        """The moment of the current command, at which all its effects are journalled; None outside a command."""
        self.rules: FrameRules = []
        """Faults of data frames."""
        self.answer_rules: FrameRules = []
        """Faults of answers to commands."""
        self.answer_call: AnswerCall | None = None
        """Answers calls in place of the session; None if no fault and no stub can match one."""
        self.on_waiting: Callable[[], object] = lambda: None
        self.on_subscribed: Callable[[Connection, str], object] = lambda connection, channel: None
        """Called with every acknowledged channel, after the answers of the command are queued."""
        self.on_operation: Callable[[str | None, str], object] = lambda account, operation: None
        """Called with the account and the operation of a command, after its answers are queued."""
        self._connections: dict[int, Connection] = {}
        self._by_venue: dict[str, dict[str, dict[int, Connection]]] = {}
        """Connections by venue, channel and number."""
        self._waiting: dict[int, Connection] = {}
        self._last_number = 0
        self.keyless = OutboxTotal()
        """The size of the outboxes of connections without an account."""
        self._count_max = quotas.streams
        self.refusal_pace = RefusalPace()
        """How often the sandbox refuses what is above its quotas."""
        self.frame_quota = FrameQuota(quotas.frames_per_second) if quotas.frames_per_second else None
        """The quota of data frames; None if there is none."""

    def require_room(self, sandbox: str) -> None:
        """Raise QuotaReached if the sandbox has as many connections as its quota allows."""
        if self._count_max is not None and len(self._connections) >= self._count_max:
            text = f"the sandbox {sandbox!r} has its quota of {self._count_max} streams: close one first"
            raise QuotaReached(text, self.refusal_pace)

    def __len__(self) -> int:
        return len(self._connections)

    def __iter__(self) -> Iterator[Connection]:
        return iter(list(self._connections.values()))

    def matching(self, account: str = ANY, channel: str = ANY) -> list[Connection]:
        """Return the connections of an account that are subscribed to a channel; ANY stands for all."""
        return [
            one
            for one in self._connections.values()
            if account in (ANY, one.account) and (channel == ANY or one.session.follows(channel))
        ]

    @property
    def channels(self) -> list[tuple[str, Collection[str]]]:
        """The channels that have or had a subscription, as (venue, channels) pairs."""
        return list(self._by_venue.items())

    def count_by_venue(self) -> Counter[str]:
        """Return the number of open connections by venue. Cost: O(connections)."""
        return Counter(one.venue.name for one in self._connections.values())

    def count_of(self, account: str) -> int:
        """Return the number of open connections of an account. Cost: O(connections)."""
        return sum(one.account == account for one in self._connections.values())

    def open(self, session: Session, wire: Wire, venue: Venue = DEFAULT) -> Connection:
        self._last_number += 1
        connection = Connection(self._last_number, session, wire, self, venue)
        self._connections[connection.number] = connection
        self.note(connection, "in", b"", Frame(b"", "open"))
        connection.set_alarm()
        return connection

    def forget(self, connection: Connection, ending: Ending = VANISHED) -> None:
        """Remove a connection that has ended or is about to end, and journal its end. Further calls have no effect."""
        text = f"{ending.code} {ending.reason}".rstrip()
        connection.lose_held()
        direction = "out" if ending.is_ours else "in"
        self.note(connection, direction, text.encode(), Frame(b"", CLOSE, note=ending.note), fault=ending.fault)
        if not connection.is_over:
            connection.is_over, connection.ending = True, ending
        connection.outbox.leave_total()
        self._connections.pop(connection.number, None)
        self._waiting.pop(connection.number, None)
        connection.set_alarm()
        self.index(connection)

    def index(self, connection: Connection) -> None:
        """Update the index after the channels of a connection have changed."""
        by_channel = self._by_venue.setdefault(connection.venue.name, {})
        subscribed: Collection[str] = () if connection.is_over else connection.session.channels
        for channel in subscribed:
            by_channel.setdefault(channel, {})[connection.number] = connection
        for channel, connections in by_channel.items():
            if channel not in subscribed:
                connections.pop(connection.number, None)

    def publish_outcome(self, state: State, outcome: Outcome, at: int, contexts: Mapping[str, Any]) -> None:
        """Send messages about a command's events to the connections that subscribed to their channels.

        `contexts` has each venue's view of the sandbox, by the venue's name.
        """
        if not self._connections or isinstance(outcome, Refusal):
            return
        for name, channels in self.channels:
            venue = VENUES[name]
            self.publish(venue.stream.messages_of(state, outcome, at, contexts[name].settings, channels), venue)

    def publish(self, messages: Iterable[Message], venue: Venue = DEFAULT) -> None:
        """Send each message of a venue to the connections that subscribed to its channel and may see it."""
        by_channel = self._by_venue.get(venue.name, {})
        self.moment = self.now()
        try:
            for message in messages:
                for connection in list(by_channel.get(message.channel, {}).values()):
                    connection.publish(message)
        finally:
            self.moment = None

    def flush(self) -> None:
        """Write all waiting frames of all connections, as far as the sockets accept them."""
        waiting, self._waiting = self._waiting, {}
        for connection in waiting.values():
            connection.wire.flush()

    def wants_flush(self, connection: Connection) -> None:
        if not self._waiting:
            self.on_waiting()
        self._waiting[connection.number] = connection

    def bound_keyless(self) -> None:
        """If connections without an account have too many unread frames together, cut the one that has the most."""
        if self.keyless.size_bytes <= KEYLESS_BYTES_MAX:
            return
        keyless = (one for one in self._connections.values() if one.outbox.total is not None)
        worst = max(keyless, key=lambda one: one.outbox.size_bytes)
        worst.outbox.clear()
        worst.abort(note=KEYLESS_LIMIT)

    def close_all(self, code: int = SERVICE_RESTART) -> None:
        for connection in self:
            connection.close(code)

    def note(
        self,
        connection: Connection,
        direction: str,
        raw: bytes,
        frame: Frame | None = None,
        *,
        fault: str | None = None,
    ) -> None:
        """Journal a frame: "in" from a client, "out" to it, or "lost" if it was made but not sent."""
        if connection.is_over:
            return
        at, host_at, position = self.moment or self.now()
        _, kind, channel, _, note, _, stub, commands, *_ = frame or NO_FRAME
        if direction == "in" and not kind and (named := COMMAND.search(raw[:COMMAND_WITHIN_BYTES])):
            kind = named[1].decode()
        if self.inspector and direction == "out" and kind != CLOSE and fault is None and stub is None:
            found = self.inspector.check_frame(connection.venue.name, connection.session.api_date.day, raw)
            note = "; ".join([*([note] if note else []), *found])
        number, account = connection.number, connection.account
        entry = FrameEntry(
            at, host_at, position, number, account, direction, raw, kind, channel, fault, note, stub, commands
        )
        self.journal.add_frame(entry)
