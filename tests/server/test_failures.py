"""Mistakes of the exchange itself: an exception in a step of the script, in a read and in a write."""

import json
import time
from typing import Any

import pytest

import mockexchange
from mockexchange.core.commands import Announce
from mockexchange.core.exchange import Exchange
from mockexchange.sandbox.sandbox import Sandbox
from tests.server.live import PREFIX, TOKEN, Live, SandboxView
from tests.server.wire import request

PATIENCE_S = 20
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
    until, found = time.monotonic() + PATIENCE_S, {}
    while time.monotonic() < until:
        found = {step["name"]: step for step in sandbox.call("GET", "/script")}
        if all(step["state"] == "done" for step in found.values()):
            return found
    raise AssertionError(f"the script stopped: {found}")


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

    monkeypatch.setattr(Sandbox, "_answer", broken)
    reply = sandbox.ask(request("GET", f"{PREFIX}/markets"))
    assert (reply.status, reply.headers["x-mock-exchange"]) == (500, "1")
    assert json.loads(reply.body)["error"]["code"] == "internal_error"
    assert TOKEN.encode() not in reply.body
    [entry] = sandbox.journal()
    assert (entry["status"], entry["target"]) == (500, f"{PREFIX}/markets")
    assert "ZeroDivisionError" in entry["diagnosis"]
