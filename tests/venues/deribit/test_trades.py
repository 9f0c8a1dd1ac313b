"""An account's own trades: their keys, filters, order and pages."""

from decimal import Decimal
from typing import Any

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
    trade,
)
from tests.venues.deribit.keyring import DORA_3, ERIC, NOW

BY_CURRENCY, BY_INSTRUMENT = "private/get_user_trades_by_currency", "private/get_user_trades_by_instrument"
SECOND_MS = 1_000
FIRST_MS = NOW // 1_000 + 6 * SECOND_MS
"""Time of the first trade, after five seconds of listing."""

DATED_WINDOW = f"instrument_name={DATED}&start_timestamp={FIRST_MS}&end_timestamp={FIRST_MS + 3 * SECOND_MS}"


def counter_of_six() -> DeribitExchange:
    """Trades t1 to t6, a second apart: of a future, a put, a linear perpetual, the future, a call, the future."""
    exchange = DeribitExchange()
    exchange.do(
        trade(DATED, "10", "110000", trade="t1"),
        trade(PUT, "0.1", "0.12", trade="t2"),
        trade(LINEAR, "0.001", "30000", trade="t3"),
        trade(DATED, "20", "109000", trade="t4"),
        trade(CALL, "-0.1", "0.02", trade="t5"),
        trade(DATED, "-10", "111000", trade="t6", taker=True, label="mine"),
        trade(DATED, "10", "110000", ERIC, trade="t7"),
        trade(DATED, "10", "110000", DORA_3, trade="t8"),
    )
    return exchange


SIX = counter_of_six()
"""An exchange that no test changes."""


def page(target: str) -> tuple[list[str], bool]:
    result = SIX.result(target)
    return [row["trade_id"] for row in result["trades"]], result["has_more"]


PAGES = [
    (f"{BY_CURRENCY}?currency=BTC", ["t6", "t5", "t4", "t2", "t1"], False),
    (f"{BY_CURRENCY}?currency=USDC", ["t3"], False),
    (f"{BY_CURRENCY}?currency=ETH", [], False),
    (f"{BY_CURRENCY}?currency=BTC&count=2", ["t6", "t5"], True),
    (f"{BY_CURRENCY}?currency=BTC&count=2&sorting=asc", ["t5", "t6"], True),
    (f"{BY_CURRENCY}?currency=BTC&count=5&sorting=desc", ["t6", "t5", "t4", "t2", "t1"], False),
    (f"{BY_CURRENCY}?currency=BTC&kind=option", ["t5", "t2"], False),
    (f"{BY_CURRENCY}?currency=BTC&kind=any", ["t6", "t5", "t4", "t2", "t1"], False),
    (f"{BY_CURRENCY}?currency=BTC&kind=combo", [], False),
    (f"{BY_CURRENCY}?currency=BTC&start_id=t2&count=2", ["t2", "t4"], True),
    (f"{BY_CURRENCY}?currency=BTC&end_id=t4", ["t4", "t2", "t1"], False),
    (f"{BY_CURRENCY}?currency=BTC&start_id=t2&end_id=t5&sorting=desc", ["t5", "t4", "t2"], False),
    (f"{BY_CURRENCY}?currency=BTC&start_timestamp={FIRST_MS + 3 * SECOND_MS}", ["t4", "t5", "t6"], False),
    (f"{BY_CURRENCY}?currency=BTC&end_timestamp={FIRST_MS + SECOND_MS}", ["t2", "t1"], False),
    (f"{BY_CURRENCY}?currency=BTC&end_timestamp={FIRST_MS - 1}", [], False),
    (f"{BY_CURRENCY}?currency=BTC&historical=true&include_old=true", ["t6", "t5", "t4", "t2", "t1"], False),
    (f"{BY_CURRENCY}?currency=BTC&subaccount_id=3", ["t8"], False),
    (f"{BY_CURRENCY}_and_time?currency=BTC&start_timestamp={FIRST_MS}&count=2", ["t1", "t2"], True),
    (f"{BY_INSTRUMENT}?instrument_name={DATED}", ["t6", "t4", "t1"], False),
    (f"{BY_INSTRUMENT}?instrument_name={DATED}&start_seq=2", ["t4", "t6"], False),
    (f"{BY_INSTRUMENT}?instrument_name={DATED}&end_seq=2", ["t4", "t1"], False),
    (f"{BY_INSTRUMENT}?instrument_name={DATED}&start_seq=2&count=1", ["t4"], True),
    (f"{BY_INSTRUMENT}?instrument_name={PERPETUAL}", [], False),
    (f"{BY_INSTRUMENT}_and_time?{DATED_WINDOW}", ["t1", "t4"], False),
]


@each_row(("target", "expected", "has_more"), PAGES)
def test_pages(target: str, expected: list[str], has_more: bool) -> None:
    assert page(target) == (expected, has_more)


@each_row("count", range(1, 6))
def test_has_more_is_true_where_trades_follow_the_page(count: int) -> None:
    shown, has_more = page(f"{BY_CURRENCY}?currency=BTC&count={count}")
    assert (len(shown), has_more) == (count, count < 5)


def test_the_page_of_a_client_that_names_no_count_has_ten() -> None:
    exchange = DeribitExchange()
    exchange.do(*(trade(DATED, "10", "110000") for _ in range(11)))
    result = exchange.result(f"{BY_CURRENCY}?currency=BTC")
    assert (len(result["trades"]), result["has_more"]) == (10, True)


KEYS = {
    "amount",
    "direction",
    "fee",
    "fee_currency",
    "index_price",
    "instrument_name",
    "liquidity",
    "mark_price",
    "matching_id",
    "order_id",
    "order_type",
    "post_only",
    "price",
    "profit_loss",
    "reduce_only",
    "state",
    "tick_direction",
    "timestamp",
    "trade_id",
    "trade_seq",
}


def row_of(trade_id: str, target: str = f"{BY_CURRENCY}?currency=BTC") -> dict[str, Any]:
    rows = SIX.result(target)["trades"]
    (row,) = [row for row in rows if row["trade_id"] == trade_id]
    found: dict[str, Any] = row
    return found


def test_a_trade_of_a_future() -> None:
    row = row_of("t6")
    assert set(row) == KEYS | {"label"}
    assert (row["label"], row["liquidity"], row["direction"], row["amount"]) == ("mine", "T", "sell", 10)
    assert (row["price"], row["mark_price"], row["index_price"]) == (111_000, 115_000, Decimal("113853.63"))
    assert (row["timestamp"], row["trade_seq"], row["matching_id"]) == (FIRST_MS + 5 * SECOND_MS, 3, None)
    assert (row["fee_currency"], row["tick_direction"]) == ("BTC", 0)
    assert row["fee"] > 0
    assert row["profit_loss"] > 0


def test_a_price_below_the_last_is_another_tick() -> None:
    assert [row_of(trade_id)["tick_direction"] for trade_id in ("t1", "t4", "t6")] == [0, 2, 0]
    assert "label" not in row_of("t4")
    assert row_of("t4")["liquidity"] == "M"


def test_a_trade_of_an_option_has_its_volatility_if_known() -> None:
    assert set(row_of("t5")) == KEYS | {"iv", "underlying_price"}
    assert row_of("t5")["iv"] == Decimal("65.2")
    assert set(row_of("t2")) == KEYS | {"underlying_price"}


def test_a_trade_of_a_linear_future_is_in_coins_and_its_fee_in_what_it_settles_in() -> None:
    row = row_of("t3", f"{BY_CURRENCY}?currency=USDC")
    assert (row["amount"], row["fee_currency"]) == (Decimal("0.001"), "USDC")


def test_trades_of_legs_name_their_combo() -> None:
    exchange = DeribitExchange()
    exchange.do(trade(SPREAD, "10", "17"))
    rows = exchange.result(f"{BY_CURRENCY}?currency=BTC")["trades"]
    assert {(row["instrument_name"], row["combo_id"]) for row in rows} == {(DATED, SPREAD), (PERPETUAL, SPREAD)}


REFUSED = [
    (f"{BY_CURRENCY}", "currency", "value is required"),
    (f"{BY_CURRENCY}?currency=any", "currency", "invalid currency"),
    (f"{BY_CURRENCY}?currency=BTC&kind=swap", "kind", "invalid kind"),
    (f"{BY_CURRENCY}?currency=BTC&count=0", "count", "value must be at least 1"),
    (f"{BY_CURRENCY}?currency=BTC&count=1001", "count", "value must be at most 1000"),
    (f"{BY_CURRENCY}?currency=BTC&count=1.5", "count", "value must be an integer"),
    (f"{BY_CURRENCY}?currency=BTC&sorting=up", "sorting", "invalid sorting"),
    (f"{BY_CURRENCY}?currency=BTC&historical=yes", "historical", "value must be a boolean"),
    (f"{BY_CURRENCY}?currency=BTC&start_id=t7", "start_id", "trade not found"),
    (f"{BY_CURRENCY}_and_time?currency=BTC", "start_timestamp", "value is required"),
    (f"{BY_INSTRUMENT}", "instrument_name", "value is required"),
    (f"{BY_INSTRUMENT}?instrument_name=BTC", "instrument_name", "instrument not found"),
    (f"{BY_INSTRUMENT}?instrument_name={DATED}&start_seq=t1", "start_seq", "value must be an integer"),
]


@each_row(("target", "param", "reason"), REFUSED)
def test_bad_parameters(target: str, param: str, reason: str) -> None:
    assert SIX.error(target) == {
        "code": -32602,
        "data": {"reason": reason, "param": param},
        "message": "Invalid params",
    }


def test_why_a_trade_is_not_found() -> None:
    assert diagnosis_of(SIX.get(f"{BY_CURRENCY}?currency=BTC&start_id=t7")) == "no trade 't7' among those asked for"
