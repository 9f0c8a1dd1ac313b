"""Quotes: nothing but arithmetic."""

from decimal import Decimal

import pytest
from marketmaker.quoting import Quote, Rules, desired_quotes, hedge

RULES = Rules()
BID, ASK = Decimal("0.44"), Decimal("0.54")


def prices(position: str) -> dict[str, str]:
    return {side: str(quote.price) for side, quote in desired_quotes(RULES, BID, ASK, Decimal(position)).items()}


@pytest.mark.parametrize(
    ("position", "wanted"),
    [
        ("0", {"bid": "0.47", "ask": "0.51"}),
        ("10", {"bid": "0.46", "ask": "0.50"}),  # a long position lowers both
        ("-10", {"bid": "0.48", "ask": "0.52"}),
        ("20", {"ask": "0.49"}),  # nothing that would make it larger
        ("-20", {"bid": "0.49"}),
    ],
)
def test_quotes_lean_against_the_position(position: str, wanted: dict[str, str]) -> None:
    assert prices(position) == wanted


def test_quotes_never_cross_a_narrow_market() -> None:
    quotes = desired_quotes(RULES, Decimal("0.50"), Decimal("0.51"), Decimal(-19))
    assert quotes["bid"].price < Decimal("0.51") < quotes["ask"].price


@pytest.mark.parametrize(
    ("position", "wanted"),
    [
        ("20", None),
        ("25", Quote(side="ask", price=BID, count=Decimal(15))),
        ("-25", Quote(side="bid", price=ASK, count=Decimal(15))),
    ],
)
def test_a_position_beyond_its_maximum_is_hedged_to_half_of_it(position: str, wanted: Quote | None) -> None:
    assert hedge(RULES, BID, ASK, Decimal(position)) == wanted
