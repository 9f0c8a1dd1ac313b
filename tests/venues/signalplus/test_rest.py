"""Requests over HTTP: paths, rids, and the error of every wrong request."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mockexchange.venues.request import Request
from tests.helpers.rows import each_row
from tests.venues.signalplus.world import BASE, GET_POSITIONS, World, diagnosis_of, post, refusal, signed

PARSE_ERROR = (-32700, "Parse error")
INVALID_REQUEST = (-32600, "Invalid Request")
TOO_LARGE = (-32600, "request entity too large")
BAD_REQUEST = (11050, "bad_request")
NOT_FOUND = (-32601, "Method not found")
INVALID_PARAMS = (-32602, "Invalid params")
FORBIDDEN = (13021, "forbidden")
STREAM_ONLY = (10030, "must_be_websocket_request")


def body(params: str = "{}", rid: str = "1", method: str = f'"{GET_POSITIONS}"') -> str:
    return f'{{"rid":{rid},"method":{method},"params":{params}}}'


RIDS = ["0", "-1", "50002", "9223372036854775807", "12345678901234567890123456789012345678901234567890", "-0", "007"]


@each_row("rid", RIDS[:-1])
def test_a_rid_comes_back_as_it_was_written(rid: str) -> None:
    world = World()
    assert world.send(post(body(rid=rid))).body == f'{{"rid":{rid},"result":[]}}'.encode()
    refused = world.send(post(body('{"kind":1}', rid)))
    assert refused.body == f'{{"rid":{rid},"error":{{"code":-32602,"message":"Invalid params"}}}}'.encode()


@given(st.integers())
def test_any_integer_is_a_rid(rid: int) -> None:
    answer = World().send(post(body(rid=str(rid))))
    assert json.loads(answer.body)["rid"] == rid


@each_row("path", [BASE, f"{BASE}/", f"{BASE}/{GET_POSITIONS}", f"{BASE}/private%2Fget_positions"])
def test_the_base_and_the_method_below_it_are_answered_alike(path: str) -> None:
    answer = World().send(post(body(), path=path))
    assert (answer.status, answer.body, answer.operation) == (200, b'{"rid":1,"result":[]}', GET_POSITIONS)


def test_white_space_order_and_other_members_make_no_difference() -> None:
    text = f' {{"jsonrpc": "2.0", "id": 4,\n "params": {{}}, "method": "{GET_POSITIONS}", "rid": 1}} '
    answer = World().send(post(text))
    assert answer.body == b'{"rid":1,"result":[]}'


# request, status, (code, message), part of the diagnosis, rid of the answer
REFUSED: list[tuple[str | bytes, Any, str, str]] = [
    ("", PARSE_ERROR, "no JSON", "null"),
    ("{", PARSE_ERROR, "no JSON", "null"),
    ('{"rid":1', PARSE_ERROR, "no JSON", "null"),
    (b"\xff\xfe", PARSE_ERROR, "no JSON", "null"),
    ('{"rid":NaN}', PARSE_ERROR, "NaN", "null"),
    (body(rid="007"), PARSE_ERROR, "no JSON", "null"),
    ("[" * 30_000, PARSE_ERROR, "nested too deep", "null"),
    ("[]", INVALID_REQUEST, "batches are not answered", "null"),
    (f"[{body()}]", INVALID_REQUEST, "batches", "null"),
    ("1", INVALID_REQUEST, "expected an object", "null"),
    ("null", INVALID_REQUEST, "expected an object", "null"),
    (f'{{"method":"{GET_POSITIONS}"}}', INVALID_REQUEST, 'expected an integer, such as {"rid": 50002}', "null"),
    (body(rid="null"), INVALID_REQUEST, "expected an integer", "null"),
    (body(rid='"1"'), INVALID_REQUEST, "expected an integer", "null"),
    (body(rid="1.0"), INVALID_REQUEST, "expected an integer", "null"),
    (body(rid="1e3"), INVALID_REQUEST, "expected an integer", "null"),
    (body(rid="true"), INVALID_REQUEST, "rid", "null"),
    (body(rid="[1]"), INVALID_REQUEST, "rid", "null"),
    (body(rid="1" * 2_000), INVALID_REQUEST, "rid", "null"),
    ('{"rid":1}', BAD_REQUEST, "method: expected one", "1"),
    (body(method="null"), BAD_REQUEST, "method: expected one", "1"),
    (body(method="5"), BAD_REQUEST, "method: expected a string", "1"),
    (body(method='""'), NOT_FOUND, "it answers private/get_positions", "1"),
    (body(method='"private/get_position"'), NOT_FOUND, 'did you mean "private/get_positions"?', "1"),
    (body(method='"get_positions"'), NOT_FOUND, 'did you mean "private/get_positions"?', "1"),
    (body(method='"/private/get_positions"'), NOT_FOUND, 'did you mean "private/get_positions"?', "1"),
    (body(method='"Private/Get_Positions"'), NOT_FOUND, 'did you mean "private/get_positions"?', "1"),
    (body(method='"private/getPositions"'), NOT_FOUND, 'did you mean "private/get_positions"?', "1"),
    (body(method='"private/get_account_summary"'), NOT_FOUND, "no method of this gateway that is emulated", "1"),
    (body(method='"subscribe"'), NOT_FOUND, 'did you mean "private/subscribe"?', "1"),
    (body('{"channels":[]}', method='"private/subscribe"'), STREAM_ONLY, "/signalplus/ws/api", "1"),
    (body(method='"private/unsubscribe"'), STREAM_ONLY, "WebSocket", "1"),
    (body(method='"connect"'), STREAM_ONLY, "WebSocket", "1"),
    (body("[]"), INVALID_PARAMS, "params: expected an object of named parameters, got an array", "1"),
    (body('"BTC"'), INVALID_PARAMS, "params: expected an object", "1"),
    (body("5"), INVALID_PARAMS, "params: expected an object", "1"),
    (body('{"currency":1}'), INVALID_PARAMS, "currency: expected a string, got the number 1", "1"),
    (body('{"currency":["BTC"]}'), INVALID_PARAMS, "currency: expected a string, got an array", "1"),
    (body('{"currency":""}'), INVALID_PARAMS, "currency: expected one of BTC, ETH, USDC, USDT, EURR, any", "1"),
    (body('{"currency":"btc"}'), INVALID_PARAMS, "did you mean BTC?", "1"),
    (body('{"currency":"NOPE"}'), INVALID_PARAMS, 'got "NOPE"', "1"),
    (body('{"kind":"futures"}'), INVALID_PARAMS, "kind: expected one of future, option, spot", "1"),
    (body('{"kind":true}'), INVALID_PARAMS, "kind: expected a string, got a boolean", "1"),
    (body('{"kind":"any"}'), INVALID_PARAMS, "kind: expected one of", "1"),
    (body('{"subaccountId":"3"}'), INVALID_PARAMS, "subaccountId: expected an integer, got the string", "1"),
    (body('{"subaccountId":3.0}'), INVALID_PARAMS, "subaccountId: expected an integer, got the number 3.0", "1"),
    (body('{"subaccountId":true}'), INVALID_PARAMS, "subaccountId: expected an integer, got a boolean", "1"),
    (body(f'{{"subaccountId":{10**30}}}'), INVALID_PARAMS, "subaccountId: expected an integer", "1"),
    (body('{"subaccountId":-1}'), INVALID_PARAMS, "subaccountId: gina has the books 0, 3, not -1", "1"),
    (body() + " " * 32_768, TOO_LARGE, "expected at most 32,768", "null"),
]


@each_row(("sent", "error", "words", "rid"), REFUSED)
def test_a_wrong_request_gets_an_error_and_changes_nothing(
    sent: str | bytes, error: tuple[int, str], words: str, rid: str
) -> None:
    world = World()
    before = world.exchange.state.sequence
    answer = world.send(post(sent))
    assert refusal(answer) == (400, error)
    assert words in diagnosis_of(answer)
    assert answer.body.startswith(f'{{"rid":{rid},"error":'.encode())
    assert world.exchange.state.sequence == before
    assert world.ask().status == 200


def test_as_many_bytes_as_there_may_be() -> None:
    text = body()
    assert World().send(post(text + " " * (32_768 - len(text)))).status == 200
    assert refusal(World().send(post(text + " " * (32_769 - len(text))))) == (400, TOO_LARGE)


@each_row("verb", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "post"])
def test_every_method_is_a_post(verb: str) -> None:
    answer = World().send(Request(verb, f"{BASE}/{GET_POSITIONS}", headers=signed()))
    assert refusal(answer) == (405, BAD_REQUEST)
    assert answer.headers == ((b"allow", b"POST"),)
    assert f"not {verb}" in diagnosis_of(answer)
    assert answer.operation == GET_POSITIONS


def test_a_path_that_names_another_method_than_the_body() -> None:
    answer = World().send(post(body(), path=f"{BASE}/private/subscribe"))
    assert refusal(answer) == (400, BAD_REQUEST)
    assert "the path says 'private/subscribe'" in diagnosis_of(answer)


def test_a_path_that_is_no_method() -> None:
    answer = World().send(post(body(method='"private/nothing"'), path=f"{BASE}/private/nothing"))
    assert refusal(answer) == (400, NOT_FOUND)
    assert answer.operation is None


def test_a_method_in_the_path_does_not_stand_for_the_bodys() -> None:
    answer = World().send(post('{"rid":1}', path=f"{BASE}/{GET_POSITIONS}"))
    assert refusal(answer) == (400, BAD_REQUEST)


def test_a_key_without_the_scope() -> None:
    answer = World().ask(who="blind-key")
    assert refusal(answer) == (400, FORBIDDEN)
    assert diagnosis_of(answer) == "key blind of hugo has scopes none: private/get_positions needs trade:read"


def test_unknown_params_are_ignored_with_a_finding() -> None:
    answer = World().ask(params={"subaccount_id": 3, "currencies": "BTC", "zzz": 1})
    assert answer.status == 200
    assert answer.findings == [
        'parameter "subaccount_id" is unknown to private/get_positions: ignored; did you mean subaccountId?',
        'parameter "currencies" is unknown to private/get_positions: ignored; did you mean currency?',
        'parameter "zzz" is unknown to private/get_positions: ignored',
    ]
    many = World().ask(params={str(number): 0 for number in range(1_000)})
    assert len(many.findings) == 20


@given(st.binary(max_size=200))
def test_any_bytes_get_an_answer(sent: bytes) -> None:
    answer = World().send(post(sent))
    assert answer.status == 400
    assert list(json.loads(answer.body)) == ["rid", "error"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(JSON, st.sampled_from(["currency", "kind", "subaccountId", "other"]))
def test_any_value_of_a_parameter_gets_an_answer(value: Any, name: str) -> None:
    answer = World().ask(params={name: value})
    assert (answer.status, value is None or name == "other") in {(200, True), (400, False), (200, False)}
    assert json.loads(answer.body)["rid"] == 1


def test_a_request_gets_the_same_bytes_twice() -> None:
    world = World()
    world.hold("BTC-17OCT25", "110970", "110957.5")
    request = post(body())
    assert world.send(request).body == world.send(request).body
