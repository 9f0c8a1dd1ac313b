"""typed-deribit 0.4.1 on the stream: it logs in, hears what changes, answers heartbeats, and finds nothing amiss.

The client holds every answer and notification against types of its own, made from the venue's documents.
"""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.clients.deribit import (
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

VERSION = "0.4.1"
RUNNER = Path(__file__).with_name("typed_deribit_runner.py")
CHANGES, TRADES, PORTFOLIO = "changes_by_kind_currency", "trades_by_kind_currency", "portfolio"
HEARTBEAT_S = 10
"""The shortest there is."""
PERPETUAL = "BTC-PERPETUAL"
MOVES = [
    trade(PERPETUAL, "buy", "2500", "118300", taker=True),
    trade(PERPETUAL, "sell", "1000", "118420.5"),
    trade(PERPETUAL, "sell", "900000", "118500", taker=True),
]

pytestmark = pytest.mark.clients


class Client:
    """The client's user, with dora's key in a sandbox."""

    def __init__(self, peer: Peer, sandbox: Sandbox) -> None:
        self._peer = peer
        where = credentials_of(sandbox)
        self._where = {name: where[name] for name in ("ws_url", "key_id", "secret")}

    def open(self, heartbeat: int | None = None, **changes: Any) -> None:
        self.ask("open", **{**self._where, **changes}, heartbeat=heartbeat)

    def subscribe(self, channel: str, **arguments: str) -> None:
        self.ask("subscribe", channel=channel, arguments=arguments)

    def received(self, channel: str, count: int) -> list[Any]:
        rows: list[Any] = self.ask("rows", channel=channel, count=count)["rows"]
        return rows

    def read(self, group: str, method: str, **arguments: object) -> Any:
        return self.ask("read", group=group, method=method, arguments=arguments)["result"]

    def ask(self, what: str, **words: object) -> Answer:
        answer = self.try_asking(what, **words)
        assert "error" not in answer, answer
        return answer

    def try_asking(self, what: str, **words: object) -> Answer:
        (answer,) = self._peer.run({"do": what, **words})
        return answer


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    log_file = tmp_path_factory.mktemp("typed-deribit") / "log.txt"
    command = [str(find_python("typed-deribit", VERSION)), "-W", "error", str(RUNNER)]
    with started(command, log_file) as running:
        yield running


@pytest.fixture
def sandbox(open_sandbox: OpenSandbox) -> Sandbox:
    return open_sandbox(SCENARIO, "latest", "paused")


@pytest.fixture
def client(peer: Peer, sandbox: Sandbox) -> Iterator[Client]:
    user = Client(peer, sandbox)
    yield user
    user.ask("close")


POSITION: dict[str, str] = {
    "size": "size",
    "average_price": "average_price",
    "mark_price": "mark_price",
    "floating_profit_loss": "floating",
    "total_profit_loss": "total",
    "realized_profit_loss": "realized",
    "initial_margin": "initial_margin",
    "maintenance_margin": "maintenance_margin",
    "delta": "delta",
}
"""The venue's word to ours."""
SUMMARY = {
    "balance": "balance",
    "equity": "equity",
    "available_funds": "available_funds",
    "initial_margin": "initial_margin",
    "session_upl": "session_floating",
    "session_rpl": "session_realized",
    "total_pl": "total",
    "options_value": "options_value",
}


PROFITS = ("floating_profit_loss", "total_profit_loss")


def expected(truth: Row, names: dict[str, str]) -> dict[str, Any]:
    """What the venue shows of the truth."""
    return {name: (profit if name in PROFITS else number)(truth[own]) for name, own in names.items()}


def number(amount: str) -> float:
    return float(shown(amount))


def seen(row: Row, names: dict[str, str]) -> dict[str, float]:
    return {name: row[name] for name in names}


def test_changes_end_at_the_truth(client: Client, sandbox: Sandbox) -> None:
    client.open()
    client.subscribe(CHANGES, kind="future", currency="BTC", interval="raw")
    before = len(trades_of(sandbox))
    sandbox.do(*MOVES)
    reported = client.received(CHANGES, len(MOVES))
    assert {change["instrument_name"] for change in reported} == {PERPETUAL}
    (position,) = reported[-1]["positions"]
    truth = positions_by_name(sandbox)[PERPETUAL]
    assert seen(position, POSITION) == expected(truth, POSITION)
    assert position["direction"] == truth["direction"] == "sell"
    made = trades_of(sandbox)[before:]
    assert [one["trade_id"] for change in reported for one in change["trades"]] == [one["id"] for one in made]


def test_trades_are_told_as_they_are_read(client: Client, sandbox: Sandbox) -> None:
    client.open()
    client.subscribe(TRADES, kind="any", currency="any", interval="100ms")
    sandbox.do(*MOVES)
    reported = [one for update in client.received(TRADES, len(MOVES)) for one in update]
    assert [Decimal(str(one["amount"])) for one in reported] == [Decimal(one["trade"]["amount"]) for one in MOVES]
    page = client.read("trading", "get_user_trades_by_currency", currency="BTC", count=len(MOVES), sorting="asc")
    assert [one["trade_id"] for one in reported] == [one["trade_id"] for one in page["trades"]]


def test_the_portfolio_is_told_as_it_is(client: Client, sandbox: Sandbox) -> None:
    """In lower case: so the venue calls the channel in what it sends, and this client listens for the name it asked."""
    client.open()
    client.subscribe(PORTFOLIO, currency="btc")
    sandbox.do(MOVES[0])
    truth = summaries_by_currency(sandbox)["BTC"]
    reported = client.received(PORTFOLIO, 1)
    assert seen(reported[-1], SUMMARY) == expected(truth, SUMMARY)
    assert seen(client.read("account", "get_account_summary", currency="BTC"), SUMMARY) == expected(truth, SUMMARY)


def test_everything_it_can_read_is_of_its_types(client: Client, sandbox: Sandbox) -> None:
    client.open()
    truth = positions_by_name(sandbox)
    rows = client.read("account", "get_positions", currency="any")
    assert {row["instrument_name"]: seen(row, POSITION) for row in rows} == {
        name: expected(row, POSITION) for name, row in truth.items()
    }
    for currency in ("BTC", "ETH", "USDC"):
        assert client.read("market_data", "get_instruments", currency=currency) is not None
    for name, row in truth.items():
        client.read("market_data", "get_instrument", instrument_name=name)
        if row["kind"] == "future":  # of an option it wants a number where the venue sends an index's name
            client.read("market_data", "ticker", instrument_name=name)
    summaries = client.read("account", "get_account_summaries")["summaries"]
    assert {row["currency"] for row in summaries} == summaries_by_currency(sandbox).keys()
    client.read("market_data", "get_currencies")
    client.read("market_data", "get_index_price", index_name="btc_usd")


def test_a_test_request_is_answered_and_the_stream_lives_on(client: Client, sandbox: Sandbox) -> None:
    """The client says nothing after it asked for heartbeats: so it is asked whether it is still there."""
    client.open(heartbeat=HEARTBEAT_S)
    asked = {"direction": "out", "contains": {"method": "heartbeat", "params": {"type": "test_request"}}}
    sandbox.wait_for(timeout=f"{HEARTBEAT_S + 5}s", frame=asked)
    sandbox.wait_for(frame={"direction": "in", "contains": {"method": "public/test"}})
    client.subscribe(CHANGES, kind="future", currency="BTC", interval="raw")
    sandbox.do(MOVES[0])
    assert len(client.received(CHANGES, 1)) == 1


def positions(client: Client) -> Answer:
    return client.try_asking("read", group="account", method="get_positions", arguments={"currency": "any"})


def test_a_fault_of_requests_reaches_its_calls(client: Client, sandbox: Sandbox) -> None:
    """It reads error codes by themselves, and matches late answers by their ids."""
    client.open()
    match = {"operation": "private/get_positions", "account": "dora"}
    sandbox.install({"match": match, "times": 1, "then": {"status": 429}})
    assert "too_many_requests" in positions(client)["error"]["message"]
    sandbox.install({"match": match, "times": 1, "then": {"delay": "50ms"}})
    assert len(positions(client)["result"]) == len(positions(client)["result"]) > 1
    sandbox.install({"match": match, "times": 1, "then": {"drop": True}})
    assert "error" in positions(client)


def test_a_literal_answer_reaches_its_calls(client: Client, sandbox: Sandbox) -> None:
    client.open()
    sandbox.stub({"request": "deribit private/get_positions", "result": [], "times": 1})
    assert positions(client)["result"] == []
    assert positions(client)["result"]


@pytest.mark.parametrize(("name", "value"), [("secret", "wrong"), ("key_id", "nobody")])
def test_who_is_not_known_is_refused(client: Client, name: str, value: str) -> None:
    credentials: dict[str, Any] = {name: value}
    client.open(**credentials)
    answer = client.try_asking("read", group="account", method="get_positions", arguments={})
    assert "invalid_credentials" in answer["error"]["message"]


def test_orders_on_the_stream_are_of_its_types(client: Client, sandbox: Sandbox) -> None:
    sandbox.do({"quote": {"instrument": "BTC-PERPETUAL", "asks": [[113_910, 300]]}})
    client.open()
    client.subscribe("orders_by_instrument_raw", instrument_name="BTC-PERPETUAL")
    request = {"instrument_name": "BTC-PERPETUAL", "amount": 400.0, "price": 113_910.0, "label": "typed"}
    placed = client.read("trading", "buy", buy_order_params={**request, "type": "limit"})
    order_id = placed["order"]["order_id"]
    assert (placed["order"]["filled_amount"], [row["amount"] for row in placed["trades"]]) == (300, [300])
    edited = client.read("trading", "edit", order_id=order_id, amount=400.0, price=113_900.0)
    assert (edited["order"]["price"], edited["order"]["replaced"]) == (113_900, True)
    by_label = client.read("trading", "get_open_orders_by_label", currency="BTC", label="typed")
    assert by_label == [edited["order"]]
    assert client.read("trading", "cancel_by_label", label="typed") == 1
    state = client.read("trading", "get_order_state", order_id=order_id)
    assert (state["order_state"], state["cancel_reason"]) == ("cancelled", "user_request")
    history = client.read("trading", "get_order_history_by_instrument", instrument_name="BTC-PERPETUAL")
    assert state in history
    stop = {"type": "stop_market", "trigger": "mark_price", "trigger_price": 114_000.0}
    waits = client.read("trading", "buy", buy_order_params={"instrument_name": PERPETUAL, "amount": 10.0, **stop})
    sandbox.do({"quote": {"instrument": PERPETUAL, "asks": [[114_000, 10]]}})
    sandbox.do({"mark": {"instrument": PERPETUAL, "price": 114_000}})
    heard = client.received("orders_by_instrument_raw", 6)
    states = ["open", "open", "cancelled", "untriggered", "triggered", "filled"]
    assert [row["order_state"] for row in heard] == states
    assert heard[-1]["trigger_order_id"] == waits["order"]["order_id"] == heard[-2]["order_id"]
