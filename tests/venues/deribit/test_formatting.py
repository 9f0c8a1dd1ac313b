"""Numbers as JSON text: at most 9 decimals, half even, in any decimal context of the thread."""

import json
from decimal import ROUND_DOWN, Context, Decimal, localcontext

from hypothesis import given
from hypothesis import strategies as st

from mockexchange.venues.deribit.formatting import direction, expiration, number, whole_number
from tests.helpers.rows import each_row

NUMBERS = [
    ("0", "0.0"),
    ("-0", "0.0"),
    ("110970", "110970.0"),
    ("110957.50", "110957.5"),
    ("1E+3", "1000.0"),
    ("1E-9", "0.000000001"),
    ("5E-10", "0.0"),
    ("5.1E-10", "0.000000001"),
    ("-4.9E-10", "0.0"),
    ("-0.0000000015", "-0.000000002"),
    ("0.1234567885", "0.123456788"),
    ("12345678901234567890.5", "12345678901234567890.5"),
]


@each_row(("value", "written"), NUMBERS)
def test_numbers(value: str, written: str) -> None:
    assert number(Decimal(value)) == written


@given(st.decimals(min_value=-(10**18), max_value=10**18, places=9))
def test_nine_decimals_are_exact(value: Decimal) -> None:
    assert json.loads(number(value), parse_float=Decimal) == value


@given(st.decimals(min_value=-(10**12), max_value=10**12, allow_nan=False))
def test_a_number_does_not_depend_on_the_context_of_the_thread(value: Decimal) -> None:
    written = number(value)
    with localcontext(Context(prec=3, rounding=ROUND_DOWN)):
        assert number(value) == written


def test_other_spellings() -> None:
    assert [whole_number(Decimal(text)) for text in ("10", "0.0001", "1.50")] == ["10", "0.0001", "1.5"]
    assert [direction(Decimal(size)) for size in (1, 0, -1)] == ['"buy"', '"zero"', '"sell"']
    assert (expiration(None), expiration(1_999)) == ("32503708800000", "1")
