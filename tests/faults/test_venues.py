"""Faults at several venues: claimed keys, substituted answers and edits follow each venue."""

import json
from decimal import Decimal
from typing import Any

import pytest

from mockexchange.core.commands import MarkDerivative, TradeDerivative
from mockexchange.core.derivatives.vocabulary import Direction
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.faults.preset_rules import load_preset
from mockexchange.sandbox import journal
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.fault_rules import FAULT
from mockexchange.scenario.located_text import read_yaml
from mockexchange.venues.registry import STREAM_PATHS, VENUES
from mockexchange.venues.request import Request
from tests.helpers.derivatives import (
    WORLD,
    Socket,
    ask,
    deribit_stream,
    of_deribit,
    of_signalplus,
    result,
    signalplus_stream,
)
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import WALL, do, make, run, signed

SECOND = 1_000_000
CHANGES = "user.changes.any.any.raw"
BUY = TradeDerivative(
    subaccount_ref=SubaccountRef("dora"),
    derivative="BTC-PERPETUAL",
    direction=Direction.BUY,
    amount=Decimal(10),
    price=Decimal(113_000),
)


def faulty(*rules: str, text: str = WORLD) -> Sandbox:
    sandbox = make(text)
    for rule in rules:
        run(sandbox.faults.install(FAULT.read(read_yaml(f"{{{rule}}}", "f"), "")))
    return sandbox


def document(sandbox: Sandbox, request: Request) -> Any:
    return json.loads(ask(sandbox, request).body)


def test_a_rule_of_an_operation_is_for_every_venue_that_has_it() -> None:
    sandbox = faulty("match: {operation: private/get_positions}, then: {status: 503}")
    assert [ask(sandbox, one(sandbox)).status for one in (of_deribit, of_signalplus, signed)] == [503, 503, 200]
    assert ask(sandbox, Request("GET", "/api/v2/public/get_time")).status == 200


@each_row("request_of", [of_deribit, of_signalplus])
def test_the_journal_has_a_page_as_a_fault_changed_it(request_of: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "SHARED_BYTES_MIN", 1)
    sandbox = faulty("then: {truncate_json}")
    answer = ask(sandbox, request_of(sandbox))
    assert answer.page is not None
    assert [entry.answer for entry in sandbox.journal] == [answer.body]


def test_an_operation_may_be_matched_by_its_prefix() -> None:
    sandbox = faulty("match: {operation: private/*}, then: {status: 503}")
    assert [ask(sandbox, one(sandbox)).status for one in (of_deribit, of_signalplus, signed)] == [503, 503, 200]
    assert ask(sandbox, Request("GET", "/api/v2/public/get_time")).status == 200


def test_maintenance_is_of_every_venue_and_of_what_is_private_there() -> None:
    sandbox = make(WORLD)
    for rule in load_preset("maintenance"):
        run(sandbox.faults.install(rule))
    assert [ask(sandbox, one(sandbox)).status for one in (of_deribit, of_signalplus, signed)] == [503, 503, 503]
    body = b'{"jsonrpc":"2.0","id":1,"method":"private/get_positions"}'
    assert ask(sandbox, Request("POST", "/api/v2", body=body)).status == 503
    public = ("/api/v2/public/get_time", "/trade-api/v2/exchange/status")
    assert [ask(sandbox, Request("GET", path)).status for path in public] == [200, 200]


def test_what_stands_in_is_an_answer_of_the_venue() -> None:
    sandbox = faulty("then: {status: 503}")
    assert "error" in document(sandbox, of_deribit(sandbox))
    assert "error" in document(sandbox, of_signalplus(sandbox))
    answer = ask(sandbox, of_deribit(sandbox))
    assert (answer.account, answer.operation) == ("dora", "private/get_positions")
    assert "the exchange was not asked" in (answer.diagnosis or "")


def test_too_many_requests_are_refused_as_the_venue_refuses_them() -> None:
    """Nearly every error of Deribit is a 400 [wire]; a fault can still answer another status."""
    sandbox = faulty("then: {rate_limit: {requests: 1, per: 100s}}")
    fronts = (of_deribit, of_signalplus, signed)
    assert [ask(sandbox, one(sandbox)).status for one in fronts] == [200, 200, 200]
    refused = [ask(sandbox, one(sandbox)) for one in fronts]
    assert [answer.status for answer in refused] == [400, 400, 429]
    assert [json.loads(answer.body)["error"]["code"] for answer in refused[:2]] == [10028, 10028]
    assert "answered 400" in (refused[0].diagnosis or "")
    asked = faulty("then: {status: 429}")
    assert ask(asked, of_deribit(asked)).status == 429


def test_what_stands_in_is_an_answer_to_the_request() -> None:
    """Clients that match answers by id get the right id."""
    sandbox = faulty("then: {status: 503}")
    told = document(sandbox, Request("POST", "/api/v2", "", (), b'{"id": 1.50, "method": "public/test"}'))
    assert sandbox.answer(Request("POST", "/api/v2", "", (), b'{"id": 1.50}'))[0].body.startswith(
        b'{"jsonrpc":"2.0","id":1.50,"error":'
    )
    assert (told["usIn"], told["usDiff"], told["testnet"]) == (sandbox.options.host(), 100, True)
    assert document(sandbox, of_signalplus(sandbox))["rid"] == 1234567890123456789
    for path, name in (("/api/v2", "id"), ("/signalplus/api", "rid")):
        unread = document(sandbox, Request("POST", path, "", (), b"{"))
        assert (unread.get(name), unread["error"]["code"]) == (None, {"id": 11051, "rid": 13028}[name])


@each_row(("account", "wanted"), [("dora", [503, 200]), ("gina", [200, 503])])
def test_a_rule_of_an_account_goes_by_the_key_that_is_claimed(account: str, wanted: list[int]) -> None:
    sandbox = faulty(f"match: {{account: {account}}}, then: {{status: 503}}")
    assert [ask(sandbox, one(sandbox)).status for one in (of_deribit, of_signalplus)] == wanted


def test_a_rule_of_a_path_is_for_one_venue() -> None:
    sandbox = faulty("match: {path: /api/v2/*}, then: {status: 500}")
    assert [ask(sandbox, one(sandbox)).status for one in (of_deribit, of_signalplus)] == [500, 200]


def test_a_row_is_there_twice_in_the_result() -> None:
    sandbox = faulty("then: {duplicate_row}")
    rows = result(sandbox, of_deribit(sandbox))
    assert len(rows) == 2
    assert rows[0] == rows[1]
    assert len(result(sandbox, of_signalplus(sandbox))) == 2


@each_row("effect", ["legacy: absent", "cursor: absent", "duplicate_row"])
def test_where_there_is_nothing_to_edit_that_is_found(effect: str) -> None:
    sandbox = faulty(f"name: f, then: {{{effect}}}")
    answer = ask(sandbox, Request("GET", "/api/v2/public/get_time"))
    assert answer.status == 200
    assert answer.findings == ["the fault f found nothing to edit in this answer"]


def test_a_stale_answer_is_old_but_its_request_is_authenticated_now() -> None:
    sandbox = faulty("then: {stale: 5s}")
    [before] = result(sandbox, of_deribit(sandbox))
    do(sandbox, MarkDerivative(derivative="BTC-PERPETUAL", price=Decimal(1)))
    assert result(sandbox, of_deribit(sandbox)) == [before]
    assert ask(sandbox, of_deribit(sandbox, at=WALL - 3_600 * SECOND)).status == 400
    run(sandbox.advance(6 * SECOND))
    [after] = result(sandbox, of_deribit(sandbox))
    assert after["mark_price"] == 1


def test_a_clock_offset_refuses_signatures_and_its_diagnosis_names_the_fault() -> None:
    sandbox = faulty("name: f, then: {clock_offset: 5m}")
    for request in (of_deribit(sandbox), of_signalplus(sandbox)):
        answer = ask(sandbox, request)
        assert answer.status in (400, 401)
        assert "(the fault f moved the server's clock by 5m)" in (answer.diagnosis or "")


def test_a_limit_of_rows_is_asked_for_in_the_venues_way() -> None:
    sandbox = faulty("then: {page_size: 1}")
    do(sandbox, BUY)
    path = "/api/v2/private/get_user_trades_by_currency"
    request = Request("GET", path, "currency=BTC", credentials(sandbox))
    assert len(result(sandbox, request)["trades"]) == 1


def credentials(sandbox: Sandbox) -> tuple[tuple[bytes, bytes], ...]:
    """Return a token, which is independent of the rest of the request."""
    [granted] = deribit_stream(sandbox).told
    return ((b"authorization", f"Bearer {granted['result']['access_token']}".encode()),)


def test_a_handshake_is_refused_in_the_venues_way() -> None:
    sandbox = faulty("match: {operation: OpenStream}, then: {refuse: 502}")
    handshake, _ = sandbox.shake_hands(Request("GET", "/ws/api/v2"))
    assert handshake.session is None
    assert handshake.answer.status == 502
    assert "error" in json.loads(handshake.answer.body)


@each_row("path", list(STREAM_PATHS))
def test_a_handshake_is_answered_with_any_status_headers_and_text(path: str) -> None:
    sandbox = faulty(
        "match: {nth: 1}, then: {refuse: 429, headers: {Retry-After: 2}}",
        "match: {nth: 2}, then: {refuse: 403, body: <html>blocked</html>, content_type: text/html}",
    )
    limited, blocked, granted = (sandbox.shake_hands(Request("GET", path))[0].answer for _ in range(3))
    assert (limited.status, limited.headers) == (429, ((b"retry-after", b"2"),))
    assert "error" in json.loads(limited.body)
    assert (blocked.status, blocked.headers, blocked.body) == (
        403,
        ((b"content-type", b"text/html"),),
        b"<html>blocked</html>",
    )
    assert granted.fault is None


def test_an_edge_that_blocks_answers_every_venue_with_its_page_and_leaves_streams_open() -> None:
    sandbox = faulty()
    socket = deribit_stream(sandbox)
    for rule in load_preset("blocked-edge"):
        run(sandbox.faults.install(rule))
    answers = [sandbox.answer(Request("GET", path))[0] for path in (f"{venue.prefix}/any" for venue in VENUES.values())]
    answers += [sandbox.shake_hands(Request("GET", path))[0].answer for path in STREAM_PATHS]
    assert {(answer.status, dict(answer.headers)[b"content-type"]) for answer in answers} == {
        (403, b"text/html; charset=UTF-8")
    }
    assert all(b"blocked" in answer.body for answer in answers)
    assert "result" in socket.say("private/get_positions", currency="BTC")[0]


@each_row("opened", [deribit_stream, signalplus_stream])
def test_frames_are_lost_and_sent_twice_by_the_channel_that_scenarios_know(opened: Any) -> None:
    sandbox = faulty(
        "match: {channel: user.changes, nth: 1}, then: {gap}",
        "match: {channel: user.changes, nth: 2}, then: {duplicate}",
    )
    account = "dora" if opened is deribit_stream else "gina"
    socket: Socket = opened(sandbox, CHANGES)
    already = len(socket.told)
    for _ in range(2):
        do(
            sandbox,
            TradeDerivative(
                **{name: getattr(BUY, name) for name in ("derivative", "direction", "amount", "price")},
                subaccount_ref=SubaccountRef(account),
            ),
        )
    new = socket.told[already:]
    assert len(new) == 2
    assert new[0] == new[1]


def test_a_script_hears_of_every_venue() -> None:
    text = (
        WORLD
        + """
script:
  - {name: asked, when: {request: {account: dora, operation: private/get_positions}}, announce: {message: x}}
  - {name: again, when: {request: {account: dora, nth: 2}}, announce: {message: x}}
  - {name: read, when: {subscribed: {account: gina, channel: user.changes}}, announce: {message: y}}
"""
    )
    sandbox = make(text)
    assert ask(sandbox, of_deribit(sandbox, at=0)).account == "dora", "who it says it is: nobody, to a script"
    ask(sandbox, of_deribit(sandbox))
    signalplus_stream(sandbox, CHANGES)
    run(sandbox.run_due())
    assert [record.cause.step for record in sandbox.log if record.cause] == ["asked", "read"]
