"""The methods that look at an exchange, in each of the four ways."""

from decimal import Decimal
from typing import Any

import pytest

from mockexchange import WrongArgument, WrongRequest

MARKET = "KXRAINNYC-25NOV05-T1"


def test_markets_have_their_order_books(exchange: Any) -> None:
    listed = exchange.list_markets()
    assert (listed[0]["market"], listed[0]["bid"], listed[0]["status"]) == (MARKET, Decimal("0.55"), "open")
    shown = exchange.market_state(MARKET)
    assert shown["yes"][0] == {"price": Decimal("0.55"), "count": 120, "orders": []}
    own = [order["account"] for level in shown["yes"] for order in level["orders"]]
    assert own == ["alice"]
    with pytest.raises(WrongRequest, match="no market 'NONE'"):
        exchange.market_state("NONE")
    with pytest.raises(WrongArgument):
        exchange.market_state("")


def test_derivatives_have_their_order_books(exchange: Any) -> None:
    assert exchange.list_instruments() == []
    with pytest.raises(WrongRequest, match="no instrument 'BTC-PERPETUAL'"):
        exchange.instrument_state("BTC-PERPETUAL")
