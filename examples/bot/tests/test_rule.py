"""When a position is closed: nothing but arithmetic."""

from decimal import Decimal

import pytest
from stoploss.rule import Holding, Order, stop

YES = Holding(ticker="RAIN", count=Decimal(10), paid=Decimal("6.00"))
NO = Holding(ticker="SNOW", count=Decimal(-25), paid=Decimal("20.00"))
FLAT = Holding(ticker="HAIL", count=Decimal(0), paid=Decimal(0))


@pytest.mark.parametrize(
    ("holding", "yes_price", "side"),
    [
        (YES, "0.60", None),
        (YES, "0.42", None),  # exactly thirty percent are lost
        (YES, "0.41", "ask"),
        (NO, "0.20", None),
        (NO, "0.44", None),
        (NO, "0.45", "bid"),  # NO loses when YES gains
        (NO, "0.01", None),
        (FLAT, "0.01", None),
    ],
)
def test_what_has_lost_more_than_its_part_is_closed(holding: Holding, yes_price: str, side: str | None) -> None:
    order = stop(holding, Decimal(yes_price), Decimal("0.30"))
    assert (order and order.side) == side


def test_a_holding_of_yes_is_closed_by_selling_and_one_of_no_by_buying() -> None:
    assert stop(YES, Decimal("0.10"), Decimal(0)) == Order(
        ticker="RAIN", side="ask", count=Decimal(10), price=Decimal("0.01")
    )
    assert stop(NO, Decimal("0.90"), Decimal(0)) == Order(
        ticker="SNOW", side="bid", count=Decimal(25), price=Decimal("0.99")
    )
