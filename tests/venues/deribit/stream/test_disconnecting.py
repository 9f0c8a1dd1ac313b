"""Cancelling on disconnect: its settings by connection and account, and the orders that the end of a stream cancels."""

from typing import Any

from mockexchange.core.commands import CancelDerivativeOrders
from mockexchange.venues.deribit.settings import DeribitSettings
from tests.helpers.rows import each_row
from tests.venues.deribit.keyring import PERPETUAL, bench, rpc
from tests.venues.deribit.stream.sessions import client

INVALID_TOKEN = {"code": 13009, "data": {"reason": "invalid_token"}, "message": "unauthorized"}
COD = "private/{}_cancel_on_disconnect"


def test_cancelling_on_disconnect_is_remembered_by_scope() -> None:
    """Clients switch it on right after their login."""
    one = client()
    assert one.ask(COD.format("enable")) == INVALID_TOKEN
    one.log_in()
    assert one.ask(COD.format("get")) == {"scope": "connection", "enabled": False}
    assert one.ask(COD.format("enable")) == "ok"
    assert one.ask(COD.format("get")) == {"scope": "connection", "enabled": True}
    assert one.ask(COD.format("get"), scope="account") == {"scope": "account", "enabled": False}
    assert one.ask(COD.format("enable"), scope="account") == "ok"
    assert one.ask(COD.format("disable"), scope="connection") == "ok"
    assert one.ask(COD.format("disable")) == "ok"
    told = [one.ask(COD.format("get"), scope=scope)["enabled"] for scope in ("connection", "account")]
    assert told == [False, True]
    refused = one.ask(COD.format("enable"), scope="everything")
    assert refused["data"] == {"reason": "invalid scope", "param": "scope"}


def test_new_connections_begin_with_the_setting_of_the_account() -> None:
    made = bench()
    first, second = client(made), client(made)
    first.log_in()
    assert first.ask(COD.format("enable"), scope="account") == "ok"
    second.log_in()
    assert [one.ask(COD.format("get"))["enabled"] for one in (first, second)] == [False, True]
    second.ask(COD.format("disable"), scope="account")
    assert second.ask(COD.format("get"))["enabled"]
    third = client(made)
    third.log_in()
    assert not third.ask(COD.format("get"))["enabled"]


def test_open_connections_may_follow_the_setting_of_the_account() -> None:
    made = bench(DeribitSettings(disconnect_scope="all"))
    first, second = client(made), client(made)
    first.log_in()
    second.log_in()
    first.ask(COD.format("disable"))
    second.ask(COD.format("enable"), scope="account")
    assert [one.ask(COD.format("get"))["enabled"] for one in (first, second)] == [False, True]


BID = {"instrument_name": PERPETUAL, "amount": 10, "price": 113_000}
STOP = {**BID, "type": "stop_limit", "trigger": "mark_price", "trigger_price": 1_000_000}


@each_row(("which", "wanted"), [("connection", 3), ("enabled", 2)])
def test_a_disconnect_cancels_the_orders_of_its_connection(which: Any, wanted: int) -> None:
    made = bench(DeribitSettings(disconnect_orders=which))
    one, other = client(made), client(made)
    one.log_in()
    other.log_in()
    before = one.ask("private/buy", **BID)["order"]["order_id"]
    one.ask(COD.format("enable"))
    after = one.ask("private/buy", **BID)["order"]["order_id"]
    waits = one.ask("private/buy", **STOP)["order"]["order_id"]
    done = one.ask("private/buy", **BID)["order"]["order_id"]
    one.ask("private/cancel", order_id=done)
    other.ask("private/buy", **BID)
    assert other.session.parting_commands == []
    [command] = one.session.parting_commands
    assert isinstance(command, CancelDerivativeOrders)
    assert command.orders == (before, after, waits)[-wanted:]
    assert len(made.execute(command)) == wanted
    assert other.ask("private/get_order_state", order_id=after)["cancel_reason"] == "cancel_on_disconnect"


def test_a_logout_cancels_no_orders_and_a_refused_order_is_no_order() -> None:
    made = bench()
    one = client(made)
    one.log_in()
    one.ask(COD.format("enable"))
    assert one.ask("private/buy", **BID | {"price": 1_000_000})["message"].startswith("price_too_high")
    assert one.session.parting_commands == []
    one.ask("private/buy", **BID)
    assert len(one.session.parting_commands) == 1
    one.send(rpc("private/logout"))
    assert one.session.parting_commands == []


def test_done_orders_are_forgotten() -> None:
    made = bench()
    one = client(made)
    one.log_in()
    one.ask(COD.format("enable"))
    one.session.disconnecting.placed_max = 2
    for _ in range(3):
        one.ask("private/cancel", order_id=one.ask("private/buy", **BID)["order"]["order_id"])
    assert len(one.session.disconnecting.placed) <= 2
