"""Stream calls that a fault answers late or never, and heartbeats meanwhile."""

import json
from decimal import Decimal

from mockexchange.core.commands import MarkDerivative
from mockexchange.faults.faulted_frames import HELD_BACK_MAX
from mockexchange.sandbox.sandbox import Sandbox
from tests.faults.stream_calls import BUY, CHANGES, POSITIONS, SECOND, Host, faulty, install, last, marks, positions
from tests.helpers.derivatives import Socket
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import do

# --- late, or never


def test_an_answer_is_late_and_others_overtake_it() -> None:
    sandbox, socket = faulty(f"name: f, match: {{operation: {POSITIONS}}}, then: {{delay: 2s}}")
    assert positions(socket) == []
    assert [one["id"] for one in socket.say("public/test")] == [3]
    socket.ring()
    assert [one["id"] for one in socket.told[-2:]] == [3, 2]
    assert [frame.fault for frame in sandbox.journal.frames][-4:] == ["f", None, None, "f"]


def test_it_is_as_it_was_when_the_call_came() -> None:
    sandbox, socket = faulty("then: {delay: 2s}")
    do(sandbox, MarkDerivative(derivative="BTC-PERPETUAL", price=Decimal(7)))
    positions(socket)
    do(sandbox, MarkDerivative(derivative="BTC-PERPETUAL", price=Decimal(8)))
    socket.ring()
    assert marks(socket.told[-1:]) == [7]


def test_a_delay_and_a_late_acknowledgement_add_up() -> None:
    sandbox, socket = faulty("name: a, then: {delay: 2s}", "name: b, then: {late_ack: 3s}")
    positions(socket)
    assert socket.timers[-1].delay_us == 5 * SECOND
    socket.ring()
    assert last(sandbox).fault == "a, b"


def test_what_is_held_back_is_lost_with_the_stream() -> None:
    sandbox, socket = faulty("name: f, then: {delay: 2s}")
    positions(socket)
    socket.connection.close(1000)
    lost = last(sandbox, "lost")
    assert (lost.fault, lost.kind) == ("f", "result")
    socket.ring()
    assert len(socket.told) == 1, "the login alone"


def test_a_client_that_floods_has_no_more_held_back() -> None:
    _sandbox, socket = faulty("then: {delay: 2s}")
    for _ in range(HELD_BACK_MAX + 2):
        socket.connection.receive(b'{"id": 1, "method": "public/test"}')
    assert len(socket.told) == 3


@each_row(
    ("effect", "words"),
    [
        ("drop", "closed the connection: no answer"),
        ("reset", "reset the connection: no answer"),
        ("cut_after: 10", "closed the connection within the answer"),
    ],
)
@each_row("is_late", [False, True])
def test_the_connection_ends_instead_of_an_answer(effect: str, words: str, is_late: bool) -> None:
    sandbox, socket = faulty(f"name: f, match: {{operation: {POSITIONS}}}, then: {{{effect}}}")
    if is_late:
        install(sandbox, f"name: g, match: {{operation: {POSITIONS}}}, then: {{delay: 1s}}")
    assert positions(socket) == []
    assert socket.connection.is_over != is_late
    socket.ring()
    assert socket.connection.is_over
    assert socket.ended == ("reset" if effect == "reset" else "drop")
    names = "f, g" if is_late else "f"
    lost, ending = list(sandbox.journal.frames)[-2:]
    assert (lost.direction, lost.fault, lost.note) == ("lost", names, f"the fault f {words}")
    assert json.loads(lost.raw)["id"] == 2
    assert (ending.kind, ending.direction, ending.raw, ending.fault) == ("close", "out", b"1006", names)


def test_a_call_without_an_answer_may_be_dropped_too() -> None:
    sandbox, socket = faulty("name: f, match: {operation: private/logout}, then: {drop}")
    assert socket.say("private/logout") == []
    assert socket.ended == "drop"
    assert not [frame for frame in sandbox.journal.frames if frame.direction == "lost"]


def test_a_logout_that_is_touched_ends_the_stream_without_an_answer() -> None:
    _sandbox, socket = faulty("name: f, match: {operation: private/logout}, then: {duplicate_row}")
    assert socket.say("private/logout") == []
    assert socket.closed == 1000


def test_a_stream_that_is_stalled_answers_no_call() -> None:
    sandbox, socket = faulty("name: f, match: {operation: public/test}, then: {delay: 1s}")
    install(sandbox, "name: s, match: {channel: user.changes}, then: {stall}")
    socket.say("private/subscribe", channels=[CHANGES])
    socket.say("public/test")
    sandbox.journal.clear()
    do(sandbox, BUY)
    assert socket.say("public/get_time") == []
    socket.ring()
    assert [frame.fault for frame in sandbox.journal.frames if frame.direction == "lost"] == ["s", "s"]


# --- heartbeats


def beating(*rules: str) -> tuple[Sandbox, Socket, Host]:
    """Return a stream that got a test_request."""
    host = Host()
    sandbox, socket = faulty(host=host)
    socket.say("public/set_heartbeat", interval=10)
    host.now += 10 * SECOND
    socket.ring()
    assert (socket.told[-1]["params"], socket.closed) == ({"type": "test_request"}, None)
    install(sandbox, *rules)
    return sandbox, socket, host


@each_row("rule", ["then: {delay: 1m}", "then: {truncate_json}", "then: {body: ''}"])
def test_a_test_that_the_exchange_answers_keeps_the_stream(rule: str) -> None:
    _sandbox, socket, host = beating(rule)
    socket.connection.receive(b'{"id": 9, "method": "public/test"}')
    host.now += 10 * SECOND
    wake(socket)
    assert socket.closed is None


def test_a_test_that_a_fault_answers_does_not() -> None:
    _sandbox, socket, host = beating("then: {status: 503}")
    socket.say("public/test")
    host.now += 10 * SECOND
    wake(socket)
    assert socket.closed == 4000


def test_a_call_that_a_fault_answers_is_a_sign_of_life() -> None:
    host = Host()
    _sandbox, socket = faulty("then: {status: 503}", host=host)
    host.now += 500 * SECOND
    socket.say("public/test")
    host.now += 500 * SECOND
    wake(socket)
    assert socket.closed is None
    host.now += 100 * SECOND
    wake(socket)
    assert socket.closed == 1000


def wake(socket: Socket) -> None:
    """Fire the session's own timer and no other."""
    socket.connection.wake()
