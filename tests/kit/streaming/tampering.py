"""Streams whose frames are changed in transit, one change at a time."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from contracts.suites.streams import TRANSPORTS
from mockexchange.kit.streaming.connections import Arrival, Connect, FrameType, StreamConnection
from mockexchange.kit.streaming.target import StreamTarget

Frame = dict[str, Any]
Change = Callable[[Frame], list[Frame]]
"""Maps a frame to the frames that replace it; made anew for each stream."""
HANDSHAKE_S, ANSWER_S = 10.0, 1.0
"""Timeouts, long enough in process on a busy machine and short enough for frames that never come."""


class TamperedWire:
    """A `StreamConnection` whose frames and other arrivals are changed."""

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
    """Return a function that opens streams with changed frames."""

    def opened(url: str, headers: Mapping[str, str], timeout_s: float) -> StreamConnection:
        # The handshake itself may be slow on a busy machine.
        return TamperedWire(connect(url, headers, max(timeout_s, HANDSHAKE_S)), make(), touch)

    return opened


@contextmanager
def tampered_target(
    make: Callable[[], Change], alias: str = "2026-10", transport: str = "in process"
) -> Iterator[StreamTarget]:
    """Yield a target with changed frames and a short timeout."""
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
    """Change the frames of one stream only, numbered from 1 in the order of opening."""
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
    """Set keys in the body of a frame."""
    return lambda frame: [{**frame, "msg": {**frame["msg"], **keys}}]


def enveloped(**keys: Any) -> Change:
    """Set keys in the envelope of a frame."""
    return lambda frame: [{**frame, **keys}]


def without(key: str) -> Change:
    return lambda frame: [{name: value for name, value in frame.items() if name != key}]


def without_key_in_body(key: str) -> Change:
    return lambda frame: [{**frame, "msg": {name: value for name, value in frame["msg"].items() if name != key}}]


def late(kind: str) -> Callable[[], Change]:
    """Swap the first frame of a kind with the one after it."""

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
    """Send data of a subscription after its end."""
    gone: list[int] = []

    def made(frame: Frame) -> list[Frame]:
        if frame["type"] == "unsubscribed":
            gone.append(frame["sid"])
        if frame["type"] == "ok" and gone:
            return [{"type": "fill", "sid": gone[-1], "msg": {}}, frame]
        return [frame]

    return made
