"""Stubs of a sandbox: matching, authentication, counts and log."""

import json
from typing import Any

import pytest

from mockexchange.core.commands import Note
from mockexchange.sandbox import stubs
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.sandbox.stubs import STUBS_MAX, StubError
from mockexchange.scenario.fault_rules import FAULT
from mockexchange.scenario.located_text import read_yaml
from mockexchange.scenario.stubs import STUB
from mockexchange.venues.request import Request
from tests.helpers.derivatives import WORLD, ask, of_deribit, of_signalplus
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import POSITIONS, PREFIX, SMALL, make, run, signed
from tests.sandbox.stubs import NOT_EMULATED, PLAIN, call, install, statuses, stubbed


def notes(sandbox: Sandbox) -> list[Any]:
    return [json.loads(one.command.text) for one in sandbox.log if isinstance(one.command, Note)]


def test_a_generated_name_is_unused() -> None:
    sandbox = make()
    given_ = [f"name: stub-{number}, request: GET {NOT_EMULATED}, status: 20{number}" for number in (3, 4)]
    assert install(sandbox, *given_, f"request: GET {PREFIX}/a, status: 299") == ["stub-3", "stub-4", "stub-5"]
    assert install(sandbox, f"request: GET {PREFIX}/b, status: 298") == ["stub-6"]
    assert [one.stub.status for one in sandbox.stubs] == [203, 204, 299, 298]


# --- what is answered


def test_a_route_that_is_not_emulated_is_answered() -> None:
    sandbox = stubbed(
        f"name: none, request: GET {NOT_EMULATED}, json: {{milestones: [], cursor: ''}}, headers: {{X-A: b}}"
    )
    answer, entry = sandbox.answer(PLAIN)
    assert (answer.status, answer.body) == (200, b'{"milestones":[],"cursor":""}')
    assert answer.headers == ((b"x-a", b"b"),)
    assert (entry.stub, entry.venue, entry.refusal, entry.operation) == ("none", "kalshi", None, None)
    assert (answer.diagnosis, answer.diagnose) == (None, None)


def test_a_route_that_is_emulated_is_answered_and_named() -> None:
    sandbox = stubbed(f"request: GET {POSITIONS}, status: 418, text: short")
    answer, entry = sandbox.answer(signed(sandbox))
    assert (answer.status, answer.body, answer.operation, answer.account) == (418, b"short", "GetPositions", "alice")
    assert entry.key_id == answer.key_id != None  # noqa: E711  # both at once


@each_row(
    ("wanted", "request_", "is_for"),
    [
        (f"GET {NOT_EMULATED}", Request("HEAD", NOT_EMULATED), True),
        (f"GET {NOT_EMULATED}", Request("POST", NOT_EMULATED), False),
        (f"POST {NOT_EMULATED}", Request("GET", NOT_EMULATED), False),
        (f"GET {NOT_EMULATED}", Request("GET", f"{NOT_EMULATED}/"), False),
        (f"GET {NOT_EMULATED}", Request("GET", f"{PREFIX}/margin/bal%61nce"), True),
        (f"GET {PREFIX}/margin/bal%61nce", PLAIN, True),
        (f"GET {PREFIX}/*", Request("GET", f"{PREFIX}/a/b/c"), True),
        (f"GET {PREFIX}/*/c", Request("GET", f"{PREFIX}/a/b/c"), True),
        (f"GET {PREFIX}/*/d", Request("GET", f"{PREFIX}/a/b/c"), False),
        ("GET /v1/log", Request("GET", "/v1/log"), True),
        ("PATCH /api/v2/public/a", Request("PATCH", "/api/v2/public/a"), True),
    ],
)
def test_which_requests_it_is_for(wanted: str, request_: Request, is_for: bool) -> None:
    sandbox = stubbed(f"request: {wanted}, status: 299")
    assert (ask(sandbox, request_).status == 299) is is_for


@each_row(
    ("query", "is_for"),
    [
        ("limit=5&cursor=", True),
        ("cursor=&limit=5&more=1", True),
        ("limit=4&cursor=&limit=5", True),
        ("limit=5&cursor=&limit=4", False),
        ("limit=5", False),
        ("limit=05&cursor=", False),
        ("%6Cimit=%35&cursor=", True),
        ("", False),
    ],
)
def test_the_query_is_looked_at_in_part(query: str, is_for: bool) -> None:
    sandbox = stubbed(f"request: GET {NOT_EMULATED}, query: {{limit: 5, cursor: ''}}")
    assert (ask(sandbox, Request("GET", NOT_EMULATED, query)).status == 200) is is_for


def test_the_one_installed_last_answers_and_one_that_is_spent_lets_the_others() -> None:
    sandbox = stubbed(
        f"request: GET {NOT_EMULATED}, status: 201",
        f"request: GET {PREFIX}/*, status: 202, times: 2",
        f"request: GET {NOT_EMULATED}, query: {{a: 1}}, status: 203",
    )
    assert statuses(sandbox, PLAIN, Request("GET", NOT_EMULATED, "a=1"), PLAIN, PLAIN) == [202, 203, 202, 201]
    assert [(one.matched, one.answered, one.is_spent) for one in sandbox.stubs] == [
        (1, 1, False),
        (2, 2, True),
        (1, 1, False),
    ]


def test_one_of_the_same_name_takes_the_place_and_is_the_last_then() -> None:
    sandbox = stubbed(
        f"name: a, request: GET {NOT_EMULATED}, times: 1", f"name: b, request: GET {NOT_EMULATED}, status: 201"
    )
    assert install(sandbox, f"name: a, request: GET {NOT_EMULATED}, status: 203") == ["a"]
    assert [one.name for one in sandbox.stubs] == ["b", "a"]
    assert statuses(sandbox, PLAIN, PLAIN) == [203, 203]


# --- who is let through


@each_row("path", [f"{PREFIX}/portfolio/nothing", f"{PREFIX}/communications/nothing", f"{PREFIX}/fcm/x"])
def test_what_is_of_accounts_has_to_be_signed_and_the_refusal_is_the_venues(path: str) -> None:
    sandbox = stubbed(f"request: GET {path}, status: 299, times: 1")
    answer, entry = sandbox.answer(Request("GET", path))
    assert (answer.status, answer.refusal, entry.stub, entry.refusal) == (
        401,
        "no_credentials",
        "stub-1",
        "no_credentials",
    )
    assert (answer.diagnosis or "").startswith("missing: KALSHI-ACCESS-KEY")
    assert b"token_authentication_failure" in answer.body
    assert statuses(sandbox, signed(sandbox, path), signed(sandbox, path)) == [299, 404]
    assert [(one.matched, one.answered) for one in sandbox.stubs] == [(2, 1)]


def test_a_wrong_signature_is_refused_wherever_there_is_one() -> None:
    sandbox = stubbed(f"request: GET {NOT_EMULATED}, status: 299")
    wrong = signed(sandbox, POSITIONS)
    answer = ask(sandbox, Request("GET", NOT_EMULATED, "", wrong.headers))
    assert (answer.status, answer.account, answer.refusal) == (401, "alice", "bad_signature")
    assert answer.diagnose
    assert f'"{POSITIONS}"' in answer.diagnose(lambda: None)
    assert statuses(sandbox, signed(sandbox, NOT_EMULATED), PLAIN) == [299, 299]


def test_public_routes_of_the_venue_stay_public() -> None:
    path = f"{PREFIX}/exchange/status"
    sandbox = stubbed(f"request: GET {path}, status: 299")
    odd = Request("GET", path, "", ((b"kalshi-access-key", b"nobody"),))
    assert statuses(sandbox, Request("GET", path), odd) == [299, 299]


def test_a_stub_sets_whether_a_request_has_to_be_signed() -> None:
    sandbox = stubbed(
        f"request: GET {POSITIONS}, status: 299, signed: false",
        f"request: GET {NOT_EMULATED}, status: 298, signed: true",
    )
    wrong = Request("GET", POSITIONS, "", ((b"kalshi-access-key", b"nobody"),))
    assert statuses(sandbox, Request("GET", POSITIONS), wrong, PLAIN, signed(sandbox, NOT_EMULATED)) == [
        299,
        299,
        401,
        298,
    ]
    _, entry = sandbox.answer(wrong)
    assert (entry.operation, entry.key_id, entry.account) == ("GetPositions", "nobody", None)


def test_where_signatures_are_off_a_key_is_enough() -> None:
    sandbox = stubbed(f"request: GET {POSITIONS}, status: 299", text=f"{SMALL}auth: {{mode: off}}\n")
    key_id = signed(sandbox).headers[0]
    assert statuses(sandbox, Request("GET", POSITIONS, "", (key_id,)), Request("GET", POSITIONS)) == [299, 401]


# --- venues of JSON-RPC


def test_a_method_is_answered_over_every_transport() -> None:
    sandbox = stubbed("request: deribit public/nothing, query: {currency: BTC, n: 5}, result: {a: 1.50}", text=WORLD)
    params = {"currency": "BTC", "n": 5, "more": [1]}
    ways = [call("public/nothing", params), Request("GET", "/api/v2/public/nothing", "currency=BTC&n=5")]
    ways.append(Request("POST", "/api/v2/public/nothing", "", (), call("public/nothing", params, "x").body))
    answers = [ask(sandbox, way) for way in ways]
    assert [answer.status for answer in answers] == [200, 200, 200]
    assert all(b'"result":{"a":1.50}' in answer.body for answer in answers)
    assert [json.loads(answer.body).get("id") for answer in answers] == [7, None, "x"]
    others = [
        call("public/nothing", {"currency": "ETH", "n": 5}),
        call("public/nothing"),
        call("public/get_time", params),
    ]
    assert all(b"1.50" not in ask(sandbox, other).body for other in others)
    assert ask(sandbox, Request("POST", "/api/v2", "", (), b"no JSON")).stub is None
    assert ask(sandbox, of_signalplus(sandbox, "public/nothing", currency="BTC", n=5)).stub is None


@each_row(
    ("params", "is_for"),
    [
        ({"flag": True}, True),
        ({"flag": False}, False),
        ({"flag": "true"}, True),
        ({"flag": None}, False),
        ({"flag": [1]}, False),
    ],
)
def test_params_are_compared_as_text(params: Any, is_for: bool) -> None:
    sandbox = stubbed("request: deribit public/nothing, query: {flag: true}, result: 1", text=WORLD)
    assert (ask(sandbox, call("public/nothing", params)).stub is not None) is is_for
    install(sandbox, "request: deribit public/nothing, query: {flag: 'null'}, result: 1")
    assert (ask(sandbox, call("public/nothing", params)).stub is not None) is (is_for or params == {"flag": None})


def test_a_private_method_has_to_be_signed() -> None:
    sandbox = stubbed("request: deribit private/*, result: []".replace("*", "nothing"), text=WORLD)
    refused = ask(sandbox, call("private/nothing"))
    assert (refused.status, refused.refusal, json.loads(refused.body)["id"]) == (400, "unauthorized", 7)
    assert "has no credentials" in (refused.diagnosis or "")
    answer = ask(sandbox, of_deribit(sandbox, "private/nothing"))
    assert (answer.status, answer.account, answer.operation) == (200, "dora", None)
    assert ask(sandbox, of_deribit(sandbox, "private/nothing", at=0)).refusal == "invalid_credentials"


def test_a_path_of_json_rpc_is_a_path_too() -> None:
    sandbox = stubbed(
        "request: GET /api/v2/private/get_positions, result: []", "request: PUT /api/v2/private/a, json: 1", text=WORLD
    )
    assert json.loads(ask(sandbox, of_deribit(sandbox)).body)["result"] == []
    refused = ask(sandbox, Request("PUT", "/api/v2/private/a"))
    assert (refused.status, refused.refusal) == (400, "unauthorized")


def test_the_gateways_rid_comes_back() -> None:
    sandbox = stubbed("request: signalplus private/get_orders, query: {a: 1}, result: [1]", text=WORLD)
    answer = ask(sandbox, of_signalplus(sandbox, "private/get_orders", a=1))
    assert (answer.status, answer.body) == (200, b'{"rid":1234567890123456789,"result":[1]}')
    assert answer.account == "gina"
    assert ask(sandbox, of_signalplus(sandbox, "private/get_orders", a=2)).stub is None
    assert ask(sandbox, Request("POST", "/signalplus/api", "", (), b"no JSON")).stub is None
    body = of_signalplus(sandbox, "private/get_orders", a=1).body
    unsigned = ask(sandbox, Request("POST", "/signalplus/api", "", (), body))
    assert (unsigned.status, unsigned.stub, unsigned.refusal) == (401, "stub-1", "unauthorized")
    assert json.loads(unsigned.body)["rid"] == 1234567890123456789


# --- faults act before stubs


def fault(sandbox: Sandbox, text: str) -> None:
    run(sandbox.faults.install(FAULT.read(read_yaml(f"{{{text}}}", "f.yaml"), "")))


def test_a_fault_that_answers_leaves_a_stub_unasked() -> None:
    sandbox = stubbed(f"request: GET {NOT_EMULATED}, status: 299")
    fault(sandbox, f"match: {{path: {NOT_EMULATED}}}, then: {{status: 503}}, times: 1")
    _, entry = sandbox.answer(PLAIN)
    assert (entry.status, entry.stub, entry.fault) == (503, None, "fault-1")
    assert ask(sandbox, PLAIN).status == 299
    assert [one.matched for one in sandbox.stubs] == [1]


def test_faults_apply_to_the_answer_of_a_stub() -> None:
    sandbox = stubbed(f"request: GET {NOT_EMULATED}, json: {{rows: [1, 2], cursor: abc}}")
    fault(sandbox, "then: {truncate_json}")
    answer = ask(sandbox, PLAIN)
    assert (answer.stub, answer.fault, answer.body) == ("stub-1", "fault-1", b'{"rows":[1,2],')


@each_row("then", ["{duplicate_row}", "{cursor: absent}", "{legacy: wrong}"])
@each_row("body", ["text: no JSON", "json: [1]", "json: a", "json: {market_positions: [a, 5]}", "text: ''"])
def test_what_cannot_be_edited_is_left_as_it_is(then: str, body: str) -> None:
    sandbox = stubbed(f"request: GET {POSITIONS}, {body}")
    before = ask(sandbox, signed(sandbox)).body
    fault(sandbox, f"then: {then}")
    answer = ask(sandbox, signed(sandbox))
    is_row = then == "{duplicate_row}" and "market" in body
    assert (answer.body == before) is not is_row
    assert bool(answer.findings) is not is_row


def test_a_list_of_a_stub_is_edited_like_any() -> None:
    sandbox = stubbed(f"request: GET {NOT_EMULATED}, json: {{rows: [1, 2], cursor: abc}}")
    fault(sandbox, "then: {duplicate_row}")
    fault(sandbox, "then: {cursor: 'null'}")
    assert ask(sandbox, PLAIN).body == b'{"rows":[1,2,2],"cursor":null}'


def test_another_host_time_and_another_page_size() -> None:
    sandbox = stubbed(f"request: GET {POSITIONS}, query: {{limit: 5}}, status: 299")
    fault(sandbox, "then: {page_size: 1}")
    assert ask(sandbox, signed(sandbox, f"{POSITIONS}?limit=5")).status == 299
    fault(sandbox, "then: {stale: 5s}")
    assert ask(sandbox, signed(sandbox, f"{POSITIONS}?limit=5")).status == 299
    fault(sandbox, "then: {clock_offset: 5m}")
    refused = ask(sandbox, signed(sandbox, f"{POSITIONS}?limit=5"))
    assert (refused.status, refused.stub) == (401, "stub-1")
    assert "moved the server's clock by 5m" in (refused.diagnosis or "")


# --- installed, logged, bounded


def test_what_comes_and_goes_is_logged() -> None:
    sandbox = stubbed(f"name: a, request: GET {NOT_EMULATED}, json: {{a: 1.50}}", "request: GET /b")
    run(sandbox.stubs.remove("a"))
    run(sandbox.stubs.clear())
    installed, second, *removed = notes(sandbox)
    assert installed == {"install": {"name": "a", "request": f"GET {NOT_EMULATED}", "status": 200, "json": {"a": 1.5}}}
    assert second["install"]["name"] == "stub-2"
    assert removed == [{"remove": "a"}, {"remove": "stub-2"}]
    assert not sandbox.stubs.installed


def test_a_scenarios_stubs_are_there_from_the_start() -> None:
    sandbox = make(f"{SMALL}stubs:\n  - {{request: GET {NOT_EMULATED}}}\n")
    assert ask(sandbox, PLAIN).stub == "stub-1"
    assert notes(sandbox)[0]["install"]["name"] == "stub-1"


def test_known_names_are_listed_and_unknown_ones_refused() -> None:
    sandbox = stubbed("name: milestones, request: GET /b")
    with pytest.raises(StubError, match="no stub 'mileston': did you mean 'milestones'"):
        run(sandbox.stubs.remove("mileston"))
    with pytest.raises(StubError, match="no stub 'zzz'; known: milestones"):
        run(sandbox.stubs.remove("zzz"))
    twice = [STUB.read(read_yaml("{name: a, request: GET /b}", "s.yaml"), f"[{n}]") for n in range(2)]
    with pytest.raises(StubError, match=r"s.yaml:1: \[1\].name: expected another name: 'a' is there twice"):
        sandbox.stubs.check(twice)


def test_their_number_and_their_bodies_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox = stubbed("name: a, request: GET /b, text: hello")
    one = STUB.read(read_yaml("{request: GET /b, text: hello}", "s.yaml"), "")
    with pytest.raises(StubError, match="expected at most 1,000 stubs"):
        sandbox.stubs.check([one] * STUBS_MAX)
    monkeypatch.setattr(stubs, "BODIES_BYTES_MAX", 9)
    with pytest.raises(StubError, match="expected bodies of at most 9 bytes in all"):
        sandbox.stubs.check([one])
    install(sandbox, "name: a, request: GET /b, text: hello")
