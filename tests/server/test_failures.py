"""Mistakes of the exchange itself: an exception in a step of the script, in a read and in a write."""

import json
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

import mockexchange
from mockexchange.core.commands import Announce
from mockexchange.core.exchange import Exchange
from mockexchange.core.model.subaccounts import Subaccount
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.store import log
from tests.helpers.patience import PATIENCE_S, wait_until
from tests.server.live import PREFIX, TOKEN, Live, SandboxView
from tests.server.wire import request

FAILS = {"name": "fails", "after": "1h", "announce": {"message": "fail"}}
GOES_ON = {"name": "goes-on", "after": "2h", "announce": {"message": "fine"}}


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The exchange makes a mistake when it executes one announcement."""
    execute = Exchange.execute

    def broken(self: Exchange, command: Any, at: int) -> Any:
        if isinstance(command, Announce) and command.message == "fail":
            raise ZeroDivisionError("private detail")
        return execute(self, command, at)

    monkeypatch.setattr(Exchange, "execute", broken)


def steps_when_done(sandbox: SandboxView) -> dict[str, Any]:
    wait_until(lambda: all(step["state"] == "done" for step in sandbox.call("GET", "/script")))
    return {step["name"]: step for step in sandbox.call("GET", "/script")}


@pytest.mark.usefixtures("failing")
def test_a_step_that_raises_is_reported_and_the_script_goes_on(live: Live, name: str) -> None:
    sandbox = live.sandbox(name, {"scenario": "s", "script": [FAILS, GOES_ON]}, clock="1000000x")
    found = steps_when_done(sandbox)
    assert (found["fails"]["failed"], found["fails"]["refused"], found["goes-on"]["failed"]) == (1, 0, 0)
    assert "the exchange made a mistake (ZeroDivisionError)" in found["fails"]["reason"]
    assert "private detail" not in found["fails"]["reason"]
    metrics = live.control("GET", "/metrics").body.decode()
    assert f'mockexchange_script_findings_total{{sandbox="{sandbox.name}"}} 1' in metrics


@pytest.mark.usefixtures("failing")
def test_a_failed_step_is_not_clean() -> None:
    with mockexchange.serve({"scenario": "s", "script": [FAILS]}, clock="paused") as exchange:
        exchange.journal.assert_clean()
        exchange.advance("1h")
        with pytest.raises(AssertionError, match=r"step failed: fails\n.*ZeroDivisionError"):
            exchange.journal.assert_clean()


def test_a_request_that_raises_is_answered_and_journalled(
    sandbox: SandboxView, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*given: Any) -> None:
        raise ZeroDivisionError(TOKEN)

    monkeypatch.setattr(Sandbox, "answer", broken)
    reply = sandbox.ask(request("GET", f"{PREFIX}/markets"))
    assert (reply.status, reply.headers["x-mock-exchange"]) == (500, "1")
    assert json.loads(reply.body)["error"]["code"] == "internal_error"
    assert TOKEN.encode() not in reply.body
    [entry] = sandbox.journal()
    assert (entry["status"], entry["target"]) == (500, f"{PREFIX}/markets")
    assert "ZeroDivisionError" in entry["diagnosis"]


def half_done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let the handler of fills end in the middle, after it paid, as long as the returned list has entries."""
    mistakes = ["once"]
    pay = Subaccount.pay

    def broken(self: Subaccount, change_micros: int, at: int, shard: int) -> None:
        pay(self, change_micros, at, shard)
        if mistakes:
            mistakes.pop()
            raise ZeroDivisionError("private detail")

    monkeypatch.setattr(Subaccount, "pay", broken)
    return mistakes


def test_a_broken_sandbox_ends_its_streams(live: Live, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox = live.sandbox(name, SCENARIO)
    half_done(monkeypatch)
    monkeypatch.setattr(log, "REBUILD_COMMANDS_MAX", 2)
    with connect(sandbox.call("GET", "")["venues"]["deribit"]["ws_url"]) as client:
        assert attempt(sandbox, "POST", "/commands", [{"fill": FILL}])[0] == 503
        with pytest.raises(ConnectionClosed):
            client.recv(PATIENCE_S)


def attempt(sandbox: SandboxView, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    reply = sandbox.live.control(method, f"/sandboxes/{sandbox.name}{path}", body)
    return reply.status, json.loads(reply.body)


FILL = {"account": "alice", "market": "RAIN-1", "side": "yes", "action": "buy", "count": "2", "price": "0.50"}
SCENARIO = {
    "scenario": "s",
    "accounts": {"alice": {"cash": "10"}},
    "markets": {"RAIN-1": {"event": "RAIN", "series": "RAIN"}},
}


def test_a_step_that_fails_in_the_middle_is_taken_back(
    live: Live, name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox = live.sandbox(name, SCENARIO)
    half_done(monkeypatch)
    status, error = attempt(sandbox, "POST", "/commands", [{"announce": {"message": "first"}}, {"fill": FILL}])
    assert (status, error["error"]["code"], error["error"]["where"]) == (500, "internal_error", "[1]")
    assert "(ZeroDivisionError) in command 6 (Fill), which changed nothing" in error["error"]["message"]
    assert "private detail" not in error["error"]["message"]
    assert sandbox.call("GET", "/accounts/alice/ledger")["fills"] == []
    [outcome] = sandbox.call("POST", "/commands", [{"fill": FILL}])
    assert outcome["seq"] == 7
    [position] = sandbox.call("GET", "/accounts/alice/positions")
    assert (position["quantity"], position["cost"]) == ("2.00", "1.000000")
    assert "private detail" in caplog.text


def test_a_sandbox_that_cannot_be_rebuilt_is_broken_and_stops(
    live: Live, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox = live.sandbox(name, SCENARIO)
    half_done(monkeypatch)
    monkeypatch.setattr(log, "REBUILD_COMMANDS_MAX", 2)
    assert sandbox.call("GET", "")["broken"] is None
    for method, path, body in (("POST", "/commands", [{"fill": FILL}]), ("GET", "/accounts/alice/positions", None)):
        status, error = attempt(sandbox, method, path, body)
        assert (status, error["error"]["code"]) == (503, "sandbox_broken")
        assert "is broken: command 5 (Fill) ended in the middle (ZeroDivisionError)" in error["error"]["message"]
        assert "the log has 4 commands, more than 2): reset or delete the sandbox" in error["error"]["message"]
    reply = sandbox.ask(request("GET", f"{PREFIX}/markets"))
    assert (reply.status, json.loads(reply.body)["error"]["code"]) == (503, "sandbox_broken")
    [entry] = sandbox.journal()
    assert (entry["status"], entry["diagnosis"]) == (503, sandbox.call("GET", "")["broken"])
    assert sandbox.call("POST", "/reset")["broken"] is None
    assert sandbox.call("POST", "/commands", [{"fill": FILL}])[0]["seq"] == 5
