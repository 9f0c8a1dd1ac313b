"""Requests over HTTP: envelopes, ids, methods in path and body, errors as the venue sends them."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mockexchange.venues.deribit import rest
from mockexchange.venues.quoting import STUB_ADVICE
from mockexchange.venues.request import Answer, Request
from tests.helpers.effort import examples
from tests.helpers.rows import each_row
from tests.venues.deribit.exchange import DeribitExchange, diagnosis_of, error_of
from tests.venues.deribit.keyring import HOST, NOW, READER_ID, READER_SECRET, request, rpc, signed

BASE = "/api/v2"
COUNTER = DeribitExchange()
"""An exchange that no test changes."""


def post(body: bytes, path: str = BASE, authorization: str | None = None) -> Answer:
    return COUNTER.send(request("POST", path, authorization, body))


def document_of(answer: Answer) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(answer.body)
    return document


# --- envelopes


def test_an_answer_has_the_times_of_request_and_answer() -> None:
    answer = COUNTER.get("public/test")
    assert answer.body == (
        b'{"jsonrpc":"2.0","result":{"version":"1.2.26"},"usIn":%d,"usOut":%d,"usDiff":100,"testnet":true}'
        % (HOST, HOST + 100)
    )
    assert (answer.status, answer.operation) == (200, "public/test")


def test_an_error_has_the_times_too() -> None:
    answer = post(rpc("public/nothing", number=5), BASE)
    assert answer.status == 400
    assert answer.body == (
        b'{"jsonrpc":"2.0","id":5,"error":{"code":-32601,"message":"Method not found"},'
        b'"usIn":%d,"usOut":%d,"usDiff":100,"testnet":true}' % (HOST, HOST + 100)
    )


def test_a_scenario_sets_the_net_the_clock_and_the_processing_time() -> None:
    exchange = DeribitExchange(testnet="no", auth_clock="exchange", processing_us=7)
    document = document_of(exchange.get("public/get_time"))
    assert document["testnet"] is False
    assert (document["usIn"], document["usOut"], document["usDiff"]) == (exchange.at, exchange.at + 7, 7)
    assert document["result"] == exchange.at // 1_000


@each_row("written", ["1", "0", "-0", "1.5", "12345678901234567890123", '"a"', '"é"'])
def test_the_id_comes_back_as_it_was_written(written: str) -> None:
    answer = post(f'{{"id":{written},"method":"public/test"}}'.encode())
    assert answer.body.startswith(f'{{"jsonrpc":"2.0","id":{written},"result":'.encode())


@each_row("body", [b'{"method":"public/test"}', b'{"id":null,"method":"public/test","jsonrpc":"1.0"}'])
def test_without_an_id_there_is_none(body: bytes) -> None:
    assert "id" not in document_of(post(body))


# --- the method in path and body


def test_a_method_of_the_wrong_section_is_named_with_the_right_one() -> None:
    assert 'did you mean "public/get_time"?' in diagnosis_of(post(rpc("private/get_time")))


@each_row("path", [BASE, f"{BASE}/", f"{BASE}/public/get_time", f"{BASE}/public%2Fget_time"])
def test_a_post_goes_to_the_base_or_to_the_method(path: str) -> None:
    assert document_of(post(rpc("public/get_time"), path))["result"] == HOST // 1_000


def test_a_get_has_the_method_in_its_path_and_the_parameters_in_its_query() -> None:
    assert COUNTER.result("public/get_instrument?instrument_name=BTC-PERPETUAL")["kind"] == "future"
    head = request("HEAD", f"{BASE}/public/test", None)
    assert COUNTER.send(head).body == COUNTER.get("public/test").body


def test_a_body_without_a_method_is_no_request_although_the_path_has_one() -> None:
    answer = post(b'{"jsonrpc":"2.0","id":3,"params":{}}', f"{BASE}/public/test")
    assert error_of(answer) == {"code": 11050, "message": "bad_request"}
    assert document_of(answer)["id"] == 3


def test_path_and_body_have_to_agree() -> None:
    answer = post(rpc("public/test"), f"{BASE}/public/get_time")
    assert error_of(answer) == {"code": 11050, "message": "bad_request"}
    assert diagnosis_of(answer) == (
        "the path says 'public/get_time' and the body 'public/test': send both alike, or post to /api/v2"
    )
    assert document_of(answer)["id"] == 1


@each_row("path", [BASE, f"{BASE}/"])
def test_a_get_of_the_base_asks_for_nothing(path: str) -> None:
    answer = COUNTER.send(request("GET", path, None))
    assert error_of(answer) == {"code": 11050, "message": "bad_request"}
    assert "/api/v2/public/get_time" in diagnosis_of(answer)


@each_row("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_verbs_are_not_answered(method: str) -> None:
    answer = COUNTER.send(request(method, f"{BASE}/public/test", None))
    assert error_of(answer, 405) == {"code": 11050, "message": "bad_request"}
    assert answer.headers == ((b"allow", b"GET, HEAD, POST"),)
    assert method in diagnosis_of(answer)


# --- errors

UNKNOWN = [
    ("private/get_pos", "unknown method 'private/get_pos': did you mean \"private/get_position\"?"),
    ("private/get_positions/", "unknown method 'private/get_positions/': did you mean \"private/get_positions\"?"),
    ("Private/Get_Positions", "unknown method 'Private/Get_Positions': did you mean \"private/get_positions\"?"),
    ("PRIVATE/GET_POSITIONS", "unknown method 'PRIVATE/GET_POSITIONS': did you mean \"private/get_positions\"?"),
    (
        "public/get_order_book_by_instrument_id",
        f"public/get_order_book_by_instrument_id is a method of the venue that is not emulated: {STUB_ADVICE}",
    ),
    ("nonsense", "unknown method 'nonsense': methods are named like \"private/get_positions\""),
]


@each_row(("method", "words"), UNKNOWN)
def test_an_unknown_method_is_named_with_the_nearest(method: str, words: str) -> None:
    answer = COUNTER.get(method)
    assert error_of(answer) == {"code": -32601, "message": "Method not found"}
    assert diagnosis_of(answer) == words
    assert answer.operation is None


MALFORMED = [
    (b"{", {"code": -32700, "message": "Parse error"}),
    (b"", {"code": -32700, "message": "Parse error"}),
    (b'[{"id":1,"method":"public/test"}]', {"code": -32600, "message": "Invalid Request"}),
    (b"7", {"code": -32600, "message": "Invalid Request"}),
    (b'{"id":[],"method":"public/test"}', {"code": -32600, "message": "Invalid Request"}),
    (b'{"id":1,"method":7}', {"code": 11050, "message": "bad_request"}),
    (
        b'{"id":1,"method":"public/test","params":[1]}',
        {"code": -32602, "data": {"reason": "must be an object", "param": "params"}, "message": "Invalid params"},
    ),
]


@each_row(("body", "error"), MALFORMED)
def test_an_unreadable_request_is_explained(body: bytes, error: dict[str, Any]) -> None:
    assert error_of(post(body)) == error


def test_a_body_and_a_target_have_32_kb_and_no_more() -> None:
    def padded(size: int) -> bytes:
        body = b'{"id":1,"method":"public/test","params":{"pad":"%s"}}'
        return body % (b"a" * (size - len(body) + 2))

    assert post(padded(32_768)).status == 200
    for answer in (post(padded(32_769)), COUNTER.get(f"public/test?pad={'a' * 32_768}")):
        assert error_of(answer) == {"code": -32600, "message": "request entity too large"}
        assert "32,768 bytes" in diagnosis_of(answer)


STREAM_ONLY = [
    "public/set_heartbeat",
    "public/disable_heartbeat",
    "public/subscribe",
    "public/unsubscribe",
    "public/unsubscribe_all",
    "private/subscribe",
    "private/unsubscribe",
    "private/unsubscribe_all",
    "private/enable_cancel_on_disconnect",
    "private/disable_cancel_on_disconnect",
    "private/get_cancel_on_disconnect",
    "private/logout",
]


@each_row("method", STREAM_ONLY)
def test_methods_of_streams_are_refused_over_http_for_every_caller(method: str) -> None:
    assert error_of(COUNTER.send(request("GET", f"{BASE}/{method}", "Bearer nonsense")))["code"] == 10030
    answer = COUNTER.get(method)
    assert error_of(answer) == {"code": 10030, "message": "must_be_websocket_request"}
    assert answer.operation == method


def test_a_private_method_needs_a_caller() -> None:
    for answer in (
        COUNTER.send(request("GET", f"{BASE}/private/get_positions", None)),
        post(rpc("private/get_positions")),
    ):
        assert b'"error":{"code":13009,"data":{"reason":"invalid_token"},"message":"unauthorized"}' in answer.body
        assert answer.status == 400
        assert "access_token" in diagnosis_of(answer)


def test_a_method_is_looked_up_before_the_caller_and_the_caller_before_the_parameters() -> None:
    assert error_of(COUNTER.send(request("GET", f"{BASE}/private/nothing", None)))["code"] == -32601
    assert error_of(COUNTER.send(request("GET", f"{BASE}/private/get_position", None)))["code"] == 13009
    refused = COUNTER.get("private/get_position", READER_ID, READER_SECRET)
    assert error_of(refused) == {"code": 13021, "message": "forbidden"}
    assert diagnosis_of(refused) == "key main of rita has scopes account:read: private/get_position needs trade:read"
    assert (refused.account, refused.key_id) == ("rita", READER_ID)


def test_a_scope_to_write_is_one_to_read() -> None:
    assert COUNTER.result("private/get_account_summaries", READER_ID, READER_SECRET)["summaries"] == []
    assert COUNTER.result("private/get_positions") == []


def test_the_answer_names_its_caller() -> None:
    answer = COUNTER.get("private/get_positions")
    assert (answer.account, answer.key_id, answer.operation) == ("dora", "dora-key", "private/get_positions")


@each_row("authorization", ["Bearer nonsense", "deri-hmac-sha256 id=x", "Basic ?", "?"])
def test_credentials_have_no_effect_on_a_public_method(authorization: str) -> None:
    assert COUNTER.send(request("GET", f"{BASE}/public/test", authorization)).status == 200


def test_a_post_is_signed_with_its_body() -> None:
    assert COUNTER.post("private/get_positions", {"currency": "BTC"}).status == 200
    assert COUNTER.post("private/get_positions", {"currency": "BTC"}, BASE).status == 200
    body = rpc("private/get_positions")
    forged = signed("POST", BASE, body)
    changed = Request("POST", BASE, "", forged.headers, body.replace(b"get_positions", b"get_position "))
    assert COUNTER.send(changed).status == 400


def test_the_stream_is_no_method() -> None:
    answer = COUNTER.send(request("GET", "/ws/api/v2", None))
    assert (answer.status, answer.operation) == (400, "OpenStream")
    assert "WebSocket" in diagnosis_of(answer)


# --- any bytes get an answer


@settings(max_examples=examples(150))
@given(
    st.sampled_from(["GET", "POST", "HEAD", "PUT"]),
    st.text(st.characters(max_codepoint=255), max_size=30),
    st.text(st.characters(max_codepoint=255), max_size=30),
    st.binary(max_size=60),
)
def test_any_request_gets_an_answer_of_json(method: str, path: str, query: str, body: bytes) -> None:
    answer = rest.answer(COUNTER.bench.context, Request(method, f"{BASE}/{path}", query, (), body), NOW, HOST)
    document = document_of(answer)
    assert document["usOut"] - document["usIn"] == document["usDiff"]
    assert ("result" in document) is (answer.status == 200)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["BTC", "any", "BTC-PERPETUAL"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
NAMES = ["currency", "kind", "subaccount_id", "instrument_name", "count", "sorting", "extended", "start_timestamp"]
NAMES += ["end_timestamp", "start_id", "start_seq", "index_name", "expired", "grant_type", "client_id", "timestamp"]
METHODS = ["private/get_positions", "private/get_position", "private/get_account_summary", "public/auth"]
METHODS += ["private/get_user_trades_by_currency", "private/get_user_trades_by_instrument", "public/get_instruments"]


@settings(max_examples=examples(200))
@given(st.sampled_from(METHODS), st.dictionaries(st.sampled_from(NAMES), JSON))
def test_any_parameters_get_an_answer_of_json(method: str, params: dict[str, Any]) -> None:
    answer = COUNTER.post(method, params)
    assert answer.status in (200, 400)
    document = document_of(answer)
    assert document["id"] == 1
    if answer.status == 400:
        assert document["error"]["code"] in {-32602, 13004, 13009}
