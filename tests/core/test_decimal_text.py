"""Scaled integers as decimal text: every digit, no rounding."""

from hypothesis import given
from hypothesis import strategies as st

from mockexchange.core.decimal_text import exact
from tests.helpers.rows import each_row


@each_row(
    ("value", "decimals", "text"),
    [
        (0, 2, "0.00"),
        (1, 6, "0.000001"),
        (-1, 2, "-0.01"),
        (-137, 2, "-1.37"),
        (5_600, 4, "0.5600"),
        (10**18, 6, "1000000000000.000000"),
    ],
)
def test_amounts_have_all_their_digits(value: int, decimals: int, text: str) -> None:
    assert exact(value, decimals) == text


@given(st.integers(), st.integers(1, 12))
def test_no_amount_is_ever_rounded(value: int, decimals: int) -> None:
    text = exact(value, decimals)
    assert int(text.replace(".", "")) == value
    assert len(text.partition(".")[2]) == decimals
