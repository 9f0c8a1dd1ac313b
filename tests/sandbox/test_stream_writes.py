"""Writes over a stream: the order of frames, the journal, faults and stubs, and the replay of all of it."""

import json
from typing import Any

from mockexchange.replay import Replay, compare, read_journal
from mockexchange.sandbox.journal_json import entry_to_json, frame_to_json
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.store.codec import write_log
from tests.helpers.derivatives import WORLD, Socket, deribit_stream
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import make

ORDERS, CHANGES = "user.orders.BTC-PERPETUAL.raw", "user.changes.any.any.raw"
BUY = {"instrument_name": "BTC-PERPETUAL", "amount": 30, "price": 113_950}
QUOTES = "\n  - quote: {instrument: BTC-PERPETUAL, asks: [[113900, 20]]}\n"
Plain = dict[str, Any]


def opened(text: str = "", *channels: str) -> tuple[Sandbox, Socket]:
    """A sandbox whose perpetual is asked at 113900 for 20, and dora's stream."""
    sandbox = make(WORLD + QUOTES + text)
    return sandbox, deribit_stream(sandbox, *(channels or (ORDERS,)))


def kind_of(document: Plain) -> str:
    if "error" in document:
        return str(document["error"]["code"])
    return document["params"]["channel"].rpartition(".")[0] if "params" in document else "answer"


def said(socket: Socket, method: str = "private/buy", **params: Any) -> list[str]:
    return [kind_of(document) for document in socket.say(method, **{**BUY, **params})]


def deviations(sandbox: Sandbox) -> list[Any]:
    """What the replay of a sandbox's journal does not repeat."""
    entries = json.dumps([entry_to_json(entry) for entry in sandbox.journal])
    numbered = sandbox.journal.numbered_frames()
    frames = "\n".join(json.dumps(frame_to_json(number, frame)) for number, frame in numbered)
    verdicts = list(compare(Replay(list(write_log(sandbox.log))), read_journal(entries, frames)))
    assert verdicts
    return [verdict.deviation for verdict in verdicts if verdict.deviation]


def test_an_order_is_answered_and_then_published() -> None:
    sandbox, socket = opened("", ORDERS, CHANGES)
    answer, order, changes = socket.say("private/buy", **BUY)
    assert answer["result"]["order"] == order["params"]["data"]
    assert (order["params"]["data"]["filled_amount"], order["params"]["data"]["order_state"]) == (20, "open")
    data = changes["params"]["data"]
    assert data["orders"] == [answer["result"]["order"]]
    assert data["trades"] == answer["result"]["trades"]
    assert data["positions"][0]["size"] == 120
    assert deviations(sandbox) == []


@each_row(("frames", "first"), [("after", "answer"), ("before", "user.orders.BTC-PERPETUAL")])
def test_the_scenario_says_whether_frames_follow_the_answer(frames: str, first: str) -> None:
    sandbox, socket = opened(f"orders: {{frames: {frames}}}\n")
    assert said(socket)[0] == first
    assert deviations(sandbox) == []


def test_the_answer_names_its_commands_in_the_journal() -> None:
    sandbox, socket = opened()
    said(socket)
    [answer] = [frame for frame in sandbox.journal.frames if frame.commands]
    assert answer.direction == "out"
    assert answer.commands == (len(sandbox.log),)


def test_a_refused_order_is_an_error_with_its_reason_in_the_journal() -> None:
    sandbox, socket = opened()
    assert said(socket, amount=35) == ["-32602"]
    assert "a multiple of 10" in sandbox.journal.frames[-1].note
    assert said(socket, "private/cancel_all", type="limit") == ["answer"]
    assert deviations(sandbox) == []


def test_a_read_after_a_write_sees_it() -> None:
    _, socket = opened()
    said(socket)
    [answer] = socket.say("private/get_open_orders")
    assert [row["amount"] for row in answer["result"]] == [30]


FAULTED: list[tuple[str, list[str], int, str]] = [
    ("status: 503", ["11051"], 0, ""),
    ("lost_answer", [], 1, "drop"),
    ("lost_request", [], 0, "drop"),
    ("unknown_outcome: 1", ["11051", "user.orders.BTC-PERPETUAL"], 1, ""),
    ("unknown_outcome: 0", ["11051"], 0, ""),
]


@each_row(("effect", "frames", "placed", "ended"), FAULTED, ids=[row[0] for row in FAULTED])
def test_faults_act_on_writes_of_streams(effect: str, frames: list[str], placed: int, ended: str) -> None:
    sandbox, socket = opened(f"faults:\n  - {{match: {{operation: private/buy}}, then: {{{effect}}}}}\n")
    assert said(socket) == frames
    assert len(sandbox.exchange.state.derivatives.orders) == placed
    assert socket.ended == ended
    assert deviations(sandbox) == []


def test_a_write_after_a_faulted_one_is_repeated_by_the_replay() -> None:
    sandbox, socket = opened("faults:\n  - {match: {operation: private/buy}, times: 1, then: {unknown_outcome: 1}}\n")
    assert said(socket)[0] == "11051"
    assert said(socket, "private/sell", price=114_000)[0] == "answer"
    assert deviations(sandbox) == []


def test_a_stub_answers_in_place_of_a_write() -> None:
    stub = '{request: deribit private/buy, result: {order: {order_id: "1"}, trades: []}}'
    sandbox, socket = opened(f"stubs:\n  - {stub}\n")
    [answer] = socket.say("private/buy", **BUY)
    assert answer["result"]["order"]["order_id"] == "1"
    assert not sandbox.exchange.state.derivatives.orders
    assert deviations(sandbox) == []
