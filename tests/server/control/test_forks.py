"""Forks through the control API: of a sandbox, and of the text of a log."""

import json

import pytest

from tests.server.live import Live, SandboxView
from tests.server.small import BALANCE, BUY, error_of, view
from tests.server.wire import request


def test_a_fork_has_the_keys_of_its_source_and_a_port_of_its_own(live: Live, sandbox: SandboxView, name: str) -> None:
    before = sandbox.call("GET", "")["commands"]
    sandbox.call("POST", "/commands", [BUY])
    made = live.json("PUT", "/sandboxes/its-fork", {"fork": {"sandbox": name, "at": before}, "clock": "paused"})
    fork = view(live, "its-fork")
    assert (made["commands"], made["clock"]["mode"]) == (before + 1, "paused")
    assert fork.port not in (sandbox.port, live.port)
    answers = [json.loads(one.ask(sandbox.client().get(BALANCE)).body) for one in (sandbox, fork)]
    assert answers[0]["balance"] != answers[1]["balance"]
    fork.call("POST", "/commands", [BUY])
    again = json.loads(fork.ask(sandbox.client().get(BALANCE)).body)
    assert again["balance"] == answers[0]["balance"]


def test_the_text_of_a_log_is_forked(live: Live, sandbox: SandboxView) -> None:
    sandbox.call("POST", "/commands", [BUY])
    body = {"fork": {"log": sandbox.log().decode()}, "api_date": "2026-06"}
    made = live.json("POST", "/sandboxes", body)
    assert made["api_date"] == "2026-06"
    fork = view(live, made["id"])
    answers = [one.call("GET", "/accounts/alice/positions") for one in (sandbox, fork)]
    assert answers[0] == answers[1]
    assert fork.ask(request("GET", "/trade-api/v2/exchange/status")).status == 200


BAD = {
    "neither": ({"fork": {}}, "fork", "either sandbox or log"),
    "both": ({"fork": {"sandbox": "default", "log": "x"}}, "fork", "either sandbox or log"),
    "unknown": ({"fork": {"sandbox": "nobody"}}, "fork.sandbox", "no sandbox 'nobody'"),
    "at": ({"fork": {"sandbox": "default", "at": "soon"}}, "fork.at", "the number of a command"),
    "too far": ({"fork": {"sandbox": "default", "at": 99_999}}, "fork", "none with the number 99,999"),
    "log": ({"fork": {"log": "{}"}}, "fork", "line 1: expected a log header"),
    "no text": ({"fork": {"log": [1]}}, "fork.log", "the text of a log"),
    "scenario": ({"fork": {"sandbox": "default"}, "scenario": "demo"}, "scenario", "leave scenario out"),
    "faults": ({"fork": {"sandbox": "default"}, "faults": ["flaky"]}, "faults", "leave faults out"),
    "word": ({"fork": {"sandbox": "default", "until": 3}}, "fork", "until"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_wrong_fork_is_refused(live: Live, case: str) -> None:
    body, where, message = BAD[case]
    reply = live.control("POST", "/sandboxes", body)
    error = error_of(reply)
    assert (reply.status, error["code"]) == (400, "bad_body")
    assert error["where"].startswith(where)
    assert message in error["message"]
