"""private/get_positions and private/get_position: numbers against samples of the venue, and the keys of each kind."""

import json
from decimal import Decimal
from typing import Any

from mockexchange.core.commands import DeliverDerivative, ListDerivative, MarkDerivative, SetIndex, SettleSession
from mockexchange.core.derivatives.derivative import NO_GREEKS
from mockexchange.core.derivatives.vocabulary import OptionType
from mockexchange.venues.request import Answer
from tests.helpers.rows import each_row
from tests.venues.deribit.exchange import (
    CALL,
    DATED,
    LINEAR,
    PERPETUAL,
    PUT,
    SPREAD,
    DeribitExchange,
    diagnosis_of,
    hold,
    option,
    terms,
    trade,
)
from tests.venues.deribit.keyring import DORA_3, ERIC_ID, ERIC_SECRET, SUB_ID, SUB_SECRET

COMMON = {
    "average_price",
    "delta",
    "direction",
    "floating_profit_loss",
    "index_price",
    "initial_margin",
    "instrument_name",
    "kind",
    "maintenance_margin",
    "mark_price",
    "open_orders_margin",
    "realized_profit_loss",
    "settlement_price",
    "size",
    "total_profit_loss",
}
FUTURE_KEYS = COMMON | {"estimated_liquidation_price", "leverage", "size_currency"}
PERPETUAL_KEYS = FUTURE_KEYS | {"interest_value", "realized_funding"}
OPTION_KEYS = COMMON | {"average_price_usd", "floating_profit_loss_usd", "gamma", "theta", "vega"}
KEYS = {
    DATED: FUTURE_KEYS,
    PERPETUAL: PERPETUAL_KEYS,
    LINEAR: PERPETUAL_KEYS,
    PUT: OPTION_KEYS,
    CALL: OPTION_KEYS,
    SPREAD: FUTURE_KEYS,
}


def row_of(exchange: DeribitExchange, name: str) -> dict[str, Any]:
    rows = exchange.result("private/get_positions")
    (row,) = [row for row in rows if row["instrument_name"] == name]
    found: dict[str, Any] = row
    return found


def rounded(row: dict[str, Any], **decimals: int) -> dict[str, Any]:
    return {name: round(row[name], places) for name, places in decimals.items()}


# --- the numbers, against recorded answers of the venue


def test_an_inverse_future_carried_over_a_settlement_has_the_numbers_of_the_gateways_example() -> None:
    exchange = DeribitExchange()
    future = terms("BTC-30OCT26", expires_at=exchange.at + 86_400_000_000)
    exchange.do(
        ListDerivative(terms=future, mark=Decimal("113882.95"), settlement=Decimal("115600.09")),
        hold("BTC-30OCT26", "110970", "110957.5"),
    )
    body = exchange.get("private/get_positions?currency=BTC&kind=future").body
    row = (
        '{"average_price":110957.5,"delta":0.974421544,"direction":"buy","estimated_liquidation_price":null,'
        '"floating_profit_loss":-0.014474194,"index_price":113853.63,"initial_margin":0.039024337,'
        '"instrument_name":"BTC-30OCT26","kind":"future","leverage":25,"maintenance_margin":0.019535906,'
        '"mark_price":113882.95,"open_orders_margin":0.0,"realized_profit_loss":0.0,"settlement_price":115600.09,'
        '"size":110970.0,"size_currency":0.974421544,"total_profit_loss":0.025691112}'
    )
    assert json.loads(body)["result"] == [json.loads(row)]
    assert f'"result":[{row}]'.encode() in body


def test_an_option_has_the_numbers_of_a_real_one() -> None:
    exchange = DeribitExchange()
    put = option("BTC-25JUN27-28000-P", 28000, OptionType.PUT)
    exchange.do(
        SetIndex(index="btc_usd", price=Decimal("54126.2857")),
        ListDerivative(terms=put, mark=Decimal("0.1401105"), settlement=Decimal("0.13975074"), greeks=NO_GREEKS),
        hold(put.name, "0.1", "0.0175"),
        SetIndex(index="btc_usd", price=Decimal("54151.77")),
    )
    row = row_of(exchange, put.name)
    assert row["total_profit_loss"] == Decimal("0.01226105")
    assert row["floating_profit_loss"] == Decimal("0.000035976")
    assert rounded(row, average_price_usd=2, floating_profit_loss_usd=0) == {
        "average_price_usd": Decimal("947.21"),
        "floating_profit_loss_usd": Decimal(664),
    }


def test_a_linear_perpetual_shows_the_quote_notional_as_its_size() -> None:
    exchange = DeribitExchange()
    exchange.do(trade(LINEAR, "0.001", "30000"))
    row = row_of(exchange, LINEAR)
    assert (row["size"], row["size_currency"], row["delta"]) == (
        Decimal("30.015878"),
        Decimal("0.001"),
        Decimal("0.001"),
    )


def test_a_short_has_negative_size_coins_and_delta() -> None:
    exchange = DeribitExchange()
    exchange.do(trade(PERPETUAL, "-50", "113000"), trade(CALL, "-0.3", "0.02"))
    short, written = row_of(exchange, PERPETUAL), row_of(exchange, CALL)
    assert (short["direction"], short["size"], short["delta"]) == ("sell", -50, short["size_currency"])
    assert short["delta"] < 0
    assert (written["direction"], written["size"]) == ("sell", Decimal("-0.3"))


def test_what_was_opened_in_the_session_floats_by_all_that_it_made() -> None:
    exchange = DeribitExchange()
    exchange.do(trade(DATED, "30", "110000"))
    row = row_of(exchange, DATED)
    assert row["floating_profit_loss"] == row["total_profit_loss"] > 0


# --- which keys


@each_row("name", KEYS)
def test_a_position_has_the_keys_of_its_kind_in_alphabetical_order(name: str) -> None:
    exchange = DeribitExchange()
    exchange.do(trade(name, "10", "100" if name == SPREAD else "0.5" if "-P" in name or "-C" in name else "113000"))
    row = exchange.result(f"private/get_position?instrument_name={name}")
    assert set(row) == KEYS[name]
    assert list(row) == sorted(row)
    assert isinstance(row.get("leverage", 0), int)


@each_row("name", KEYS)
def test_a_flat_position_is_zeros_and_keeps_its_prices(name: str) -> None:
    exchange = DeribitExchange()
    row = exchange.result(f"private/get_position?instrument_name={name}")
    assert row["direction"] == "zero"
    assert set(row) == KEYS[name]
    known = {"direction", "instrument_name", "kind", "leverage", "estimated_liquidation_price"}
    prices = {"mark_price", "index_price", "settlement_price"}
    assert {row[key] for key in set(row) - known - prices} == {0}
    assert row["index_price"] > 0
    assert exchange.result("private/get_positions") == []


def test_a_combo_with_a_mark_of_zero_is_a_flat_position_too() -> None:
    exchange = DeribitExchange()
    exchange.do(MarkDerivative(derivative=SPREAD, price=Decimal(0)))
    assert exchange.result(f"private/get_position?instrument_name={SPREAD}")["size"] == 0


def test_the_liquidation_price_of_a_future_is_null() -> None:
    exchange = DeribitExchange()
    exchange.do(trade(DATED, "30", "110000"))
    assert row_of(exchange, DATED)["estimated_liquidation_price"] is None


# --- which rows

FILTERS = [
    ("", [DATED, PERPETUAL, LINEAR, PUT]),
    ("?currency=any", [DATED, PERPETUAL, LINEAR, PUT]),
    ("?currency=BTC", [DATED, PERPETUAL, PUT]),
    ("?currency=USDC", [LINEAR]),
    ("?currency=ETH", []),
    ("?kind=option", [PUT]),
    ("?currency=BTC&kind=future", [DATED, PERPETUAL]),
    ("?kind=future_combo", []),
    ("?kind=option_combo", []),
    ("?kind=spot", []),
    ("?subaccount_id=3", [CALL]),
    ("?subaccount_id=0&kind=option", [PUT]),
]


def held() -> DeribitExchange:
    exchange = DeribitExchange()
    exchange.do(
        trade(DATED, "30", "110000"),
        trade(PERPETUAL, "-50", "113000"),
        trade(LINEAR, "0.001", "30000"),
        trade(PUT, "0.1", "0.12"),
        trade(CALL, "0.1", "0.02", DORA_3),
    )
    return exchange


@each_row(("query", "expected"), FILTERS)
def test_positions_are_filtered(query: str, expected: list[str]) -> None:
    rows = held().result(f"private/get_positions{query}")
    assert [row["instrument_name"] for row in rows] == expected


def test_a_combo_is_held_as_its_legs() -> None:
    exchange = DeribitExchange()
    exchange.do(trade(SPREAD, "20", "17"))
    assert {row["instrument_name"]: row["size"] for row in exchange.result("private/get_positions")} == {
        DATED: 20,
        PERPETUAL: -20,
    }


def test_a_position_that_is_flat_again_is_listed_until_the_next_settlement_or_not_at_all() -> None:
    for settings, expected in (({}, [("zero", 0)]), ({"flat_rows": "omit"}, [])):
        exchange = DeribitExchange(**settings)
        exchange.do(trade(PERPETUAL, "50", "113000"), trade(PERPETUAL, "-50", "113000"))
        rows = exchange.result("private/get_positions")
        assert [(row["direction"], row["size"]) for row in rows] == expected
        exchange.do(SettleSession())
        assert exchange.result("private/get_positions") == []


def test_an_account_does_not_see_the_positions_of_another() -> None:
    assert held().result("private/get_positions", ERIC_ID, ERIC_SECRET) == []


def test_a_key_of_a_subaccount_sees_that_alone() -> None:
    exchange = held()
    rows = exchange.result("private/get_positions", SUB_ID, SUB_SECRET)
    assert [row["instrument_name"] for row in rows] == [CALL]
    assert exchange.result("private/get_positions?subaccount_id=3", SUB_ID, SUB_SECRET) == rows
    answer = exchange.get("private/get_positions?subaccount_id=0", SUB_ID, SUB_SECRET)
    assert json.loads(answer.body)["error"] == {"code": 13012, "message": "unavailable_in_subaccount"}
    assert "subaccount 3 cannot ask" in diagnosis_of(answer)


def test_an_unknown_subaccount_is_named_with_the_known_ones() -> None:
    answer = held().get("private/get_positions?subaccount_id=7")
    assert json.loads(answer.body)["error"]["data"] == {"reason": "subaccount not found", "param": "subaccount_id"}
    assert diagnosis_of(answer) == "dora has no subaccount 7: has 0, 3"


def test_an_unknown_instrument_is_named_with_the_nearest() -> None:
    answer = held().get("private/get_position?instrument_name=BTC-PERPETUA")
    error = (
        '{"code":-32602,"data":{"reason":"instrument not found","param":"instrument_name"},"message":"Invalid params"}'
    )
    assert f'"error":{error}'.encode() in answer.body
    assert diagnosis_of(answer) == "no instrument 'BTC-PERPETUA': did you mean BTC-PERPETUAL?"


def test_a_delivered_contract_has_no_position_any_more() -> None:
    exchange = held()
    exchange.do(DeliverDerivative(derivative=DATED))
    assert DATED not in [row["instrument_name"] for row in exchange.result("private/get_positions")]
    assert exchange.result(f"private/get_position?instrument_name={DATED}")["size"] == 0


@each_row("ask", ["get", "post"])
def test_lists_are_a_kept_page_between_times_of_their_own(ask: str) -> None:
    exchange = DeribitExchange()
    exchange.do(hold(DATED, "110970", "110957.5"))

    def polled() -> bytes:
        exchange.at += 1_000
        answer: Answer = getattr(exchange, ask)("private/get_positions")
        assert answer.page is not None
        assert answer.body.startswith(answer.page.raw, answer.page.place)
        pages.append(answer.page.raw)
        return answer.body[: answer.page.place]

    pages: list[bytes] = []
    assert polled().endswith(b'"result":')
    assert polled().startswith(b'{"jsonrpc":"2.0",')
    assert pages[0] is pages[1]
    exchange.do(hold(PERPETUAL, "10", "110957.5"))
    polled()
    assert pages[2] is not pages[1]
