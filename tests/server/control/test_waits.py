"""Waiting for what a client does: answered at once, when it comes to be so, or with what came nearest."""

import asyncio
import json
from collections.abc import Awaitable
from typing import Any

import pytest

from mockexchange.runtime import api_documents
from mockexchange.sandbox.journal import Firing
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.fault_rules import CHANNEL_NAMES, OPERATION_NAMES
from mockexchange.scenario.located_text import located_json
from mockexchange.server.control import waits
from mockexchange.server.control.errors import ControlError
from mockexchange.server.control.waits import Found, MakeCondition, read_wait, wait_for
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import POSITIONS, make, signed
from tests.helpers.stream_reader import Reader
from tests.server.live import SandboxView
from tests.server.small import BALANCE, BUY, error_of
from tests.server.streaming import buy, play, subscribe

Body = dict[str, Any]
SCRIPTED = """
scenario: scripted
start: 2025-11-04T12:00:00Z
accounts: {alice: {cash: 100}}
markets: {RAIN-1: {event: RAIN, series: RAIN, price: 0.56}}
script:
  - {name: pay, after: 1s, every: 1s, times: 2, deposit: {account: alice, amount: 1}}
"""


def read(what: Body, timeout: str | None = None) -> tuple[MakeCondition, int]:
    body = {"for": what, **({"timeout": timeout} if timeout else {})}
    node = located_json(json.dumps(body), "", 0)
    assert isinstance(node.value, dict)
    return read_wait(node.value)


def stays() -> Awaitable[object]:
    return asyncio.get_running_loop().create_future()


async def wait(sandbox: Sandbox, what: Body, within: str = "20s") -> Found:
    awaited, timeout_us = read(what, within)
    return await wait_for(sandbox, awaited(sandbox), timeout_us, stays)


async def begun(sandbox: Sandbox, what: Body, within: str = "20s") -> "asyncio.Task[Found]":
    """A wait for something that is not so yet."""
    task = asyncio.create_task(wait(sandbox, what, within))
    while not any(isinstance(one, waits.Waiter) for one in sandbox.journal.observers):  # noqa: ASYNC110  # no event tells
        await asyncio.sleep(0)
    return task


def answer(sandbox: Sandbox, target: str = POSITIONS, who: str = "alice/main") -> None:
    """A request, answered to the end."""
    _, entry = sandbox.answer(signed(sandbox, target, who))
    sandbox.journal.close(entry)


def missed(sandbox: Sandbox, what: Body) -> str:
    """What a wait in vain says."""
    with pytest.raises(ControlError) as raised:
        asyncio.run(wait(sandbox, what, "1us"))
    assert (raised.value.status, raised.value.code) == (408, "timed_out")
    return str(raised.value)


# --- requests


@each_row(
    ("what", "numbers"),
    [
        ({}, [1]),
        ({"times": 3}, [1, 2, 3]),
        ({"operation": "GetBalance"}, [2]),
        ({"account": "bob"}, [3]),
        ({"status": 400}, [4]),
        ({"status": "400"}, [4]),
        ({"path": POSITIONS, "method": "GET", "times": 2}, [1, 3]),
        ({"query": {"limit": "0"}}, [4]),
        ({"query": {"limit": 0}, "status": 400}, [4]),
        ({"query": {}}, [1]),
        ({"after": 3}, [4]),
        ({"after": 1, "account": "alice", "times": 2}, [2, 4]),
    ],
)
def test_requests_that_were_answered_are_found_at_once(what: Body, numbers: list[int]) -> None:
    sandbox = make()
    answer(sandbox)
    answer(sandbox, "/trade-api/v2/portfolio/balance")
    answer(sandbox, who="bob/main")
    answer(sandbox, f"{POSITIONS}?limit=0")
    found = asyncio.run(wait(sandbox, {"request": what}, "1us"))
    assert [entry["number"] for entry in found] == numbers


def test_a_request_is_found_when_it_is_answered_and_not_before() -> None:
    async def scene() -> None:
        _, entry = sandbox.answer(signed(sandbox))
        task = await begun(sandbox, {"request": {"operation": "GetPositions", "times": 2}})
        answer(sandbox)
        await asyncio.sleep(0)
        assert not task.done()
        entry.diagnosis = "known by now"
        sandbox.journal.close(entry)
        assert [one["diagnosis"] for one in await task] == [None, "known by now"]
        assert waits.Waiter not in map(type, sandbox.journal.observers)

    sandbox = make()
    play(scene())


def test_who_waits_in_vain_for_a_request_is_told_what_came_nearest() -> None:
    sandbox = make()
    answer(sandbox)
    answer(sandbox, "/trade-api/v2/portfolio/balance")
    said = missed(sandbox, {"request": {"operation": "GetBalance", "account": "bob"}})
    assert said == (
        "request with operation GetBalance, account bob: 0 of 1 within 1e-06 s"
        "\n  near miss: GET /trade-api/v2/portfolio/balance -> 200: account is 'alice', wanted 'bob'"
        f"\n  near miss: GET {POSITIONS} -> 200: operation is 'GetPositions', wanted 'GetBalance'; "
        "account is 'alice', wanted 'bob'"
    )
    assert missed(make(), {"request": {"times": 2}}) == "request: 0 of 2 within 1e-06 s"


def test_of_parameters_the_last_counts_and_others_may_be_there() -> None:
    sandbox = make()
    answer(sandbox, f"{POSITIONS}?limit=1&cursor=&limit=%32&more=a")
    found = asyncio.run(wait(sandbox, {"request": {"query": {"limit": 2, "cursor": ""}}}, "1us"))
    assert [entry["number"] for entry in found] == [1]
    answer(sandbox, f"{POSITIONS}?more=a")
    assert missed(sandbox, {"request": {"query": {"limit": "1", "more": "a"}, "operation": "GetPositions"}}) == (
        "request with operation GetPositions, query limit=1, query more=a: 0 of 1 within 1e-06 s"
        f"\n  near miss: GET {POSITIONS}?more=a -> 200: query.limit is None, wanted '1'"
        f"\n  near miss: GET {POSITIONS}?limit=1&cursor=&limit=%32&more=a -> 400: query.limit is '2', wanted '1'"
    )


# --- streams


def test_a_subscription_is_found_while_it_lasts() -> None:
    async def scene() -> None:
        alice = Reader(sandbox)
        task = await begun(sandbox, {"subscribed": {"channel": "fill", "count": 2}})
        alice.connection.receive(subscribe("fill", "market_positions").encode())
        await asyncio.sleep(0)
        assert not task.done()
        bob = Reader(sandbox, "bob/main")
        bob.connection.receive(subscribe("fill").encode())
        assert await task == [
            {"connection": 1, "account": "alice", "sid": 1, "channel": "fill"},
            {"connection": 2, "account": "bob", "sid": 1, "channel": "fill"},
        ]
        assert len(await wait(sandbox, {"subscribed": {}}, "1us")) == 3
        assert len(await wait(sandbox, {"subscribed": {"account": "bob"}}, "1us")) == 1
        sandbox.streams.forget(bob.connection)
        with pytest.raises(ControlError) as raised:
            await wait(sandbox, {"subscribed": {"account": "bob"}}, "1us")
        assert str(raised.value).endswith("\n  subscribed are: alice has fill, alice has market_positions")

    sandbox = make()
    play(scene())


def test_nobody_is_subscribed() -> None:
    assert missed(make(), {"subscribed": {"account": "alice"}}) == (
        "subscribed with account alice: 0 of 1 within 1e-06 s\n  nobody is subscribed"
    )


def test_a_frame_is_found_when_it_goes_out() -> None:
    async def scene() -> None:
        alice = Reader(sandbox)
        alice.connection.receive(subscribe("fill").encode())
        what = {"frame": {"account": "alice", "kind": "fill", "contains": {"msg": {"post_position_fp": "12.00"}}}}
        task = await begun(sandbox, what)
        await sandbox.submit(buy())
        await asyncio.sleep(0)
        assert not task.done()
        await sandbox.submit(buy())
        [found] = await task
        assert json.loads(found["frame"])["msg"]["post_position_fp"] == "12.00"
        later = await wait(sandbox, {"frame": {"kind": "fill", "after": found["number"] - 1}}, "1us")
        assert later == [found]
        [sent] = await wait(sandbox, {"frame": {"direction": "in", "contains": {"cmd": "subscribe", "id": 1}}}, "1us")
        assert sent["frame"] == subscribe("fill")
        sandbox.streams.forget(alice.connection)
        [closed] = await wait(sandbox, {"frame": {"kind": "close", "connection": 1}}, "1us")
        assert closed["frame"] == "1006"

    sandbox = make()
    play(scene())


CONTENTS: list[tuple[Body, str]] = [
    ({"msg": {"post_position_fp": "5.00"}}, "msg.post_position_fp is '11.00', wanted '5.00'"),
    ({"msg": {"nothing": 1}}, "msg.nothing is None, wanted '1'"),
    ({"msg": {"is_taker": True}}, "msg.is_taker is False, wanted 'true'"),
    ({"sid": {"x": 1}}, "sid is '1', wanted 'an object'"),
    ({"msg": [1]}, "wanted 'a list of 1'"),
]


@each_row(("contents", "words"), CONTENTS)
def test_what_a_frame_lacks_is_told(contents: Body, words: str) -> None:
    sandbox = make()
    Reader(sandbox).subscribe("fill")
    asyncio.run(sandbox.submit(buy()))
    said = missed(sandbox, {"frame": {"kind": "fill", "contains": contents}})
    assert said.startswith("frame with kind fill, the contents wanted: 0 of 1 within")
    assert f"near miss: frame 4 out fill: {words.partition(' is ')[0]}" in said or words in said
    assert words in said


def test_contents_are_compared_as_text_and_deeply() -> None:
    sandbox = make()
    alice = Reader(sandbox)
    alice.connection.receive(b'{"id": 7, "cmd": "subscribe", "params": {"channels": ["fill", "trade"], "x": null}}')
    alice.connection.receive(b"no JSON")
    for contents in (
        {"id": 7},
        {"id": "7", "cmd": "subscribe"},
        {"params": {"channels": ["fill", "trade"], "x": None}},
        {},
    ):
        [found] = asyncio.run(wait(sandbox, {"frame": {"direction": "in", "after": 1, "contains": contents}}, "1us"))
        assert found["number"] == 2
    assert "params.channels[1] is 'trade', wanted 'ticker'" in missed(
        sandbox, {"frame": {"direction": "in", "contains": {"params": {"channels": ["fill", "ticker"]}}}}
    )


# --- faults and the script


def test_a_fault_is_found_when_it_fires() -> None:
    async def scene() -> None:
        task = await begun(sandbox, {"fault": {"name": "flaky", "times": 2}})
        for name in ("flaky", "other", "flaky"):
            assert not task.done()
            sandbox.journal.add_firing(Firing(*sandbox.moment(), "fault", name, {"then": "drop"}))
        assert [(one["number"], one["name"], one["detail"]) for one in await task] == [
            (1, "flaky", {"then": "drop"}),
            (3, "flaky", {"then": "drop"}),
        ]
        with pytest.raises(ControlError, match=r"fault with name mine: 0 of 1 .*\n  others were: flaky, other$"):
            await wait(sandbox, {"fault": {"name": "mine"}}, "1us")

    sandbox = make()
    play(scene())


def test_a_step_and_the_end_of_the_script_are_found() -> None:
    async def scene() -> None:
        step = await begun(sandbox, {"script": {"name": "pay", "times": 2}})
        end = asyncio.create_task(wait(sandbox, {"script": "done"}))
        await sandbox.advance(1_000_000)
        await asyncio.sleep(0)
        assert not step.done()
        assert not end.done()
        await sandbox.advance(1_000_000)
        assert [(one["name"], one["detail"]["repetition"]) for one in await step] == [("pay", 1), ("pay", 2)]
        assert await end == []

    sandbox = make(SCRIPTED)
    play(scene())


def test_where_there_is_no_script_it_is_done() -> None:
    assert asyncio.run(wait(make(), {"script": "done"}, "1us")) == []
    assert missed(make(SCRIPTED), {"script": "done"}) == (
        "the end of the script: not reached within 1e-06 s\n  scheduled: pay"
    )
    waiting = SCRIPTED + "  - {when: {request: {}}, announce: {message: x}}\n" * 3
    assert missed(make(waiting), {"script": "done"}).endswith(
        "\n  scheduled: pay, waiting: script[1], waiting: script[2], and 1 more"
    )
    assert missed(make(SCRIPTED), {"script": {"name": "pay"}}) == "script with name pay: 0 of 1 within 1e-06 s"


# --- ends


def test_a_wait_ends_with_the_sandbox() -> None:
    async def scene() -> None:
        task = await begun(sandbox, {"request": {}})
        sandbox.close("reset")
        with pytest.raises(ControlError) as raised:
            await task
        assert (raised.value.status, raised.value.code) == (409, "sandbox_ended")
        assert str(raised.value) == "request: the sandbox was reset before that"

    sandbox = make()
    play(scene())


def test_a_wait_ends_when_nobody_would_read_the_answer() -> None:
    async def scene() -> None:
        gone = asyncio.get_running_loop().create_future()
        awaited, _ = read({"request": {}})
        task = asyncio.create_task(wait_for(sandbox, awaited(sandbox), 20_000_000, lambda: gone))
        await asyncio.sleep(0)
        gone.set_result(None)
        with pytest.raises(ControlError):
            await task
        assert sandbox.journal.observers == []
        assert sandbox.closing == []

    sandbox = make()
    play(scene())


def test_so_many_can_wait_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        first = await begun(sandbox, {"request": {}})
        with pytest.raises(ControlError) as raised:
            await wait(sandbox, {"request": {}}, "20s")
        assert (raised.value.status, raised.value.code) == (409, "too_many_waits")
        answer(sandbox)
        assert len(await first) == 1
        assert len(await wait(sandbox, {"request": {}}, "20s")) == 1

    monkeypatch.setattr(waits, "WAITS_MAX", 1)
    sandbox = make()
    play(scene())


# --- what cannot be meant


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "expected the key 'for', which is missing"),
        ({"for": {}}, "expected one of subscribed, request, frame, fault, script; got 0 of them"),
        ({"for": {"request": {}, "frame": {}}}, "got 2 of them"),
        ({"for": {"request": {"colour": "red"}}}, "unknown key 'colour'"),
        ({"for": {"reqest": {}}}, "unknown key 'reqest': did you mean 'request'?"),
        ({"for": {"request": {"times": 0}}}, "expected a whole number from 1 to 10000, got '0'"),
        ({"for": {"frame": {"contains": 5}}}, "expected an object, got '5'"),
        ({"for": {"frame": {"direction": "up"}}}, "expected in, out or lost, got 'up'"),
        ({"for": {"subscribed": {"channel": "fills"}}}, "got 'fills': did you mean 'fill'?"),
        ({"for": {"frame": {"channel": "fil"}}}, "got 'fil': did you mean 'fill'?"),
        ({"for": {"request": {"operation": "Nope"}}}, "such as GetPositions, got 'Nope'"),
        ({"for": {"request": {"operation": "GetPosition"}}}, "did you mean 'GetPositions'?"),
        ({"for": {"request": {"query": "limit=5"}}}, "expected a mapping of parameters such as {limit: 100}"),
        ({"for": {"request": {"query": {"limit": [5]}}}}, "expected text, got a list"),
        ({"for": {"script": "over"}}, "expected done or a mapping with name"),
        ({"for": {"request": []}}, "expected a mapping with"),
        ({"for": {"request": {}}, "timeout": "soon"}, "expected a duration such as"),
        ({"for": {"request": {}}, "timeout": "11m"}, "expected at most 600s"),
        ({"for": {"request": {}}, "until": "now"}, "unknown key 'until'"),
    ],
)
def test_what_cannot_be_waited_for_is_refused(sandbox: SandboxView, body: Body, words: str) -> None:
    reply = sandbox.live.control("POST", f"/sandboxes/{sandbox.name}/wait", body)
    assert reply.status == 400
    error = error_of(reply)
    assert error["code"] == "bad_body"
    assert words in error["message"]


# --- over HTTP


def test_it_is_answered_over_http(sandbox: SandboxView) -> None:
    sandbox.ask(sandbox.client().get(BALANCE))
    [entry] = sandbox.call("POST", "/wait", {"for": {"request": {"operation": "GetBalance"}}})["found"]
    assert entry == sandbox.journal()[0]
    reply = sandbox.live.control(
        "POST", f"/sandboxes/{sandbox.name}/wait", {"for": {"frame": {"kind": "fill"}}, "timeout": "1ms"}
    )
    assert (reply.status, error_of(reply)["code"]) == (408, "timed_out")


def test_bulk_commands_let_others_have_their_turn(sandbox: SandboxView) -> None:
    outcomes = sandbox.call("POST", "/commands", [BUY] * 450)
    numbers = [one["seq"] for one in outcomes]
    assert numbers == list(range(numbers[0], numbers[0] + 450))


def test_the_document_of_the_control_api_has_the_names_that_waits_and_faults_take() -> None:
    schemas = api_documents.read("control")["components"]["schemas"]
    named = {name: tuple(schemas[name]["enum"]) for name in ("OperationName", "ChannelName")}
    assert named == {"OperationName": OPERATION_NAMES, "ChannelName": CHANNEL_NAMES}
