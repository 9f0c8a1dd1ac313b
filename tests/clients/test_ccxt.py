"""ccxt 4.5.90, sync and async, with nothing but its URLs overridden: what it hands to its user is the truth."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.clients.deribit import (
    ACCOUNT,
    ACCOUNTS,
    SCENARIO,
    Row,
    credentials_of,
    positions_by_name,
    profit,
    shown,
    summaries_by_currency,
    trade,
    trades_of,
)
from tests.clients.exchange import OpenSandbox, Sandbox
from tests.clients.processes import Answer, Peer, find_python, started

VERSION = "4.5.90"
RUNNER = Path(__file__).with_name("ccxt_runner.py")
MODES = ("sync", "async")
TRADES_MAX = 1_000
"""The venue gives 10 where nothing is asked for."""

MOVES: list[dict[str, Any]] = [
    {"index": {"index": "btc_usd", "price": "118250.5"}},
    {"mark": {"instrument": "BTC-PERPETUAL", "price": "118311.25"}},
    trade("BTC-PERPETUAL", "buy", "2500", "118300", taker=True),
    trade("BTC-PERPETUAL", "sell", "1000", "118420.5"),
    # More than is held: the position changes sides.
    trade("BTC-PERPETUAL", "sell", "900000", "118500", taker=True),
    {"session": {}},
    trade("BTC-PERPETUAL", "buy", "30", "118000"),
    {"mark": {"instrument": "BTC-PERPETUAL", "price": "117990.75"}},
    {"credit": {"account": ACCOUNT, "currency": "BTC", "amount": "0.25"}},
]

pytestmark = pytest.mark.clients


@pytest.fixture(scope="module")
def ccxt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    log_file = tmp_path_factory.mktemp("ccxt") / "log.txt"
    with started([str(find_python("ccxt", VERSION)), "-W", "error", str(RUNNER)], log_file) as peer:
        yield peer


@pytest.fixture
def sandbox(open_sandbox: OpenSandbox) -> Sandbox:
    return open_sandbox(SCENARIO, "latest", "paused")


class User:
    """Somebody who uses ccxt in one of its modes, with the key of an account."""

    def __init__(self, peer: Peer, sandbox: Sandbox, mode: str, account: str = ACCOUNT) -> None:
        self._peer = peer
        self._task = {**credentials_of(sandbox, account), "mode": mode}

    def ask(self, call: str, **arguments: object) -> Any:
        """Return what a call gives its user; AssertionError where it raised."""
        answer = self.try_asking(call, arguments)
        assert "error" not in answer, answer
        return answer["result"]

    def begin(self, call: str, **arguments: object) -> None:
        """Ask for what is answered later, by `finish`."""
        self._peer.begin({**self._task, "call": call, "arguments": arguments})

    def finish(self) -> Any:
        answer = self._peer.finish()
        assert "error" not in answer, answer
        return answer["result"]

    def try_asking(self, call: str, arguments: dict[str, object], **changes: str) -> Answer:
        (answer,) = self._peer.run({**self._task, "call": call, "arguments": arguments, **changes})
        return answer


def number(amount: str | None) -> float | None:
    return None if amount is None else float(shown(amount))


def position_expected(truth: Row) -> Row:
    """A flat row is short here: that is ccxt's own reading of the direction `zero`."""
    return {
        "side": "long" if truth["direction"] == "buy" else "short",
        "contracts": number(truth["size"]),
        "entryPrice": number(truth["average_price"]),
        "markPrice": number(truth["mark_price"]),
        "unrealizedPnl": profit(truth["floating"]),
        "realizedPnl": number(truth["realized"]),
        "initialMargin": number(truth["initial_margin"]),
        "maintenanceMargin": number(truth["maintenance_margin"]),
        "leverage": None if truth["leverage"] is None else int(truth["leverage"]),
        "liquidationPrice": None,
    }


def position_seen(position: Row, names: Row) -> Row:
    return {name: position[name] for name in names}


def notionals_expected(truth: dict[str, Row]) -> dict[str, float]:
    """Of an option the venue says none, and ccxt makes one up."""
    named = {name: row["size_currency"] for name, row in truth.items()}
    return {name: abs(float(shown(size))) for name, size in named.items() if size is not None}


def trade_expected(truth: Row) -> Row:
    return {
        "id": truth["id"],
        "order": truth["order"],
        "side": truth["direction"],
        "price": number(truth["price"]),
        "amount": number(truth["amount"]),
        "takerOrMaker": "taker" if truth["taker"] else "maker",
        "fee": (number(truth["fee"]), truth["currency"]),
    }


def trade_seen(one: Row) -> Row:
    names = ("id", "order", "side", "price", "amount", "takerOrMaker")
    return {**{name: one[name] for name in names}, "fee": (one["fee"]["cost"], one["fee"]["currency"])}


def assert_positions(user: User, truth: dict[str, Row]) -> None:
    expected = {name: position_expected(row) for name, row in truth.items()}
    seen = {row["info"]["instrument_name"]: row for row in user.ask("fetch_positions")}
    assert {name: position_seen(row, expected[name]) for name, row in seen.items()} == expected
    notionals = notionals_expected(truth)
    assert {name: seen[name]["notional"] for name in notionals} == notionals


def assert_balances(user: User, truth: dict[str, Row]) -> None:
    expected = {
        currency: {
            "free": number(row["available_funds"]),
            "used": number(row["maintenance_margin"]),
            "total": number(row["equity"]),
        }
        for currency, row in truth.items()
    }
    balance = user.ask("fetch_balance")
    assert {name: balance[name] for name in expected} == expected
    assert balance["total"] == {currency: row["total"] for currency, row in expected.items()}


@pytest.mark.parametrize("mode", MODES)
def test_every_account_is_seen_as_it_is(ccxt: Peer, sandbox: Sandbox, mode: str) -> None:
    for account in ACCOUNTS:
        user = User(ccxt, sandbox, mode, account)
        assert_positions(user, positions_by_name(sandbox, account))
        assert_balances(user, summaries_by_currency(sandbox, account))


def test_the_scenario_has_no_other_accounts(sandbox: Sandbox) -> None:
    assert {account for account, _ in sandbox.secrets} == set(ACCOUNTS)


@pytest.mark.parametrize("mode", MODES)
def test_what_happens_is_seen(ccxt: Peer, sandbox: Sandbox, mode: str) -> None:
    sandbox.do(*MOVES)
    user = User(ccxt, sandbox, mode)
    assert_positions(user, positions_by_name(sandbox))
    assert_balances(user, summaries_by_currency(sandbox))


@pytest.mark.parametrize("mode", MODES)
def test_one_position_or_balance_is_that_of_all(ccxt: Peer, sandbox: Sandbox, mode: str) -> None:
    user = User(ccxt, sandbox, mode, "flats")
    truth = positions_by_name(sandbox, "flats")
    for row in user.ask("fetch_positions"):
        expected = position_expected(truth[row["info"]["instrument_name"]])
        assert position_seen(user.ask("fetch_position", symbol=row["symbol"]), expected) == expected
    equity = number(summaries_by_currency(sandbox, "flats")["BTC"]["equity"])
    assert user.ask("fetch_balance", params={"code": "BTC"})["BTC"]["total"] == equity


@pytest.mark.parametrize("mode", MODES)
def test_trades_are_the_truth(ccxt: Peer, sandbox: Sandbox, mode: str) -> None:
    sandbox.do(*MOVES)
    user = User(ccxt, sandbox, mode)
    truth = trades_of(sandbox)
    assert {row["currency"] for row in truth} == {"BTC", "ETH", "USDC"}
    for code in ("BTC", "ETH", "USDC"):
        rows = user.ask("fetch_my_trades", limit=TRADES_MAX, params={"code": code})
        assert [trade_seen(row) for row in rows] == [trade_expected(row) for row in truth if row["currency"] == code]


@pytest.mark.parametrize("mode", MODES)
def test_trades_of_one_market_since_a_time_are_the_truth(ccxt: Peer, sandbox: Sandbox, mode: str) -> None:
    since_ms = int(sandbox.now().timestamp() * 1_000)
    sandbox.advance("1s")
    sandbox.do(*MOVES)
    own = [one["trade"] for one in MOVES if "trade" in one]
    user = User(ccxt, sandbox, mode)
    rows = user.ask("fetch_my_trades", symbol="BTC/USD:BTC", since=since_ms + 1, limit=TRADES_MAX)
    assert [(row["side"], Decimal(str(row["amount"])), Decimal(str(row["price"]))) for row in rows] == [
        (one["direction"], Decimal(one["amount"]), Decimal(one["price"])) for one in own
    ]


@pytest.mark.parametrize("mode", MODES)
def test_a_refusal_is_the_exception_it_stands_for(ccxt: Peer, sandbox: Sandbox, mode: str) -> None:
    user = User(ccxt, sandbox, mode)
    assert user.try_asking("fetch_positions", {}, secret="wrong")["error"]["type"] == "AuthenticationError"
    assert user.try_asking("fetch_positions", {"params": {"kind": "warrant"}})["error"]["type"] == "BadRequest"


def test_a_trade_is_heard_on_the_stream(ccxt: Peer, sandbox: Sandbox) -> None:
    """It logs in by a signature, and subscribes to the trades of any kind and currency."""
    user = User(ccxt, sandbox, "pro")
    user.begin("watch_my_trades")
    sandbox.wait_for(subscribed={"account": ACCOUNT, "channel": "user.trades"})
    sandbox.do(trade("BTC-PERPETUAL", "buy", "2500", "118300", taker=True))
    (heard,) = user.finish()
    assert trade_seen(heard) == trade_expected(trades_of(sandbox)[-1])


def test_a_balance_is_heard_on_the_stream(ccxt: Peer, sandbox: Sandbox) -> None:
    """One of the currencies that it asks for is none of the venue's, and is left out."""
    user = User(ccxt, sandbox, "pro")
    user.begin("watch_balance")
    sandbox.wait_for(subscribed={"account": ACCOUNT, "channel": "user.portfolio"})
    sandbox.do({"credit": {"account": ACCOUNT, "currency": "BTC", "amount": "0.25"}})
    equity = number(summaries_by_currency(sandbox)["BTC"]["equity"])
    assert user.finish()["BTC"]["total"] == {"BTC": equity}


QUOTES = {"instrument": "BTC-PERPETUAL", "bids": [[113_890, 500]], "asks": [[113_910, 300]]}
SYMBOL = "BTC/USD:BTC"


@pytest.mark.parametrize("mode", MODES)
def test_orders_are_placed_edited_canceled_and_read(ccxt: Peer, sandbox: Sandbox, mode: str) -> None:
    sandbox.do({"quote": QUOTES})
    user = User(ccxt, sandbox, mode)
    order = {"symbol": SYMBOL, "type": "limit", "side": "buy", "amount": 400}
    placed = user.ask("create_order", **order, price=113_910)
    assert (placed["status"], placed["filled"], placed["remaining"], placed["average"]) == ("open", 300, 100, 113_910)
    assert [trade["amount"] for trade in placed["trades"]] == [300]
    edited = user.ask("edit_order", id=placed["id"], symbol=SYMBOL, type="limit", side="buy", amount=400, price=113_900)
    assert (edited["id"], edited["price"]) == (placed["id"], 113_900)
    opened = user.ask("fetch_open_orders", symbol=SYMBOL)
    assert placed["id"] in [row["id"] for row in opened]
    assert user.ask("cancel_order", id=placed["id"])["status"] == "canceled"
    assert user.ask("fetch_order", id=placed["id"])["status"] == "canceled"
    assert placed["id"] in [row["id"] for row in user.ask("fetch_closed_orders", symbol=SYMBOL)]
    assert len(user.ask("fetch_order_trades", id=placed["id"])) == 1
    user.ask("create_order", **{**order, "amount": 100}, price=113_000, params={"postOnly": True})
    user.ask("cancel_all_orders", symbol=SYMBOL)
    assert user.ask("fetch_open_orders", symbol=SYMBOL) == []


def test_a_stop_loss_waits_for_its_price(ccxt: Peer, sandbox: Sandbox) -> None:
    sandbox.do({"quote": QUOTES})
    user = User(ccxt, sandbox, "sync")
    stop = {"stopLossPrice": 113_000, "trigger": "mark_price"}
    placed = user.ask("create_order", symbol=SYMBOL, type="market", side="sell", amount=100, params=stop)
    assert (placed["status"], placed["type"], placed["filled"]) == ("open", "market", 0)
    assert placed["id"] in [row["id"] for row in user.ask("fetch_open_orders", symbol=SYMBOL)]
    sandbox.do({"mark": {"instrument": "BTC-PERPETUAL", "price": 112_990}})
    assert user.ask("fetch_order", id=placed["id"])["info"]["order_state"] == "triggered"
    sold = user.ask("fetch_closed_orders", symbol=SYMBOL)[-1]
    assert (sold["info"]["trigger_order_id"], sold["filled"], sold["average"]) == (placed["id"], 100, 113_890)


REFUSED: list[tuple[dict[str, object], str]] = [
    ({"amount": 10_000_000, "price": 113_900}, "InsufficientFunds"),
    ({"amount": 100, "price": 113_910, "params": {"postOnly": True}}, "InvalidOrder"),
    ({"amount": 100, "price": 120_000}, "InvalidOrder"),
]


@pytest.mark.parametrize(("wrong", "name"), REFUSED, ids=["funds", "post_only", "band"])
def test_a_refused_order_is_the_exception_it_stands_for(
    ccxt: Peer, sandbox: Sandbox, wrong: dict[str, object], name: str
) -> None:
    sandbox.do({"quote": QUOTES})
    user = User(ccxt, sandbox, "sync")
    asked = {"symbol": SYMBOL, "type": "limit", "side": "buy", **wrong}
    assert user.try_asking("create_order", asked)["error"]["type"] == name


def test_market_data_is_heard_on_the_stream(ccxt: Peer, sandbox: Sandbox) -> None:
    sandbox.do({"quote": QUOTES})
    user = User(ccxt, sandbox, "pro")
    book = user.ask("watch_order_book", symbol=SYMBOL)
    assert (book["bids"][0][:2], book["asks"][0][:2]) == ([113_890, 500], [113_910, 300])
    ticker = user.ask("watch_ticker", symbol=SYMBOL)
    assert (ticker["bid"], ticker["ask"]) == (113_890, 113_910)
    best = user.ask("watch_bids_asks", symbols=[SYMBOL])[SYMBOL]
    assert (best["bidVolume"], best["askVolume"]) == (500, 300)


def test_an_order_is_heard_on_the_stream(ccxt: Peer, sandbox: Sandbox) -> None:
    user = User(ccxt, sandbox, "pro")
    user.begin("watch_orders")
    sandbox.wait_for(subscribed={"account": ACCOUNT, "channel": "user.orders"})
    order = {"account": ACCOUNT, "instrument": "BTC-PERPETUAL", "direction": "buy", "amount": 50, "price": 113_000}
    sandbox.do({"order": {**order, "order": "heard"}})
    (heard,) = user.finish()
    assert (heard["id"], heard["status"], heard["amount"]) == ("heard", "open", 50)
