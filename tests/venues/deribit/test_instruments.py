"""Instruments, tickers, indexes and currencies."""

from decimal import Decimal

from mockexchange.core.commands import DeliverDerivative, ListDerivative, MarkDerivative
from mockexchange.core.derivatives.derivative import MarginTerms
from tests.helpers.rows import each_row
from tests.venues.deribit.exchange import (
    CALL,
    DATED,
    EXPIRY,
    LINEAR,
    PERPETUAL,
    PUT,
    SPREAD,
    DeribitExchange,
    diagnosis_of,
    terms,
    trade,
)

COUNTER = DeribitExchange()
"""An exchange that no test changes."""
INSTRUMENT = {
    "base_currency",
    "contract_size",
    "counter_currency",
    "creation_timestamp",
    "expiration_timestamp",
    "instrument_id",
    "instrument_name",
    "instrument_type",
    "is_active",
    "kind",
    "maker_commission",
    "min_trade_amount",
    "price_index",
    "quote_currency",
    "settlement_currency",
    "settlement_period",
    "state",
    "taker_commission",
    "tick_size",
    "tick_size_steps",
    "underlying_type",
}
FUTURE = INSTRUMENT | {"future_type", "max_leverage", "max_liquidation_commission"}
OPTION = INSTRUMENT | {"option_type", "strike"}
KEYS = {DATED: FUTURE, PERPETUAL: FUTURE, LINEAR: FUTURE, PUT: OPTION, CALL: OPTION, SPREAD: INSTRUMENT}
# Base, exchange, quote and settlement currency, form, kind, period.
CURRENCIES = {
    DATED: ("BTC", "USD", "USD", "BTC", "reversed", "future", "month"),
    PERPETUAL: ("BTC", "USD", "USD", "BTC", "reversed", "future", "perpetual"),
    LINEAR: ("BTC", "USDC", "USDC", "USDC", "linear", "future", "perpetual"),
    PUT: ("BTC", "USD", "BTC", "BTC", "reversed", "option", "month"),
    CALL: ("BTC", "USD", "BTC", "BTC", "reversed", "option", "month"),
    SPREAD: ("BTC", "USD", "USD", "BTC", "reversed", "future_combo", "month"),
}
COLUMNS = ("base_currency", "counter_currency", "quote_currency", "settlement_currency")


@each_row("name", KEYS)
def test_an_instrument(name: str) -> None:
    row = COUNTER.result(f"public/get_instrument?instrument_name={name}")
    assert set(row) == KEYS[name]
    assert list(row) == sorted(row)
    said = tuple(row[column] for column in (*COLUMNS, "instrument_type", "kind", "settlement_period"))
    assert said == CURRENCIES[name]
    assert row.get("future_type", row["instrument_type"]) == row["instrument_type"]
    assert (row["is_active"], row["state"], row["tick_size_steps"]) == (True, "open", [])


def test_a_perpetual_expires_in_the_year_3000_and_a_future_when_it_does() -> None:
    rows = {row["instrument_name"]: row for row in COUNTER.result("public/get_instruments")}
    assert rows[PERPETUAL]["expiration_timestamp"] == 32_503_708_800_000
    assert rows[DATED]["expiration_timestamp"] == EXPIRY // 1_000
    assert rows[PERPETUAL]["creation_timestamp"] == COUNTER.at // 1_000 - 5_000


def test_sizes_and_options_of_instruments() -> None:
    rows = {row["instrument_name"]: row for row in COUNTER.result("public/get_instruments")}
    assert (rows[DATED]["contract_size"], rows[LINEAR]["contract_size"]) == (10, Decimal("0.0001"))
    assert isinstance(rows[DATED]["contract_size"], int)
    assert (rows[PUT]["option_type"], rows[PUT]["strike"]) == ("put", 28_000)
    assert (rows[CALL]["option_type"], rows[CALL]["strike"]) == ("call", 150_000)


@each_row(("initial", "leverage"), [("0.04", 25), ("0.02", 50), ("0.03", 33), ("1", 1)])
def test_the_highest_leverage_follows_from_the_margin(initial: str, leverage: int) -> None:
    exchange = DeribitExchange()
    exchange.do(ListDerivative(terms=terms("BTC-1", margin=MarginTerms(initial=Decimal(initial))), mark=Decimal(100)))
    assert exchange.result("public/get_instrument?instrument_name=BTC-1")["max_leverage"] == leverage


FILTERS = [
    ("", [PERPETUAL, DATED, LINEAR, PUT, CALL, SPREAD]),
    ("?currency=any", [PERPETUAL, DATED, LINEAR, PUT, CALL, SPREAD]),
    ("?currency=BTC&kind=future", [PERPETUAL, DATED]),
    ("?currency=USDC", [LINEAR]),
    ("?kind=option", [PUT, CALL]),
    ("?kind=future_combo&expired=false", [SPREAD]),
    ("?kind=spot", []),
    ("?expired=true", []),
]


@each_row(("query", "expected"), FILTERS)
def test_instruments_are_filtered(query: str, expected: list[str]) -> None:
    rows = COUNTER.result(f"public/get_instruments{query}")
    assert [row["instrument_name"] for row in rows] == expected


def test_what_was_delivered_is_listed_as_expired() -> None:
    exchange = DeribitExchange()
    exchange.do(DeliverDerivative(derivative=DATED, price=Decimal(114_000)))
    (row,) = exchange.result("public/get_instruments?expired=true")
    assert (row["instrument_name"], row["is_active"], row["state"]) == (DATED, False, "delivered")
    assert DATED not in [row["instrument_name"] for row in exchange.result("public/get_instruments")]
    ticker = exchange.result(f"public/ticker?instrument_name={DATED}")
    assert (ticker["state"], ticker["delivery_price"]) == ("delivered", 114_000)


TICKER = {
    "best_ask_amount",
    "best_ask_price",
    "best_bid_amount",
    "best_bid_price",
    "estimated_delivery_price",
    "index_price",
    "instrument_name",
    "last_price",
    "mark_price",
    "max_price",
    "min_price",
    "open_interest",
    "settlement_price",
    "state",
    "stats",
    "timestamp",
}
OPTION_TICKER = TICKER | {
    "ask_iv",
    "bid_iv",
    "greeks",
    "interest_rate",
    "mark_iv",
    "underlying_index",
    "underlying_price",
}
TICKERS = {
    DATED: TICKER,
    PERPETUAL: TICKER | {"current_funding", "funding_8h", "interest_value"},
    PUT: OPTION_TICKER,
    CALL: OPTION_TICKER,
    SPREAD: TICKER,
}


@each_row("name", TICKERS)
def test_a_ticker(name: str) -> None:
    row = COUNTER.result(f"public/ticker?instrument_name={name}")
    assert set(row) == TICKERS[name]
    assert list(row) == sorted(row)
    assert row["timestamp"] == COUNTER.at // 1_000
    assert row["min_price"] <= row["mark_price"] <= row["max_price"]


def test_a_ticker_has_the_last_price_once_there_is_one() -> None:
    exchange = DeribitExchange()
    assert exchange.result(f"public/ticker?instrument_name={DATED}")["last_price"] is None
    exchange.do(trade(DATED, "10", "110000"))
    assert exchange.result(f"public/ticker?instrument_name={DATED}")["last_price"] == 110_000


def test_an_options_ticker_has_greeks_and_volatility() -> None:
    put, call = (COUNTER.result(f"public/ticker?instrument_name={name}") for name in (PUT, CALL))
    assert put["greeks"] == {
        "delta": Decimal("-0.25"),
        "gamma": Decimal("0.00001"),
        "rho": 0,
        "theta": Decimal("-7.25"),
        "vega": Decimal("12.5"),
    }
    assert (put["mark_iv"], call["mark_iv"]) == (0, Decimal("65.2"))
    assert 0 < call["greeks"]["delta"] < 1
    assert call["settlement_price"] == Decimal("0.0125")


def test_a_spread_below_nothing_has_a_band_all_the_same() -> None:
    exchange = DeribitExchange()
    exchange.do(MarkDerivative(derivative=SPREAD, price=Decimal(-200)))
    row = exchange.result(f"public/ticker?instrument_name={SPREAD}")
    assert (row["min_price"], row["max_price"]) == (-203, -197)


def test_index_prices() -> None:
    price = Decimal("113853.63")
    found = COUNTER.result("public/get_index_price?index_name=btc_usd")
    assert found == {"estimated_delivery_price": price, "index_price": price}
    answer = COUNTER.get("public/get_index_price?index_name=eth_usd")
    assert COUNTER.error("public/get_index_price?index_name=eth_usd")["data"] == {
        "reason": "index not found",
        "param": "index_name",
    }
    assert diagnosis_of(answer) == "no index 'eth_usd': there are btc_usd, btc_usdc"


def test_currencies() -> None:
    rows = COUNTER.result("public/get_currencies")
    assert [row["currency"] for row in rows] == ["BTC", "ETH", "USDC", "USDT", "EURR"]
    assert {frozenset(row) for row in rows} == {
        frozenset(
            {
                "apr",
                "coin_type",
                "currency",
                "currency_long",
                "decimals",
                "in_cross_collateral_pool",
                "min_confirmations",
                "min_withdrawal_fee",
                "network_currency",
                "network_fee",
                "withdrawal_fee",
                "withdrawal_priorities",
            }
        )
    }


def test_methods_that_only_support() -> None:
    assert COUNTER.result("public/test") == {"version": "1.2.26"}
    assert COUNTER.result("public/hello?client_name=me&client_version=1") == {"version": "1.2.26"}
    assert COUNTER.error("public/hello?client_name=me")["data"] == {
        "reason": "value is required",
        "param": "client_version",
    }
    assert COUNTER.error("public/test?expected_result=exception") == {"code": 10001, "message": "error"}
    assert COUNTER.error("public/test?expected_result=success")["code"] == -32602
