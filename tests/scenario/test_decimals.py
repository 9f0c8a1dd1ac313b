"""Exact decimals: every written digit is kept."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.located_text import Located
from mockexchange.scenario.types.decimals import NUMBER, NUMBER_ABOVE_ZERO, SIGNED_NUMBER
from tests.helpers.rows import each_row

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
