"""Stubs with values of the request: in the answer, in headers, in steps, on streams and in a replay."""

import json
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mockexchange.core.ids import derived_id
from mockexchange.sandbox import stubs
from mockexchange.sandbox.state_json.accounts import positions_of
from mockexchange.venues.request import Request
from tests.helpers.derivatives import WORLD, ask, of_deribit
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import PREFIX, carry_out, make, signed
from tests.sandbox.stubs import again, install, stubbed

PATH = f"{PREFIX}/portfolio/sweeps"
BUY = "{fill: {account: $account, market: RAIN-1, side: yes, action: buy, count: $body.count, price: $body.price}}"
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=9,
)


def post(path: str, body: Any = None, query: str = "") -> Request:
    return Request("POST", path, query, (), body if isinstance(body, bytes) else json.dumps(body).encode())


def echo(stub: str, request_: Request) -> Any:
    """Return the JSON that a stub with this answer gives."""
    sandbox = stubbed(f"request: 'POST /x/{{id}}', json: {stub}")
    return json.loads(ask(sandbox, request_).body, parse_float=Decimal)


def test_an_answer_has_values_of_the_request() -> None:
    given_ = {"order": {"price": 0.50, "legs": [{"side": "yes"}, None]}, "note": 'a "b"'}
    answer = echo(
        "{id: $path.id, limit: $query.limit, price: $body.order.price, side: $body.order.legs.0.side,"
        " none: $body.order.legs.1, all: $body.order.legs, said: 'id $path.id, $body.note and $$path'}",
        post("/x/7", given_, "limit=5&limit=6"),
    )
    assert answer == {
        "id": "7",
        "limit": "6",
        "price": Decimal("0.5"),
        "side": "yes",
        "none": None,
        "all": [{"side": "yes"}, None],
        "said": 'id 7, a "b" and $path',
    }


def test_digits_are_those_that_were_sent() -> None:
    sandbox = stubbed("request: POST /x, json: {a: $body.a, b: $body.b}")
    answer = ask(sandbox, post("/x", b'{"a": 1.50, "b": [12345678901234567890.10, -0]}'))
    assert answer.body == b'{"a":1.50,"b":[12345678901234567890.10,-0]}'


def test_forms_change_the_type() -> None:
    answer = echo("[$query.n|number, $body.n|text, $body.n, $query.t|text]", post("/x/1", {"n": 3}, "n=1.50&t=a"))
    assert answer == [Decimal("1.50"), "3", 3, "a"]


def test_the_time_is_that_of_the_exchange() -> None:
    sandbox = stubbed("request: GET /x, json: [$now, $now|s, $now|ms, 'at $now|s']", text=WORLD)
    text, seconds, milliseconds, said = json.loads(ask(sandbox, Request("GET", "/x")).body)
    assert (milliseconds // 1000, said) == (seconds, f"at {seconds}")
    assert text.endswith("Z")


def test_new_ids_are_one_for_each_request() -> None:
    sandbox = stubbed("name: a, request: GET /x, text: $new_id $new_id")
    bodies = [ask(sandbox, Request("GET", "/x")).body.decode().split() for _ in range(3)]
    assert all(one == other for one, other in bodies)
    assert len({one for one, _ in bodies}) == 3
    assert bodies[0][0] == derived_id(sandbox.plan.seed, "stub", "a", 1)


def test_headers_and_texts_have_values_and_never_another_line() -> None:
    sandbox = stubbed("request: GET /x, text: hello $query.name, headers: {X-Name: 'a $query.name'}")
    answer = ask(sandbox, Request("GET", "/x", "name=b%0d%0aX-Evil:%20%C3%A4c"))
    assert answer.body.decode() == "hello b\r\nX-Evil: äc"
    assert dict(answer.headers)[b"x-name"] == b"a bX-Evil: c"


def test_what_the_request_lacks_is_null_and_a_finding_that_names_what_it_has() -> None:
    sandbox = stubbed("name: q, request: 'POST /x/{id}', json: [$query.limt, 'a$body.b.c', $query.limit|number]")
    answer, entry = sandbox.answer(post("/x/9", {"b": 1}, "limit=many"))
    assert answer.body == b'[null,"a",null]'
    has = "it has $path.id, $query.limit, $body.b, $now, $new_id"
    assert entry.findings == (
        f"stub q: the request has no $query.limt; {has}",
        f"stub q: the request has no $body.b.c; {has}",
        "stub q: $query.limit is no number",
    )


def test_what_is_no_json_has_no_fields() -> None:
    huge = b"[" + b"0," * (stubs.BODY_COMMAS_MAX + 1) + b"0]"
    for raw in (b"", b"{", b"[" * 100_000, huge, b"\xff"):
        assert echo("[$body.0]", post("/x/1", raw)) == [None]


@each_row(
    ("fields", "body", "is_for"),
    [
        ("{price: 0.5}", {"price": 0.5, "more": 1}, True),
        ("{price: 0.5}", {"price": "0.5"}, True),
        ("{price: 0.5}", {"price": 0.6}, False),
        ("{order.side: yes}", {"order": {"side": "yes"}}, True),
        ("{order.side: yes}", {"order": []}, False),
        ("{legs.1: true}", {"legs": [False, True]}, True),
        ("{a: 1, b: 2}", {"a": 1}, False),
        ("{a: ''}", {}, False),
        ("{a: 'null'}", {"a": None}, True),
    ],
)
def test_fields_of_the_body_are_matched(fields: str, body: Any, is_for: bool) -> None:
    sandbox = stubbed(f"request: POST /x, body_fields: {fields}, status: 299")
    assert (ask(sandbox, post("/x", body)).status == 299) is is_for


@each_row(
    ("path", "is_for"),
    [("/a/1/b", True), ("/a//b", False), ("/a/1/2/b", False), ("/a/1/c", False), ("/a/%31/b", True), ("/a/b", False)],
)
def test_a_name_stands_for_one_segment(path: str, is_for: bool) -> None:
    sandbox = stubbed("request: 'GET /a/{id}/b', status: 299", "request: 'GET /z/{id}/*', status: 298")
    assert (ask(sandbox, Request("GET", path)).status == 299) is is_for
    assert ask(sandbox, Request("GET", "/z/1/2/3")).status == 298
    assert ask(sandbox, Request("GET", "/z/1")).status == 404


# --- steps


def test_steps_are_carried_out_with_the_same_values() -> None:
    sandbox = stubbed(f"request: POST {PATH}, status: 201, json: {{id: $new_id, n: $body.count}}, then: [{BUY}]")
    body = b'{"count": 2, "price": "0.5000"}'
    answer, entry = carry_out(sandbox, signed(sandbox, PATH, method="POST", body=body))
    assert (answer.status, json.loads(answer.body)["n"], entry.findings) == (201, 2, ())
    assert len(entry.commands) == 1
    quantities = [row["quantity"] for row in positions_of(sandbox.exchange.state, "alice")]
    assert "12.00" in quantities


def test_a_wrong_or_refused_step_is_a_finding_and_the_others_are_carried_out() -> None:
    deposit = "{deposit: {account: $account, amount: $body.amount}}"
    price = "{price: {market: $body.market, price: 0.4}}"
    sandbox = stubbed(f"name: s, request: POST {PATH}, json: ok, then: [{BUY}, {price}, {deposit}]")
    body = b'{"count": "many", "price": 0.5, "market": "KXNONE", "amount": 5}'
    answer, entry = carry_out(sandbox, signed(sandbox, PATH, method="POST", body=body))
    assert answer.body == b'"ok"'
    assert entry.findings[0].startswith("stub s: the step was not carried out: ")
    assert entry.findings[1].startswith("stub s: price was refused: unknown_market")
    assert len(entry.commands) == 2


def test_a_key_without_a_value_is_left_out() -> None:
    sandbox = stubbed(f"request: POST {PATH}, then: [{BUY[:-2]}, fee: $body.fee}}}}]")
    body = b'{"count": 1, "price": 0.5}'
    _, entry = carry_out(sandbox, signed(sandbox, PATH, method="POST", body=body))
    assert len(entry.commands) == 1
    assert "no $body.fee" in entry.findings[0]


def test_a_replay_repeats_values_ids_and_steps() -> None:
    sandbox = stubbed(f"request: POST {PATH}, json: [$new_id, $now, $body.count, $account], then: [{BUY}]")
    for count in (1, 2):
        body = b'{"count": %d, "price": 0.5}' % count
        carry_out(sandbox, signed(sandbox, PATH, method="POST", body=body))
    install(sandbox, f"request: POST {PATH}, text: $new_id")
    ask(sandbox, signed(sandbox, PATH, method="POST"))
    verdicts = again(sandbox)
    assert [(one.number, one.deviation) for one in verdicts] == [(1, None), (2, None), (3, None)]


def test_calls_have_their_params() -> None:
    sandbox = stubbed(
        "request: deribit private/sweep, result: {name: $query.name, id: $body.id, by: $account}", text=WORLD
    )
    answer = ask(sandbox, of_deribit(sandbox, "private/sweep", name="BTC"))
    assert json.loads(answer.body)["result"]["name"] == "BTC"


@given(JSON, st.text(min_size=1))
def test_any_body_comes_back_as_it_was(value: Any, name: str) -> None:
    sandbox = make()
    install(sandbox, "request: POST /x, json: [$body.0, 'a']")
    raw = json.dumps([value], separators=(",", ":"), ensure_ascii=False).encode(errors="replace")
    assert ask(sandbox, post("/x", raw)).body == raw[:-1] + b',"a"]'
