"""One stream, and everything that crossed it in order: commands, frames as they were read, pings, the end."""

import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from mockexchange.kit.findings import Finding
from mockexchange.kit.streaming.connection import ABNORMAL, Arrival, FrameType, StreamConnection
from mockexchange.kit.streaming.protocol import MessageKind, StreamMessage, StreamProtocol

FRAMES = (FrameType.TEXT, FrameType.BINARY)
STAYS_OPEN = "stream.open"
"""Of a connection that ends though nobody asked for it."""
SHOWN_BYTES_MAX = 40
SLICES = 20
"""Of a wait."""
REPLIES = (MessageKind.ACK, MessageKind.GONE, MessageKind.OK, MessageKind.ERROR)
NOTHING = StreamMessage(MessageKind.OTHER)


class Judge(Protocol):
    """What has something against frames."""

    def objections(self, raw: str | bytes, where: str) -> Iterator[Finding]:
        """Yield what is wrong with a frame of the server; `where` names it."""
        ...


class SentCommand(NamedTuple):
    """A command. `channels` are those that it subscribes to, `sids` those that it ends."""

    command_id: int | None
    name: str
    raw: bytes
    channels: tuple[str, ...] = ()
    sids: tuple[int, ...] = ()


class RecordedFrame(NamedTuple):
    """Something that crossed: `sent` a command, or `arrival` with what it says and what the document has against it.

    `at_s` is on the monotonic clock.
    """

    at_s: float
    sent: SentCommand | None = None
    arrival: Arrival | None = None
    message: StreamMessage = NOTHING
    objections: tuple[Finding, ...] = ()


class RecordedStream:
    """Each frame that arrives is held against the document; what that has against it goes to `objections`.

    `name` tells it from the others of a run: "the member's stream". Deadlines are seconds.
    """

    def __init__(
        self,
        name: str,
        connection: StreamConnection,
        protocol: StreamProtocol,
        judge: Judge,
        objections: list[Finding],
        answer_s: float,
    ) -> None:
        self.name, self.connection, self.protocol = name, connection, protocol
        self.answer_s = answer_s
        self.entries: list[RecordedFrame] = []
        self.messages: list[StreamMessage] = []
        self.objections = objections
        self.is_closed = False
        """Whether the other side has ended it, or the connection is gone."""
        self.place, self.may_be_lost = "", True
        """Where it is documented, and whether a connection may end without a close frame and nobody is to blame."""
        self._is_leaving = False
        self._judge = judge
        self._last_id = 0

    # Out

    def send(self, raw: bytes, sent: SentCommand | None = None, *, is_binary: bool = False) -> None:
        """Send whatever it is. Raises Unreachable."""
        self.entries.append(RecordedFrame(time.monotonic(), sent or SentCommand(None, "", raw)))
        self.connection.send(raw, is_binary=is_binary)

    def next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def command(self, name: str, params: Any = None, **details: Any) -> int:
        """Send a command and return its id; `details` is what `SentCommand` knows of it. Raises Unreachable."""
        command_id = self.next_id()
        raw = self.protocol.command(command_id, name, params)
        self.send(raw, SentCommand(command_id, name, raw, **details))
        return command_id

    def ask(self, name: str, params: Any = None, count: int = 1, **details: Any) -> list[StreamMessage]:
        """Send a command and return its replies: `count` of them, or one error, or those that came in time."""
        return self.replies(self.command(name, params, **details), count)

    def subscribe(self, *channels: str, **params: Any) -> list[StreamMessage]:
        """Subscribe and return the replies."""
        name, given = self.protocol.subscription(list(channels), params)
        return self.ask(name, given, len(channels), channels=channels)

    def unsubscribe(self, *sids: int) -> list[StreamMessage]:
        """End subscriptions and return the replies, which need not have the command's id."""
        name, params = self.protocol.unsubscription(list(sids))
        command_id = self.command(name, params, sids=sids)
        found: list[StreamMessage] = []
        for entry in self.read_for(self.answer_s):
            if entry.message.kind is MessageKind.GONE or entry.message.command_id == command_id:
                found.append(entry.message)
                if len(found) == len(sids) or entry.message.kind is MessageKind.ERROR:
                    break
        return found

    # In

    def read(self, timeout_s: float) -> RecordedFrame | None:
        """Return what arrives next; None where nothing does in time."""
        if self.is_closed:
            return None
        arrival = self.connection.receive(timeout_s)
        if arrival is None:
            return None
        self.is_closed = arrival.type is FrameType.CLOSE
        entry = self._entry(arrival)
        self.entries.append(entry)
        self.objections.extend(entry.objections)
        return entry

    def _entry(self, arrival: Arrival) -> RecordedFrame:
        now_s = time.monotonic()
        if arrival.type is FrameType.CLOSE:
            return RecordedFrame(now_s, None, arrival, objections=tuple(self._thrown_out(arrival)))
        if arrival.type not in FRAMES:
            return RecordedFrame(now_s, None, arrival)
        message = self.protocol.read(arrival.raw)
        self.messages.append(message)
        found = tuple(self._judge.objections(arrival.raw, self.where(len(self.messages))))
        return RecordedFrame(now_s, None, arrival, message, found)

    def _thrown_out(self, end: Arrival) -> Iterator[Finding]:
        """The other side closes, though nobody has asked it to."""
        if self._is_leaving or (end.code == ABNORMAL and self.may_be_lost):
            return
        where = f"{self.where(len(self.messages))}, after {self._last_sent()}"
        yield Finding(STAYS_OPEN, where, f"closed with {end.code}", "a stream that stays open", self.place)

    def _last_sent(self) -> str:
        names = [entry.sent.name or repr(entry.sent.raw[:SHOWN_BYTES_MAX]) for entry in self.entries if entry.sent]
        return names[-1] if names else "the handshake"

    def read_for(self, within_s: float) -> Iterator[RecordedFrame]:
        """Everything that arrives within so many seconds, as it does.

        Waited for in slices, none of which counts for longer than it was meant to last: what stops this process for
        seconds stops the wait too, so that an answer which is there by then is not missed.
        """
        slice_s, left_s = within_s / SLICES, within_s
        while left_s > 0:
            began_s = time.monotonic()
            entry = self.read(slice_s)
            left_s -= min(slice_s, time.monotonic() - began_s) if entry else slice_s
            if entry:
                yield entry

    def replies(self, command_id: int, count: int = 1) -> list[StreamMessage]:
        """The replies to a command: `count` of them, or one error, or those that came in time."""
        found: list[StreamMessage] = []
        for entry in self.read_for(self.answer_s):
            if entry.message.command_id == command_id:
                found.append(entry.message)
                if len(found) == count or entry.message.kind is MessageKind.ERROR:
                    break
        return found

    def first(self, kind: MessageKind) -> StreamMessage | None:
        """The next frame of a kind; None where none comes in time. For replies without an id."""
        return next((entry.message for entry in self.read_for(self.answer_s) if entry.message.kind is kind), None)

    def sync(self) -> bool:
        """Read everything that was sent before now: a command that changes nothing is answered after it."""
        return not self.is_closed and bool(self.ask(self.protocol.barrier))

    def close(self) -> Arrival | None:
        """Close and return the other side's close; None where none comes in time."""
        self._is_leaving = True
        self.connection.close()
        return next((one.arrival for one in self.read_for(self.answer_s) if _is_close(one)), None)

    # What crossed

    def where(self, number: int) -> str:
        """Name a frame, counted from 1, for findings."""
        return f"{self.name}, frame {number}"

    @property
    def channels(self) -> dict[int, str]:
        """The channel of each subscription that was ever acknowledged."""
        return {one.sid: one.channel for one in self.messages if one.kind is MessageKind.ACK and one.sid is not None}

    @property
    def arrivals(self) -> list[RecordedFrame]:
        """The entries of the frames, as many as there are in `frames`."""
        return [entry for entry in self.entries if entry.arrival and entry.arrival.type in FRAMES]

    def data(self, channel: str, entries: Sequence[RecordedFrame] | None = None) -> list[StreamMessage]:
        """The data of a channel, in order."""
        known = self.channels
        messages = (entry.message for entry in (self.entries if entries is None else entries))
        return [
            one
            for one in messages
            if one.kind is MessageKind.DATA and one.sid is not None and known.get(one.sid) == channel
        ]


def _is_close(entry: RecordedFrame) -> bool:
    return entry.arrival is not None and entry.arrival.type is FrameType.CLOSE
