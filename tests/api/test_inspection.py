"""The methods that look at an exchange, in each of the four ways."""

from decimal import Decimal
from typing import Any

import pytest

from mockexchange import WrongArgument, WrongRequest

MARKET = "KXRAINNYC-25NOV05-T1"


def test_markets_have_their_order_books(exchange: Any) -> None:
    listed = exchange.list_markets()
    assert (listed[0]["market"], listed[0]["bid"], listed[0]["status"]) == (MARKET, Decimal("0.55"), "open")
    shown = exchange.market_state(MARKET)
    assert shown["yes"][0] == {"price": Decimal("0.55"), "count": 120, "orders": []}
    own = [order["account"] for level in shown["yes"] for order in level["orders"]]
    assert own == ["alice"]
    with pytest.raises(WrongRequest, match="no market 'NONE'"):
        exchange.market_state("NONE")
    with pytest.raises(WrongArgument):
        exchange.market_state("")


def test_derivatives_have_their_order_books(exchange: Any) -> None:
    assert exchange.list_instruments() == []
    with pytest.raises(WrongRequest, match="no instrument 'BTC-PERPETUAL'"):
        exchange.instrument_state("BTC-PERPETUAL")


OTHER = """
scenario: other
accounts:
  alice: {cash: 5}
  zoe: {}
"""


def test_scenarios_are_read_and_checked(exchange: Any) -> None:
    assert {"demo", "empty"} <= {one["name"] for one in exchange.list_scenarios()}
    assert exchange.scenario_text("demo") == exchange.scenario_text()
    assert exchange.check_scenario(OTHER) == []
    (error,) = exchange.check_scenario(OTHER.replace("cash: 5", "cash: five"))
    assert (error["line"], error["path"]) == (4, "accounts.alice.cash")
    assert "fill" in exchange.scenario_schema()["properties"]["history"]["items"]["properties"]
    with pytest.raises(WrongRequest, match="did you mean 'demo'"):
        exchange.scenario_text("demmo")


def test_another_scenario_is_played(server: Any) -> None:
    with server.sandbox("demo") as exchange:
        kept, url = exchange.accounts["alice"].key_id, exchange.base_url
        exchange.start_anew(OTHER)
        assert (list(exchange.accounts), exchange.scenario) == (["alice", "zoe"], "other")
        assert (exchange.accounts["alice"].key_id, exchange.base_url) == (kept, url)
        with pytest.raises(WrongRequest, match="cash"):
            exchange.start_anew(OTHER.replace("cash: 5", "cash: five"))
        assert exchange.ledger("alice")["cash"] == {"0": 5}


REPORT = {"title": "a server", "rules": []}


def test_what_happened_is_read(exchange: Any) -> None:
    points = exchange.equity("alice", points=8)["USD"]
    assert 1 < len(points) <= 8
    assert points[-1]["cash"] == exchange.ledger("alice")["cash"]["0"] + exchange.ledger("alice")["cash"]["1"]
    exchange.fault(match={"operation": "GetBalance"}, then={"status": 503}, name="down")
    exchange.call("alice", "GET", "/trade-api/v2/portfolio/balance")
    assert [one["name"] for one in exchange.firings(kind="fault")] == ["down"]
    assert exchange.firings(name="other") == []
    (last,) = exchange.log(last=1)
    assert [record["seq"] for record in exchange.log(after=last["seq"] - 2)] == [last["seq"] - 1, last["seq"]]


def test_reports_are_kept(exchange: Any) -> None:
    exchange.put_report("nightly", REPORT)
    assert exchange.list_reports()[0]["report"] == "nightly"
    assert exchange.get_report("nightly") == REPORT
    with pytest.raises(WrongRequest, match="no report 'none'"):
        exchange.get_report("none")


def test_events_are_read_on_after_an_id(exchange: Any) -> None:
    (began,) = exchange.events()
    assert (began.kind, began.data) == ("begin", {"sandbox": exchange.name})
    exchange.deposit("alice", 5)
    exchange.call("alice", "GET", "/trade-api/v2/portfolio/balance")
    found = exchange.events(began.id)
    assert [event.kind for event in found] == ["begin", "command", "request"]
    assert [event.kind for event in exchange.events(found[1].id)] == ["begin", "request"]
    assert [event.kind for event in exchange.events(began.id, kinds=["request"], account="bob")] == ["begin"]
    with pytest.raises(WrongRequest, match="kinds"):
        exchange.events(kinds=["colour"])


def test_changes_of_the_server_are_read(server: Any) -> None:
    began = server.server_events()[-1]
    with server.sandbox("empty") as exchange:
        name = exchange.name
    found = [event.data for event in server.server_events(began.id) if event.kind == "sandbox"]
    assert [(one["sandbox"], one["change"]) for one in found] == [(name, "made"), (name, "deleted")]
