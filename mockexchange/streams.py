"""The open streams of a sandbox: each a session of the venue, what waits for its socket, and what disturbs it.

Nothing here waits or knows a socket: a `Wire` is what the server gives a connection to be flushed, closed and cut by.
"""

from collections.abc import Callable, Container, Iterable, Iterator
from typing import NamedTuple, Protocol

from mockexchange.faults.frames import Disturber, FrameRules, Timer
from mockexchange.inspection import Inspector
from mockexchange.journal import FrameEntry, Journal
from mockexchange.outbox import Outbox
from mockexchange.venues.kalshi.stream.messages import Message
from mockexchange.venues.kalshi.stream.session import Frame, Session

OVERFLOW = 25
OVERFLOWED = "overflow"
"""What the journal calls a frame that found no room, and the error that a reader too slow gets for it."""
SERVICE_RESTART = 1012
"""The close code of a reset and of a shutdown: clients reconnect after it with a pause (after 1001 one spins)."""
ABNORMAL = 1006
"""No code that is ever sent: what the end of a connection without a close frame is called (RFC 6455, 7.1.5)."""
ANSWERS = frozenset(("subscribed", "unsubscribed", "ok", "error"))
CLOSE = "close"
"""What the journal calls the end of a connection."""
ANY = "*"
Moment = tuple[int, int, int]
Now = Callable[[], Moment]
"""Exchange time and host time in microseconds, and the length of the log."""


class Ending(NamedTuple):
    """How a connection ended: with which code and reason, and whether it was us."""

    code: int
    reason: str = ""
    is_ours: bool = False
    fault: str | None = None
    """The fault that brought it about."""


VANISHED = Ending(ABNORMAL)
NO_FRAME = Frame(b"", "")


class Wire(Protocol):
    """A connection's socket."""

    def flush(self) -> None:
        """Write what waits in the outbox, as far as the socket takes it."""
        ...

    def close(self, code: int, reason: str = "") -> None: ...

    def abort(self) -> None:
        """Cut the connection without a close frame."""
        ...

    def stall(self) -> None:
        """Write nothing from now on, not even pings; reading goes on."""
        ...

    def call_later(self, delay_us: int, callback: Callable[[], object]) -> Timer:
        """Call back after a while of host time, unless the connection has ended by then."""
        ...


class Connection:
    """One open stream."""

    def __init__(self, number: int, session: Session, wire: Wire, streams: "Streams") -> None:
        self.number = number
        self.session = session
        self.wire = wire
        self.account = session.key.account if session.key else None
        self.outbox = Outbox(session.desk.settings.stream_outbox_bytes)
        self.since = streams.now()[0]
        """The exchange's instant at which it was opened."""
        self.is_over = False
        """Whether it has ended, or is about to: nothing goes out or is noted any more."""
        self._streams = streams
        self._rules = streams.rules
        self._disturber: Disturber | None = None

    def receive(self, raw: bytes) -> None:
        """Carry out a command of the client; its answers wait in the outbox then, and data that it asked for."""
        if self.is_over:
            return
        streams = self._streams
        streams.moment = at, host_at, _ = streams.now()
        try:
            streams.note(self, "in", raw)
            frames = self.session.receive(raw, at, host_at)
            self._answer([frame for frame in frames if frame.kind in ANSWERS])
            for frame in frames:
                if frame.kind not in ANSWERS and frame.sid in self.session.subscriptions:
                    self._deliver(frame)
            streams.index(self)
        finally:
            streams.moment = None
        for frame in frames:
            if frame.kind == "subscribed" and not self.is_over:
                streams.on_subscribed(self, frame.channel)

    def publish(self, message: Message) -> None:
        frame = self.session.frame_of(message)
        if frame is not None:
            self._deliver(frame)

    def send(self, raw: bytes, kind: str = "", channel: str = "", fault: str | None = "literal") -> None:
        """Send a frame that the session did not make, past filters and faults."""
        self.put(Frame(raw, kind, channel), fault)

    def send_literal(self, text: str, channel: str = "", fault: str | None = "literal") -> None:
        """Send a text whose "$sid" and "$seq" stand for the channel's subscription here and its next number."""
        subscription = self.session.by_channel.get(channel)
        if '"$sid"' in text:
            text = text.replace('"$sid"', str(subscription.sid if subscription else 0))
        if '"$seq"' in text:
            text = text.replace('"$seq"', str(subscription.next_seq() if subscription else 0))
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

    def close(self, code: int, reason: str = "", fault: str | None = None) -> None:
        """Send what waits, then a close frame."""
        self._streams.forget(self, Ending(code, reason, is_ours=True, fault=fault))
        self.wire.close(code, reason)

    def abort(self, fault: str | None = None) -> None:
        """Send what waits as far as the socket takes it, then cut the connection."""
        self._streams.forget(self, Ending(ABNORMAL, is_ours=True, fault=fault))
        self.wire.flush()
        self.wire.abort()

    def stall(self) -> None:
        """Send what waits as far as the socket takes it, and then never anything again."""
        self.wire.flush()
        self.wire.stall()

    def lose_held(self) -> None:
        """It ends: what a fault held back does not go out any more."""
        if self._disturber:
            self._disturber.lose_held()

    def _answer(self, frames: list[Frame]) -> None:
        if self._streams.answer_rules or self._disturber:
            self._disturbed().answer(frames)
            return
        for frame in frames:
            self.force(frame)

    def _deliver(self, frame: Frame) -> None:
        if self._rules or self._disturber:
            self._disturbed().deliver(frame)
        else:
            self.put(frame)

    def _disturbed(self) -> Disturber:
        if self._disturber is None:
            self._disturber = Disturber(self, self._streams)
        return self._disturber

    def _sent(self, frame: Frame, fault: str | None) -> None:
        self._streams.note(self, "out", frame.raw, frame, fault=fault)
        self._streams.wants_flush(self)


class Streams:
    """The connections of one sandbox. `on_waiting` is called when something begins to wait for a flush."""

    def __init__(self, journal: Journal, now: Now, inspector: Inspector | None = None) -> None:
        self.journal = journal
        self.now = now
        self.inspector = inspector
        self.moment: Moment | None = None
        """When all that is under way is noted to have happened: one command, and whatever it brings about."""
        self.rules: FrameRules = []
        """Faults of data frames."""
        self.answer_rules: FrameRules = []
        """Faults of answers to commands."""
        self.on_waiting: Callable[[], object] = lambda: None
        self.on_subscribed: Callable[[Connection, str], object] = lambda connection, channel: None
        """Told of every channel acknowledged, once the answers of the command are in the outbox."""
        self._connections: dict[int, Connection] = {}
        self._by_channel: dict[str, dict[int, Connection]] = {}
        self._waiting: dict[int, Connection] = {}
        self._last_number = 0

    def __len__(self) -> int:
        return len(self._connections)

    def __iter__(self) -> Iterator[Connection]:
        return iter(list(self._connections.values()))

    def matching(self, account: str = ANY, channel: str = ANY) -> list[Connection]:
        """The connections of an account, or of anybody, that are subscribed to a channel, or to whatever."""
        return [
            one
            for one in self._connections.values()
            if account in (ANY, one.account) and (channel == ANY or channel in one.session.by_channel)
        ]

    @property
    def channels(self) -> Container[str]:
        """The channels that somebody is subscribed to, or was."""
        return self._by_channel

    def count_of(self, account: str) -> int:
        """How many connections an account has open. Cost: O(connections)."""
        return sum(one.account == account for one in self._connections.values())

    def open(self, session: Session, wire: Wire) -> Connection:
        self._last_number += 1
        connection = Connection(self._last_number, session, wire, self)
        self._connections[connection.number] = connection
        self.note(connection, "in", b"", Frame(b"", "open"))
        return connection

    def forget(self, connection: Connection, ending: Ending = VANISHED) -> None:
        """The connection has ended, or is about to. The first that says so is right about how."""
        text = f"{ending.code} {ending.reason}".rstrip()
        connection.lose_held()
        direction = "out" if ending.is_ours else "in"
        self.note(connection, direction, text.encode(), Frame(b"", CLOSE), fault=ending.fault)
        connection.is_over = True
        self._connections.pop(connection.number, None)
        self._waiting.pop(connection.number, None)
        for connections in self._by_channel.values():
            connections.pop(connection.number, None)

    def index(self, connection: Connection) -> None:
        """Know a connection by the channels that it is subscribed to now."""
        subscribed = () if connection.is_over else connection.session.by_channel
        for channel in subscribed:
            self._by_channel.setdefault(channel, {})[connection.number] = connection
        for channel, connections in self._by_channel.items():
            if channel not in subscribed:
                connections.pop(connection.number, None)

    def publish(self, messages: Iterable[Message]) -> None:
        """Give every message to who is subscribed to its channel and may see it."""
        self.moment = self.now()
        try:
            for message in messages:
                for connection in list(self._by_channel.get(message.channel, {}).values()):
                    connection.publish(message)
        finally:
            self.moment = None

    def flush(self) -> None:
        """Write what waits, as far as the sockets take it."""
        waiting, self._waiting = self._waiting, {}
        for connection in waiting.values():
            connection.wire.flush()

    def wants_flush(self, connection: Connection) -> None:
        if not self._waiting:
            self.on_waiting()
        self._waiting[connection.number] = connection

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
        """Journal a frame: "in" from a client, "out" to it, or "lost", which was made and does not go out."""
        if connection.is_over:
            return
        at, host_at, position = self.moment or self.now()
        _, kind, channel, _, words = frame or NO_FRAME
        if self.inspector and direction == "out" and kind != CLOSE and fault is None:
            found = self.inspector.check_frame(connection.session.api_date.day, raw)
            words = "; ".join([*([words] if words else []), *found])
        number, account = connection.number, connection.account
        entry = FrameEntry(at, host_at, position, number, account, direction, raw, kind, channel, fault, words)
        self.journal.add_frame(entry)
