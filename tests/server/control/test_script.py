"""The script over the control API: shown, added to, cleared, and run through by the clock."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from mockexchange.sandbox.script import script as runner
from tests.server.live import Live, SandboxView

SAY = {"announce": {"message": "x"}}
SCENARIO = {
    "scenario": "scripted",
    "start": "2025-11-04T12:00:00Z",
    "accounts": {"alice": {"cash": 100}},
    "script": [{"name": "tick", "after": "1s", "every": "1s", "times": 3, **SAY}, {"when": {"request": {}}, **SAY}],
}


@pytest.fixture
def scripted(live: Live) -> Iterator[SandboxView]:
    sandbox = live.sandbox("scripted", SCENARIO, clock="paused")
    yield sandbox
    live.json("DELETE", "/sandboxes/scripted")


def steps(sandbox: SandboxView) -> list[tuple[Any, ...]]:
    return [tuple(step.values())[:5] for step in sandbox.call("GET", "/script")]


def test_the_script_is_shown_with_what_it_has_done(scripted: SandboxView) -> None:
    waiting = ("script[1]", "announce", "waiting", 0, None)
    assert steps(scripted) == [("tick", "announce", "scheduled", 0, "2025-11-04T12:00:01Z"), waiting]
    scripted.call("POST", "/clock", {"advance": "2s"})
    assert steps(scripted) == [("tick", "announce", "scheduled", 2, "2025-11-04T12:00:03Z"), waiting]
    scripted.call("POST", "/clock", {"advance": "2s"})
    assert steps(scripted) == [("tick", "announce", "done", 3, None), waiting]


def test_an_advance_answers_when_all_that_was_due_is_done(scripted: SandboxView) -> None:
    assert scripted.call("POST", "/clock", {"advance": "90s"}) == {"mode": "paused", "now": "2025-11-04T12:01:30Z"}
    records = [json.loads(line) for line in scripted.log().splitlines()[1:]]
    assert [record["cause"] for record in records if "cause" in record] == [
        {"step": "tick", "repetition": number} for number in (1, 2, 3)
    ]


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ({"price": {"market": "Q", "price": "0.5"}}, "expected a market, got 'Q'"),
        ({"mark": {"instrument": "BTC-PERP", "price": "1"}}, "expected an instrument, got 'BTC-PERP'"),
    ],
)
def test_a_step_about_what_there_never_is_is_not_taken_in(
    scripted: SandboxView, step: dict[str, Any], words: str
) -> None:
    reply = scripted.live.control("POST", "/sandboxes/scripted/script", {"after": "1s", **step})
    error = json.loads(reply.body)["error"]
    assert (reply.status, error["code"]) == (400, "bad_step")
    assert error["message"].startswith(words)


def test_too_much_at_once_is_an_error_that_names_the_step(
    scripted: SandboxView, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "DUE_MAX", 1_000)
    scripted.call("POST", "/script", {"name": "hasty", "every": "1us", **SAY})
    reply = scripted.live.control("POST", "/sandboxes/scripted/clock", {"advance": "1s"})
    error = json.loads(reply.body)["error"]
    assert (reply.status, error["code"]) == (409, "too_many_steps")
    assert "more than 1,000 steps are due" in error["message"]
    assert "hasty alone was carried out 1,000 times" in error["message"]


def test_steps_are_added_one_or_many(scripted: SandboxView) -> None:
    added = scripted.call("POST", "/script", SAY)
    done = {"name": "script[2]", "action": "announce", "state": "done", "fired": 1, "next": None}
    assert added == [{**done, "refused": 0, "failed": 0, "reason": None}]
    more = [{"after": "1s", **SAY}, {"name": "many", "sequence": [SAY, SAY]}]
    assert [step["state"] for step in scripted.call("POST", "/script", more)] == ["scheduled", "done"]
    assert [name for name, *_ in steps(scripted)] == ["tick", "script[1]", "script[2]", "script[3]", "many"]


def test_what_was_refused_is_shown_with_its_reason(scripted: SandboxView) -> None:
    wrong = {"cancel": {"order": "o-$n"}}
    [step, part] = scripted.call("POST", "/script", [{"times": 2, **wrong}, {"sequence": [SAY, wrong, SAY]}])
    assert (step["fired"], step["refused"]) == (2, 2)
    assert "refused: " in step["reason"]
    assert "'o-2'" in step["reason"]
    assert (part["fired"], part["refused"]) == (3, 1)
    assert "'o-1'" in part["reason"]


def test_a_cleared_script_does_nothing_more(scripted: SandboxView) -> None:
    scripted.call("DELETE", "/script")
    before = scripted.log()
    scripted.call("POST", "/clock", {"advance": "1h"})
    added = scripted.log().removeprefix(before)
    assert steps(scripted) == []
    assert [json.loads(line)["do"]["note"]["subject"] for line in added.splitlines()] == ["clock"]


def test_a_reset_begins_it_again(scripted: SandboxView) -> None:
    fresh = steps(scripted)
    scripted.call("POST", "/script", SAY)
    scripted.call("POST", "/clock", {"advance": "1h"})
    scripted.call("POST", "/reset")
    assert steps(scripted) == fresh


def test_a_request_sets_off_before_its_answer_is_read(scripted: SandboxView) -> None:
    assert scripted.ask(scripted.client().get("/portfolio/balance")).status == 200
    assert steps(scripted)[1] == ("script[1]", "announce", "waiting", 1, None)


WRONG: list[tuple[Any, str, str]] = [
    ("x", "bad_body", "expected a step or a list of steps"),
    ([{"evry": "1s", **SAY}], "bad_step", "unknown key 'evry': did you mean 'every'?"),
    ({}, "bad_step", "expected one action of"),
    ({"name": "tick", **SAY}, "bad_step", "expected a name of its own, got 'tick' again"),
    ([{"name": "a", **SAY}, {"name": "a", **SAY}], "bad_step", "expected a name of its own, got 'a' again"),
    ({"when": {"request": {"account": "alcie"}}, **SAY}, "bad_step", "got 'alcie': did you mean 'alice'?"),
    ({"fault": {"match": {"account": "*"}}}, "bad_step", "expected the key 'then'"),
]


@pytest.mark.parametrize(("body", "code", "message"), WRONG)
def test_a_wrong_step_changes_nothing(scripted: SandboxView, body: Any, code: str, message: str) -> None:
    before = steps(scripted)
    reply = scripted.live.control("POST", "/sandboxes/scripted/script", body)
    error = json.loads(reply.body)["error"]
    assert (reply.status, error["code"]) == (400, code)
    assert message in error["message"]
    assert steps(scripted) == before


def test_a_script_of_no_sandbox(live: Live) -> None:
    assert live.control("GET", "/sandboxes/nowhere/script").status == 404
