"""Exact JSON: the notation of numbers is kept, and duplicate keys are refused."""

import json

import pytest

from mockexchange.kit.validation.schemas import read_json
from tests.helpers.rows import each_row


@each_row("text", ["1", "-3", "[0,7]", '{"a":"1.0"}', "null", "0.25", "-1.5e-3"])
def test_what_is_written_plainly_is_read_as_it_is(text: str) -> None:
    assert read_json(text) == read_json(text.encode()) == json.loads(text)


@each_row("text", ["1.0", "0.0", "-0.0", "1e0", "12E1", "-5.00"])
def test_a_whole_number_with_a_fraction_is_no_integer_and_stays_within_its_bounds(text: str) -> None:
    value = read_json(text)
    assert isinstance(value, float)
    assert not value.is_integer()
    assert abs(value - float(text)) < 1e-6
    assert -5 <= value <= 120
    assert text != "1.0" or value <= 1


@each_row(
    ("text", "says"),
    [
        ('{"a":1,"a":1}', "a key stands twice in an object"),
        ("NaN", "NaN is no JSON"),
        ("[-Infinity]", "-Infinity is no JSON"),
        ("[" * 100_000, "it is nested too deep"),
        ("{", "Expecting"),
        (b'"\xff"', "'utf-8' codec can't decode"),
    ],
    ids=["twice", "NaN", "infinity", "deep", "cut", "no UTF-8"],
)
def test_what_is_no_json_is_refused(text: str | bytes, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        read_json(text)
