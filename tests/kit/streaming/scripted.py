"""Recorded streams over scripted connections: replies, data and closes."""

from collections.abc import Iterator
from typing import Any

from mockexchange.kit.findings import Finding
from mockexchange.kit.kalshi.stream.api_document import KalshiStreamProtocol
from mockexchange.kit.streaming.connections import Arrival, FrameType
from mockexchange.kit.streaming.protocol import MessageKind, StreamMessage
from mockexchange.kit.streaming.recorded_stream import FrameChecker, RecordedFrame, RecordedStream, SentCommand

ANY_FRAME = Arrival(FrameType.TEXT, b"{}\n")


def subscribe(command_id: int, *channels: str) -> SentCommand:
    return SentCommand(command_id, "subscribe", b"", channels)


def unsubscribe(command_id: int, *sids: int) -> SentCommand:
    return SentCommand(command_id, "unsubscribe", b"", (), sids)


def ack(command_id: int, channel: str, sid: int) -> StreamMessage:
    return StreamMessage(MessageKind.ACK, "ack", command_id, sid, channel)


def gone(command_id: int | None, sid: int, number: int | None = None) -> StreamMessage:
    return StreamMessage(MessageKind.GONE, "gone", command_id, sid, number=number)


def ok(command_id: int) -> StreamMessage:
    return StreamMessage(MessageKind.OK, "ok", command_id)


def data(sid: int, number: int | None = None, **body: Any) -> StreamMessage:
    return StreamMessage(
        MessageKind.DATA, "news", None, sid, number=number, body=body, frame={"number": number, **body}
    )


class NoObjections:
    """A checker without objections."""

    def objections(self, raw: str | bytes, where: str) -> Iterator[Finding]:
        yield from ()


class Player:
    """A `StreamConnection` that returns scripted arrivals, and keeps what is sent."""

    has_pings = True

    def __init__(self, *arrivals: Arrival) -> None:
        self.waiting, self.sent, self.pinged = list(arrivals), list[tuple[bytes, bool]](), list[bytes]()

    def send(self, raw: bytes, *, is_binary: bool = False) -> None:
        self.sent.append((raw, is_binary))

    def ping(self, payload: bytes) -> None:
        self.pinged.append(payload)

    def receive(self, timeout_s: float) -> Arrival | None:
        return self.waiting.pop(0) if self.waiting else None

    def close(self) -> None:
        self.waiting.append(Arrival(FrameType.CLOSE, b"", 1000))

    def drop(self) -> None:
        self.waiting.clear()


def stream_on(connection: Player, checker: FrameChecker | None = None) -> RecordedStream:
    return RecordedStream("a stream", connection, KalshiStreamProtocol(), checker or NoObjections(), [], 0.01)


def stream_of(*crossed: SentCommand | StreamMessage) -> RecordedStream:
    """Return a recorded stream with these commands and messages."""
    stream = stream_on(Player())
    for one in crossed:
        if isinstance(one, SentCommand):
            stream.entries.append(RecordedFrame(0.0, one))
        else:
            stream.entries.append(RecordedFrame(0.0, None, ANY_FRAME, one))
            stream.messages.append(one)
    return stream
