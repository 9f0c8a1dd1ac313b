"""A bot's loop over sockets: an order rests, is filled by another account, amended and canceled, with its frames."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect

import mockexchange
from tests.helpers.patience import PATIENCE_S

SCENARIO = {
    "scenario": "orders",
    "accounts": {"alice": {"cash": 100}, "bob": {"cash": 100}},
    "markets": {"RAIN-1": {"event": "RAIN", "series": "RAIN"}},
}
PATH = "/portfolio/events/orders"


class Bot:
    """An account with a signed client and its stream of private frames."""

    def __init__(self, exchange: Any, name: str, stack: ExitStack) -> None:
        self.exchange, self.account = exchange, exchange.accounts[name]
        headers = self.account.headers("GET", exchange.ws_url)
        self.socket: ClientConnection = stack.enter_context(connect(exchange.ws_url, additional_headers=headers))
        channels = ["user_orders", "fill", "market_positions"]
        self.socket.send(json.dumps({"id": 1, "cmd": "subscribe", "params": {"channels": channels}}))
        for _ in channels:
            assert self.frame()["type"] == "subscribed"

    def frame(self) -> dict[str, Any]:
        frame: dict[str, Any] = json.loads(self.socket.recv(PATIENCE_S))
        return frame

    def send(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        url = self.exchange.base_url + path
        answer = httpx.request(method, url, headers=self.account.headers(method, url), json=body)
        return answer.status_code, answer.json() if answer.content else None

    def place(self, **fields: Any) -> dict[str, Any]:
        status, placed = self.send("POST", PATH, {**_order(), **fields})
        assert status == 201, placed
        read: dict[str, Any] = placed
        return read


@pytest.fixture
def bots() -> Iterator[tuple[Bot, Bot]]:
    with mockexchange.serve(SCENARIO) as exchange, ExitStack() as stack:
        yield Bot(exchange, "alice", stack), Bot(exchange, "bob", stack)


def test_an_order_rests_is_filled_amended_and_canceled(bots: tuple[Bot, Bot]) -> None:
    alice, bob = bots
    order = alice.place(client_order_id="quote")["order_id"]
    rested = alice.frame()
    assert (rested["type"], rested["msg"]["remaining_count_fp"]) == ("user_order", "2.00")
    taken = bob.place(side="ask", count="1.00", time_in_force="immediate_or_cancel")
    assert (taken["fill_count"], taken["average_fill_price"]) == ("1.00", "0.5200")
    for bot, is_taker in ((alice, False), (bob, True)):
        frames = [bot.frame() for _ in range(3)]
        assert [frame["type"] for frame in frames] == ["user_order", "fill", "market_position"]
        assert frames[1]["msg"]["is_taker"] is is_taker
    amendment = {"ticker": "RAIN-1", "side": "bid", "price": "0.5000", "count": "3.00"}
    status, amended = alice.send("POST", f"{PATH}/{order}/amend", amendment)
    assert (status, amended["remaining_count"]) == (200, "2.00")
    assert alice.frame()["msg"]["last_update_reason"] == "Amend"
    status, canceled = alice.send("DELETE", f"{PATH}/{order}")
    assert (status, canceled["reduced_by"]) == (200, "2.00")
    assert alice.frame()["msg"]["status"] == "canceled"
    assert alice.send("DELETE", f"{PATH}/{order}")[0] == 404


def test_a_lost_answer_is_met_again_as_a_known_id(bots: tuple[Bot, Bot]) -> None:
    alice, _ = bots
    alice.exchange.fault(name="lost", match={"method": "POST"}, times=1, then={"lost_answer": True})
    with pytest.raises(httpx.TransportError):
        alice.place(client_order_id="once")
    assert alice.frame()["msg"]["client_order_id"] == "once"
    status, again = alice.send("POST", PATH, {**_order(), "client_order_id": "once"})
    assert (status, again["error"]["code"]) == (409, "order_already_exists")


def _order() -> dict[str, str]:
    return {
        "ticker": "RAIN-1",
        "side": "bid",
        "count": "2.00",
        "price": "0.5200",
        "time_in_force": "good_till_canceled",
        "self_trade_prevention_type": "taker_at_cross",
    }
