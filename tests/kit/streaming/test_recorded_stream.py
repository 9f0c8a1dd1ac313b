"""The record of a stream, and its timeouts."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from mockexchange.kit.findings import Finding
from mockexchange.kit.streaming import recorded_stream
from mockexchange.kit.streaming.connections import Arrival, FrameType
from mockexchange.kit.streaming.protocol import MessageKind
from tests.helpers.rows import each_row
from tests.kit.streaming.scripted import Player, stream_on


def text(**frame: Any) -> Arrival:
    return Arrival(FrameType.TEXT, json.dumps(frame).encode())


ACK = text(type="subscribed", id=1, msg={"channel": "fill", "sid": 1})
FILL = text(type="fill", sid=1, msg={"trade_id": "t"})
PING = Arrival(FrameType.PING, b"heartbeat")


def test_commands_and_arrivals_are_kept_in_order() -> None:
    stream = stream_on(Player(ACK, PING, FILL))
    stream.subscribe("fill", market_tickers=["M"])
    list(stream.read_for(1))
    kinds = [one.sent.name if one.sent else one.arrival and one.arrival.type for one in stream.entries]
    assert kinds == ["subscribe", FrameType.TEXT, FrameType.PING, FrameType.TEXT]
    assert [one.name for one in stream.messages] == ["subscribed", "fill"]
    assert stream.channels == {1: "fill"}
    assert [one.body for one in stream.data("fill")] == [{"trade_id": "t"}]
    assert stream.data("trade") == []


def test_a_command_is_put_as_the_venue_wants_it() -> None:
    connection = Player()
    stream = stream_on(connection)
    stream.subscribe("fill", market_tickers=["M"])
    stream.unsubscribe(3)
    stream.sync()
    assert [json.loads(raw) for raw, _ in connection.sent] == [
        {"id": 1, "cmd": "subscribe", "params": {"channels": ["fill"], "market_tickers": ["M"]}},
        {"id": 2, "cmd": "unsubscribe", "params": {"sids": [3]}},
        {"id": 3, "cmd": "list_subscriptions"},
    ]


def test_replies_are_those_of_the_command() -> None:
    stream = stream_on(Player(FILL, text(type="ok", id=9), text(type="ok", id=1), FILL))
    assert [one.command_id for one in stream.ask("list_subscriptions")] == [1]
    assert len(stream.messages) == 3


def test_an_error_is_the_only_reply() -> None:
    stream = stream_on(Player(text(type="error", id=1, msg={"code": 8}), FILL))
    assert [one.kind for one in stream.subscribe("a", "b")] == [MessageKind.ERROR]


def test_no_reply_is_waited_for_for_ever() -> None:
    stream = stream_on(Player())
    assert stream.subscribe("fill") == []
    assert stream.unsubscribe(1) == []
    assert stream.first(MessageKind.ERROR) is None
    assert not stream.sync()
    assert not stream.is_closed


class Timed(Player):
    """A connection with scripted waits: seconds on its clock and the arrival; the last one repeats."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *waits: tuple[float, Arrival | None]) -> None:
        super().__init__()
        self.now_s, self.waits = 0.0, list(waits)
        monkeypatch.setattr(recorded_stream, "time", self)

    def monotonic(self) -> float:
        return self.now_s

    def receive(self, timeout_s: float) -> Arrival | None:
        took_s, arrival = self.waits.pop(0) if len(self.waits) > 1 else self.waits[0]
        self.now_s += took_s
        return arrival


def test_what_stops_the_process_stops_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = stream_on(Timed(monkeypatch, (3600.0, None), (0.001, None), (0.0, text(type="ok", id=1))))
    assert [one.command_id for one in stream.ask("list_subscriptions")] == [1]


def test_a_flood_is_read_no_longer_than_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = stream_on(Timed(monkeypatch, (0.125, FILL)))
    assert len(list(stream.read_for(20.0))) == 160


def test_ends_are_replies_without_an_id_too() -> None:
    stream = stream_on(Player(text(type="unsubscribed", sid=2), FILL, text(type="unsubscribed", sid=1), FILL))
    assert [one.sid for one in stream.unsubscribe(2, 1)] == [2, 1]
    assert len(stream.messages) == 3


def test_after_the_end_nothing_is_read() -> None:
    stream = stream_on(Player(FILL))
    assert stream.close() == Arrival(FrameType.CLOSE, b"", 1000)
    assert stream.is_closed
    assert stream.read(1) is None
    assert [one.name for one in stream.messages] == ["fill"]


class Strict:
    """A checker with an objection to every frame."""

    def objections(self, raw: str | bytes, where: str) -> Iterator[Finding]:
        yield Finding("frames.documented", where, "a frame", "none", "nowhere")


def test_what_a_document_has_against_a_frame_is_kept_with_it() -> None:
    stream = stream_on(Player(FILL, PING, FILL), Strict())
    list(stream.read_for(1))
    assert [one.where for one in stream.objections] == ["a stream, frame 1", "a stream, frame 2"]
    assert [len(one.objections) for one in stream.entries] == [1, 0, 1]
    assert len(stream.arrivals) == 2


@each_row("raw", [b"", b"words", b"[]", b"{}", b'{"type": 1}', b"\xff"])
def test_what_cannot_be_read_is_nothing(raw: bytes) -> None:
    stream = stream_on(Player(Arrival(FrameType.TEXT, raw)))
    list(stream.read_for(1))
    assert [one.kind for one in stream.messages] == [MessageKind.OTHER]


def test_an_unexpected_close_is_a_finding() -> None:
    stream = stream_on(Player(Arrival(FrameType.CLOSE, b"", 1008)))
    stream.send(b"{")
    list(stream.read_for(1))
    [found] = stream.objections
    assert (found.rule, found.where, found.seen) == ("stream.open", "a stream, frame 0, after b'{'", "closed with 1008")


def test_a_close_that_was_asked_for_is_not() -> None:
    stream = stream_on(Player())
    stream.close()
    assert stream.objections == []


@each_row(("may_be_lost", "count"), [(True, 0), (False, 1)])
def test_a_lost_connection_is_a_finding_for_scripted_exchanges_only(may_be_lost: bool, count: int) -> None:
    stream = stream_on(Player(Arrival(FrameType.CLOSE, b"", 1006)))
    stream.may_be_lost = may_be_lost
    list(stream.read_for(1))
    assert len(stream.objections) == count
