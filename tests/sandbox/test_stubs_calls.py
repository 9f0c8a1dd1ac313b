"""Stubs for calls of streams: matching, authentication, and journal."""

import json
from base64 import b64encode
from typing import Any

from mockexchange.sandbox.options import Inspector
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.venues.request import Request
from tests.faults.stream_calls import CHANGES, POSITIONS, code_of, last, log_in
from tests.faults.stream_calls import install as install_faults
from tests.helpers.derivatives import WORLD, Socket, ask, credential_of, deribit_stream, of_deribit, signalplus_stream
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import make, run
from tests.sandbox.stubs import install

BUY = "private/withdraw"
Plain = dict[str, Any]


def stubbed(*texts: str, **options: Any) -> tuple[Sandbox, Socket]:
    sandbox = make(WORLD, **options)
    socket = deribit_stream(sandbox)
    install(sandbox, *texts)
    return sandbox, socket


def counts(sandbox: Sandbox) -> list[tuple[int, int]]:
    return [(one.matched, one.answered) for one in sandbox.stubs]


def test_a_method_that_is_not_emulated_is_answered_in_the_venues_envelope() -> None:
    sandbox, socket = stubbed(
        f"name: bought, request: deribit {BUY}, result: {{order: {{order_id: '1', price: 1.50}}}}"
    )
    socket.connection.receive(b'{"id": 1.50, "method": "private/withdraw", "params": {"amount": 10}}')
    [raw] = socket.connection.outbox.pop_frames(1 << 20)
    assert raw.startswith(b'{"jsonrpc":"2.0","id":1.50,"result":{"order":{"order_id":"1","price":1.50}},"usIn":')
    assert counts(sandbox) == [(1, 1)]
    command, answer = last(sandbox, "in"), last(sandbox)
    assert (command.stub, answer.stub) == ("bought", "bought")
    assert (command.fault, answer.fault, answer.kind, answer.note) == (None, None, "result", "")
    assert sandbox.journal.counters.stubbed == 1


def test_at_signalplus_too() -> None:
    sandbox = make(WORLD)
    socket = signalplus_stream(sandbox)
    install(sandbox, f"request: signalplus {POSITIONS}, result: [1.50]")
    socket.connection.receive(b'{"rid": 12345678901234567890, "method": "private/get_positions", "params": {}}')
    assert socket.connection.outbox.pop_frames(1 << 20) == [b'{"rid":12345678901234567890,"result":[1.50]}']
    assert last(sandbox, "in").stub == "stub-1"


def test_it_is_for_requests_over_http_as_well_and_times_counts_both() -> None:
    sandbox, socket = stubbed(f"request: deribit {POSITIONS}, result: [], times: 2")
    assert socket.say(POSITIONS, currency="any")[0]["result"] == []
    assert json.loads(ask(sandbox, of_deribit(sandbox)).body)["result"] == []
    assert socket.say(POSITIONS, currency="any")[0]["result"]
    assert counts(sandbox) == [(2, 2)]


def test_a_path_is_of_http_alone() -> None:
    sandbox, socket = stubbed("request: POST /api/v2, json: {}", "request: POST /api/v2*, json: {}")
    assert code_of(socket.say("public/test")) is None
    assert counts(sandbox) == [(0, 0), (0, 0)]


def test_params_have_to_be_as_wanted() -> None:
    _, socket = stubbed(
        f"request: deribit {BUY}, query: {{instrument_name: A, amount: 10, post_only: true}}, result: 1"
    )
    assert socket.say(BUY, instrument_name="A", amount=10, post_only=True, more=[1])[0]["result"] == 1
    assert code_of(socket.say(BUY, instrument_name="A", amount=11, post_only=True)) == -32601


def test_another_venues_method_is_another() -> None:
    _, socket = stubbed(f"request: signalplus {POSITIONS}, result: 1")
    assert socket.say(POSITIONS, currency="any")[0]["result"] != 1


# --- who gets it


def test_a_private_method_needs_a_login_and_a_refusal_is_the_venues() -> None:
    sandbox = make(WORLD)
    install(sandbox, f"name: bought, request: deribit {BUY}, result: 1, times: 1")
    socket = Socket(sandbox, Request("GET", "/ws/api/v2"))
    assert code_of(socket.say(BUY)) == 13009
    refused = last(sandbox)
    assert (refused.kind, refused.stub) == ("error", "bought")
    assert "send the access_token of public/auth" in refused.note
    log_in(socket)
    assert socket.say(BUY)[0]["result"] == 1
    assert counts(sandbox) == [(2, 1)]
    assert sandbox.journal.counters.stubbed == 1


def test_a_token_of_the_call_counts_more_than_the_streams() -> None:
    _, socket = stubbed(f"request: deribit {BUY}, result: 1")
    assert code_of(socket.say(BUY, access_token="none")) == 13009
    assert socket.say(BUY)[0]["result"] == 1


def test_a_token_that_has_expired_is_refused() -> None:
    now = [1_780_000_000_000_000]
    _, socket = stubbed(f"request: deribit {BUY}, result: 1", host=lambda: now[0])
    now[0] += 3_000 * 86_400 * 1_000_000
    assert code_of(socket.say(BUY)) == 13009


@each_row(("signed", "code"), [("true", 13009), ("false", None)])
def test_a_stub_can_require_a_signature(signed: str, code: int | None) -> None:
    sandbox = make(WORLD)
    install(sandbox, f"request: deribit public/new, result: 1, signed: {signed}", f"request: deribit {BUY}, result: 2")
    socket = Socket(sandbox, Request("GET", "/ws/api/v2"))
    assert code_of(socket.say("public/new")) == code
    log_in(socket)
    assert socket.say("public/new")[0]["result"] == 1


def test_scopes_are_not_looked_at() -> None:
    sandbox = make(WORLD.replace("cash: {BTC: 1.5},", "cash: {BTC: 1.5}, keys: {main: {scopes: ['account:read']}},"))
    socket = deribit_stream(sandbox)
    install(sandbox, f"request: deribit {BUY}, result: 1")
    assert socket.say(BUY)[0]["result"] == 1


# --- what it is


def test_the_session_is_not_asked() -> None:
    _, socket = stubbed(
        "request: deribit private/subscribe, result: [a]", "request: deribit private/logout, result: bye"
    )
    assert socket.say("private/subscribe", channels=[CHANGES])[0]["result"] == ["a"]
    assert not socket.connection.session.channels
    assert socket.say("private/logout")[0]["result"] == "bye"
    assert socket.closed is None


@each_row(
    ("body", "raw", "kind"),
    [
        ("json: {id: 7, result: 1.50}", b'{"id":7,"result":1.50}', "result"),
        ("status: 400, json: {error: {code: 10009}}", b'{"error":{"code":10009}}', "error"),
        ("text: hello", b"hello", "result"),
        (f"body_base64: {b64encode(bytes([0xC3, 0xA9, 0xFF, 0x61])).decode()}", b"\xc3\xa9a", "result"),
        ("status: 204", b"", "result"),
        ("headers: {X-A: b}, text: x", b"x", "result"),
    ],
)
def test_a_body_goes_out_as_a_frame_of_text(body: str, raw: bytes, kind: str) -> None:
    """A text frame is UTF-8; other bytes are left out."""
    sandbox, socket = stubbed(f"request: deribit {BUY}, {body}")
    socket.connection.receive(b'{"id": 1, "method": "private/withdraw"}')
    assert socket.connection.outbox.pop_frames(1 << 20) == [raw]
    assert last(sandbox).kind == kind


def test_an_operation_that_is_emulated_sets_steps_off() -> None:
    asked: list[Any] = []
    sandbox, socket = stubbed(f"request: deribit {POSITIONS}, result: []", f"request: deribit {BUY}, result: []")
    sandbox.streams.on_operation = lambda account, operation: asked.append((account, operation))
    socket.say(BUY)
    socket.say(POSITIONS)
    socket.say(POSITIONS, access_token="none")
    assert asked == [("dora", POSITIONS)]


def test_where_none_is_left_nothing_looks() -> None:
    sandbox, _ = stubbed(f"name: s, request: deribit {BUY}, result: 1")
    looks = [sandbox.streams.answer_call is not None]
    run(sandbox.stubs.clear())
    assert [*looks, sandbox.streams.answer_call is not None] == [True, False]


# --- with faults


def test_faults_come_first_and_change_a_stubs_answer_too() -> None:
    sandbox, socket = stubbed(f"name: s, request: deribit {BUY}, result: [[1], [2]]")
    install_faults(sandbox, "name: f, times: 1, then: {status: 503}", "name: g, then: {delay: 1s}")
    socket.say(BUY)
    assert counts(sandbox) == [(0, 0)]
    socket.say(BUY)
    socket.ring()
    assert [code_of([one]) for one in socket.told[-2:]] == [11051, None]
    assert (last(sandbox).fault, last(sandbox).stub) == ("g", "s")
    assert counts(sandbox) == [(1, 1)]


def test_what_is_no_json_is_not_edited() -> None:
    sandbox, socket = stubbed(f"request: deribit {BUY}, text: nothing")
    install_faults(sandbox, "name: f, then: {duplicate_row}")
    socket.connection.receive(b'{"id": 1, "method": "private/withdraw"}')
    assert last(sandbox).note == "the fault f found nothing to edit in this answer"


def test_a_self_check_passes_over_it_and_over_what_a_fault_made() -> None:
    seen: list[bytes] = []

    class Recorder(Inspector):
        def check_answer(self, *args: Any, **more: Any) -> list[str]:
            return []

        def check_frame(self, venue: str, day: str | None, raw: bytes) -> list[str]:
            seen.append(raw)
            return ["looked at"]

    sandbox, socket = stubbed(f"request: deribit {BUY}, text: odd", inspector=Recorder())
    install_faults(sandbox, f"match: {{operation: {POSITIONS}}}, then: {{body: odd}}")
    seen.clear()
    socket.connection.receive(b'{"id": 1, "method": "private/withdraw"}')
    socket.connection.receive(b'{"id": 2, "method": "private/get_positions", "params": {"currency": "any"}}')
    assert not seen
    socket.connection.receive(b'{"id": 3, "method": "public/test"}')
    assert len(seen) == 1
    assert last(sandbox).note == "looked at"


def test_a_secret_of_the_wrong_account_is_no_login() -> None:
    sandbox, _ = stubbed(f"request: deribit {BUY}, result: 1")
    socket = Socket(sandbox, Request("GET", "/ws/api/v2"))
    gina = credential_of(sandbox, "gina")
    assert code_of(log_in(socket, client_id=gina.key_id)) == 13004
    assert code_of(socket.say(BUY)) == 13009
