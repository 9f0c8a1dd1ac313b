"""Before rows and frames said whose subaccount they are of, a key saw its primary one: the last frame is the row."""

import json
from typing import Any

import httpx
from websockets.sync.client import connect

import mockexchange
from tests.helpers.rows import each_row

SCENARIO = """
scenario: two
accounts: {alice: {subaccounts: {3: {}}, keys: {main: {}, only_3: {subaccount: 3}}}}
markets: {RAIN-1: {event: RAIN, series: RAIN}}
"""
FILLS = [("alice", 5, "0.40"), ("alice/3", 7, "0.60")]
"""The counts tell the holders apart in frames that do not name them."""


def read(exchange: mockexchange.Exchange, path: str, key: str = "main") -> Any:
    url = exchange.base_url + path
    return httpx.get(url, headers=exchange.accounts["alice"].keys[key].headers("GET", url)).json()


@each_row(
    ["date", "key", "shown"],
    [
        ("2025-11", "main", [5]),
        ("2026-01-26", "main", [5]),
        ("2026-01-27", "main", [5, 7]),
        ("2026-10", "main", [5, 7]),
        ("compat", "main", [5, 7]),
        ("2025-11", "only_3", [7]),
        ("2026-10", "only_3", [7]),
    ],
)
def test_the_last_frame_of_a_settlement_is_the_row(date: str, key: str, shown: list[int]) -> None:
    with mockexchange.serve(scenario=SCENARIO, api_date=date) as exchange:
        headers = exchange.accounts["alice"].keys[key].headers("GET", exchange.ws_url)
        with connect(exchange.ws_url, additional_headers=headers) as client:
            client.send(json.dumps({"id": 1, "cmd": "subscribe", "params": {"channels": ["market_positions", "fill"]}}))
            exchange.stream.wait_subscribed("alice", "market_positions")
            for holder, count, price in FILLS:
                exchange.fill(holder, "RAIN-1", "yes", "buy", count, price)
            exchange.settle("RAIN-1", "yes")
            told = [frame.json["msg"] for frame in exchange.stream.sent("alice", kind="market_position")]
            fills = exchange.stream.sent("alice", kind="fill")
        volumes = [int(float(msg.get("volume_fp") or msg["volume"])) for msg in told]
        assert volumes == [*shown, *shown]
        assert len(fills) == len(shown)
        if date < "2026-01-27":
            assert all("subaccount" not in msg for msg in told)
            assert len(read(exchange, "/portfolio/fills", key)["fills"]) == len(shown)
            (row,) = read(exchange, "/portfolio/settlements", key)["settlements"]
            assert row["yes_count"] == shown[0]
