"""Streams that were tampered with on their way: what an honest server sends, but for one thing."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from contracts.suites.streams import TRANSPORTS
from mockexchange.kit.streaming.connection import Arrival, Connect, FrameType, StreamConnection
from mockexchange.kit.streaming.target import StreamTarget

Frame = dict[str, Any]
Change = Callable[[Frame], list[Frame]]
"""What becomes of one frame: itself, nothing, others. Made anew for each stream."""
HANDSHAKE_S, ANSWER_S = 10.0, 1.0
"""Long enough in one process on a busy machine, and short enough to wait for what never comes."""


class TamperedWire:
    """A `StreamConnection` whose frames are changed, and whose other arrivals too."""

    def __init__(self, connection: StreamConnection, change: Change, touch: Callable[[Arrival], Arrival]) -> None:
        self._connection, self._change, self._touch = connection, change, touch
        self._waiting: list[Arrival] = []
        self.has_pings = connection.has_pings
        self.send, self.ping, self.close, self.drop = (
            connection.send,
            connection.ping,
            connection.close,
            connection.drop,
        )

    def receive(self, timeout_s: float) -> Arrival | None:
        while not self._waiting:
            arrival = self._connection.receive(timeout_s)
            if arrival is None:
                return None
            self._waiting = [self._touch(one) for one in self._changed(arrival)]
        return self._waiting.pop(0)

    def _changed(self, arrival: Arrival) -> list[Arrival]:
        if arrival.type is not FrameType.TEXT:
            return [arrival]
        frames = self._change(json.loads(arrival.raw))
        return [Arrival(FrameType.TEXT, json.dumps(one, separators=(",", ":")).encode() + b"\n") for one in frames]


def unchanged(arrival: Arrival) -> Arrival:
    return arrival


def honest() -> Change:
    return lambda frame: [frame]


def tampered(connect: Connect, make: Callable[[], Change], touch: Callable[[Arrival], Arrival] = unchanged) -> Connect:
    """A way to open streams whose frames are changed."""

    def opened(url: str, headers: Mapping[str, str], timeout_s: float) -> StreamConnection:
        # An honest handshake may take as long as it takes on a busy machine.
        return TamperedWire(connect(url, headers, max(timeout_s, HANDSHAKE_S)), make(), touch)

    return opened


@contextmanager
def tampered_target(
    make: Callable[[], Change], alias: str = "2026-10", transport: str = "in process"
) -> Iterator[StreamTarget]:
    """A target whose frames are changed; it is not waited for long."""
    with TRANSPORTS[transport](alias) as target:
        target.connect = tampered(target.connect, make)
        target.answer_s = ANSWER_S
        yield target


# Changes


def of(kind: str, change: Change, number: int = 0) -> Callable[[], Change]:
    """Change the frames of one kind: all of them, or the one of that number, counted from 1."""

    def make() -> Change:
        seen = 0

        def made(frame: Frame) -> list[Frame]:
            nonlocal seen
            if frame["type"] != kind:
                return [frame]
            seen += 1
            return change(frame) if number in (0, seen) else [frame]

        return made

    return make


def only(number: int, make: Callable[[], Change]) -> Callable[[], Change]:
    """Change the frames of one stream alone: that of this number, in the order in which they are opened."""
    opened = 0

    def made() -> Change:
        nonlocal opened
        opened += 1
        return make() if opened == number else honest()

    return made


def drop(frame: Frame) -> list[Frame]:
    return []


def double(frame: Frame) -> list[Frame]:
    return [frame, frame]


def with_body(**keys: Any) -> Change:
    """Other values in what a frame tells."""
    return lambda frame: [{**frame, "msg": {**frame["msg"], **keys}}]


def enveloped(**keys: Any) -> Change:
    """Other values around it."""
    return lambda frame: [{**frame, **keys}]


def without(key: str) -> Change:
    return lambda frame: [{name: value for name, value in frame.items() if name != key}]


def without_key_in_body(key: str) -> Change:
    return lambda frame: [{**frame, "msg": {name: value for name, value in frame["msg"].items() if name != key}}]


def late(kind: str) -> Callable[[], Change]:
    """The first frame of a kind comes after the one that follows it."""

    def make() -> Change:
        held: list[Frame] = []
        state = {"is_done": False}

        def made(frame: Frame) -> list[Frame]:
            if held:
                state["is_done"] = True
                return [frame, held.pop()]
            if frame["type"] == kind and not state["is_done"]:
                held.append(frame)
                return []
            return [frame]

        return made

    return make


def data_after_end() -> Change:
    """Something more is told of a subscription after its end."""
    gone: list[int] = []

    def made(frame: Frame) -> list[Frame]:
        if frame["type"] == "unsubscribed":
            gone.append(frame["sid"])
        if frame["type"] == "ok" and gone:
            return [{"type": "fill", "sid": gone[-1], "msg": {}}, frame]
        return [frame]

    return made
