"""What a line keeps of what crosses it, and how long it waits."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from mockexchange.kit.findings import Finding
from mockexchange.kit.streaming import recorded_stream
from mockexchange.kit.streaming.connection import Arrival, Sort
from mockexchange.kit.streaming.protocol import Kind
from tests.kit.streaming.scripted import Player, line_on


def text(**frame: Any) -> Arrival:
    return Arrival(Sort.TEXT, json.dumps(frame).encode())


ACK = text(type="subscribed", id=1, msg={"channel": "fill", "sid": 1})
FILL = text(type="fill", sid=1, msg={"trade_id": "t"})
PING = Arrival(Sort.PING, b"heartbeat")


def test_commands_and_arrivals_are_kept_in_order() -> None:
    line = line_on(Player(ACK, PING, FILL))
    line.subscribe("fill", market_tickers=["M"])
    list(line.until(1))
    kinds = [one.sent.name if one.sent else one.arrival and one.arrival.sort for one in line.entries]
    assert kinds == ["subscribe", Sort.TEXT, Sort.PING, Sort.TEXT]
    assert [one.message for one in line.frames] == ["subscribed", "fill"]
    assert line.channels == {1: "fill"}
    assert [one.body for one in line.data("fill")] == [{"trade_id": "t"}]
    assert line.data("trade") == []


def test_a_command_is_put_as_the_venue_wants_it() -> None:
    wire = Player()
    line = line_on(wire)
    line.subscribe("fill", market_tickers=["M"])
    line.unsubscribe(3)
    line.sync()
    assert [json.loads(raw) for raw, _ in wire.sent] == [
        {"id": 1, "cmd": "subscribe", "params": {"channels": ["fill"], "market_tickers": ["M"]}},
        {"id": 2, "cmd": "unsubscribe", "params": {"sids": [3]}},
        {"id": 3, "cmd": "list_subscriptions"},
    ]


def test_replies_are_those_of_the_command() -> None:
    line = line_on(Player(FILL, text(type="ok", id=9), text(type="ok", id=1), FILL))
    assert [one.command_id for one in line.ask("list_subscriptions")] == [1]
    assert len(line.frames) == 3


def test_an_error_is_the_only_reply() -> None:
    line = line_on(Player(text(type="error", id=1, msg={"code": 8}), FILL))
    assert [one.kind for one in line.subscribe("a", "b")] == [Kind.ERROR]


def test_no_reply_is_waited_for_for_ever() -> None:
    line = line_on(Player())
    assert line.subscribe("fill") == []
    assert line.unsubscribe(1) == []
    assert line.first(Kind.ERROR) is None
    assert not line.sync()
    assert not line.is_closed


class Timed(Player):
    """A wire on whose clock each wait takes a number of seconds, and what came of it; the last again and again."""

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
    line = line_on(Timed(monkeypatch, (3600.0, None), (0.001, None), (0.0, text(type="ok", id=1))))
    assert [one.command_id for one in line.ask("list_subscriptions")] == [1]


def test_a_flood_is_read_no_longer_than_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    line = line_on(Timed(monkeypatch, (0.125, FILL)))
    assert len(list(line.until(20.0))) == 160


def test_ends_are_replies_without_an_id_too() -> None:
    line = line_on(Player(text(type="unsubscribed", sid=2), FILL, text(type="unsubscribed", sid=1), FILL))
    assert [one.sid for one in line.unsubscribe(2, 1)] == [2, 1]
    assert len(line.frames) == 3


def test_after_the_end_nothing_is_read() -> None:
    line = line_on(Player(FILL))
    assert line.close() == Arrival(Sort.CLOSE, b"", 1000)
    assert line.is_closed
    assert line.read(1) is None
    assert [one.message for one in line.frames] == ["fill"]


class Strict:
    """A document that has something against every frame."""

    def objections(self, raw: str | bytes, where: str) -> Iterator[Finding]:
        yield Finding("frames.documented", where, "a frame", "none", "nowhere")


def test_what_a_document_has_against_a_frame_is_kept_with_it() -> None:
    line = line_on(Player(FILL, PING, FILL), Strict())
    list(line.until(1))
    assert [one.where for one in line.objections] == ["a stream, frame 1", "a stream, frame 2"]
    assert [len(one.objections) for one in line.entries] == [1, 0, 1]
    assert len(line.arrivals) == 2


@pytest.mark.parametrize("raw", [b"", b"words", b"[]", b"{}", b'{"type": 1}', b"\xff"])
def test_what_cannot_be_read_is_nothing(raw: bytes) -> None:
    line = line_on(Player(Arrival(Sort.TEXT, raw)))
    list(line.until(1))
    assert [one.kind for one in line.frames] == [Kind.OTHER]


def test_a_close_that_nobody_asked_for_is_told() -> None:
    line = line_on(Player(Arrival(Sort.CLOSE, b"", 1008)))
    line.say(b"{")
    list(line.until(1))
    [found] = line.objections
    assert (found.rule, found.where, found.seen) == ("stream.open", "a stream, frame 0, after b'{'", "closed with 1008")


def test_a_close_that_was_asked_for_is_not() -> None:
    line = line_on(Player())
    line.close()
    assert line.objections == []


@pytest.mark.parametrize(("may_be_lost", "count"), [(True, 0), (False, 1)])
def test_a_connection_that_is_lost_is_blamed_on_nobody_but_an_exchange_of_our_own(
    may_be_lost: bool, count: int
) -> None:
    line = line_on(Player(Arrival(Sort.CLOSE, b"", 1006)))
    line.may_be_lost = may_be_lost
    list(line.until(1))
    assert len(line.objections) == count
