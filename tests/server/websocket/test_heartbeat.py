"""Pings and their deadline by a clock of the test: who is pinged when, and who is excused."""

from collections.abc import Callable
from typing import Any

from mockexchange.server.websocket.stream_protocol import PAYLOAD, Heartbeat
from tests.helpers.rows import each_row

SECOND = 1_000_000
QUIET_S, PONG_S = 10, 30


class Timer:
    def __init__(self, at_s: float, callback: Callable[[], None]) -> None:
        self.at_s, self.callback = at_s, callback
        self.is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True


class Clock:
    """As much of a loop as timers need; time passes by `pass_on` alone."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.timers: list[Timer] = []

    def time(self) -> float:
        return self.now_s

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> Timer:
        self.timers.append(Timer(self.now_s + delay_s, callback))
        return self.timers[-1]

    def pass_on(self, duration_s: float) -> None:
        ends_s = self.now_s + duration_s
        while due := [timer for timer in self.timers if not timer.is_cancelled and timer.at_s <= ends_s]:
            timer = min(due, key=lambda one: one.at_s)
            self.timers.remove(timer)
            self.now_s = timer.at_s
            timer.callback()
        self.now_s = ends_s


class Wire:
    """Remembers what became of it."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.sent_at_s = -1.0
        self.has_unread = False
        self.pinged_at_s: list[float] = []
        self.given_up_at_s: list[float] = []

    def ping(self) -> None:
        self.pinged_at_s.append(self.clock.now_s)

    def give_up(self) -> None:
        self.given_up_at_s.append(self.clock.now_s)

    def send(self) -> None:
        self.sent_at_s = self.clock.now_s


def made(quiet_s: int = QUIET_S, pong_s: int = PONG_S) -> tuple[Clock, Wire, Heartbeat]:
    clock = Clock()
    wire, loop = Wire(clock), clock
    given: Any = loop
    return clock, wire, Heartbeat(quiet_s * SECOND, pong_s * SECOND, wire, given)


def test_quiet_is_ten_seconds_without_a_frame() -> None:
    clock, wire, _ = made()
    for _ in range(20):
        clock.pass_on(9)
        wire.send()
    assert wire.pinged_at_s == []
    clock.pass_on(9.9)
    assert wire.pinged_at_s == []
    clock.pass_on(0.1)
    assert wire.pinged_at_s == [20 * 9 + 10]


def test_who_answers_is_pinged_again_and_again() -> None:
    """Eight times in ninety seconds, as observed."""
    clock, wire, heartbeat = made()
    for _ in range(90):
        clock.pass_on(1)
        heartbeat.note_pong(PAYLOAD)
    assert len(wire.pinged_at_s) == 9
    assert wire.given_up_at_s == []


@each_row("payload", [b"", b"heartbeats"])
def test_who_answers_something_else_or_nothing_is_given_up(payload: bytes) -> None:
    clock, wire, heartbeat = made()
    heartbeat.note_pong(PAYLOAD)
    clock.pass_on(10)
    heartbeat.note_pong(payload)
    wire.send()
    clock.pass_on(29)
    assert wire.given_up_at_s == []
    clock.pass_on(1)
    assert wire.given_up_at_s == [40]
    assert wire.pinged_at_s == [10]


def test_who_is_behind_is_excused_as_long_as_it_takes_something() -> None:
    clock, wire, _ = made()
    clock.pass_on(10)
    wire.has_unread = True
    for _ in range(10):
        clock.pass_on(29)
        wire.send()
    assert wire.given_up_at_s == []
    clock.pass_on(100)
    assert len(wire.given_up_at_s) == 1


def test_who_is_behind_and_takes_nothing_is_not() -> None:
    clock, wire, _ = made()
    wire.has_unread = True
    clock.pass_on(100)
    assert wire.given_up_at_s == [40]


def test_without_a_deadline_there_are_pings_alone() -> None:
    clock, wire, _ = made(pong_s=0)
    clock.pass_on(35)
    assert wire.pinged_at_s == [10, 20, 30]
    assert wire.given_up_at_s == []


def test_without_pings_there_is_nothing() -> None:
    clock, wire, heartbeat = made(quiet_s=0)
    clock.pass_on(1_000)
    heartbeat.note_pong(PAYLOAD)
    assert clock.timers == []
    assert wire.pinged_at_s == []


def test_a_stopped_one_does_nothing_more() -> None:
    clock, wire, heartbeat = made()
    heartbeat.stop()
    clock.pass_on(100)
    assert wire.pinged_at_s == wire.given_up_at_s == []


def test_a_pong_that_comes_after_the_end_starts_nothing_anew() -> None:
    clock, wire, heartbeat = made()
    clock.pass_on(QUIET_S)
    heartbeat.stop()
    heartbeat.note_pong(PAYLOAD)
    clock.pass_on(1_000)
    assert wire.pinged_at_s == [QUIET_S]
    assert wire.given_up_at_s == []
