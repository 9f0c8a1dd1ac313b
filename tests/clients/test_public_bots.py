"""Public bots' calls: quote, fill, cancel, exit, in the order and form in which bots make them under `run --as demo`.

The bots ran unmodified on 2026-11-25, from their repositories and with the environments of their READMEs:
rodlaf/KalshiMarketMaker at af660af (Python, requests), newyorkcompute/kalshi `apps/mm` at 52371ce (Node, axios and ws;
also its scanner) and eshan327/Kalshi_MM of 2025-12-12 (Python, the official client, its key in files of its own). Here
are the calls that were in the journals, and the fields that the bots read; none of their code is here.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from mockexchange.emulation.run import DEMO, RunSettings, run
from mockexchange.venues.keys.development_keys import development_keys, pkcs1
from mockexchange.venues.registry import DEFAULT
from tests.helpers.patience import PATIENCE_S

PLAYER = Path(__file__).parent / "bot_player.py"
TICKER = "KXRAINNYC-25NOV05-T1"
DEMO_URL = "https://demo-api.kalshi.co/trade-api/v2"
USERS_ID = "0f2a6f6e-9f1c-4b7e-8a63-5f1d0c2b3a49"
USERS_KEY = pkcs1(development_keys()[0].private_pem or "")
SCENARIO = f"""
scenario: bots
start: 2025-11-03T00:00:00Z
accounts:
  alice: {{cash: 2500, keys: {{main: KEY}}}}
  bob: {{cash: 2500}}
markets:
  {TICKER}:
    event: KXRAINNYC-25NOV05
    series: KXRAINNYC
    close: 2100-12-01T00:00:00Z
    book: {{yes: [[0.40, 100]], no: [[0.50, 100]]}}
history:
- fill: {{account: alice, against: bob, market: {TICKER}, side: yes, action: buy, count: 5, price: 0.45}}
"""


def call(method: str, path: str, body: Any = None, reads: dict[str, Any] | None = None, **query: Any) -> dict[str, Any]:
    return {"method": method, "path": path, "query": query, "body": body, "reads": reads or {}}


def book(yes: float, no: float) -> dict[str, Any]:
    return {"step": {"orderbook": {"market": TICKER, "yes": [[yes, 100]], "no": [[no, 100]]}}}


MARKETS, ORDERS, POSITIONS = "/markets", "/portfolio/orders", "/portfolio/positions"
MARKET, BATCHES = f"/markets/{TICKER}", "/portfolio/events/orders/batched"
CENTS = {"yes_bid": 40, "yes_ask": 50, "no_bid": 50, "no_ask": 60}


def cents(*parents: str) -> dict[str, Any]:
    return {".".join((*parents, name)): value for name, value in CENTS.items()}


def v1_order(action: str, cents: int, **more: Any) -> dict[str, Any]:
    return {"ticker": TICKER, "action": action, "type": "limit", "side": "yes", "count": 1, "yes_price": cents, **more}


def v2_order(side: str, price: str) -> dict[str, Any]:
    return {
        "ticker": TICKER,
        "client_order_id": f"mm-{side}",
        "side": side,
        "count": "3.00",
        "price": price,
        "time_in_force": "good_till_canceled",
        "self_trade_prevention_type": "taker_at_cross",
        "post_only": True,
    }


def position_is(value: Any, path: str = "market_positions.0.position") -> dict[str, Any]:
    return {"market_positions.0.ticker": TICKER, path: value}


LIMITED = {"client_order_id": "da781b78-7016-4d73-b682-a049ee26d8a1", "expiration_ts": "{in an hour}"}
MARKET_MAKER = {
    "api_date": "2026-02",
    "environment": {"KALSHI_API_KEY_ID": USERS_ID, "KALSHI_PRIVATE_KEY_PATH": "FILE", "KALSHI_BASE_URL": DEMO_URL},
    "key_id": "KALSHI_API_KEY_ID",
    "key": "KALSHI_PRIVATE_KEY_PATH",
    "url": "KALSHI_BASE_URL",
    "headers": {"Content-Type": "application/json"},  # of requests without a body, too
    "calls": [
        call(
            "GET",
            MARKETS,
            reads={
                "cursor": "",
                "markets.0.ticker": TICKER,
                "markets.0.market_type": "binary",
                **cents("markets", "0"),
            },
            status="open",
            limit=250,
            mve_filter="exclude",
        ),
        call("GET", MARKET, reads=cents("market")),
        call("GET", POSITIONS, reads=position_is(5), ticker=TICKER, settlement_status="unsettled"),
        call("GET", ORDERS, reads={"orders": []}, status="resting", ticker=TICKER),
        call("GET", POSITIONS, reads={**position_is(5), "cursor": ""}, limit=200, count_filter="position"),
        call("POST", ORDERS, v1_order("buy", 41, **LIMITED), {"order.order_id": "keep bought"}),
        call("POST", ORDERS, v1_order("sell", 46, expiration_ts="{in an hour}"), {"order.order_id": "keep sold"}),
        book(0.30, 0.59),
        call("GET", POSITIONS, reads=position_is(6), ticker=TICKER, settlement_status="unsettled"),
        call(
            "GET",
            ORDERS,
            reads={
                "orders.0.order_id": "keep resting",
                "orders.0.side": "yes",
                "orders.0.action": "sell",
                "orders.0.yes_price": 46,
                "orders.0.remaining_count": 1,
            },
            status="resting",
            ticker=TICKER,
        ),
        call("DELETE", f"{ORDERS}/{{resting}}", reads={"reduced_by": 1, "order.status": "canceled"}),
        call("GET", ORDERS, reads={"orders": [], "cursor": ""}, status="resting", limit=200),
        call("POST", ORDERS, {**v1_order("sell", 29, expiration_ts="{in an hour}"), "count": 6}),
        call("GET", POSITIONS, reads={"market_positions": []}, limit=200, count_filter="position"),
    ],
}
SCANNER = {
    "api_date": "2026-02",
    "environment": {"KALSHI_API_KEY": USERS_ID, "KALSHI_PRIVATE_KEY": USERS_KEY.replace("\n", "\\n")},
    "key_id": "KALSHI_API_KEY",
    "key": "KALSHI_PRIVATE_KEY",
    "url": DEMO_URL,
    "headers": {"Accept": "application/json, text/plain, */*", "Connection": "close"},
    "calls": [
        call(
            "GET",
            MARKETS,
            reads={"cursor": "", "markets.0.event_ticker": "KXRAINNYC-25NOV05", "markets.0.volume": 5}
            | {"markets.0.close_time": "2100-12-01T00:00:00Z", **cents("markets", "0")},
            limit=1000,
            status="open",
        ),
        call("GET", f"{MARKET}/orderbook", reads={"orderbook.yes.0": [40, 100], "orderbook.no.0": [50, 100]}),
    ],
}
QUOTING = {
    **SCANNER,
    "api_date": "latest",
    "environment": {"KALSHI_API_KEY": USERS_ID, "KALSHI_PRIVATE_KEY": USERS_KEY},
    "stream": "wss://demo-api.kalshi.co/trade-api/ws/v2",
    "calls": [
        call("GET", ORDERS, reads={"orders": [], "cursor": ""}, status="resting", limit=100),
        call(
            "GET",
            POSITIONS,
            reads={
                **position_is("5.00", "market_positions.0.position_fp"),
                "market_positions.0.market_exposure_dollars": "2.250000",
            },
            limit=100,
            count_filter="position",
        ),
        call("GET", MARKET, reads={"market.status": "active", "market.close_time": "2100-12-01T00:00:00Z"}),
        {
            "subscribe": {
                "id": 1,
                "cmd": "subscribe",
                "params": {"channels": ["ticker", "orderbook_delta"], "market_tickers": [TICKER]},
            }
        },
        {
            "frame": "orderbook_snapshot",
            "reads": {
                "msg.market_ticker": TICKER,
                "msg.yes_dollars_fp.0": ["0.4000", "100.00"],
                "msg.no_dollars_fp.0": ["0.5000", "100.00"],
            },
        },
        # it subscribes to its fills twice, and to the market again
        {"subscribe": {"id": 2, "cmd": "subscribe", "params": {"channels": ["fill"]}}},
        {"subscribe": {"id": 3, "cmd": "subscribe", "params": {"channels": ["fill"]}}},
        {
            "subscribe": {
                "id": 4,
                "cmd": "subscribe",
                "params": {"channels": ["orderbook_delta", "ticker"], "market_tickers": [TICKER]},
            }
        },
        call(
            "POST",
            BATCHES,
            {"orders": [v2_order("bid", "0.4300"), v2_order("ask", "0.4700")]},
            {
                "orders.0.order_id": "keep bid",
                "orders.1.order_id": "keep ask",
                "orders.0.remaining_count": "3.00",
                "orders.1.fill_count": "0.00",
                "orders.1.error": None,
            },
        ),
        {"frame": "ticker", "reads": {"msg.market_ticker": TICKER, "msg.yes_bid_dollars": "0.4300"}},
        book(0.60, 0.30),
        {
            "frame": "fill",
            "reads": {
                "msg.order_id": "keep filled",
                "msg.market_ticker": TICKER,
                "msg.action": "sell",
                "msg.side": "yes",
                "msg.count_fp": "3.00",
                "msg.yes_price_dollars": "0.4700",
                "msg.is_taker": False,
            },
        },
        call("GET", "/portfolio/settlements", reads={"settlements": []}, limit=200, min_ts="{now}"),
        call(
            "DELETE",
            BATCHES,
            {"orders": [{"order_id": "{bid}", "exchange_index": 0}]},
            {"orders.0.order_id": "keep canceled", "orders.0.reduced_by": "3.00", "orders.0.error": None},
        ),
        call("GET", ORDERS, reads={"orders": []}, status="resting", limit=100),
    ],
}
OWN_FILES = {
    "api_date": "2025-12",
    "environment": {},
    "key_id": USERS_ID,
    "key": "FILE",
    "url": DEMO_URL,
    "headers": {"User-Agent": "OpenAPI-Generator/2.1.0/python", "Accept": "application/json"},
    "calls": [
        call("GET", "/portfolio/balance", reads={"balance": 250_000 - 225}),
        call(
            "GET",
            MARKETS,
            reads={"cursor": "", "markets.0.volume": 5, **cents("markets", "0")},
            limit=100,
            status="open",
        ),
        call("POST", ORDERS, v1_order("buy", 43), {"order.order_id": "keep bought", "order.status": "resting"}),
        call("POST", ORDERS, v1_order("sell", 47), {"order.order_id": "keep sold", "order.status": "resting"}),
        book(0.60, 0.30),
        call("DELETE", f"{ORDERS}/{{bought}}", reads={"reduced_by": 1}),
        call("GET", POSITIONS, reads=position_is(4)),
    ],
}


@pytest.mark.parametrize(
    "bot",
    [
        pytest.param(MARKET_MAKER, id="v1-market-maker"),
        pytest.param(SCANNER, id="scanner"),
        pytest.param(QUOTING, id="v2-market-maker-with-batches"),
        pytest.param(OWN_FILES, id="key-in-files-of-its-own"),
    ],
)
def test_a_bots_calls_are_answered_with_what_it_reads(bot: dict[str, Any], tmp_path: Path) -> None:
    """The key in the environment is the user's: it is replaced, except one in files, which the scenario then names."""
    key = tmp_path / "users.key"
    key.write_text(USERS_KEY)
    own = f"{{key_id: {USERS_ID}, private_key: {key}}}" if bot is OWN_FILES else "{}"
    scenario = tmp_path / "bots.yaml"
    scenario.write_text(SCENARIO.replace("KEY", own))
    played = tmp_path / "bot.json"
    played.write_text(json.dumps({**bot, "key": str(key) if bot["key"] == "FILE" else bot["key"]}))
    users = {name: str(key) if value == "FILE" else value for name, value in bot["environment"].items()}
    settings = RunSettings(
        command=[sys.executable, str(PLAYER), str(played)],
        environment={**os.environ, **users, "BOT_PATIENCE_S": str(PATIENCE_S)},
        mode=DEMO,
        scenario=str(scenario),
        api_date=DEFAULT.api_date(bot["api_date"]),
    )
    result = asyncio.run(run(settings))
    assert result.exit_code == 0, "the program has said why"
    assert not result.dials
    replaced = result.changed.partition(";")[0]
    assert [name for name in (bot["key_id"], bot["key"]) if name in bot["environment"] and name not in replaced] == []
