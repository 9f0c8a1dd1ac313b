"""Deribit's order entry over sockets: by GET, by POST and on a stream, each seeing what the others wrote."""

import json
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

import mockexchange
from tests.helpers.patience import PATIENCE_S

SCENARIO = {
    "scenario": "orders",
    "accounts": {name: {"venue": "deribit", "cash": {"BTC": 1}} for name in ("dora", "eric")},
    "indexes": {"btc_usd": 113900},
    "instruments": {"BTC-PERPETUAL": {"kind": "future", "base": "BTC", "mark": 113900}},
}
ORDER = {"instrument_name": "BTC-PERPETUAL", "amount": 100, "price": 113_900}


def ask(socket: ClientConnection, number: int, method: str, **params: Any) -> dict[str, Any]:
    socket.send(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}))
    return read(socket)


def read(socket: ClientConnection) -> dict[str, Any]:
    frame: dict[str, Any] = json.loads(socket.recv(PATIENCE_S))
    return frame


def test_orders_of_three_transports_meet() -> None:
    with mockexchange.serve(SCENARIO) as exchange:
        venue, dora, eric = exchange.venues["deribit"], exchange.accounts["dora"], exchange.accounts["eric"]
        with connect(venue.ws_url) as socket:
            key = {"grant_type": "client_credentials", "client_id": dora.key_id, "client_secret": dora.secret}
            ask(socket, 1, "public/auth", **key)
            ask(socket, 2, "private/subscribe", channels=["user.orders.any.any.raw"])
            socket.send(json.dumps({"id": 3, "method": "private/buy", "params": ORDER}))
            socket.send(json.dumps({"id": 4, "method": "private/get_open_orders", "params": {}}))
            placed, told, listed = read(socket), read(socket), read(socket)
            assert (placed["id"], listed["id"]) == (3, 4)
            assert listed["result"] == [placed["result"]["order"]] == [told["params"]["data"]]
            url = f"{venue.base_url}/private/sell?instrument_name=BTC-PERPETUAL&amount=30&type=market"
            sold = httpx.get(url, headers=eric.headers("GET", url)).json()["result"]
            assert (sold["order"]["order_state"], sold["trades"][0]["price"]) == ("filled", 113_900)
            assert read(socket)["params"]["data"]["filled_amount"] == 30
            url = f"{venue.base_url}/private/cancel"
            body = json.dumps(
                {"id": 5, "method": "private/cancel", "params": {"order_id": listed["result"][0]["order_id"]}}
            )
            headers = dora.headers("POST", url, body=body.encode())
            canceled = httpx.post(url, headers=headers, content=body).json()["result"]
            assert canceled["order_state"] == "cancelled"
            assert read(socket)["params"]["data"] == canceled
            assert ask(socket, 6, "private/cancel", order_id=canceled["order_id"])["error"]["code"] == 11044


def test_the_end_of_a_stream_cancels_its_orders() -> None:
    with mockexchange.serve(SCENARIO) as exchange:
        venue, dora = exchange.venues["deribit"], exchange.accounts["dora"]
        key = {"grant_type": "client_credentials", "client_id": dora.key_id, "client_secret": dora.secret}
        with connect(venue.ws_url) as watcher:
            ask(watcher, 1, "public/auth", **key)
            ask(watcher, 2, "private/subscribe", channels=["user.orders.any.any.raw"])
            with connect(venue.ws_url) as socket:
                ask(socket, 1, "public/auth", **key)
                ask(socket, 2, "private/enable_cancel_on_disconnect")
                placed = ask(socket, 3, "private/buy", **ORDER)["result"]["order"]
                assert read(watcher)["params"]["data"] == placed
            canceled = read(watcher)["params"]["data"]
            assert (canceled["order_state"], canceled["cancel_reason"]) == ("cancelled", "cancel_on_disconnect")
            with connect(venue.ws_url) as socket:
                ask(socket, 1, "public/auth", **key)
                ask(socket, 2, "private/buy", **ORDER)
            assert read(watcher)["params"]["data"]["order_state"] == "open"
            assert len(ask(watcher, 3, "private/get_open_orders")["result"]) == 1
