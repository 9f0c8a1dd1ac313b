"""Text becomes exact integers, or is refused with what was expected."""

import re
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.scenario import value_types
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.instants import INSTANT
from mockexchange.scenario.located_text import Located, read_yaml
from mockexchange.scenario.value_types import (
    NUMBER,
    NUMBER_ABOVE_ZERO,
    SIGNED_NUMBER,
    Field,
    Kind,
    ListOf,
    MapOf,
    Nullable,
    Record,
    TupleOf,
)
from tests.helpers.rows import each_row


def text(value: str | None) -> Located:
    return Located(value, "f", 7)


READ: list[tuple[Kind, str, Any]] = [
    (value_types.AMOUNT, "0", 0),
    (value_types.AMOUNT, "12.34", 12_340_000),
    (value_types.AMOUNT, "999999999999.999999", 999_999_999_999_999_999),
    (value_types.AMOUNT, "007.10", 7_100_000),
    (value_types.AMOUNT_ABOVE_ZERO, "0.000001", 1),
    (value_types.SIGNED_AMOUNT, "-0.000001", -1),
    (value_types.SIGNED_AMOUNT, "-0", 0),
    (value_types.PRICE, "0.56", 5_600),
    (value_types.PRICE, "0.0001", 1),
    (value_types.PRICE, "0.9999", 9_999),
    (value_types.PAYOUT, "0", 0),
    (value_types.PAYOUT, "1.0000", 10_000),
    (value_types.COUNT, "0.00", 0),
    (value_types.COUNT_ABOVE_ZERO, "1.37", 137),
    (value_types.SIGNED_COUNT, "-1.3", -130),
    (value_types.MULTIPLIER, "0.5", 5_000),
    (value_types.integer(0, 63), "63", 63),
    (value_types.integer(-5, 5), "-5", -5),
    (INSTANT, "1970-01-01", 0),
    (INSTANT, "2025-11-04T23:00:00.000001+01:00", 1_762_293_600_000_001),
    (value_types.DURATION, "1h30m", 5_400_000_000),
    (value_types.SECONDS, "1h30m", 5_400),
    (value_types.SECONDS, "2000ms", 2),
    (value_types.STRIKE, "-3", "-3"),
    (value_types.STRIKE, "60.50", "60.50"),
    (value_types.BOOK, "desk/st1", SubaccountRef("desk", "st1")),
    (value_types.BOOK, "alice", SubaccountRef("alice", "0")),
    (value_types.BOOLEAN, "true", True),
    (value_types.TEXT, "", ""),
    (value_types.NAME, "on", "on"),
    (value_types.NAME, "n" * 200, "n" * 200),
]


@each_row(("kind", "given", "value"), READ)
def test_text_that_is_right(kind: Kind, given: str, value: Any) -> None:
    read = kind.read(text(given), "")
    assert read == value
    assert type(read) is type(value)


AMOUNTS = "dollars such as 12.34, of at most 6 decimals"
PRICES = "a price such as 0.56, above 0 and below 1 dollar, of at most 4 decimals"
COUNTS = "contracts such as 10 or 1.37, of at most 2 decimals"

REFUSED: list[tuple[Kind, str | None, str]] = [
    (value_types.AMOUNT, "-1", f"expected {AMOUNTS}, got '-1': it is below 0"),
    (value_types.AMOUNT, "0.0000001", f"expected {AMOUNTS}, got '0.0000001'"),
    (value_types.AMOUNT, "1e3", f"expected {AMOUNTS}, got '1e3'"),
    (value_types.AMOUNT, "0x10", f"expected {AMOUNTS}, got '0x10'"),
    (value_types.AMOUNT, "1_000", f"expected {AMOUNTS}, got '1_000': write digits and a point alone"),
    (value_types.AMOUNT, "$1,000.50", f"expected {AMOUNTS}, got '$1,000.50': write digits and a point alone"),
    (value_types.AMOUNT, ".5", f"expected {AMOUNTS}, got '.5'"),
    (value_types.AMOUNT, "5.", f"expected {AMOUNTS}, got '5.'"),
    (value_types.AMOUNT, "+5", f"expected {AMOUNTS}, got '+5'"),
    (value_types.AMOUNT, "5\n", f"expected {AMOUNTS}, got '5\\n'"),
    (value_types.AMOUNT, "٣", f"expected {AMOUNTS}, got '٣'"),
    (value_types.AMOUNT, "nan", f"expected {AMOUNTS}, got 'nan'"),
    (
        value_types.AMOUNT,
        "1" * 13,
        f"expected {AMOUNTS}, got '1111111111111': at most 12 digits can stand before the point",
    ),
    (value_types.AMOUNT, None, f"expected {AMOUNTS}, got nothing"),
    (value_types.AMOUNT_ABOVE_ZERO, "0.00", f"expected {AMOUNTS}, above 0, got '0.00'"),
    (value_types.AMOUNT_ABOVE_ZERO, "-0.5", f"expected {AMOUNTS}, above 0, got '-0.5': it is below 0"),
    (value_types.PRICE, "0", f"expected {PRICES}, got '0'"),
    (value_types.PRICE, "1.0", f"expected {PRICES}, got '1.0'"),
    (value_types.PRICE, "56", f"expected {PRICES}, got '56': did you mean '0.56'?"),
    (value_types.PRICE, "4", f"expected {PRICES}, got '4': did you mean '0.04'?"),
    (value_types.PRICE, "0.56001", f"expected {PRICES}, got '0.56001'"),
    (
        value_types.PAYOUT,
        "1.01",
        "expected a value such as 0.33, from 0 to 1 dollar, of at most 4 decimals, got '1.01'",
    ),
    (value_types.COUNT, "1.375", f"expected {COUNTS}, got '1.375'"),
    (value_types.integer(1, 63), "0", "expected a whole number from 1 to 63, got '0'"),
    (value_types.integer(1, 63), "64", "expected a whole number from 1 to 63, got '64'"),
    (value_types.integer(1, 63), "3.0", "expected a whole number from 1 to 63, got '3.0'"),
    (value_types.integer(0, 2**53), "9" * 5_000, "expected a whole number from 0 to 9007199254740992, got '99"),
    (
        INSTANT,
        "12:30:00",
        "expected an instant such as 2025-11-04T23:00:00Z, from 1970 to 2200, got '12:30:00'",
    ),
    (INSTANT, "2025-11-04T23:00:00", "expected an instant such as 2025-11-04T23:00:00Z, from 1970"),
    (INSTANT, "1969-12-31", "expected an instant such as 2025-11-04T23:00:00Z, from 1970"),
    (INSTANT, "2200-01-01", "expected an instant such as 2025-11-04T23:00:00Z, from 1970"),
    (value_types.DURATION, "5", "expected a duration such as 250ms, 5s or 1h30m, got '5': did you mean 5s?"),
    (value_types.DURATION, "0.5s", "expected a duration such as 250ms, 5s or 1h30m, got '0.5s': write 500ms"),
    (value_types.DURATION, "-5s", "expected a duration such as 250ms, 5s or 1h30m, got '-5s'"),
    (value_types.DURATION, "84006d", "expected a duration such as 250ms, 5s or 1h30m, got '84006d'"),
    (value_types.SECONDS, "1500ms", "expected a duration of whole seconds such as 5s or 1h30m, got '1500ms'"),
    (value_types.STRIKE, "1e3", "expected a number such as 60.5 or -3, got '1e3'"),
    (value_types.STRIKE, "60.", "expected a number such as 60.5 or -3, got '60.'"),
    (value_types.BOOK, "alice/", "expected ACCOUNT or ACCOUNT/BOOK, got 'alice/'"),
    (value_types.BOOLEAN, "yes", "expected true or false, got 'yes'"),
    (value_types.BOOLEAN, "True", "expected true or false, got 'True': did you mean 'true'?"),
    (value_types.NAME, "", "expected a name of 1 to 200 characters, got ''"),
    (value_types.NAME, "n" * 201, "expected a name of 1 to 200 characters, got 'nn"),
    (value_types.NAME, "a\tb", "expected a name of 1 to 200 characters, got 'a\\tb'"),
]


@each_row(("kind", "given", "error"), REFUSED)
def test_text_that_is_wrong(kind: Kind, given: str | None, error: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        kind.read(text(given), "here")
    assert str(caught.value).startswith(f"f:7: here: {error}")


@each_row(
    ("kind", "given"),
    [
        (value_types.AMOUNT, "1e3"),
        (value_types.AMOUNT, "-"),
        (value_types.AMOUNT, "0.0000001"),
        (value_types.SIGNED_AMOUNT, "-0.0000001"),
        (value_types.PRICE, "1"),
        (value_types.PRICE, "5600"),
    ],
)
def test_no_advice_is_given_where_the_expectation_is_enough(kind: Kind, given: str) -> None:
    with pytest.raises(ScenarioError, match=f"got '{given}'$"):
        kind.read(text(given), "")


@each_row("kind", [value_types.AMOUNT, value_types.NAME, value_types.TEXT, value_types.BOOK, value_types.BOOLEAN])
@each_row(("node", "shown"), [(Located({}, "f", 7), "a mapping"), (Located([], "f", 7), "a list")])
def test_a_scalar_is_neither_mapping_nor_list(kind: Kind, node: Located, shown: str) -> None:
    with pytest.raises(ScenarioError, match=f", got {shown}$"):
        kind.read(node, "")


@given(st.decimals(min_value=-(10**12) + 1, max_value=10**12 - 1, places=6))
def test_every_amount_is_read_to_the_last_digit(amount: Decimal) -> None:
    assert value_types.SIGNED_AMOUNT.read(text(f"{amount:f}"), "") == int(amount.scaleb(6))


@given(st.integers(min_value=1, max_value=9_999))
def test_every_price_is_read_to_the_last_digit(price_centicents: int) -> None:
    written = f"{Decimal(price_centicents).scaleb(-4):f}"
    assert value_types.PRICE.read(text(written), "") == price_centicents


@given(st.text())
def test_no_text_breaks_a_number(anything: str) -> None:
    for kind in (
        value_types.AMOUNT,
        value_types.PRICE,
        value_types.COUNT,
        INSTANT,
        value_types.DURATION,
        value_types.integer(0, 9),
    ):
        with suppress(ScenarioError):
            assert isinstance(kind.read(text(anything), ""), int)


PLACE = Record({"x": Field(value_types.integer(0, 9), required=True), "note": Field(value_types.TEXT, default="none")})
SHAPE = Record(
    {
        "places": Field(ListOf(PLACE, items_max=2), default=[]),
        "by_name": Field(MapOf(PLACE), default={}),
        "by_number": Field(MapOf(PLACE, value_types.integer(1, 63), "a mapping of numbers"), default={}),
        "pair": Field(TupleOf((value_types.integer(0, 9), value_types.TEXT), "a pair [x, note]"), default=(0, "")),
        "limit": Field(Nullable(value_types.integer(0, 9)), default=0),
    }
)


def shape(source: str) -> Any:
    return SHAPE.read(read_yaml(source, "f"), "")


def test_defaults_stand_in_for_what_is_not_given_or_has_nothing_after_it() -> None:
    empty: dict[str, Any] = {"places": [], "by_name": {}, "by_number": {}, "pair": (0, ""), "limit": 0}
    assert shape("{}") == empty
    assert shape("places:\nby_name: ~\nby_number:\n") == empty
    assert SHAPE.read(Located(None), "") == empty
    assert shape("places: [{x: 1}]")["places"] == [{"x": 1, "note": "none"}]


def test_a_mapping_of_numbers_has_numbers_for_keys() -> None:
    assert list(shape("by_number: {3: {x: 1}, 63: {x: 2}}")["by_number"]) == [3, 63]


def test_a_tuple_is_a_list_of_so_many_values_and_nothing_may_be_one() -> None:
    assert shape("pair: [5, on]")["pair"] == (5, "on")
    assert [shape(source)["limit"] for source in ("limit: 5", "limit: null", "limit:")] == [5, None, None]


WRONG_SHAPES = [
    ("places:\n  - {y: 1}", "f:2: places[0]: unknown key 'y': known are x, note"),
    ("places:\n  - x: 1\n    nte: a", "f:3: places[0]: unknown key 'nte': did you mean 'note'?"),
    ("places:\n  - {}\n", "f:2: places[0]: expected the key 'x', which is missing"),
    ("places:\n  - x:\n", "f:2: places[0].x: expected a whole number from 0 to 9, got nothing"),
    ("places: 5", "f:1: places: expected a list, got '5'"),
    ("places: [x: 1, x: 1, x: 1]", "f:1: places: expected at most 2 items, got 3"),
    ("by_name: []", "f:1: by_name: expected a mapping of names, got a list"),
    ("by_name:\n  a: {x: 1}\n  b: 5", "f:3: by_name.b: expected a mapping with x, note, got '5'"),
    ("by_number: []", "f:1: by_number: expected a mapping of numbers, got a list"),
    ("by_number:\n  3: {x: 1}\n  03: {x: 1}", "f:3: by_number: '03' is there twice, spelt otherwise"),
    ("by_number:\n  1: {x: 1}\n  64:\n    x: 1", "f:3: by_number: expected a whole number from 1 to 63, got '64'"),
    ("- 1", "f:1: expected a mapping with places, by_name, by_number, pair, limit, got a list"),
    ("pair: [5]", "f:1: pair: expected a pair [x, note], got a list"),
    ("pair: [5, a, b]", "f:1: pair: expected a pair [x, note], got a list"),
    ("pair: 5", "f:1: pair: expected a pair [x, note], got '5'"),
    ("pair:\n  - 5\n  - {}", "f:3: pair[1]: expected text, got a mapping"),
    ("pair:\n", "f:1: pair: expected a pair [x, note], got nothing"),
    ("limit: much", "f:1: limit: expected a whole number from 0 to 9, got 'much'"),
]


@each_row(("source", "error"), WRONG_SHAPES)
def test_the_error_of_a_wrong_type_has_its_place(source: str, error: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        shape(source)
    assert str(caught.value) == error


# Exact decimals: every written digit is kept


amounts = st.decimals(-(10**12) + 1, 10**12 - 1, allow_nan=False, allow_infinity=False, places=18)


@given(amounts)
def test_a_number_is_what_is_written(amount: Decimal) -> None:
    read = SIGNED_NUMBER.read(Located(f"{amount:f}"), "")
    assert read.as_tuple() == Decimal(f"{amount:f}").as_tuple()


WRONG = [
    "",
    "1e5",
    "1,000",
    "+1",
    ".5",
    "5.",
    "0x1",
    "nan",
    "Infinity",
    "1_000",
    "0.1234567890123456789",
    "1234567890123",
]


@each_row("text", WRONG)
def test_nothing_else_is_one(text: str) -> None:
    for kind in (NUMBER, SIGNED_NUMBER):
        assert re.fullmatch(kind.schema["pattern"], text) is None
        with pytest.raises(ScenarioError):
            kind.read(Located(text), "")


def test_the_error_of_a_negative_number_names_the_sign() -> None:
    with pytest.raises(ScenarioError, match=r"expected a number such as 0\.0005, got '-1': it is below 0"):
        NUMBER.read(Located("-1"), "")


def test_zero_is_a_number_but_not_above_zero() -> None:
    assert NUMBER.read(Located("0.00"), "") == 0
    with pytest.raises(ScenarioError, match="above 0"):
        NUMBER_ABOVE_ZERO.read(Located("0.00"), "")
