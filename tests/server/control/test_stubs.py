"""Literal answers by the control API, on the wire: what it shows, takes and refuses, and what clients get."""

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from mockexchange.replay import Replay, compare, read_journal
from mockexchange.sandbox.options import Inspector
from mockexchange.scenario.located_text import located_json
from mockexchange.scenario.stubs import STUBS
from tests.server.live import PREFIX, Live, SandboxView, serving
from tests.server.small import POSITIONS, SMALL, error_of
from tests.server.wire import Connection, request

NOT_EMULATED = f"{PREFIX}/margin/balance"
STUB = {"name": "none", "request": f"GET {NOT_EMULATED}", "json": {"milestones": [], "n": 1.5, "id": "7"}, "times": 2}
SHOWN = {
    "name": "none",
    "request": f"GET {NOT_EMULATED}",
    "status": 200,
    "times": 2,
    "json": {"milestones": [], "n": 1.5, "id": "7"},
    "matched": 0,
    "answered": 0,
}
GET = request("GET", NOT_EMULATED)


def names(sandbox: SandboxView) -> list[str]:
    return [one["name"] for one in sandbox.call("GET", "/stubs")]


def test_what_is_installed_is_answered_and_counted(sandbox: SandboxView) -> None:
    assert sandbox.call("GET", "/stubs") == []
    assert sandbox.call("POST", "/stubs", STUB) == [SHOWN]
    replies = [sandbox.ask(GET) for _ in range(3)]
    assert [reply.status for reply in replies] == [200, 200, 404]
    assert replies[0].body == b'{"milestones":[],"n":1.5,"id":"7"}'
    assert replies[0].headers["content-type"] == "application/json; charset=utf-8"
    assert replies[0].headers["x-mock-exchange"] == "1"
    assert sandbox.call("GET", "/stubs") == [{**SHOWN, "matched": 2, "answered": 2}]
    assert [entry["stub"] for entry in sandbox.journal()] == ["none", "none", None]
    assert [entry["number"] for entry in sandbox.journal("?stub=none")] == [1, 2]


def test_a_refusal_is_the_venues_and_told_why(sandbox: SandboxView) -> None:
    sandbox.call("POST", "/stubs", {"request": f"GET {PREFIX}/portfolio/more", "json": []})
    reply = sandbox.ask(request("GET", f"{PREFIX}/portfolio/more"))
    assert (reply.status, error_of(reply)["code"]) == (401, "token_authentication_failure")
    assert reply.diagnosis.startswith("missing: KALSHI-ACCESS-KEY")
    assert sandbox.ask(sandbox.client().get("/portfolio/more")).body == b"[]"
    wrong = sandbox.client().headers("GET", f"{PREFIX}/portfolio/more?a=1".replace("?", "%3F"))
    refused = sandbox.ask(request("GET", f"{PREFIX}/portfolio/more", wrong))
    assert refused.status == 401
    assert "you signed" in refused.diagnosis
    told = [(entry["status"], entry["stub"], entry["refusal"]) for entry in sandbox.journal()]
    assert told == [(401, "stub-1", "no_credentials"), (200, "stub-1", None), (401, "stub-1", "bad_signature")]


def test_bodies_and_headers_of_every_kind(sandbox: SandboxView) -> None:
    raw = bytes(range(256))
    sandbox.call(
        "POST",
        "/stubs",
        [
            {"request": "GET /a", "body_base64": b64encode(raw).decode()},
            {"request": "GET /b", "text": "späß", "status": 418, "headers": {"Retry-After": 5}},
            {"request": "GET /c", "text": "<p>", "headers": {"Content-Type": "text/html", "X-Mock-Exchange": "no"}},
            {"request": "GET /d", "status": 204},
            {"request": "GET /e", "status": 304},
            {"request": "GET /f", "status": 302, "headers": {"Location": "/a"}},
            {"request": "PATCH /g", "status": 500},
        ],
    )
    found = [sandbox.ask(request("GET", f"/{path}")) for path in "abcdef"]
    assert [reply.status for reply in found] == [200, 418, 200, 204, 304, 302]
    assert [reply.body for reply in found] == [raw, "späß".encode(), b"<p>", b"", b"", b""]
    assert found[0].headers["content-type"] == "application/octet-stream"
    assert (found[1].headers["content-type"], found[1].headers["retry-after"]) == ("text/plain; charset=utf-8", "5")
    assert found[2].headers["content-type"] == "text/html"
    assert "content-length" not in found[3].headers
    assert found[5].headers["location"] == "/a"
    assert sandbox.ask(request("PATCH", "/g")).status == 500
    head = sandbox.ask(request("HEAD", "/b"), is_head=True)
    assert (head.status, head.headers["content-length"]) == (418, str(len("späß".encode())))


def test_a_connection_goes_on_after_an_answer_without_a_body(sandbox: SandboxView) -> None:
    """A length that is missing where one is needed, or there where none may be, loses the next answer."""
    sandbox.call("POST", "/stubs", [{"request": "GET /d", "status": 204}, {"request": "GET /b", "text": "b"}])
    sandbox.call("POST", "/faults", {"match": {"path": "*/late"}, "then": {"delay": "1ms"}})
    sandbox.call("POST", "/stubs", {"request": "GET /trade-api/v2/late", "status": 204})
    with Connection(sandbox.port) as connection:
        paths = ("/d", "/b", "/trade-api/v2/late", "/b")
        replies = [connection.ask(request("GET", path)) for path in paths]
    assert [(reply.status, reply.body) for reply in replies] == [(204, b""), (200, b"b"), (204, b""), (200, b"b")]
    assert ["content-length" in reply.headers for reply in replies] == [False, True, False, True]


def test_several_come_and_go(sandbox: SandboxView) -> None:
    given = [STUB, {"request": "GET /b"}, {"name": "a/b c", "request": "GET /c"}]
    assert [one["name"] for one in sandbox.call("POST", "/stubs", given)] == ["none", "stub-2", "a/b c"]
    assert sandbox.call("DELETE", "/stubs/none") is None
    sandbox.call("DELETE", "/stubs/a/b%20c")
    assert names(sandbox) == ["stub-2"]
    sandbox.call("DELETE", "/stubs")
    assert names(sandbox) == []


def test_a_reset_keeps_those_of_the_scenario_and_of_the_creation(live: Live, name: str) -> None:
    text = f"{SMALL}stubs:\n  - {{name: own, request: GET /own, status: 201}}\n"
    sandbox = live.sandbox(name, text, stubs=[{"name": "given", "request": "GET /given", "json": 1}])
    sandbox.call("POST", "/stubs", {"name": "added", "request": "GET /added"})
    sandbox.call("DELETE", "/stubs/own")
    assert names(sandbox) == ["given", "added"]
    sandbox.call("POST", "/reset")
    assert names(sandbox) == ["own", "given"]
    assert [sandbox.ask(request("GET", f"/{path}")).status for path in ("own", "given", "added")] == [201, 200, 404]


@pytest.mark.parametrize(
    ("body", "code", "message", "where"),
    [
        ({"request": "GET /a", "sttus": 1}, "bad_stub", "unknown key 'sttus': did you mean 'status'?", None),
        ([STUB, {"request": "GTE /a"}], "bad_stub", "expected a method and a path such as", "[1].request"),
        ([STUB, STUB], "bad_stub", "expected another name: 'none' is there twice", "[1].name"),
        ([{"request": "GET /a", "json": 1, "text": "a"}], "bad_stub", "expected one of json, text,", "[0].text"),
        ({}, "bad_stub", "expected the key 'request', which is missing", None),
        ([5], "bad_stub", "expected a mapping with name, request", "[0]"),
        ("x", "bad_body", "expected a stub or a list of stubs", None),
        (b"{", "bad_json", "not valid JSON: ", None),
        (b'{"request": "GET /a", "request": "GET /b"}', "bad_json", "not valid JSON: the key 'request' is there", None),
    ],
)
def test_what_is_refused_is_told_why_and_installs_nothing(
    sandbox: SandboxView, body: Any, code: str, message: str, where: str | None
) -> None:
    reply = sandbox.live.control("POST", f"/sandboxes/{sandbox.name}/stubs", body)
    error = error_of(reply)
    assert (reply.status, error["code"], error.get("where")) == (400, code, where)
    assert error["message"].startswith(message)
    assert names(sandbox) == []


def test_unknown_names_are_told_those_there_are(live: Live, sandbox: SandboxView) -> None:
    sandbox.call("POST", "/stubs", STUB)
    reply = live.control("DELETE", f"/sandboxes/{sandbox.name}/stubs/nome")
    assert (reply.status, error_of(reply)["code"]) == (404, "unknown_stub")
    assert error_of(reply)["message"] == "no stub 'nome': did you mean 'none'?"
    assert live.control("GET", "/sandboxes/nowhere/stubs").status == 404
    assert live.control("PUT", f"/sandboxes/{sandbox.name}/stubs").status == 405
    assert live.control("GET", f"/sandboxes/{sandbox.name}/stubs/none").status == 405


def test_what_is_shown_can_be_given_again(sandbox: SandboxView) -> None:
    given = [
        STUB,
        {"request": "deribit public/x", "query": {"a": 1}, "result": [1.5]},
        {"request": "GET /t", "text": "t"},
    ]
    shown = sandbox.call("POST", "/stubs", given)
    bare = [{name: value for name, value in one.items() if name not in ("matched", "answered")} for one in shown]
    assert sandbox.call("POST", "/stubs", bare) == shown
    assert len(STUBS.read(located_json(json.dumps(bare), "", 0), "")) == 3


def test_the_log_and_the_journal_replay_them(sandbox: SandboxView) -> None:
    sandbox.call("POST", "/stubs", [STUB, {"request": f"GET {PREFIX}/portfolio/more", "body_base64": "/w=="}])
    for raw in (GET, GET, GET, sandbox.client().get("/portfolio/more"), request("GET", f"{PREFIX}/portfolio/more")):
        sandbox.ask(raw)
    verdicts = list(compare(Replay(sandbox.log().splitlines()), read_journal(json.dumps(sandbox.journal()))))
    assert [(one.number, one.deviation, one.is_skipped) for one in verdicts] == [(n, None, False) for n in range(1, 6)]


class Strict(Inspector):
    """Finds fault with everything."""

    def check_answer(
        self, venue: str, day: str | None, method: str, target: str, status: int, **more: Any
    ) -> list[str]:
        return ["wrong"]

    def check_frame(self, venue: str, day: str | None, raw: bytes) -> list[str]:
        return ["wrong"]


def test_a_self_check_passes_over_them(tmp_path: Path) -> None:
    with serving(tmp_path, SMALL, inspector=Strict()) as live:
        sandbox = SandboxView(live, live.json("GET", "/sandboxes/default"))
        sandbox.call("POST", "/stubs", STUB)
        sandbox.ask(GET)
        sandbox.ask(sandbox.client().get(POSITIONS))
        assert [entry["findings"] for entry in sandbox.journal()] == [[], ["wrong"]]


# --- given with a sandbox


def test_faults_and_stubs_are_there_before_anything_is_asked(live: Live, name: str) -> None:
    faults = [
        "maintenance",
        {"name": "odd", "match": {"account": "alice", "operation": "GetBalance"}, "then": {"delay": "1ms"}},
    ]
    sandbox = live.sandbox(name, SMALL, faults=faults, stubs=[STUB])
    shown = [one["name"] for one in sandbox.call("GET", "/faults")]
    assert (len(shown), shown[-1]) == (6, "odd")
    sandbox.call("DELETE", "/faults")
    sandbox.call("POST", "/reset")
    assert [one["name"] for one in sandbox.call("GET", "/faults")] == shown
    assert names(sandbox) == ["none"]
    assert sandbox.call("PUT", "", {"faults": [], "stubs": []})["id"] == sandbox.name
    assert names(sandbox) == ["none"]


@pytest.mark.parametrize(
    ("body", "code", "message", "where"),
    [
        (
            {"faults": {"then": {"drop": True}}},
            "bad_body",
            "expected a list of fault rules, or of names of presets",
            "faults",
        ),
        ({"faults": ["flacky"]}, "bad_body", "no preset 'flacky': did you mean 'flaky'?", "faults[0]"),
        ({"faults": [{"preset": "flacky"}]}, "bad_body", "no preset 'flacky': did you mean 'flaky'?", "faults[0]"),
        ({"faults": ["flaky", {"then": {"statsu": 1}}]}, "bad_body", "unknown effect 'statsu'", "faults[1].then"),
        (
            {"faults": [{"match": {"account": "bob"}, "then": {"drop": 1}}]},
            "bad_body",
            "expected true, or nothing",
            "faults[0].then.drop",
        ),
        (
            {"faults": [{"match": {"account": "alcie"}, "then": {"drop": True}}]},
            "bad_scenario",
            "expected an account, got 'alcie': did",
            "faults[0].match.account",
        ),
        (
            {"faults": [{"name": "a", "then": {"gap": True}}] * 2},
            "bad_scenario",
            "expected another name: 'a' is there twice",
            "faults[1].name",
        ),
        ({"stubs": STUB}, "bad_body", "expected a list of stubs, got a mapping", "stubs"),
        ({"stubs": [STUB, {"request": "/a"}]}, "bad_body", "expected a method and a path", "stubs[1].request"),
        ({"stubs": [STUB, STUB]}, "bad_scenario", "expected another name: 'none' is there twice", "stubs[1].name"),
    ],
)
def test_what_is_wrong_of_them_is_told_and_makes_nothing(
    live: Live, name: str, body: Any, code: str, message: str, where: str
) -> None:
    reply = live.control("POST", "/sandboxes", {"name": name, "scenario": SMALL, **body})
    error = error_of(reply)
    assert (reply.status, error["code"], error.get("where")) == (400, code, where)
    assert error["message"].startswith(message)
    assert live.control("GET", f"/sandboxes/{name}").status == 404
