"""The path of a write: commands between the request and its answer, with faults, stubs, streams, journal and replay."""

import json
from itertools import count
from typing import Any

import httpx
import pytest

import mockexchange
from mockexchange.core.commands import Deposit
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.faults.delivery import NOT_ASKED, FaultyAnswer
from mockexchange.replay import Replay, Verdict, compare, read_journal
from mockexchange.sandbox.interface import SandboxEnded
from mockexchange.sandbox.journal import Journal, JournalEntry
from mockexchange.sandbox.journal_json import entry_to_json
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.fault_rules import FAULT
from mockexchange.scenario.located_text import read_yaml
from mockexchange.scenario.stubs import STUB
from mockexchange.store.codec import write_log
from mockexchange.venues.request import Answer
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import PREFIX, WALL, carry_out, do, make, run, send, signed

CREATE = "/portfolio/order_groups/create"
PAY = Deposit(subaccount_ref=SubaccountRef("alice"), amount_micros=1_000_000)
LIMIT = {"contracts_limit": 10}


def install(sandbox: Sandbox, text: str) -> None:
    run(sandbox.faults.install(FAULT.read(read_yaml(text, "f.yaml"), "")))


def create(sandbox: Sandbox) -> Answer:
    return send(sandbox, "POST", CREATE, LIMIT)


def groups(sandbox: Sandbox) -> int:
    return len(sandbox.exchange.state.groups)


def replayed(sandbox: Sandbox, **changes: Any) -> list[Verdict]:
    entries = json.loads(json.dumps([{**entry_to_json(entry), **changes} for entry in sandbox.journal]))
    return list(compare(Replay(write_log(sandbox.log)), read_journal(json.dumps(entries))))


# --- faults and stubs


@each_row(("then", "status"), [("status: 503", 503), ("status: 429", 429)])
def test_a_fault_that_answers_in_place_of_the_exchange_executes_nothing(then: str, status: int) -> None:
    sandbox = make()
    install(sandbox, f"{{match: {{method: POST}}, then: {{{then}}}}}")
    assert (create(sandbox).status, groups(sandbox)) == (status, 0)


@each_row(
    ("then", "status", "executed"),
    [("delay: 1s", 201, 1), ("drop", 0, 1), ("truncate_json", 201, 1), ("clock_offset: 1h", 401, 0)],
)
def test_a_fault_on_the_answer_of_a_write_comes_after_its_commands(then: str, status: int, executed: int) -> None:
    sandbox = make()
    install(sandbox, f"{{name: f, match: {{method: POST}}, then: {{{then}}}}}")
    answer = create(sandbox)
    assert (answer.status, answer.fault, groups(sandbox)) == (status, "f", executed)
    [entry] = sandbox.journal
    assert (entry.status, entry.fault, entry.answer) == (status, "f", answer.body)
    assert len(entry.commands) == executed


@each_row(("then", "executed"), [("lost_answer", 1), ("lost_request", 0)])
def test_a_lost_answer_is_carried_out_and_a_lost_request_is_not(then: str, executed: int) -> None:
    sandbox = make()
    install(sandbox, f"{{name: f, match: {{method: POST}}, times: 1, then: {{{then}}}}}")
    answer = create(sandbox)
    assert isinstance(answer, FaultyAnswer)
    assert (answer.status, answer.body, answer.end, groups(sandbox)) == (0, b"", "drop", executed)
    assert answer.diagnosis is not None
    assert ("was carried out" in answer.diagnosis) == bool(executed)
    assert create(sandbox).status == 201


@each_row(("share", "executed"), [(0, 0), (1, 1)])
def test_a_write_of_unknown_outcome_answers_503_either_way(share: int, executed: int) -> None:
    sandbox = make(date="2026-06")
    install(sandbox, f"{{then: {{unknown_outcome: {share}}}}}")
    answer = create(sandbox)
    assert (answer.status, groups(sandbox)) == (503, executed)
    assert json.loads(answer.body)["error"]["code"] == "service_unavailable"
    assert (answer.diagnosis or "").endswith("the request was carried out" if executed else NOT_ASKED)


def test_unknown_outcomes_are_drawn_by_the_seed() -> None:
    def outcomes(seed: int) -> int:
        sandbox = make(f"scenario: s\nseed: {seed}\naccounts: {{alice: {{}}}}")
        install(sandbox, "{name: f, then: {unknown_outcome: 0.5}}")
        assert {create(sandbox).status for _ in range(20)} == {503}
        return groups(sandbox)

    assert outcomes(7) == outcomes(7)
    assert 0 < outcomes(7) < 20


def test_a_refused_write_of_unknown_outcome_is_still_refused() -> None:
    sandbox = make()
    install(sandbox, "{then: {unknown_outcome: 1}}")
    assert send(sandbox, "POST", CREATE, {}).status == 400


def test_the_body_of_a_write_can_be_replaced() -> None:
    sandbox = make()
    install(sandbox, "{then: {body: '[]'}}")
    assert (create(sandbox).body, groups(sandbox)) == (b"[]", 1)


def test_a_write_never_sees_old_data() -> None:
    sandbox = make()
    install(sandbox, "{match: {method: DELETE}, then: {stale: 1h}}")
    group = json.loads(create(sandbox).body)["order_group_id"]
    assert send(sandbox, "DELETE", f"/portfolio/order_groups/{group}").status == 200


def test_a_stub_answers_in_place_of_a_write() -> None:
    sandbox = make()
    text = f"{{request: POST {PREFIX}{CREATE}, json: {{id: 5}}}}"
    run(sandbox.stubs.install(STUB.read(read_yaml(text, "s.yaml"), "")))
    assert (create(sandbox).body, groups(sandbox)) == (b'{"id":5}', 0)


# --- replay


def story(date: str = "2026-10") -> Sandbox:
    """Writes between reads and commands; one is begun, and completed after other commands."""
    sandbox = make(date=date)
    group = json.loads(create(sandbox).body)["order_group_id"]
    answer, entry = sandbox.answer(signed(sandbox, PREFIX + CREATE, method="POST", body=LIMIT))
    do(sandbox, PAY)
    sandbox.answer(signed(sandbox))
    run(sandbox.carry_out(answer, entry))
    send(sandbox, "PUT", f"/portfolio/order_groups/{group}/limit", {"contracts_limit": 7})
    send(sandbox, "DELETE", f"/portfolio/order_groups/{group}")
    send(sandbox, "DELETE", f"/portfolio/order_groups/{group}")
    sandbox.answer(signed(sandbox, f"{PREFIX}/portfolio/order_groups"))
    return sandbox


@each_row("date", ["2026-06", "2026-10", "compat"])
def test_a_replay_repeats_the_answers_of_writes(date: str) -> None:
    verdicts = replayed(story(date))
    assert sorted(verdict.number for verdict in verdicts) == [1, 2, 3, 4, 5, 6, 7]
    assert not any(verdict.deviation or verdict.is_skipped for verdict in verdicts)


def test_a_replay_finds_a_write_with_other_commands() -> None:
    sandbox = make()
    create(sandbox)
    body = json.dumps({"contracts_limit": 11})
    [verdict] = replayed(sandbox, body=body)
    assert verdict.deviation is not None
    assert "limit_centis=1100" in verdict.deviation.got
    assert "limit_centis=1000" in verdict.deviation.wanted


def test_a_replay_finds_a_write_whose_commands_the_journal_lacks() -> None:
    sandbox = make()
    create(sandbox)
    [verdict] = replayed(sandbox, commands=[])
    assert verdict.deviation is not None
    assert verdict.deviation.wanted == "no further command"


def test_a_replay_skips_a_write_that_a_fault_changed() -> None:
    sandbox = make()
    install(sandbox, "{then: {delay: 1s}}")
    create(sandbox)
    assert replayed(sandbox) == [Verdict("answer", 1, is_skipped=True)]


# --- the journal


def test_a_write_of_an_ended_sandbox_has_no_answer() -> None:
    sandbox = make()
    answer, entry = sandbox.answer(signed(sandbox, PREFIX + CREATE, method="POST", body=LIMIT))
    sandbox.close("stopped")
    with pytest.raises(SandboxEnded):
        run(sandbox.carry_out(answer, entry))
    assert (entry.status, entry.answer, entry.commands) == (0, b"", ())


def entry_of(number: int, body: bytes = b"", answer: bytes = b"") -> JournalEntry:
    return JournalEntry(number, 0, 0, 0, "POST", "/", b"", body, 200, (answer,))


def test_an_answer_that_comes_later_counts_like_any_other() -> None:
    journal = Journal(bodies_bytes_max=10)
    early, late = entry_of(1), entry_of(2, b"later")
    journal.add(early, awaits_answer=True)
    journal.add(late)
    journal.set_answer(early, b"1234567")
    assert (early.answer, early.dropped["answer"][0], late.body) == (None, 7, b"later")
    assert journal.bodies_bytes == 5
    journal.clear()
    journal.set_answer(early, b"1234567")
    assert journal.bodies_bytes == 0


def test_a_write_takes_place_at_the_time_of_its_request() -> None:
    ticks = count(WALL)
    sandbox = make(clock="real", host=lambda: next(ticks))
    _, entry = carry_out(sandbox, signed(sandbox, PREFIX + CREATE, method="POST", body=LIMIT))
    assert [*sandbox.log][entry.commands[0] - 1].at == entry.at


# --- other ways in


def test_a_write_crosses_a_socket_and_the_in_process_transport() -> None:
    with mockexchange.serve("demo") as exchange:
        url = exchange.base_url + CREATE
        headers = {**exchange.accounts["alice"].headers("POST", url), "content-type": "application/json"}
        answer = httpx.post(url, headers=headers, json=LIMIT)
        assert (answer.status_code, answer.json()["subaccount"]) == (201, 0)
        assert "content-length" in answer.headers
        with httpx.Client(transport=exchange.httpx_transport()) as client:
            assert client.post(url, headers=headers, json=LIMIT).status_code == 201
        assert [entry.status for entry in exchange.journal.requests()] == [201, 201]


def test_every_step_that_waits_for_a_write_waits_for_its_answer() -> None:
    text = "script: [{when: {request: {operation: CreateOrderGroup}}, deposit: {account: alice, amount: 1}}]"
    sandbox = make(f"scenario: s\naccounts: {{alice: {{cash: 5}}}}\n{text}")
    before = len(sandbox.log)
    answer, entry = sandbox.answer(signed(sandbox, PREFIX + CREATE, method="POST", body=LIMIT))
    run(sandbox.run_due())
    assert len(sandbox.log) == before
    run(sandbox.carry_out(answer, entry))
    run(sandbox.run_due())
    assert [type(record.command).__name__ for record in sandbox.log][before:] == ["OpenGroup", "Note", "Deposit"]


def test_a_refused_write_is_complete_at_once() -> None:
    sandbox = make()
    answer, entry = carry_out(sandbox, signed(sandbox, PREFIX + CREATE, method="POST", body=b"[]"))
    assert (answer.pending, entry.status, entry.refusal) == (None, 400, "bad_json")


# --- frames and answers


@each_row(("frames", "flushed"), [("after", {0}), ("before", {1}), ("random", {0, 1})])
def test_frames_are_sent_before_or_after_the_answer(
    frames: str, flushed: set[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox = make(f"scenario: s\nseed: 3\naccounts: {{alice: {{}}}}\norders: {{frames: {frames}}}")
    flushes: list[int] = []
    monkeypatch.setattr(sandbox.streams, "flush", lambda: flushes.append(1))
    counts = set()
    for _ in range(20):
        flushes.clear()
        assert create(sandbox).status == 201
        counts.add(len(flushes))
    assert counts == flushed
