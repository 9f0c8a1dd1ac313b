"""Exchange time as a function of a host time that the test sets."""

import time
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockexchange.core.instants import parse_instant
from mockexchange.sandbox.clock import LAST, SCALE_MAX, ExchangeClock, host_now_us, parse_mode
from tests.helpers.rows import each_row

START = parse_instant("2025-11-04T12:00:00Z")
WALL = parse_instant("2026-06-11T06:29:30Z")
SECOND = 1_000_000


class Host:
    """A wall clock that the test sets."""

    def __init__(self) -> None:
        self.at = WALL

    def __call__(self) -> int:
        return self.at


@pytest.fixture
def host() -> Host:
    return Host()


def test_the_host_clock_is_the_wall_clock() -> None:
    before = time.time_ns() // 1_000
    assert before <= host_now_us() <= time.time_ns() // 1_000
    assert ExchangeClock().now() >= before


@each_row(
    ("text", "scale"),
    [("real", None), ("paused", 0), ("1x", 1), ("10x", 10), ("0.5x", Fraction(1, 2)), ("1000000x", SCALE_MAX)],
)
def test_modes(text: str, scale: Fraction | None) -> None:
    assert parse_mode(text) == scale


@each_row("text", ["", "x", "fast", "0x", "0.0x", "-1x", "1e3x", "10", "10X", " 10x", "1.x", "1000001x"])
def test_what_is_no_mode_is_named(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected a clock real, paused or a scale such as 10x .*got"):
        parse_mode(text)


# mode, what the host moves by, and where exchange time is then
@pytest.mark.parametrize(
    ("mode", "moved", "wanted"),
    [
        ("real", 0, WALL),
        ("real", 5 * SECOND, WALL + 5 * SECOND),
        ("paused", 0, START),
        ("paused", 5 * SECOND, START),
        ("10x", 0, START),
        ("10x", 5 * SECOND, START + 50 * SECOND),
        ("0.5x", 5 * SECOND, START + 2_500_000),
        ("0.3x", 9, START + 2),
        ("2.75x", 3, START + 8),
        ("1000000x", SECOND, START + SCALE_MAX * SECOND),
    ],
)
def test_time_runs_by_its_mode(host: Host, mode: str, moved: int, wanted: int) -> None:
    clock = ExchangeClock(mode, START, host)
    host.at += moved
    assert clock.now() == wanted
    assert clock.mode == mode


@pytest.mark.parametrize(("mode", "wanted"), [("real", WALL + 7 * SECOND), ("paused", START + 5 * SECOND)])
def test_time_can_be_moved_forward_in_every_mode(host: Host, mode: str, wanted: int) -> None:
    clock = ExchangeClock(mode, START, host)
    clock.advance(3 * SECOND)
    host.at += 2 * SECOND
    clock.advance(2 * SECOND)
    assert clock.now() == wanted


@pytest.mark.parametrize("mode", ["real", "paused", "10x"])
def test_time_never_goes_back_nor_beyond_the_calendar(host: Host, mode: str) -> None:
    clock = ExchangeClock(mode, START, host)
    before = clock.now()
    with pytest.raises(ValueError, match="never goes back"):
        clock.advance(-1)
    with pytest.raises(ValueError, match="9999-12-31"):
        clock.advance(LAST - before + 1)
    assert clock.now() == before
    clock.advance(LAST - before)
    host.at += 1_000 * SECOND
    assert clock.now() == LAST
    with pytest.raises(ValueError, match="9999-12-31"):
        clock.advance(1)


# after 5 s at `first` the clock is set to `second`, and 5 s later it shows
@pytest.mark.parametrize(
    ("first", "second", "wanted"),
    [
        ("paused", "10x", START + 50 * SECOND),
        ("10x", "paused", START + 50 * SECOND),
        ("10x", "2x", START + 60 * SECOND),
        ("real", "paused", WALL + 5 * SECOND),
        ("real", "10x", WALL + 55 * SECOND),
        ("paused", "real", WALL + 10 * SECOND),
    ],
)
def test_another_mode_goes_on_from_where_time_is_but_for_real(host: Host, first: str, second: str, wanted: int) -> None:
    clock = ExchangeClock(first, START, host)
    host.at += 5 * SECOND
    clock.run(second)
    host.at += 5 * SECOND
    assert (clock.now(), clock.mode) == (wanted, second)


def test_real_is_the_wall_clock_again_after_an_advance(host: Host) -> None:
    clock = ExchangeClock("real", START, host)
    clock.advance(3_600 * SECOND)
    clock.run("real")
    assert clock.now() == WALL


def test_an_unknown_mode_changes_nothing(host: Host) -> None:
    clock = ExchangeClock("10x", START, host)
    host.at += SECOND
    with pytest.raises(ValueError, match="'backwards'"):
        clock.run("backwards")
    assert (clock.now(), clock.mode) == (START + 10 * SECOND, "10x")


MOVES = st.one_of(
    st.tuples(st.just("host"), st.integers(0, 10**12)),
    st.tuples(st.just("advance"), st.integers(0, 10**15)),
    st.tuples(st.just("run"), st.sampled_from(["paused", "1x", "10x", "0.25x", "1000000x"])),
)


@given(st.lists(MOVES, max_size=20))
def test_without_the_wall_clock_time_only_ever_goes_forward(moves: list[tuple[str, int | str]]) -> None:
    host = Host()
    clock = ExchangeClock("paused", START, host)
    shown = [clock.now()]
    for move, amount in moves:
        if isinstance(amount, str):
            clock.run(amount)
        elif move == "host":
            host.at += amount
        else:
            clock.advance(min(amount, LAST - clock.now()))
        shown.append(clock.now())
    assert shown == sorted(shown)
    assert shown[-1] <= LAST


@pytest.mark.parametrize("mode", ["real", "paused", "10x"])
def test_time_reaches_an_instant_and_goes_no_further_back(host: Host, mode: str) -> None:
    clock = ExchangeClock(mode, START, host)
    target = clock.after(3 * SECOND)
    clock.reach(target)
    assert clock.now() == target
    clock.reach(target - SECOND)
    assert clock.now() == target


# the mode, how far away the instant is in exchange time, and how long the host has to wait
@pytest.mark.parametrize(
    ("mode", "ahead_us", "wanted"),
    [
        ("paused", 0, None),
        ("paused", SECOND, None),
        ("real", SECOND, SECOND),
        ("real", 0, 0),
        ("real", -SECOND, 0),
        ("10x", SECOND, SECOND // 10),
        ("10x", 1, 1),
        ("10x", 11, 2),
        ("0.5x", 1, 2),
        ("10x", -1, 0),
        ("1000000x", 3_600 * SECOND, 3_600),
    ],
)
def test_the_host_waits_as_long_as_it_takes(host: Host, mode: str, ahead_us: int, wanted: int | None) -> None:
    clock = ExchangeClock(mode, START, host)
    clock.advance(SECOND)
    instant = clock.now() + ahead_us
    assert clock.host_delay_us(instant) == wanted


SCALES = st.sampled_from(["real", "1x", "10x", "0.25x", "3.7x", "1000000x"])


@given(SCALES, st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**12))
def test_the_wait_is_exactly_long_enough(mode: str, passed_us: int, advanced_us: int, ahead_us: int) -> None:
    host = Host()
    clock = ExchangeClock(mode, START, host)
    host.at += passed_us
    clock.advance(advanced_us)
    instant = clock.now() + ahead_us
    delay_us = clock.host_delay_us(instant)
    assert delay_us is not None
    if delay_us:
        host.at += delay_us - 1
        assert clock.now() < instant
        host.at += 1
    assert clock.now() >= instant


@pytest.mark.parametrize("before", ["real", "paused", "2x"])
@pytest.mark.parametrize(("mode", "passed"), [("real", 7), ("paused", 0), ("10x", 70), ("0.5x", 3.5)])
def test_a_mode_that_is_set_is_the_speed_of_time_and_of_waiting(
    before: str, mode: str, passed: float, host: Host
) -> None:
    clock = ExchangeClock(before, START, host)
    clock.set(mode, START, host.at)
    host.at += 7 * SECOND
    assert clock.now() == START + int(passed * SECOND)
    if passed:
        assert clock.host_delay_us(clock.now() + int(passed * SECOND)) == 7 * SECOND


def test_scaled_time_goes_on_when_the_host_is_set_back(host: Host) -> None:
    clock = ExchangeClock("10x", START, host)
    host.at += 360 * SECOND
    assert clock.now() == START + 3_600 * SECOND
    host.at -= 1_440 * SECOND
    assert clock.now() == START + 3_600 * SECOND
    assert clock.host_delay_us(clock.now() + 10 * SECOND) == SECOND
    host.at += SECOND
    assert clock.now() == START + 3_610 * SECOND


@given(st.lists(st.integers(-(10**12), 10**12), max_size=20), st.sampled_from(["0.25x", "1x", "10x"]))
def test_scaled_time_never_goes_back(moves: list[int], mode: str) -> None:
    host = Host()
    clock = ExchangeClock(mode, START, host)
    shown = []
    for move in moves:
        host.at += move
        shown.append(clock.now())
    assert shown == sorted(shown)
