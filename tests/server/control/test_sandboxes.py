"""What the control API makes and shows of sandboxes: steps, keys, and forks of a sandbox or of the text of a log."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from threading import get_ident
from typing import Any

import pytest

from mockexchange.sandbox.forks import ForkSource, read_source
from mockexchange.sandbox.state_json.events import outcome_of
from mockexchange.server.control import answers, sandbox_creation, sandboxes
from mockexchange.server.control.answers import encode
from mockexchange.store.log import Record
from tests.server.live import Live, SandboxView
from tests.server.small import BALANCE, BUY, error_of, view
from tests.server.test_due import Inside
from tests.server.wire import request

FILL = {"account": "alice", "market": "RAIN-1", "side": "yes", "action": "buy", "count": "1", "price": "0.5"}


def test_frames_are_sent_before_the_answer_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []

    def written(*values: Any) -> dict[str, Any]:
        order.append("answer")
        return outcome_of(*values)

    async def fill() -> None:
        inside = Inside()
        await inside.open()
        monkeypatch.setattr(inside.sandbox.streams, "flush", lambda: order.append("frames"))
        status, body = await inside.control("POST", "/commands", [{"fill": FILL}])
        assert status == 200, body

    monkeypatch.setattr(sandboxes, "outcome_of", written)
    asyncio.run(fill())
    assert order[:2] == ["frames", "answer"]


def test_a_sandbox_with_many_keys_is_shown_as_one_with_few(monkeypatch: pytest.MonkeyPatch) -> None:
    async def shown() -> tuple[int, bytes]:
        inside = Inside()
        await inside.open(clock="paused")
        return await inside.control("GET", "")

    at_once = asyncio.run(shown())
    monkeypatch.setattr(sandboxes, "KEYS_AT_ONCE_MAX", 0)
    assert asyncio.run(shown()) == at_once
    assert b'"private_key_pem":"' in at_once[1]


def test_half_a_surrogate_pair_becomes_a_question_mark() -> None:
    text = 'a "quoted" \\ name, a tab\t, a control \x01, a euro € and half a pair '
    assert (
        encode({"name": text + "\ud83d", "count": 2})
        == json.dumps({"name": text + "?", "count": 2}, ensure_ascii=False, separators=(",", ":")).encode()
    )


def test_the_answer_to_one_step_is_whole_though_the_process_was_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    async def filled() -> tuple[int, bytes]:
        inside = Inside()
        await inside.open(clock="paused")
        return await inside.control("POST", "/commands", [{"fill": FILL}])

    at_once = asyncio.run(filled())
    monkeypatch.setattr(answers, "SLICE_S", -1.0)
    assert asyncio.run(filled()) == at_once


# --- forks


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


def test_a_log_is_read_beside_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[int] = []

    def read(lines: Iterator[bytes], *, is_sent: bool) -> ForkSource:
        def noted() -> Iterator[Record]:
            for record in source.records:
                threads.append(get_ident())
                yield record

        source = read_source(lines, is_sent=is_sent)
        return replace(source, records=noted())

    monkeypatch.setattr(sandbox_creation, "read_source", read)

    async def forked() -> None:
        inside = Inside()
        await inside.open(clock="paused")
        _, log = await inside.control("GET", "/log")
        status, answer = await inside.control("PUT", "-fork", {"fork": {"log": log.decode()}})
        assert status == 201, answer
        await inside.control("DELETE", "-fork")

    asyncio.run(forked())
    assert threads
    assert get_ident() not in threads


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
