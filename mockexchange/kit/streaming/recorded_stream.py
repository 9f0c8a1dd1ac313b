"""Records all that is sent and received on a stream: commands, frames, pings and the close."""

import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from mockexchange.kit.findings import Finding
from mockexchange.kit.streaming.connections import ABNORMAL, Arrival, FrameType, StreamConnection
from mockexchange.kit.streaming.protocol import MessageKind, StreamMessage, StreamProtocol

FRAMES = (FrameType.TEXT, FrameType.BINARY)
STAYS_OPEN = "stream.open"
"""The rule that a server breaks by closing a connection without a reason."""
SHOWN_BYTES_MAX = 40
SLICES = 20
"""The number of slices into which a wait is cut."""
REPLIES = (MessageKind.ACK, MessageKind.GONE, MessageKind.OK, MessageKind.ERROR)
NOTHING = StreamMessage(MessageKind.OTHER)


class FrameChecker(Protocol):
    """The interface of a comparison of frames with an API document."""

    def objections(self, raw: str | bytes, where: str) -> Iterator[Finding]:
        """Yield the differences between a frame of the server and the document; `where` names the frame."""
        ...


class SentCommand(NamedTuple):
    """A command as it was sent, with the channels that it subscribes to and the subscriptions that it ends."""

    command_id: int | None
    name: str
    raw: bytes
    channels: tuple[str, ...] = ()
    sids: tuple[int, ...] = ()


class RecordedFrame(NamedTuple):
    """One entry of the record: a command that was sent, or a frame that was received."""

    at_s: float
    """The time on the monotonic clock, in seconds."""
    sent: SentCommand | None = None
    arrival: Arrival | None = None
    message: StreamMessage = NOTHING
    """The decoded frame."""
    objections: tuple[Finding, ...] = ()
    """The differences between the frame and the API document."""


class RecordedStream:
    """An open stream that records all commands and frames and compares each frame with the API document.

    Differences are added to `objections`. `name` is unique in a run ("the member's stream"); `answer_s` is the number
    of seconds that a reply may take.
    """

    def __init__(
        self,
        name: str,
        connection: StreamConnection,
        protocol: StreamProtocol,
        checker: FrameChecker,
        objections: list[Finding],
        answer_s: float,
    ) -> None:
        self.name, self.connection, self.protocol = name, connection, protocol
        self.answer_s = answer_s
        self.entries: list[RecordedFrame] = []
        self.messages: list[StreamMessage] = []
        self.objections = objections
        self.is_closed = False
        """Whether the other side has closed the stream, or the connection is lost."""
        self.place = ""
        """Where the stream is documented, for findings."""
        self.may_be_lost = True
        """Whether it is no finding if the connection ends without a close frame."""
        self._is_closing = False
        self._checker = checker
        self._last_id = 0

    def has_heard_all(self) -> bool:
        """Return whether each subscription has received at least one data frame."""
        heard = {message.sid for message in self.messages if message.kind is MessageKind.DATA}
        return bool(self.channels) and heard.issuperset(self.channels)

    # Sending

    def send(self, raw: bytes, sent: SentCommand | None = None, *, is_binary: bool = False) -> None:
        """Send bytes and record them. Raises Unreachable."""
        self.entries.append(RecordedFrame(time.monotonic(), sent or SentCommand(None, "", raw)))
        self.connection.send(raw, is_binary=is_binary)

    def next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def command(self, name: str, params: Any = None, **details: Any) -> int:
        """Send a command and return its id; `details` are further fields of `SentCommand`. Raises Unreachable."""
        command_id = self.next_id()
        raw = self.protocol.command(command_id, name, params)
        self.send(raw, SentCommand(command_id, name, raw, **details))
        return command_id

    def ask(self, name: str, params: Any = None, count: int = 1, **details: Any) -> list[StreamMessage]:
        """Send a command and return its replies: `count`, or fewer after an error or after `answer_s` seconds."""
        return self.replies(self.command(name, params, **details), count)

    def subscribe(self, *channels: str, **params: Any) -> list[StreamMessage]:
        """Subscribe to channels and return the replies to the command."""
        name, given = self.protocol.subscription(list(channels), params)
        return self.ask(name, given, len(channels), channels=channels)

    def unsubscribe(self, *sids: int) -> list[StreamMessage]:
        """End subscriptions by their ids, and return the replies, which may lack the command's id."""
        name, params = self.protocol.unsubscription(list(sids))
        command_id = self.command(name, params, sids=sids)
        found: list[StreamMessage] = []
        for entry in self.read_for(self.answer_s):
            if entry.message.kind is MessageKind.GONE or entry.message.command_id == command_id:
                found.append(entry.message)
                if len(found) == len(sids) or entry.message.kind is MessageKind.ERROR:
                    break
        return found

    # Receiving

    def read(self, timeout_s: float) -> RecordedFrame | None:
        """Return the next frame; None if none arrives in time."""
        if self.is_closed:
            return None
        arrival = self.connection.receive(timeout_s)
        if arrival is None:
            return None
        self.is_closed = arrival.type is FrameType.CLOSE
        entry = self._record(arrival)
        self.entries.append(entry)
        self.objections.extend(entry.objections)
        return entry

    def _record(self, arrival: Arrival) -> RecordedFrame:
        now_s = time.monotonic()
        if arrival.type is FrameType.CLOSE:
            return RecordedFrame(now_s, None, arrival, objections=tuple(self._unexpected_close(arrival)))
        if arrival.type not in FRAMES:
            return RecordedFrame(now_s, None, arrival)
        message = self.protocol.read(arrival.raw)
        self.messages.append(message)
        found = tuple(self._checker.objections(arrival.raw, self.where(len(self.messages))))
        return RecordedFrame(now_s, None, arrival, message, found)

    def _unexpected_close(self, end: Arrival) -> Iterator[Finding]:
        """Yield a finding if the other side closed a stream that this side has not closed."""
        if self._is_closing or (end.code == ABNORMAL and self.may_be_lost):
            return
        where = f"{self.where(len(self.messages))}, after {self._last_sent()}"
        yield Finding(STAYS_OPEN, where, f"closed with {end.code}", "a stream that stays open", self.place)

    def _last_sent(self) -> str:
        names = [entry.sent.name or repr(entry.sent.raw[:SHOWN_BYTES_MAX]) for entry in self.entries if entry.sent]
        return names[-1] if names else "the handshake"

    def read_for(self, within_s: float) -> Iterator[RecordedFrame]:
        """Yield every frame that arrives within `within_s` seconds.

        The time is counted in short slices, so that a pause of this process does not use it up: frames that arrived
        during such a pause are still read.
        """
        slice_s, left_s = within_s / SLICES, within_s
        while left_s > 0:
            began_s = time.monotonic()
            entry = self.read(slice_s)
            left_s -= min(slice_s, time.monotonic() - began_s) if entry else slice_s
            if entry:
                yield entry

    def replies(self, command_id: int, count: int = 1) -> list[StreamMessage]:
        """Return the replies to a command: `count` of them, or fewer after an error or after `answer_s` seconds."""
        found: list[StreamMessage] = []
        for entry in self.read_for(self.answer_s):
            if entry.message.command_id == command_id:
                found.append(entry.message)
                if len(found) == count or entry.message.kind is MessageKind.ERROR:
                    break
        return found

    def first(self, kind: MessageKind) -> StreamMessage | None:
        """Return the next message of a kind, such as a reply without an id; None if none comes in time."""
        return next((entry.message for entry in self.read_for(self.answer_s) if entry.message.kind is kind), None)

    def sync(self) -> bool:
        """Read all frames that the server has sent so far; return False if the stream does not answer any more.

        It sends a command without effect, and reads until the reply.
        """
        return not self.is_closed and bool(self.ask(self.protocol.barrier))

    def close(self) -> Arrival | None:
        """Close the stream and return the server's close frame; None if none comes in time."""
        self._is_closing = True
        self.connection.close()
        return next((one.arrival for one in self.read_for(self.answer_s) if _is_close(one)), None)

    # The record

    def where(self, number: int) -> str:
        """Return the name under which findings refer to a frame. Frames are counted from 1."""
        return f"{self.name}, frame {number}"

    @property
    def channels(self) -> dict[int, str]:
        """Return the channel of each acknowledged subscription, by subscription id."""
        return {one.sid: one.channel for one in self.messages if one.kind is MessageKind.ACK and one.sid is not None}

    @property
    def arrivals(self) -> list[RecordedFrame]:
        """Return the recorded text and binary frames, one for each of `messages`."""
        return [entry for entry in self.entries if entry.arrival and entry.arrival.type in FRAMES]

    def data(self, channel: str, entries: Sequence[RecordedFrame] | None = None) -> list[StreamMessage]:
        """Return the data messages of a channel, in order."""
        known = self.channels
        messages = (entry.message for entry in (self.entries if entries is None else entries))
        return [
            one
            for one in messages
            if one.kind is MessageKind.DATA and one.sid is not None and known.get(one.sid) == channel
        ]


def _is_close(entry: RecordedFrame) -> bool:
    return entry.arrival is not None and entry.arrival.type is FrameType.CLOSE
