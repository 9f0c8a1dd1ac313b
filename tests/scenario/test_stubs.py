"""The schema of stubs: valid ones, refused ones with their place, and lossless bodies."""

import json
import re
from base64 import b64encode
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.literal_json import exact_json
from mockexchange.scenario.loader import load_text
from mockexchange.scenario.located_text import Located, located_json, read_yaml
from mockexchange.scenario.stubs import BODY_BYTES_MAX, STUB, Stub
from tests.helpers.rows import each_row

WHERE = "GET /trade-api/v2/milestones"
TEXT = st.text().map(lambda text: text.replace("$", "$$"))
"""Texts without variables."""
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)
HEADERS = st.dictionaries(st.sampled_from(["x-one", "retry-after", "content-type"]), st.text("az 09;/", max_size=9))
SAID = st.one_of(
    st.just({}),
    JSON.map(lambda value: {"json": value}),
    TEXT.map(lambda text: {"text": text}),
    st.binary().map(lambda raw: {"body_base64": b64encode(raw).decode()}),
)


def read(text: str) -> Stub:
    stub: Stub = STUB.read(read_yaml(text, "s.yaml"), "")
    return stub


def read_json(value: Any) -> Stub:
    stub: Stub = STUB.read(located_json(json.dumps(value), "", 0), "")
    return stub


def test_a_minimal_stub() -> None:
    stub = read(f"{{request: {WHERE}}}")
    assert (stub.status, stub.body, stub.headers, stub.times, stub.is_signed, stub.name) == (
        200,
        b"",
        {},
        None,
        None,
        None,
    )
    assert tuple(stub.pattern)[:3] == ("GET", "/trade-api/v2/milestones", "")


def test_a_stub_with_all_keys() -> None:
    stub = read(
        "{name: none, request: POST /trade-api/v2/a%20b/*, query: {limit: 5}, status: 201, text: on,"
        " headers: {X-Upper: 'Yes'}, times: 2, signed: false}"
    )
    assert tuple(stub.pattern)[:3] == ("POST", "/trade-api/v2/a b/*", "")
    assert (stub.query, stub.status, stub.body, stub.times, stub.is_signed) == ({"limit": "5"}, 201, b"on", 2, False)
    assert stub.headers == {"content-type": "text/plain; charset=utf-8", "x-upper": "Yes"}


def test_a_call_of_json_rpc() -> None:
    stub = read("{request: signalplus private/get_orders, query: {currency: BTC}, result: []}")
    assert tuple(stub.pattern)[:3] == ("private/get_orders", "", "signalplus")
    assert (stub.kind, stub.body) == ("result", b"[]")
    assert read("{request: POST /api/v2/private/x, result: 1.50}").body == b"1.50"


@each_row(
    ("given", "body"),
    [
        ("1", b"1"),
        ("1.50", b"1.50"),
        ("'1.50'", b'"1.50"'),
        ("-0", b"-0"),
        ("1e5", b"1e5"),
        ("01", b'"01"'),
        (".5", b'".5"'),
        ("true", b"true"),
        ('"true"', b'"true"'),
        ("yes", b'"yes"'),
        ("null", b"null"),
        ("~", b"null"),
        ('""', b'""'),
        ("[1, 'a', {b: c}]", b'[1,"a",{"b":"c"}]'),
        ("2025-11-04T12:00:00Z", b'"2025-11-04T12:00:00Z"'),
        ("12345678901234567890.123456789", b"12345678901234567890.123456789"),
        ("späß", '"späß"'.encode()),
    ],
)
def test_json_goes_out_as_it_is_meant(given: str, body: bytes) -> None:
    assert read(f"{{request: {WHERE}, json: {given}}}").body == body


@given(JSON)
def test_json_from_the_control_api_keeps_types_and_digits(value: Any) -> None:
    stub = read_json({"request": WHERE, "json": value})
    assert stub.body == json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


@given(JSON)
def test_what_was_written_once_is_written_the_same_again(value: Any) -> None:
    text = exact_json(located_json(json.dumps(value), "", 0))
    assert exact_json(located_json(text, "", 0)) == text


@given(
    st.lists(st.text("aä 01.-:#{}[]\"'\\\n\ttruefalsn") | st.integers() | st.floats(-9, 9) | st.booleans() | st.none())
)
def test_json_in_yaml_is_what_it_is_in_json(values: list[Any]) -> None:
    text = json.dumps(values, separators=(",", ":"), ensure_ascii=False)
    assert exact_json(read_yaml(text, "s.yaml")) == text


@given(SAID, HEADERS, st.sampled_from([None, 1, 7]), st.sampled_from([None, True, False]), st.integers(200, 203))
def test_the_stub_in_the_log_reads_as_the_same_stub(
    said: dict[str, Any], headers: dict[str, str], times: int | None, signed: bool | None, status: int
) -> None:
    more = {name: value for name, value in (("times", times), ("signed", signed)) if value is not None}
    stub = read_json(
        {"name": "a", "request": WHERE, "query": {"ä": "1"}, "headers": headers, "status": status, **said, **more}
    )
    assert STUB.read(located_json(stub.written, "", 0), "") == stub
    assert json.loads(stub.written)["name"] == "a"


@given(st.recursive(st.none() | TEXT, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner)))
def test_any_input_reads_or_is_refused(value: Any) -> None:
    for name in ("request", "query", "status", "json", "text", "body_base64", "result", "headers", "times", "signed"):
        with suppress(ScenarioError):
            assert read_json({"request": WHERE, name: value}).written


@each_row(
    ("text", "message"),
    [
        ("{}", "s.yaml:1: expected the key 'request', which is missing"),
        ("{request: GET /a, sttus: 3}", "s.yaml:1: unknown key 'sttus': did you mean 'status'?"),
        ("{request: GTE /a}", "did you mean 'GET'?"),
        ("{request: get /a}", "did you mean 'GET'?"),
        ("{request: derbit public/x}", "did you mean 'deribit'?"),
        ("{request: deribit x}", "the method of a call is such as public/get_time"),
        ("{request: /a}", "write both, with a space between them"),
        ("{request: 'GET '}", "write both, with a space between them"),
        ("{request: GET a}", "a path begins with a slash, and has no spaces"),
        ("{request: GET /a b}", "a path begins with a slash, and has no spaces"),
        ("{request: 'GET /a?limit=1'}", "write the query under `query`, such as {limit: 100}"),
        ("{request: GET /_mock/ready}", "this path is the server's own"),
        ("{request: GET /%5Fmock}", "this path is the server's own"),
        ("{request: GET /}", "this path is the server's own"),
        ("{request: GET /trade-api/ws/v2}", "this path is a stream's: see the faults `refuse` and `frame`"),
        ("{request: GET /a, status: 199}", "s.yaml:1: status: expected a whole number from 200 to 599, got '199'"),
        (
            "{request: GET /a,\njson: 1,\ntext: a}",
            "s.yaml:3: text: expected one of json, text, body_base64, result; got json and text",
        ),
        ("{request: GET /a, status: 204, json: 1}", "json: expected no body: an answer of status 204 has none"),
        ("{request: GET /a, status: 304, text: a}", "text: expected no body: an answer of status 304 has none"),
        (
            "{request: GET /trade-api/v2/a, result: 1}",
            "result: expected json: only requests to deribit and signalplus have",
        ),
        ("{request: GET /a, body_base64: '&'}", "body_base64: expected base64"),
        ("{request: GET /a, body_base64: 'abc'}", "padding"),
        ("{request: GET /a, text: [a]}", "text: expected text of at most 1,048,576 bytes, got a list"),
        ("{request: GET /a, headers: {Content-Length: 3}}", "got 'content-length'"),
        ("{request: GET /a, headers: {'a b': 3}}", "expected a header name"),
        ("{request: GET /a, headers: {a: 'ä'}}", "expected a header value"),
        ("{request: GET /a, times: 0}", "times: expected a whole number from 1"),
        ("{request: GET /a, signed: yes}", "signed: expected true or false, got 'yes'"),
        (
            f"{{request: GET /a, query: {{{', '.join(f'p{n}: 1' for n in range(101))}}}}}",
            "query: expected at most 100 parameters",
        ),
    ],
)
def test_errors_have_their_place(text: str, message: str) -> None:
    with pytest.raises(ScenarioError) as raised:
        read(text)
    assert message in str(raised.value)


@each_row(
    "said",
    [
        {"text": "x" * (BODY_BYTES_MAX + 1)},
        {"text": "ä" * (BODY_BYTES_MAX // 2 + 1)},
        {"json": "x" * BODY_BYTES_MAX},
        {"body_base64": b64encode(bytes(BODY_BYTES_MAX + 1)).decode()},
    ],
)
def test_a_body_is_bounded(said: dict[str, str]) -> None:
    with pytest.raises(ScenarioError, match="at most 1,048,576"):
        read_json({"request": WHERE, **said})
    assert len(read_json({"request": WHERE, "text": "x" * BODY_BYTES_MAX}).body) == BODY_BYTES_MAX


def test_a_scenario_has_stubs_and_the_error_of_a_wrong_one_has_its_place() -> None:
    plan = load_text(f"scenario: a\nstubs:\n  - {{request: {WHERE}}}\n")
    assert [stub.request for stub in plan.stubs] == [WHERE]
    with pytest.raises(ScenarioError, match=r"^a.yaml:4: stubs\[1\].times: expected a whole number"):
        load_text(f"scenario: a\nstubs:\n  - {{request: {WHERE}}}\n  - {{request: {WHERE}, times: x}}\n", "a.yaml")


def test_quotation_marks_are_known_of_every_source() -> None:
    text = '{"a": "1", "b": 1}'
    for node in (
        located_json(text, "", 0),
        read_yaml(text, "f"),
        read_yaml("a: '1'\nb: 1", "f"),
        read_yaml("a: |-\n  1\nb: 1", "f"),
    ):
        assert isinstance(node.value, dict)
        assert node.value["a"] == Located("1", node.value["a"].file, node.value["a"].line, None, True)
        assert node.value["b"] == Located("1", node.value["b"].file, node.value["b"].line)
        assert type(node.value["b"].value) is str


# --- variables

SWEEP = "POST /trade-api/v2/sweeps/{id}"


@each_row(
    ("given", "message"),
    [
        ("json: $path.idd", "json: no variable $path.idd: did you mean '$path.id'?; known are $path.id, $query.NAME"),
        ("json: [{a: $acount}]", "no variable $acount: did you mean '$account'?"),
        ("text: for $nobody", "text: no variable $nobody; known are"),
        ("json: $path", "no variable $path"),
        ("json: $query", "no variable $query"),
        ("headers: {X-A: $new}", "headers: no variable $new"),
        ("json: $query.limit|numbr", "no form |numbr of $query.limit: known are |number, |text"),
        ("json: $query.limit|ms", "no form |ms of $query.limit"),
        ("then: [{fill: {account: $acount}}]", "then[0].fill: expected the key 'market', which is missing"),
        ("then: [{advance: {}}]", "unknown step 'advance'"),
        ("then: [{price: {market: $path.x, price: 0.5}}]", "then[0].price: no variable $path.x"),
        ("then: [{price: {market: $path.id, prise: 0.5}}]", "unknown key 'prise': did you mean 'price'?"),
        ("then: [{price: {market: A, price: 5}}]", "then[0].price.price: expected a price"),
        ("then: [{price: $path.id}]", "expected a mapping"),
        ("then: [{}]", "expected a step with one of"),
        (f"then: [{', '.join(['{price: {market: A, price: 0.5}}'] * 21)}]", "then: expected at most 20 steps"),
        (f"text: '{'$now ' * 101}'", "text: expected at most 100 variables, got 101"),
        ("body_fields: {a..b: 1}", "expected the place of a field"),
    ],
)
def test_errors_about_variables_name_those_that_exist(given: str, message: str) -> None:
    with pytest.raises(ScenarioError) as raised:
        read(f"{{request: '{SWEEP}', {given}}}")
    assert message in str(raised.value)


@each_row(
    ("path", "message"),
    [
        ("/a/{id}/b/{id}", "each segment has a name of its own"),
        ("/a/{id}/x{b}", "a name such as {id} is a whole segment"),
        ("/a/{id}/*/c", "beside names * is the last segment"),
        ("/a/{id}/b%2Fc", "a path with names has no %2F"),
    ],
)
def test_names_of_a_path_are_whole_segments(path: str, message: str) -> None:
    with pytest.raises(ScenarioError, match=re.escape(message)):
        read(f"{{request: 'GET {path}'}}")


def test_dollars_that_are_no_variables_stay() -> None:
    stub = read_json({"request": "GET /a/%7Bid%7D", "json": {"$ref": "costs 5$, $5 or $$5"}, "headers": {"x-a": "$"}})
    assert stub.pattern.path == "/a/{id}"
    assert stub.template is not None
    assert stub.template.placeholders == 0


@given(
    st.sampled_from(["$path.id", "$query.a|number", "$body.a.0", "x $now|ms $$y", "$new_id", "$account", "plain"]),
    st.dictionaries(st.sampled_from(["a", "b.c"]), st.text(max_size=3), max_size=2),
)
def test_a_stub_with_variables_reads_the_same_from_the_log(text: str, fields: dict[str, str]) -> None:
    step = {"price": {"market": text, "price": 0.5}}
    value = {"request": SWEEP, "json": {"a": [text]}, "body_fields": fields, "then": [step], "headers": {"x-a": text}}
    stub = read_json(value)
    again = STUB.read(located_json(stub.written, "", 0), "")
    assert (again, again.written, again.template) == (stub, stub.written, stub.template)
