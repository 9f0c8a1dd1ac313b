"""Differences between reported and expected rows: rows, values and floats."""

from mockexchange.kit.client.adapter import Fractional
from mockexchange.kit.client.rows import (
    duplicate_values,
    float_values,
    number,
    row_differences,
    shown_rows,
    subset_differences,
    value_differences,
)
from tests.helpers.rows import each_row

WANTED = [{"ticker": "A", "position": "-20"}, {"ticker": "B", "position": "1.50"}]


def test_the_same_rows_in_any_order_and_spelling_are_the_same() -> None:
    reported: list[dict[str, object]] = [
        {"ticker": "B", "position": "1.5"},
        {"ticker": "A", "position": -20, "more": "x"},
    ]
    assert not list(row_differences(reported, WANTED))


def test_every_difference_of_rows_is_found() -> None:
    reported = [{"ticker": "A", "position": "20"}, {"ticker": "C"}]
    assert list(row_differences(reported, WANTED)) == [
        ("rows that there are not: ticker=C", "ticker: A, B"),
        ("A: position is '20'", "'-20'"),
        ("no row with ticker B among 2", "ticker=B position=1.50"),
    ]


def test_rows_where_there_are_none() -> None:
    assert not list(row_differences([], []))
    assert list(row_differences([{"ticker": "A"}], [])) == [("1 rows, ticker=A", "no rows")]


def test_further_rows_are_nothing_to_those_that_must_be_there() -> None:
    assert not list(subset_differences([{"ticker": "C"}, *WANTED], WANTED))


@each_row(
    ("reported", "is_right"),
    [
        ({"cost": "4.20"}, True),
        ({"cost": "4.21"}, False),
        ({"cost": None}, False),
        ({"cost_cents": 420}, True),
        ({"cost_cents": 4}, False),
        ({"cost_whole": 4}, True),
        ({}, True),
        ({"cost": "four"}, False),
    ],
)
def test_a_value_is_right_in_any_unit_of_its_name(reported: dict[str, object], is_right: bool) -> None:
    assert bool(list(value_differences(reported, {"cost": "4.2"}))) != is_right


def test_whole_values_may_be_reported_in_whole_units() -> None:
    assert list(value_differences({"position_whole": 7}, {"position": "8"})) == [("8: position_whole is 7", "'8'")]
    assert not list(value_differences({"cost_cents": 0}, {"cost": "0.000001"}))


def test_truth_and_nothing_are_compared_as_words() -> None:
    assert not list(value_differences({"taker": True}, {"taker": "true"}))
    assert list(value_differences({"taker": False}, {"taker": "true"}))


def test_repeated_values_are_named() -> None:
    assert duplicate_values([{"ticker": "A"}, {"ticker": "B"}, {"ticker": "A"}, {}], "ticker") == ["A"]


def test_fractions_are_found_however_deep() -> None:
    row = {"cost": Fractional("0.1"), "count": "1.5", "levels": [{"price": Fractional("1e-6")}], "whole": 1}
    assert list(float_values([row])) == [("cost", "0.1"), ("price", "1e-6")]


def test_what_is_no_number() -> None:
    assert number("1.50") == number("1.5")
    assert [number(text) for text in ("x", "NaN", "Infinity", "")] == [None] * 4


def test_many_rows_are_shown_in_part() -> None:
    assert shown_rows([{"a": place} for place in range(5)]) == "a=0; a=1; a=2; ..."
