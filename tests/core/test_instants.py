"""Instants and durations."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockexchange.core.instants import format_duration, format_instant, parse_duration, parse_instant
from tests.core.tables import lines
from tests.helpers.rows import each_row

INSTANTS = lines("""
    text                        | microseconds
    1970-01-01T00:00:00Z        | 0
    1970-01-01T00:00:00.000001Z | 1
    1969-12-31T23:59:59.9Z      | -100000
    2025-11-04T23:00:00Z        | 1762297200000000
    2026-06-11T06:29:30.165032Z | 1781159370165032
    2024-02-29T12:00:00.1Z      | 1709208000100000
""")

SAME_INSTANT = lines("""
    text                      | written
    2025-11-04                | 2025-11-04T00:00:00Z
    2025-11-05T00:30:00+01:30 | 2025-11-04T23:00:00Z
    2025-11-04T18:00:00-05:00 | 2025-11-04T23:00:00Z
    2025-11-04T23:00:00.500Z  | 2025-11-04T23:00:00.5Z
    2025-11-04 23:00:00Z      | 2025-11-04T23:00:00Z
""")

NO_INSTANT = ["", "now", "2025-13-01", "2025-11-04T25:00:00Z", "1762297200"]
NO_OFFSET = ["2025-11-04T23:00:00", "2025-11-04T23"]

DURATIONS = lines("""
    text    | microseconds
    0s      | 0
    1us     | 1
    250ms   | 250000
    5s      | 5000000
    2m      | 120000000
    1h30m   | 5400000000
    90d     | 7776000000000
    1m5ms   | 60005000
    1d1h1us | 90000000001
""")

NO_DURATION = ["", "5", "s", "5 s", "-5s", "5s ", "1.5s", "5sec", "5S", "h1"]


@each_row("line", INSTANTS, ids=lambda line: line["text"])
def test_an_instant_is_read_and_written(line: dict[str, str]) -> None:
    assert parse_instant(line["text"]) == int(line["microseconds"])
    assert format_instant(int(line["microseconds"])) == line["text"]


@each_row("line", SAME_INSTANT, ids=lambda line: line["text"])
def test_other_spellings_mean_the_same_instant(line: dict[str, str]) -> None:
    assert format_instant(parse_instant(line["text"])) == line["written"]


@given(st.integers(min_value=-(10**15), max_value=10**17))
def test_what_is_written_reads_back(at: int) -> None:
    assert parse_instant(format_instant(at)) == at


@each_row("text", NO_INSTANT)
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"Invalid isoformat|must be in|out of range"):
        parse_instant(text)


@each_row("text", NO_OFFSET)
def test_an_instant_without_an_offset_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=f"expected an offset or Z at the end of '{text}'"):
        parse_instant(text)


@each_row("line", DURATIONS, ids=lambda line: line["text"])
def test_a_duration_is_read(line: dict[str, str]) -> None:
    assert parse_duration(line["text"]) == int(line["microseconds"])


@each_row("text", ["1us", "1200ms", "90s", "25h", "2d", "61m"])
def test_a_duration_is_written_in_the_largest_unit_that_leaves_nothing_over(text: str) -> None:
    assert format_duration(parse_duration(text)) == text


@each_row("text", NO_DURATION)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected a duration such as 250ms, 5s, 1h30m or 90d, got '"):
        parse_duration(text)


@each_row(
    ("text", "advice"),
    [
        ("5", ": did you mean 5s?"),
        ("0.2s", ": write 200ms"),
        ("1.5h", ": write 90m"),
        (".5ms", ": write 500us"),
        ("0.5us", ""),
        ("0.0s", ""),
        ("1.5", ""),
        ("5y", ""),
    ],
)
def test_a_fraction_and_a_number_alone_are_shown_as_they_are_written(text: str, advice: str) -> None:
    with pytest.raises(ValueError, match=f"got '{text}'{advice.replace('?', '[?]')}$"):
        parse_duration(text)
