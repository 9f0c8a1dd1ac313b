"""Candlesticks, historical markets and trades, several order books, the series list and the volume progress."""

import json
from functools import cache
from typing import Any
from urllib.parse import urlencode

import pytest

from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.venues.request import Request
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import make
from tests.venues.kalshi.test_scenario_data import ask, read

HOUR = 3_600
SCENARIO = """
scenario: candles
start: 2026-10-20T12:00:00Z
accounts: {alice: {cash: 1000}}
series: {RAIN: {category: Climate, tags: [Rain, NYC]}, SNOW: {tags: [Snow]}}
markets: {RAIN-1-A: {event: RAIN-1, series: RAIN}, RAIN-1-B: {event: RAIN-1, series: RAIN}}
history:
  - {at: 2026-10-20T12:10:00Z, print: {market: RAIN-1-A, price: 0.50, count: 10, side: yes}}
  - {at: 2026-10-20T12:20:00Z, print: {market: RAIN-1-A, price: 0.60, count: 30, side: no}}
  - {at: 2026-10-20T13:00:00Z, print: {market: RAIN-1-A, price: 0.45, count: 20, side: yes}}
  - {at: 2026-10-20T15:30:00Z, print: {market: RAIN-1-A, price: 0.60, count: 5.5, side: yes}}
"""
NOON = 1_792_497_600
"""2026-10-20T12:00:00Z"""
A, B = "series/RAIN/markets/RAIN-1-A/candlesticks", "series/RAIN/markets/RAIN-1-B/candlesticks"


@cache
def sandbox(date: str) -> Sandbox:
    return make(SCENARIO, date)


def get(path: str, date: str = "2026-10", **query: Any) -> Any:
    """Return status and body of a public read of the scenario."""
    target = f"/trade-api/v2/{path}"
    answer = sandbox(date).answer(Request("GET", target, urlencode(query, doseq=True)))[0]
    return answer.status, json.loads(answer.body)


def candles(path: str = A, date: str = "2026-10", start: int = NOON, end: int = NOON + 6 * HOUR, **query: Any) -> Any:
    given: dict[str, Any] = {"start_ts": start, "end_ts": end, "period_interval": 60, **query}
    status, body = get(path, date, **given)
    assert status == 200, body
    return body["candlesticks"]


def test_a_candlestick_tells_prices_offers_and_volume_of_its_hour() -> None:
    first, second = candles()
    assert [one["end_period_ts"] for one in (first, second)] == [NOON + HOUR, NOON + 4 * HOUR]
    assert first["price"] == {
        "close_dollars": "0.4500",
        "high_dollars": "0.5000",
        "low_dollars": "0.4000",
        "mean_dollars": "0.4333",
        "open_dollars": "0.5000",
    }
    assert first["volume_fp"] == "60.00"
    assert first["yes_ask"] == {
        "close_dollars": "0.4500",
        "high_dollars": "1.0000",
        "low_dollars": "0.4500",
        "open_dollars": "1.0000",
    }
    assert (first["yes_bid"]["open_dollars"], first["yes_bid"]["close_dollars"]) == ("0.0000", "0.4000")
    assert second["price"]["previous_dollars"] == "0.4500"
    assert second["yes_bid"]["open_dollars"] == second["yes_bid"]["close_dollars"] == "0.4000"
    assert (second["yes_ask"]["open_dollars"], second["yes_ask"]["close_dollars"]) == ("0.4500", "0.6000")


def test_old_candlesticks_have_cents_and_nulls() -> None:
    first = candles(date="2025-11")[0]
    assert (first["price"]["close"], first["price"]["close_dollars"], first["volume"]) == (45, "0.4500", 60)
    assert first["price"]["previous"] is None
    assert "volume_fp" not in first


def test_periods_end_within_the_requested_time() -> None:
    assert [one["end_period_ts"] for one in candles(end=NOON + 4 * HOUR - 1)] == [NOON + HOUR]
    assert [one["end_period_ts"] for one in candles(start=NOON + HOUR + 1)] == [NOON + 4 * HOUR]
    minutes = candles(period_interval=1)
    assert [(one["end_period_ts"] - NOON) // 60 for one in minutes] == [10, 20, 60, 210]
    assert candles(B) == []


def test_the_last_price_before_continues_into_the_first_period() -> None:
    start = NOON + 2 * HOUR
    first, second = candles(start=start, include_latest_before_start="true")
    assert first["end_period_ts"] == start + HOUR
    assert first["price"] == {"previous_dollars": "0.4500"}
    assert first["yes_ask"]["open_dollars"] == "0.4500"
    assert first["volume_fp"] == "0.00"
    assert second["end_period_ts"] == NOON + 4 * HOUR
    assert candles(B, start=start, include_latest_before_start="true") == []


def test_several_markets_have_their_candlesticks_side_by_side() -> None:
    window: dict[str, Any] = {"start_ts": NOON, "end_ts": NOON + 6 * HOUR, "period_interval": 60}
    status, body = get("markets/candlesticks", market_tickers="RAIN-1-A,RAIN-1-B,NONE", **window)
    assert status == 200
    assert [(one["market_ticker"], len(one["candlesticks"])) for one in body["markets"]] == [
        ("RAIN-1-A", 2),
        ("RAIN-1-B", 0),
    ]
    status, body = get("series/RAIN/events/RAIN-1/candlesticks", **window)
    assert dict(zip(body["market_tickers"], map(len, body["market_candlesticks"]), strict=True)) == {
        "RAIN-1-A": 2,
        "RAIN-1-B": 0,
    }
    assert body["adjusted_end_ts"] == NOON + 6 * HOUR


@each_row(
    ("path", "query", "status"),
    [
        (A, {"period_interval": 5}, 400),
        (A, {"start_ts": ""}, 400),
        ("series/SNOW/markets/RAIN-1-A/candlesticks", {}, 404),
        ("series/RAIN/markets/NONE/candlesticks", {}, 404),
        ("series/SNOW/events/RAIN-1/candlesticks", {}, 404),
        ("historical/markets/RAIN-1-A/candlesticks", {}, 404),
        ("markets/candlesticks", {}, 400),
        ("markets/candlesticks", {"market_tickers": ",".join("A" for _ in range(101))}, 400),
    ],
)
def test_wrong_candlesticks_are_refused(path: str, query: dict[str, Any], status: int) -> None:
    given: dict[str, Any] = {"start_ts": NOON, "end_ts": NOON + HOUR, "period_interval": 60, **query}
    assert get(path, **given)[0] == status


def test_one_answer_has_ten_thousand_candlesticks_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mockexchange.venues.kalshi.resources.candlesticks.BATCH_MAX", 1)
    window: dict[str, Any] = {"start_ts": NOON, "end_ts": NOON + 6 * HOUR, "period_interval": 60}
    status, body = get("markets/candlesticks", market_tickers="RAIN-1-A", **window)
    assert (status, body["error"]["code"]) == (400, "bad_request")


def test_markets_that_were_paid_out_before_the_cutoff_are_historical() -> None:
    archived = ["KXOLD-25OCT31-A", "KXOLDER-25OCT30-A"]

    def listed(path: str, date: str = "2026-10", **query: Any) -> list[str]:
        return [row["ticker"] for row in read(path, date, **query)["markets"]]

    assert listed("historical/markets") == archived
    assert listed("historical/markets", limit=1) == archived[:1]
    assert listed("historical/markets", tickers="KXOLD-25OCT31-A,KXRAINNYC-25NOV05-T1") == archived[:1]
    assert listed("historical/markets", event_ticker="KXOLDER-25OCT30") == archived[1:]
    assert listed("historical/markets", series_ticker="KXOLD") == archived
    assert listed("historical/markets", series_ticker="KXOLD", event_ticker="KXOLDER-25OCT30") == archived[1:]
    assert not set(archived) & set(listed("markets"))
    assert listed("markets", tickers=archived[0]) == []
    assert set(archived) <= set(listed("markets", "compat")) & set(listed("markets", "2026-02"))
    assert ask(f"markets/{archived[0]}").status == 404
    assert read(f"historical/markets/{archived[0]}")["market"]["status"] == "finalized"
    assert ask("historical/markets/KXRAINNYC-25NOV05-T1").status == ask("historical/markets/NONE").status == 404


def test_historical_trades_and_candlesticks_are_those_before_the_cutoff() -> None:
    old = [row["ticker"] for row in read("historical/trades")["trades"]]
    assert old == ["KXOLDER-25OCT30-A", "KXOLD-25OCT31-A", "KXOLD-25OCT31-A"]
    assert not set(old) & {row["ticker"] for row in read("markets/trades")["trades"]}
    assert read("historical/trades", ticker="KXOLDER-25OCT30-A", max_ts=1762257600)["trades"] == []
    window: dict[str, Any] = {"start_ts": 1762250000, "end_ts": 1762300800, "period_interval": 60}
    first, second = read("historical/markets/KXOLD-25OCT31-A/candlesticks", **window)["candlesticks"]
    assert first["price"]["previous"] is None
    assert second["price"]["previous"] == first["price"]["close"]
    assert first["end_period_ts"] == 1762257600


def test_order_books_of_several_markets_need_a_key_until_october() -> None:
    tickers = ["KXRAINNYC-25NOV05-T1", "NONE", "KXRAINNYC-25NOV05-T1"]
    [book] = read("markets/orderbooks", tickers=tickers)["orderbooks"]
    assert book["ticker"] == tickers[0]
    assert book["orderbook_fp"] == read(f"markets/{tickers[0]}/orderbook")["orderbook_fp"]
    assert ask("markets/orderbooks", "2026-06", tickers=tickers).status == 401
    assert read("markets/orderbooks", "2026-06", "member", tickers=tickers)["orderbooks"]
    assert ask("markets/orderbooks", tickers=["A"] * 101).status == ask("markets/orderbooks").status == 400


def test_series_are_listed_under_filters() -> None:
    def listed(**query: Any) -> list[str]:
        return [row["ticker"] for row in get("series", **query)[1]["series"]]

    assert listed() == ["RAIN", "SNOW"]
    assert listed(category="Climate") == listed(tags="NYC,Other") == ["RAIN"]
    assert listed(tags="Snow,Rain") == ["RAIN", "SNOW"]
    assert listed(min_updated_ts=NOON + HOUR) == []
    assert get("series", include_volume="true")[1]["series"][0]["volume_fp"] == "65.50"


def test_the_volume_of_thirty_days_stands_beside_what_tiers_take() -> None:
    [progress] = read("account/api_usage_level/volume_progress", who="member")["volume_progress"]
    fills = read("portfolio/fills", who="member", limit=1000)["fills"]
    historical = read("historical/fills", who="member", limit=1000)["fills"]
    volume = sum(float(fill["count_fp"]) for fill in [*fills, *historical])
    assert float(progress["trailing_30d_volume_fp"]) == volume > 0
    assert [goal["level"] for goal in progress["goals"]][:2] == ["expert", "premier"]
