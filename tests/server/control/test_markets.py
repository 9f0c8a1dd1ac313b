"""Markets and derivatives with their order books, over the control API."""

from typing import Any

import pytest

from tests.server.live import Live, SandboxView
from tests.server.small import error_of

MARKET = {"market": "RAIN-1", "yes": [["0.40", 10], ["0.38", 5]], "no": [["0.45", 3]]}
PERPETUAL = """
scenario: one-perpetual
accounts:
  dora: {venue: deribit, cash: {BTC: 1}}
indexes: {btc_usd: 113900}
instruments:
  BTC-PERPETUAL: {kind: future, base: BTC, mark: 113901.5}
"""


def own(side: str, count: int, price: str) -> dict[str, Any]:
    words = {"account": "alice", "market": "RAIN-1", "side": side, "action": "buy", "count": count, "price": price}
    return {"place": words}


def test_a_market_has_its_prices_and_its_status(sandbox: SandboxView) -> None:
    (row,) = sandbox.call("GET", "/markets")
    assert (row["market"], row["event"], row["status"], row["price"]) == ("RAIN-1", "RAIN", "open", "0.5600")
    assert (row["bid"], row["ask"], row["result"], row["open_interest"]) == (None, None, None, "10.00")
    sandbox.call("POST", "/commands", [{"orderbook": MARKET}])
    (row,) = sandbox.call("GET", "/markets")
    assert (row["bid"], row["ask"]) == ("0.4000", "0.5500")
    sandbox.call("POST", "/commands", [{"settle": {"market": "RAIN-1", "result": "yes"}}])
    (row,) = sandbox.call("GET", "/markets")
    assert (row["status"], row["result"], row["value"], row["bid"]) == ("finalized", "yes", None, None)


def test_a_book_has_outside_bids_and_orders_together(sandbox: SandboxView) -> None:
    sandbox.call("POST", "/commands", [{"orderbook": MARKET}, own("yes", 4, "0.40"), own("no", 2, "0.50")])
    book = sandbox.call("GET", "/markets/RAIN-1")
    assert [(level["price"], level["count"]) for level in book["yes"]] == [("0.4000", "14.00"), ("0.3800", "5.00")]
    (order,) = book["yes"][0]["orders"]
    assert (order["account"], order["side"], order["action"], order["remaining"]) == ("alice", "yes", "buy", "4.00")
    assert order["id"] == sandbox.ledger()["orders"][-2]["id"]
    assert [(level["price"], level["count"]) for level in book["no"]] == [("0.5000", "2.00"), ("0.4500", "3.00")]
    assert (book["bid"], book["ask"]) == ("0.4000", "0.5000")


def test_a_derivative_has_both_sides(live: Live, name: str) -> None:
    sandbox = live.sandbox(name, PERPETUAL)
    target = "/api/v2/private/buy?instrument_name=BTC-PERPETUAL&amount=100&price=113000"
    quote = {"instrument": "BTC-PERPETUAL", "bids": [[113000, 50]], "asks": [[114000, 20]]}
    assert "events" in sandbox.call("POST", "/commands", [{"quote": quote}])[0]
    assert sandbox.call("POST", "/call", {"account": "dora", "method": "GET", "target": target})["status"] == 200
    (row,) = sandbox.call("GET", "/instruments")
    assert (row["mark"], row["index"], row["price"]) == ("113901.5", "113900", None)
    assert (row["bid"], row["ask"]) == ("113000", "114000")
    book = sandbox.call("GET", "/instruments/BTC-PERPETUAL")
    (level,) = book["bids"]
    assert (level["price"], level["amount"], level["orders"][0]["remaining"]) == ("113000", "150", "100")
    assert book["asks"] == [{"price": "114000", "amount": "20", "orders": []}]
    assert {name: book[name] for name in row} == row


@pytest.mark.parametrize(
    ("path", "code", "words"),
    [
        ("markets/RAIN-2", "unknown_market", "no market 'RAIN-2': did you mean 'RAIN-1'?"),
        ("instruments/BTC", "unknown_instrument", "no instrument 'BTC'"),
    ],
)
def test_an_unknown_one_names_the_nearest(sandbox: SandboxView, path: str, code: str, words: str) -> None:
    reply = sandbox.live.control("GET", f"/sandboxes/{sandbox.name}/{path}")
    assert (reply.status, error_of(reply)) == (404, {"code": code, "message": words})
