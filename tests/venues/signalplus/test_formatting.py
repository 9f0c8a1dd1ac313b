"""Amounts as text: at most nine decimals, one at least, never an exponent, never a minus before zero."""

from decimal import ROUND_CEILING, Context, Decimal, localcontext

from hypothesis import given
from hypothesis import strategies as st

from mockexchange.venues.signalplus.formatting import decimal_9, milliseconds, side
from tests.helpers.rows import each_row

CASES = [
    ("0", '"0.0"'),
    ("-0", '"0.0"'),
    ("-0.0000000001", '"0.0"'),
    ("110970", '"110970.0"'),
    ("1.1097E5", '"110970.0"'),
    ("0.97442154422", '"0.974421544"'),
    ("-0.0144741940", '"-0.014474194"'),
    ("0.00000001", '"0.00000001"'),
    ("0.0000000015", '"0.000000002"'),
    ("1E+20", '"100000000000000000000.0"'),
    ("123456789012345678901234567890.123456789", '"123456789012345678901234567890.123456789"'),
]


@each_row(("value", "text"), CASES)
def test_a_decimal(value: str, text: str) -> None:
    assert decimal_9(Decimal(value)) == text


@given(st.decimals(min_value=-(10**30), max_value=10**30, allow_nan=False))
def test_a_decimal_is_within_half_a_unit_of_the_ninth_place(value: Decimal) -> None:
    text = decimal_9(value).strip('"')
    whole, _, fraction = text.partition(".")
    assert 1 <= len(fraction) <= 9
    assert fraction == "0" or not fraction.endswith("0")
    assert whole.lstrip("-").isdigit()
    with localcontext(Context(prec=200)):
        assert abs(Decimal(text) - value) <= Decimal("5e-10")


def test_no_thread_decides_how_it_is_rounded() -> None:
    with localcontext(Context(prec=3, rounding=ROUND_CEILING)):
        assert decimal_9(Decimal("110970.12345678901")) == '"110970.123456789"'


def test_sides_and_times() -> None:
    assert [side(Decimal(size)) for size in ("1", "-1", "0", "-0.0")] == ['"buy"', '"sell"', '"zero"', '"zero"']
    assert milliseconds(1_760_000_000_123_999) == "1760000000123"
