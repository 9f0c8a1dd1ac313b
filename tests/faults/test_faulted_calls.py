"""Request faults on calls of streams: matching, counts, substituted, edited, delayed and dropped answers."""

import json
from decimal import Decimal

from mockexchange.core.commands import MarkDerivative
from mockexchange.venues.request import Request
from tests.faults.stream_calls import (
    BUY,
    CHANGES,
    POSITIONS,
    SECOND,
    Host,
    at_signalplus,
    code_of,
    faulty,
    install,
    last,
    log_in,
    marks,
    positions,
)
from tests.helpers.derivatives import WORLD, Socket, ask, of_deribit, signalplus_stream
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import SMALL, do, make, run
from tests.helpers.stream_reader import Reader

# --- an answer in the session's place


@each_row(("status", "code"), [(429, 10028), (503, 11051), (401, 13009), (502, 13028)])
def test_an_error_stands_in_with_the_id_of_the_call(status: int, code: int) -> None:
    sandbox, socket = faulty(f"name: f, match: {{operation: {POSITIONS}}}, then: {{status: {status}}}")
    [told] = positions(socket)
    assert (told["id"], told["error"]["code"]) == (2, code)
    assert (told["usDiff"], told["testnet"]) == (100, True)
    frame = last(sandbox)
    assert (frame.kind, frame.fault, frame.stub) == ("error", "f", None)
    assert frame.note == f"the fault f answered {status}: the exchange was not asked"
    assert code_of(socket.say("public/test")) is None


def test_at_signalplus_too() -> None:
    _sandbox, socket = at_signalplus("name: f, match: {account: gina}, times: 1, then: {status: 503}")
    [told] = positions(socket)
    assert (told["rid"], told["error"]["code"]) == (2, 13028)
    assert code_of(positions(socket)) is None
    assert len(socket.connection.session.subscriptions) == 1, "an answer ends none"


def test_what_a_fault_answered_never_reached_the_session() -> None:
    sandbox = make(WORLD)
    socket = Socket(sandbox, Request("GET", "/ws/api/v2"))
    install(sandbox, "name: f, match: {operation: public/auth}, times: 1, then: {status: 503}")
    assert code_of(log_in(socket)) == 11051
    assert socket.connection.account is None
    assert code_of(positions(socket)) == 13009
    assert code_of(log_in(socket)) is None
    install(sandbox, "name: g, match: {operation: private/subscribe}, times: 1, then: {status: 503}")
    assert code_of(socket.say("private/subscribe", channels=[CHANGES])) == 11051
    assert not socket.connection.session.channels
    assert socket.say("private/subscribe", channels=[CHANGES])[0]["result"] == [CHANGES]


def test_a_rate_is_counted_together_with_requests_over_http() -> None:
    sandbox, socket = faulty("then: {rate_limit: {requests: 2, per: 1s, clock: exchange}}")
    assert code_of(positions(socket)) is None
    assert ask(sandbox, of_deribit(sandbox)).status == 200
    assert code_of(positions(socket)) == 10028
    assert ask(sandbox, of_deribit(sandbox)).status == 400
    run(sandbox.advance(SECOND))
    assert code_of(positions(socket)) is None


def test_two_accounts_have_two_buckets() -> None:
    sandbox, socket = faulty("then: {rate_limit: {requests: 1, per: 1s, clock: exchange}}")
    other = signalplus_stream(sandbox)
    assert [code_of(positions(one)) for one in (socket, other, socket, other)] == [None, None, 10028, 10028]


# --- what is matched


def test_calls_and_requests_are_counted_by_one_rule() -> None:
    sandbox, socket = faulty(f"match: {{operation: {POSITIONS}, nth: 3}}, then: {{status: 503}}")
    assert code_of(positions(socket)) is None
    assert ask(sandbox, of_deribit(sandbox)).status == 200
    assert code_of(positions(socket)) == 11051
    assert code_of(positions(socket)) is None


@each_row(
    ("match", "is_found"),
    [
        ("operation: private/*", True),
        ("operation: public/*", False),
        ("account: dora", True),
        ("account: gina", False),
        ("method: POST", True),
        ("method: GET", False),
        ("path: /ws/api/v2", True),
        ("path: '*/ws/*'", True),
        ("path: /api/v2/*", False),
        ("path: /api/v2*", False),
        ("every: 2", False),
        ("from: 1m", False),
    ],
)
def test_a_call_is_a_post_to_the_path_of_its_stream(match: str, is_found: bool) -> None:
    _, socket = faulty(f"match: {{{match}}}, then: {{status: 503}}")
    assert code_of(positions(socket)) == (11051 if is_found else None)


def test_a_rule_of_the_streams_path_is_not_for_http() -> None:
    sandbox, _ = faulty("match: {path: /ws/api/v2}, then: {status: 503}")
    assert ask(sandbox, of_deribit(sandbox)).status == 200


def test_streams_of_signalplus_have_the_paths_that_they_were_opened_at() -> None:
    _, socket = at_signalplus("match: {path: /signalplus/ws/private}, then: {status: 503}")
    assert code_of(positions(socket)) == 13028
    _, socket = at_signalplus("match: {path: /signalplus/ws/api}, then: {status: 503}")
    assert code_of(positions(socket)) is None


def test_the_account_of_a_call_may_come_from_its_own_token() -> None:
    """The account of a call comes from its own token, and that of a login from the key."""
    sandbox, socket = faulty("match: {account: dora}, then: {status: 503}")
    fresh = Socket(sandbox, Request("GET", "/ws/api/v2"))
    assert code_of(fresh.say("public/get_time")) is None
    assert code_of(log_in(fresh)) == 11051
    token = json.loads(socket.frames[0])["result"]["access_token"]
    assert code_of(fresh.say(POSITIONS, access_token=token)) == 11051


def test_a_frame_that_is_no_call_has_no_operation() -> None:
    sandbox, socket = faulty(f"match: {{operation: {POSITIONS}}}, then: {{status: 503}}")
    socket.connection.receive(b"{")
    assert socket.told[-1]["error"]["code"] == -32700
    install(sandbox, "match: {account: dora}, then: {status: 503}")
    for raw in (
        b"{",
        b"[]",
        b"\xff",
        b'{"id": 1, "method": "public/test", "params": [], "x": "' + b"a" * 40_000 + b'"}',
    ):
        socket.connection.receive(raw)
        assert socket.told[-1]["error"]["code"] == 11051, "the stream says whose it is"


def test_commands_of_kalshi_are_no_calls() -> None:
    sandbox = make(SMALL)
    install(sandbox, "then: {status: 503}", "then: {delay: 1s}")
    [told] = Reader(sandbox).subscribe("fill")
    assert told["type"] == "subscribed"
    assert [one.matched for one in sandbox.faults] == [0, 0]


def test_where_nothing_is_installed_nothing_looks() -> None:
    sandbox, _ = faulty("name: f, then: {status: 503}")
    looks = [sandbox.streams.answer_call is not None]
    run(sandbox.faults.remove("f"))
    looks.append(sandbox.streams.answer_call is not None)
    install(sandbox, "then: {late_ack: 1s}", "then: {refuse: 502}")
    looks.append(sandbox.streams.answer_call is not None)
    assert looks == [True, False, False]


# --- an answer of another time, of fewer rows, edited


def test_a_stale_answer_is_of_before() -> None:
    sandbox, socket = faulty(f"match: {{operation: {POSITIONS}}}, then: {{stale: 5s}}")
    before = marks(positions(socket))
    do(sandbox, MarkDerivative(derivative="BTC-PERPETUAL", price=Decimal(1)))
    assert marks(positions(socket)) == before
    run(sandbox.advance(6 * SECOND))
    assert marks(positions(socket)) == [1]


def test_a_stale_answer_at_signalplus() -> None:
    sandbox, socket = at_signalplus("then: {stale: 5s}")
    [before] = positions(socket)
    do(sandbox, MarkDerivative(derivative="BTC-17OCT25", price=Decimal(1)))
    assert positions(socket)[0]["result"] == before["result"]
    run(sandbox.advance(6 * SECOND))
    assert positions(socket)[-1]["result"] != before["result"]


def test_what_is_subscribed_to_is_as_of_now() -> None:
    _sandbox, socket = faulty("then: {stale: 1h}")
    assert log_in(socket)[0]["result"]["token_type"] == "bearer"
    assert socket.say("private/subscribe", channels=[CHANGES])[0]["result"] == [CHANGES]
    assert socket.connection.account == "dora"


def test_a_limit_of_rows_is_asked_for() -> None:
    sandbox, socket = faulty("match: {nth: 2}, then: {page_size: 1}")
    do(sandbox, BUY)
    told = [socket.say("private/get_user_trades_by_currency", currency="BTC", count=50)[0] for _ in range(2)]
    assert [len(one["result"]["trades"]) for one in told] == [2, 1]


def test_a_clock_offset_refuses_a_login_and_its_diagnosis_names_the_fault() -> None:
    sandbox, socket = faulty("name: f, match: {operation: public/auth}, then: {clock_offset: 5m}")
    said = {"timestamp": sandbox.options.host() // 1_000, "signature": "0" * 64, "nonce": ""}
    assert code_of(log_in(socket, grant_type="client_signature", **said)) == 13004
    assert last(sandbox).note.endswith("(the fault f moved the server's clock by 5m)")


def test_a_moved_clock_lets_tokens_expire_and_the_stream_be() -> None:
    host = Host()
    _sandbox, socket = faulty("match: {operation: private/*}, then: {clock_offset: 3000d}", host=host)
    assert code_of(positions(socket)) == 13009
    assert socket.connection.session.wakes_at == host.now + 600 * SECOND, "the idle time is the host's"


@each_row(
    ("effect", "wanted"),
    [
        ("duplicate_row: true", 2),
        ("no_rows: true", 0),
        ("body: {id: 1, result: []}", 0),
    ],
)
def test_a_body_is_edited(effect: str, wanted: int) -> None:
    sandbox, socket = faulty(f"name: f, then: {{{effect}}}")
    [told] = positions(socket)
    assert len(told["result"]) == wanted
    assert (last(sandbox).kind, last(sandbox).fault) == ("result", "f")


def test_half_a_document_is_a_frame_of_text() -> None:
    """An incomplete UTF-8 character is not text."""
    sandbox, socket = faulty("then: {truncate_json}", "then: {body: éééé}")
    socket.connection.receive(b'{"id": 1, "method": "public/test"}')
    assert socket.connection.outbox.pop_frames(1 << 20) == ["éé".encode()]
    run(sandbox.faults.remove("fault-2"))
    install(sandbox, "then: {body: éé€}")
    socket.connection.receive(b'{"id": 1, "method": "public/test"}')
    assert socket.connection.outbox.pop_frames(1 << 20) == ["é".encode()], "half of 7 bytes"


@each_row(
    ("effect", "words"),
    [
        ("legacy: absent", "found nothing to edit in this answer"),
        ("cursor: absent", "found nothing to edit in this answer"),
        ("trickle: 10", "found nothing to slow down: a frame comes whole"),
        ("content_type: text/html", "found no content type to set: a frame has none"),
        ("body: x, content_type: text/html", "found no content type to set: a frame has none"),
        ("cut_after: 5000", "found nothing to cut off this answer"),
        ("status: 503, headers: {Retry-After: 1}", "found no head for its headers: a frame has none"),
    ],
)
def test_an_effect_without_anything_to_act_on_adds_a_finding(effect: str, words: str) -> None:
    sandbox, socket = faulty(f"name: f, then: {{{effect}}}")
    socket.connection.receive(b'{"id": 1, "method": "public/test"}')
    assert last(sandbox).note.endswith(f"the fault f {words}")
    assert last(sandbox).fault == "f"


# --- what is told


def test_firings_have_connection_and_frame() -> None:
    sandbox, socket = faulty("name: f, match: {operation: private/*}, then: {status: 503}")
    positions(socket)
    [firing] = sandbox.journal.firings
    command = last(sandbox, "in")
    assert firing.detail == {"connection": 1, "frame": sandbox.journal.frame_count - 1, "then": "status"}
    assert (command.raw[:9], command.fault) == (b'{"id": 2,', "f")
    assert sandbox.journal.counters.fired == {"status": 1}


def test_a_subscription_whose_answer_is_late_is_one() -> None:
    heard: list[str] = []
    sandbox, socket = faulty("then: {delay: 1s}")
    sandbox.streams.on_subscribed = lambda connection, channel: heard.append(channel)
    socket.say("private/subscribe", channels=[CHANGES])
    assert heard == ["user.changes"]


def test_steps_are_set_off_by_what_a_fault_answered_too() -> None:
    when = f"{{request: {{operation: {POSITIONS}, account: dora}}}}"
    text = f"{WORLD}script:\n  - {{when: {when}, announce: {{message: x}}}}\n"
    sandbox, socket = faulty("match: {operation: private/*}, then: {status: 503}", text=text)
    positions(socket)
    run(sandbox.run_due())
    assert [one.name for one in sandbox.journal.firings if one.kind == "script"]
