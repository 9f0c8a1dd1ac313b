"""Every key of every object, each with a value of its own."""

import json
from decimal import Decimal
from typing import Any

from msgspec.structs import fields

from mockexchange.core.derivatives.derivative import Derivative
from mockexchange.core.derivatives.orders import DerivativeTrade
from mockexchange.core.derivatives.valuation import PositionView
from mockexchange.core.derivatives.vocabulary import Direction
from mockexchange.venues.signalplus.named_days import api_date
from mockexchange.venues.signalplus.resources.fields import encode_list
from mockexchange.venues.signalplus.stream.feed import Change
from tests.venues.signalplus.world import GINA, ONE_PERPETUAL, terms

TODAY = api_date("2026-10")
DERIVATIVE = Derivative(terms=terms("BTC-PERPETUAL", **ONE_PERPETUAL), serial=1, created_at=0, mark=Decimal(1))
NUMBERS = {
    "size": "100.1",
    "size_currency": "100.2",
    "average_price": "100.3",
    "mark_price": "100.4",
    "index_price": "100.5",
    "settlement_price": "100.6",
    "delta": "100.7",
    "printed_total": "100.8",
    "printed_floating": "100.9",
    "realized": "101.1",
    "initial_margin": "101.2",
    "maintenance_margin": "101.3",
    "open_orders_margin": "101.4",
    "realized_funding": "101.5",
    "interest_value": "101.6",
    "average_price_usd": "101.7",
    "floating_usd": "101.8",
    "gamma": "101.9",
    "vega": "102.1",
    "theta": "102.2",
}
UNPRINTED: dict[str, Any] = {"total": Decimal("102.3"), "floating": Decimal("102.4")}
"""Exact values, which the venue shows rounded."""
RENAMED = {
    "printed_total": "totalProfitLoss",
    "printed_floating": "floatingProfitLoss",
    "floating_usd": "floatingProfitLossUsd",
    "realized": "realizedProfitLoss",
}


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def view(**instead: Any) -> PositionView:
    numbers: dict[str, Any] = {name: Decimal(text) for name, text in NUMBERS.items()}
    others = {"subaccount_ref": GINA, "derivative": DERIVATIVE, "leverage": 25, "revision": 1, **UNPRINTED}
    return PositionView(**{**others, **numbers, **instead})


def written(table: str, value: Any) -> Any:
    (row,) = json.loads(encode_list(table, TODAY, [value]))
    return row


def test_every_number_of_a_position_is_under_its_name() -> None:
    row = written("Position", view())
    wanted = {RENAMED.get(name, camel(name)): text for name, text in NUMBERS.items()}
    assert row == wanted | {"instrumentName": "BTC-PERPETUAL", "kind": "future", "leverage": 25, "side": "buy"}
    assert list(row) == sorted(row, key=lambda name: "direction" if name == "side" else name)
    others = {*UNPRINTED, "subaccount_ref", "derivative", "leverage", "revision"}
    assert {field.name for field in fields(PositionView)} == {*NUMBERS, *others}


def test_what_there_is_not_is_left_out() -> None:
    optional = ("size_currency", "realized_funding", "interest_value", "average_price_usd", "floating_usd", "leverage")
    greeks = ("gamma", "vega", "theta")
    row = written("Position", view(**dict.fromkeys((*optional, *greeks))))
    missing = {RENAMED.get(name, camel(name)) for name in (*optional, *greeks)}
    assert missing & set(row) == set()
    assert len(row) == len(NUMBERS) + 4 - len(missing)


TRADE: dict[str, Any] = {
    "subaccount_ref": GINA,
    "derivative": "BTC-17OCT25-110000-P",
    "currency": "BTC",
    "kind": "option",
    "serial": 9,
    "created_at": 1_760_000_000_123_456,
    "trade_id": "T-1",
    "trade_seq": 4,
    "order_id": "O-1",
    "direction": Direction.SELL,
    "amount": Decimal("1.5"),
    "price": Decimal("0.0105"),
    "fee": Decimal("0.00045"),
    "mark": Decimal("0.0104"),
    "index": Decimal("113853.63"),
    "iv": Decimal("65.2"),
    "profit": Decimal("-0.001"),
    "is_taker": False,
    "is_long_tick": False,
    "label": 'mine "é"',
    "combo": "BTC-PS-17OCT25-110000_100000",
}


def test_a_trade() -> None:
    assert written("Trade", DerivativeTrade(**TRADE)) == {
        "amount": "1.5",
        "comboId": "BTC-PS-17OCT25-110000_100000",
        "side": "sell",
        "fee": "0.00045",
        "feeCurrency": "BTC",
        "indexPrice": "113853.63",
        "instrumentName": "BTC-17OCT25-110000-P",
        "iv": "65.2",
        "label": 'mine "é"',
        "liquidity": "M",
        "markPrice": "0.0104",
        "orderId": "O-1",
        "price": "0.0105",
        "profitLoss": "-0.001",
        "state": "filled",
        "tickDirection": 2,
        "timestamp": 1_760_000_000_123,
        "tradeId": "T-1",
        "tradeSeq": 4,
    }


def test_a_trade_of_no_option_and_no_combo() -> None:
    row = written(
        "Trade",
        DerivativeTrade(**TRADE | {"iv": None, "combo": None, "is_taker": True, "is_long_tick": True, "label": ""}),
    )
    assert (row["liquidity"], row["tickDirection"]) == ("T", 0)
    assert {"iv", "comboId", "label"} & set(row) == set()


def test_a_change_is_written_once_a_day() -> None:
    change = Change(GINA, "BTC-PERPETUAL", view())
    assert change.frame(TODAY) is change.frame(TODAY)
    assert change.frame(api_date("compat")) == change.frame(TODAY)
