"""Markets that combine others: created by their legs once, looked up, listed apart, refused where a collection says so.

The operations, their bodies and answers: OpenAPI document of 2026-04.
"""

import json
from typing import Any

import pytest

from mockexchange.core.commands import SettleMarket
from mockexchange.core.vocabulary import Result
from mockexchange.sandbox.sandbox import Sandbox
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import do, make, send

SCENARIO = """
scenario: combinations
start: 2025-11-04T12:00:00Z
accounts: {alice: {cash: 100}, bob: {cash: 100}}
markets:
  RAIN-1: {event: RAIN, series: RAIN, title: It rains, close: 2025-11-10}
  RAIN-2: {event: RAIN, series: RAIN}
  FED-1: {event: FED, series: FED, title: It stays, close: 2025-12-10}
  SHUT-1: {event: SHUT, series: SHUT}
  OTHER-1: {event: OTHER, series: OTHER}
history: [{close: {market: SHUT-1}}]
kalshi:
  multivariate_collections:
    - collection_ticker: KXANY-R
      series_ticker: KXANY
      title: Rain and rates
      open_date: 2025-11-01T00:00:00Z
      close_date: 2025-12-31T00:00:00Z
      associated_events: [{ticker: RAIN, is_yes_only: true, size_max: 1}, {ticker: FED}]
      associated_event_tickers: [RAIN, FED, SHUT]
      size_min: 2
      size_max: 2
    - collection_ticker: KXLATER-R
      series_ticker: KXLATER
      title: Later
      open_date: 2025-12-01T00:00:00Z
      close_date: 2025-12-31T00:00:00Z
      associated_event_tickers: [RAIN, FED]
      size_min: 2
      size_max: 2
"""
COLLECTION = "/multivariate_event_collections/KXANY-R"
RAIN = {"event_ticker": "RAIN", "market_ticker": "RAIN-1", "side": "yes"}
FED = {"event_ticker": "FED", "market_ticker": "FED-1", "side": "no"}


@pytest.fixture
def sandbox() -> Sandbox:
    return make(SCENARIO, date="2026-04")


def ask(sandbox: Sandbox, method: str, path: str, body: Any = None, who: str = "alice/main") -> tuple[int, Any]:
    answer = send(sandbox, method, path, body, who)
    return answer.status, json.loads(answer.body)


def test_a_combination_is_made_once_whoever_asks_and_in_whatever_order(sandbox: Sandbox) -> None:
    selected = {"selected_markets": [RAIN, FED]}
    status, _ = ask(sandbox, "PUT", f"{COLLECTION}/lookup", selected)
    assert status == 404
    status, made = ask(sandbox, "POST", COLLECTION, {**selected, "with_market_payload": True})
    assert status == 200
    market = made.pop("market")
    assert ask(sandbox, "POST", COLLECTION, {"selected_markets": [FED, RAIN]}, "bob/main") == (200, made)
    assert ask(sandbox, "PUT", f"{COLLECTION}/lookup", selected, "bob/main") == (200, made)
    _, other = ask(sandbox, "POST", COLLECTION, {"selected_markets": [RAIN, {**FED, "side": "yes"}]})
    assert other["event_ticker"] == made["event_ticker"]
    assert other["market_ticker"] != made["market_ticker"]

    assert market["mve_collection_ticker"] == "KXANY-R"
    assert market["mve_selected_legs"] == [FED, RAIN]
    assert market["title"] == "no It stays,yes It rains"
    assert market["close_time"] == "2025-12-10T00:00:00Z"
    assert ask(sandbox, "GET", f"/markets/{made['market_ticker']}") == (200, {"market": market})


def test_it_trades_and_is_listed_apart_from_other_markets_and_events(sandbox: Sandbox) -> None:
    _, made = ask(sandbox, "POST", COLLECTION, {"selected_markets": [RAIN, FED]})
    ticker = made["market_ticker"]
    order = {"ticker": ticker, "action": "buy", "side": "yes", "count": 3, "yes_price": 20, "type": "limit"}
    assert ask(sandbox, "POST", "/portfolio/orders", order)[0] == 201
    do(sandbox, SettleMarket(market=ticker, result=Result.NO))
    assert ask(sandbox, "GET", "/portfolio/settlements")[1]["settlements"] == []
    _, alone = ask(sandbox, "GET", "/markets?mve_filter=only")
    assert [row["ticker"] for row in alone["markets"]] == [ticker]
    _, others = ask(sandbox, "GET", "/markets?mve_filter=exclude")
    assert ticker not in {row["ticker"] for row in others["markets"]}
    _, everything = ask(sandbox, "GET", "/markets")
    assert len(everything["markets"]) == len(others["markets"]) + 1
    _, apart = ask(sandbox, "GET", "/events/multivariate?collection_ticker=KXANY-R")
    assert [(row["event_ticker"], row["title"]) for row in apart["events"]] == [
        (made["event_ticker"], "Rain and rates")
    ]
    _, plain = ask(sandbox, "GET", "/events")
    assert made["event_ticker"] not in {row["event_ticker"] for row in plain["events"]}
    _, told = ask(sandbox, "GET", f"{COLLECTION}/lookup?lookback_seconds=10")
    [point] = told["lookup_points"]
    assert (point["market_ticker"], point["selected_markets"]) == (ticker, [FED, RAIN])


@each_row(
    ("selected", "why"),
    [
        ([RAIN], "expected 2 to 2 markets, got 1"),
        ([RAIN, {**RAIN, "market_ticker": "RAIN-2"}], "expected 0 to 1 markets of event RAIN, got 2"),
        ([FED, FED], "a market is selected twice"),
        ([{**RAIN, "side": "no"}, FED], "only the side yes of RAIN-1 can be selected"),
        ([RAIN, {**FED, "market_ticker": "RAIN-2"}], "event FED has no market 'RAIN-2'"),
        ([RAIN, {**FED, "event_ticker": "OTHER", "market_ticker": "OTHER-1"}], "event 'OTHER' is not one of RAIN, FED"),
        ([RAIN, {**FED, "event_ticker": "SHUT", "market_ticker": "SHUT-1"}], "SHUT-1 are not open"),
    ],
)
def test_what_a_collection_does_not_allow_is_said(selected: list[dict[str, str]], why: str) -> None:
    sandbox = make(SCENARIO, date="2026-04")
    answer = send(sandbox, "POST", COLLECTION, {"selected_markets": selected}, "alice/main")
    assert answer.status == 400
    assert why in (answer.diagnosis or "")


def test_a_collection_that_is_not_open_or_not_there_makes_nothing(sandbox: Sandbox) -> None:
    body = {"selected_markets": [RAIN, FED]}
    answer = send(sandbox, "POST", "/multivariate_event_collections/KXLATER-R", body, "alice/main")
    assert (answer.status, "the collection is unopened" in (answer.diagnosis or "")) == (400, True)
    assert ask(sandbox, "POST", "/multivariate_event_collections/KXNONE", body)[0] == 404
    assert ask(sandbox, "GET", "/markets?mve_filter=only")[1]["markets"] == []
