"""Lines whose wire plays what it is given: replies, data, ends, in the words that are the same for every venue."""

from collections.abc import Iterator
from typing import Any

from mockexchange.kit.findings import Finding
from mockexchange.kit.kalshi.stream.protocol import KalshiDialect
from mockexchange.kit.streaming.connection import Arrival, Sort
from mockexchange.kit.streaming.protocol import Kind, Told
from mockexchange.kit.streaming.recorded_stream import Entry, Judge, Line, Sent

ANY_FRAME = Arrival(Sort.TEXT, b"{}\n")


def subscribe(command_id: int, *channels: str) -> Sent:
    return Sent(command_id, "subscribe", b"", channels)


def unsubscribe(command_id: int, *sids: int) -> Sent:
    return Sent(command_id, "unsubscribe", b"", (), sids)


def ack(command_id: int, channel: str, sid: int) -> Told:
    return Told(Kind.ACK, "ack", command_id, sid, channel)


def gone(command_id: int | None, sid: int, number: int | None = None) -> Told:
    return Told(Kind.GONE, "gone", command_id, sid, number=number)


def ok(command_id: int) -> Told:
    return Told(Kind.OK, "ok", command_id)


def data(sid: int, number: int | None = None, **body: Any) -> Told:
    return Told(Kind.DATA, "news", None, sid, number=number, body=body, frame={"number": number, **body})


class Content:
    """A document that has nothing against any frame."""

    def objections(self, raw: str | bytes, where: str) -> Iterator[Finding]:
        yield from ()


class Player:
    """A `Wire` that gives what it is told to give, and keeps what is sent."""

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
        self.waiting.append(Arrival(Sort.CLOSE, b"", 1000))

    def drop(self) -> None:
        self.waiting.clear()


def line_on(wire: Player, judge: Judge | None = None) -> Line:
    return Line("a stream", wire, KalshiDialect(), judge or Content(), [], 0.01)


def line_of(*crossed: Sent | Told) -> Line:
    """A line on which all that has crossed already."""
    line = line_on(Player())
    for one in crossed:
        if isinstance(one, Sent):
            line.entries.append(Entry(0.0, one))
        else:
            line.entries.append(Entry(0.0, None, ANY_FRAME, one))
            line.frames.append(one)
    return line
