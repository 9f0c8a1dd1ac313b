"""Faults by the control API: what it shows, takes and refuses."""

from typing import Any

import pytest

from tests.server.live import Live, SandboxView
from tests.server.small import POSITIONS, error_of

RULE = {"name": "third", "match": {"operation": "GetPositions", "nth": 3}, "times": 2, "then": {"status": 503}}
SHOWN = {
    "name": "third",
    "match": {"operation": "GetPositions", "nth": "3"},
    "times": 2,
    "then": {"status": "503"},
    "matched": 0,
    "fired": 0,
}


def refused(sandbox: SandboxView, body: Any) -> tuple[int, dict[str, str]]:
    reply = sandbox.live.control("POST", f"/sandboxes/{sandbox.name}/faults", body)
    return reply.status, error_of(reply)


def test_what_is_installed_is_shown_with_its_counts(sandbox: SandboxView) -> None:
    assert sandbox.call("GET", "/faults") == []
    assert sandbox.call("POST", "/faults", RULE) == [SHOWN]
    assert [sandbox.ask(sandbox.client().get(POSITIONS)).status for _ in range(3)] == [200, 200, 503]
    assert sandbox.call("GET", "/faults") == [{**SHOWN, "matched": 3, "fired": 1}]


def test_several_come_and_go(sandbox: SandboxView) -> None:
    names = [one["name"] for one in sandbox.call("POST", "/faults", [RULE, {"then": {"drop": None}}])]
    assert names == ["third", "fault-2"]
    assert sandbox.call("DELETE", "/faults/third") is None
    assert [one["name"] for one in sandbox.call("GET", "/faults")] == ["fault-2"]
    sandbox.call("POST", "/faults", {"name": "a/b c", "then": {"gap": True}})
    sandbox.call("DELETE", "/faults/a/b%20c")
    sandbox.call("DELETE", "/faults")
    assert sandbox.call("GET", "/faults") == []


def test_a_preset_by_name(sandbox: SandboxView) -> None:
    names = [one["name"] for one in sandbox.call("POST", "/faults", {"preset": "maintenance"})]
    assert len(names) == 5
    assert [one["name"] for one in sandbox.call("GET", "/faults")] == names
    sandbox.call("POST", "/faults", {"preset": "maintenance"})
    assert len(sandbox.call("GET", "/faults")) == 5


@pytest.mark.parametrize(
    ("body", "code", "message", "where"),
    [
        ({"then": {"statsu": 503}}, "bad_fault", "unknown effect 'statsu': did you mean 'status'?", "then"),
        (
            [RULE, {"match": {"account": "alcie"}, "then": {"drop": True}}],
            "bad_fault",
            "expected an account, got 'alcie': did you mean 'alice'?",
            "[1].match.account",
        ),
        ([RULE, {"then": {}}], "bad_fault", "expected one of status, ", "[1].then"),
        ({"preset": "flacky"}, "bad_fault", "no preset 'flacky': did you mean 'flaky'?", None),
        ({"preset": "flaky", "times": 2}, "bad_fault", "unknown key 'preset'", None),
        ({}, "bad_fault", "expected the key 'then', which is missing", None),
        ([[]], "bad_fault", "expected a mapping with name, match, times, then, got a list", "[0]"),
        ([RULE, "flacky"], "bad_fault", "no preset 'flacky': did you mean 'flaky'?", "[1]"),
        ("x", "bad_body", 'expected a rule, a list of rules or {"preset": "flaky"}', None),
        (b"{", "bad_json", "not valid JSON: ", None),
    ],
)
def test_what_is_refused_is_told_why_and_installs_nothing(
    sandbox: SandboxView, body: Any, code: str, message: str, where: str | None
) -> None:
    status, error = refused(sandbox, body)
    assert (status, error["code"], error.get("where")) == (400, code, where)
    assert error["message"].startswith(message)
    assert sandbox.call("GET", "/faults") == []


def test_a_list_may_name_presets(sandbox: SandboxView) -> None:
    shown = sandbox.call("POST", "/faults", [RULE, "maintenance", {"preset": "lossy-stream"}])
    assert shown[0] == SHOWN
    assert len(shown) > 6


def test_unknown_names_are_told_those_there_are(live: Live, sandbox: SandboxView) -> None:
    sandbox.call("POST", "/faults", RULE)
    reply = live.control("DELETE", f"/sandboxes/{sandbox.name}/faults/thrid")
    assert (reply.status, error_of(reply)["code"]) == (404, "unknown_fault")
    assert error_of(reply)["message"] == "no fault 'thrid'; known: third"
    assert live.control("GET", "/sandboxes/nowhere/faults").status == 404
    assert live.control("PUT", f"/sandboxes/{sandbox.name}/faults").status == 405


def test_a_scenario_given_inline_brings_its_own(live: Live, name: str) -> None:
    text = "scenario: s\naccounts: {alice: {cash: 1}}\nfaults: [{name: own, then: {status: 500}}]\n"
    sandbox = live.sandbox(name, text)
    assert [one["name"] for one in sandbox.call("GET", "/faults")] == ["own"]
    bad = live.control("POST", "/sandboxes", {"scenario": text.replace("status", "statsu")})
    assert (bad.status, error_of(bad)["code"]) == (400, "bad_scenario")
    assert error_of(bad)["message"] == "unknown effect 'statsu': did you mean 'status'?"
