"""Effects of the steps of a script: commands, findings, literal frames and faults."""

from mockexchange.core.commands import Fill, Note
from mockexchange.core.vocabulary import OrderStatus
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import run, signed
from tests.helpers.scripts import BUY, LINE, SAY, SECOND, advance, details_of, fired, scripted
from tests.helpers.stream_reader import Reader


def test_the_number_of_the_repetition_stands_in_names() -> None:
    rest = "rest: {account: alice, market: RAIN-1, side: yes, action: buy, count: 1, price: 0.5, order: o-$n}"
    sandbox = scripted(f"every: 1s, times: 3, sequence: [{{{rest}}}, {{after: 10ms, cancel: {{order: o-$n}}}}]")
    advance(sandbox, 5 * SECOND)
    orders = sandbox.exchange.state.orders
    assert [orders[f"o-{number}"].status for number in (1, 2, 3)] == [OrderStatus.CANCELED] * 3
    assert details_of(sandbox, "finding") == []


def test_a_refused_step_is_a_finding_with_its_name_and_line_and_the_script_goes_on() -> None:
    sandbox = scripted(f"name: wrong, {BUY.replace('RAIN-1', 'SNOW-$n')}", f"name: right, {SAY}")
    [(name, detail)] = details_of(sandbox, "finding")
    assert name == "wrong"
    assert detail["text"].startswith(f"scenario:{LINE}: refused: unknown_market: no market 'SNOW-1'")
    assert [step for step, _, _ in fired(sandbox)] == ["wrong", "right"]
    assert [name for name, _ in details_of(sandbox, "script")] == ["wrong", "right", "done"]


def test_what_cannot_be_in_a_later_repetition_is_a_finding() -> None:
    sandbox = scripted(f"name: s, times: 11, {BUY.replace('0.57', '0.000$n')}")
    assert [(name, detail["text"][:40]) for name, detail in details_of(sandbox, "finding")] == [
        ("s", f"scenario:{LINE}: script[0].fill.price: expec")
    ] * 2
    assert [type(record.command) for record in sandbox.log if record.cause] == [Fill] * 9 + [Note] * 2


def test_a_literal_frame_goes_to_the_matching_streams() -> None:
    send = 'send: {type: news, sid: $sid, seq: $seq, msg: {count: 5, price: "0.5600", flag: true, none: null}}'
    sandbox = scripted(f"after: 1s, frame: {{account: alice, channel: fill, {send}}}")
    alice, deaf, bob = Reader(sandbox), Reader(sandbox), Reader(sandbox, "bob/main")
    alice.subscribe("market_positions", "fill")
    bob.subscribe("fill")
    advance(sandbox, SECOND)
    assert alice.told[-1]["type"] == "news"
    assert alice.frames[-1].startswith(b'{"type":"news","sid":2,"seq":1,"msg":{"count":5,"price":"0.5600","flag":true')
    assert alice.frames[-1].endswith(b'"none":null}}\n')
    assert [frame["type"] for frame in (*deaf.told, *bob.told)] == ["subscribed"]


def test_a_literal_frame_may_be_no_json_and_go_to_everybody() -> None:
    sandbox = scripted("after: 1s, frame: {text: '{half', }")
    alice, bob = Reader(sandbox), Reader(sandbox, "bob/main")
    advance(sandbox, SECOND)
    alice.flush()
    bob.flush()
    assert alice.frames == bob.frames == [b"{half\n"]
    assert [frame.channel for frame in sandbox.journal.frames if frame.kind == "literal"] == ["", ""]


def test_a_literal_frame_carries_the_name_of_its_step() -> None:
    sandbox = scripted("name: news, after: 1s, frame: {text: x}", "after: 1s, frame: {text: y}")
    Reader(sandbox)
    advance(sandbox, SECOND)
    assert [frame.fault for frame in sandbox.journal.frames if frame.kind == "literal"] == ["news", "script[1]"]


def test_a_fault_without_a_name_has_that_of_its_step() -> None:
    fault = "fault: {match: {operation: GetPositions}, then: {status: 503}}"
    sandbox = scripted(f"name: third, times: 2, {fault}", fault, f"name: outer, sequence: [{{{fault}}}]")
    assert [one.name for one in sandbox.faults] == ["third", "third-2", "fault-3", "outer[0]"]


def test_a_step_takes_no_other_faults_place_by_its_name() -> None:
    named = "name: other, fault: {name: third, then: {drop: true}}"
    sandbox = scripted(named, "name: third, fault: {then: {status: 503}}")
    assert [one.name for one in sandbox.faults] == ["third", "fault-2"]


def test_a_literal_frame_is_in_the_log_in_its_place() -> None:
    sandbox = scripted("name: f, frame: {account: alice, text: hello $n}")
    [record] = [record for record in sandbox.log if record.cause]
    assert record.command == Note(subject="frame", text='{"account": "alice", "channel": "*", "text": "hello 1"}')


def test_a_frame_of_a_triggered_step_can_be_for_the_triggering_account() -> None:
    sandbox = scripted("when: {subscribed: {channel: fill}}, frame: {account: '*', text: yours}")
    alice, bob = Reader(sandbox), Reader(sandbox, "bob/main")
    bob.connection.receive(b'{"id":1,"cmd":"subscribe","params":{"channels":["fill"]}}')
    run(sandbox.run_due())
    alice.flush()
    bob.flush()
    assert (alice.frames, bob.frames[-1]) == ([], b"yours\n")


def test_a_fault_is_put_in_place_by_a_step() -> None:
    fault = "fault: {name: outage, match: {operation: GetPositions}, times: 1, then: {status: 503}}"
    sandbox = scripted(f"name: s, after: 1s, {fault}")
    advance(sandbox, SECOND)
    assert [sandbox.answer(signed(sandbox))[0].status for _ in range(2)] == [503, 200]
    [record] = [record for record in sandbox.log if record.cause]
    assert record.command == Note(subject="fault", text=record.command.text)  # type: ignore[union-attr]  # a note
    assert record.cause is not None
    assert (record.cause.step, record.cause.repetition) == ("s", 1)


@each_row("action", [BUY, "frame: {text: hello}", "fault: {then: {status: 503}}"])
def test_every_kind_of_action_happens_at_its_own_instant(action: str) -> None:
    host = [0]
    sandbox = scripted(f"name: s, after: 1s, {action}", clock="1x", host=lambda: host[0])
    host[0] += 3 * SECOND
    run(sandbox.run_due())
    assert fired(sandbox) == [("s", 1, 1000)]


def test_a_fault_can_be_for_the_triggering_account() -> None:
    fault = 'fault: {match: {account: "*"}, then: {status: 503}}'
    sandbox = scripted(f"when: {{request: {{account: bob}}}}, {fault}")
    sandbox.answer(signed(sandbox, who="bob/main"))
    run(sandbox.run_due())
    assert [sandbox.answer(signed(sandbox, who=f"{who}/main"))[0].status for who in ("alice", "bob")] == [200, 503]


def test_a_fault_for_an_unknown_account_is_a_finding() -> None:
    sandbox = scripted("fault: {match: {account: alice-$n}, then: {status: 503}}", SAY)
    [(name, detail)] = details_of(sandbox, "finding")
    assert name == "script[0]"
    assert "alice-1" in detail["text"]
    assert sandbox.script.is_done
