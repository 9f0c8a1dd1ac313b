"""The traffic of JSON-RPC clients as calls of methods, over HTTP and on streams."""

import json
from typing import Any

import pytest

from mockexchange.kit.client.api_documents import documents_of
from mockexchange.kit.client.rules.retries import attempts_of
from mockexchange.kit.client.rules.rule import NotSeen
from mockexchange.kit.client.rules.signing import accepted
from mockexchange.kit.client.rules.streams import heartbeats
from mockexchange.kit.client.traffic import Call, Frame, Traffic
from mockexchange.kit.deribit import DERIBIT
from tests.helpers.rows import each_row

DOCUMENTS = documents_of(DERIBIT, "2026-10-31")
READ = "private/get_positions"
REFUSAL = b'{"id":1,"error":{"code":13009,"message":"unauthorized"}}'


def request(method: str, target: str, body: Any = None, status: int = 200, at_s: float = 1.0) -> Call:
    raw = b"" if body is None else json.dumps(body).encode()
    answer = REFUSAL if status == 400 else b'{"result":[]}'
    return Call(at_s, at_s, method, target, {}, raw, status, answer, None, None, "no key", None, None)


def frame(direction: str, body: Any, kind: str = "", at_s: float = 1.0) -> Frame:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Frame(at_s, 1, direction, kind, "", raw, None, "")


def calls_of(*parts: Call | Frame) -> Traffic:
    calls = tuple(one for one in parts if isinstance(one, Call))
    return DERIBIT.read_traffic(Traffic(calls, tuple(one for one in parts if isinstance(one, Frame))))


def asked(number: object, method: str = READ, **params: Any) -> dict[str, object]:
    return {"id": number, "method": method, "params": params}


@each_row(
    ("call", "target", "status"),
    [
        (request("GET", f"/api/v2/{READ}?currency=BTC"), f"/api/v2/{READ}?currency=BTC", 200),
        (request("POST", "/api/v2", asked(1, currency="BTC")), f"/api/v2/{READ}", 200),
        (request("POST", f"/api/v2/{READ}", asked(1)), f"/api/v2/{READ}", 200),
        (request("POST", "/api/v2", asked(1), status=400), f"/api/v2/{READ}", 401),
        (request("POST", "/api/v2", ["no object"]), "/api/v2/", 200),
    ],
)
def test_a_request_is_a_call_of_its_method(call: Call, target: str, status: int) -> None:
    (found,) = calls_of(call).requests
    assert (found.target, found.status) == (target, status)


def test_a_call_on_a_stream_has_its_answer() -> None:
    refused, unanswered, odd = frame("in", asked(1)), frame("in", asked("b"), at_s=2), frame("in", b"no JSON")
    told = frame("out", {"method": "subscription", "params": {}})
    traffic = calls_of(refused, unanswered, odd, told, frame("out", REFUSAL))
    assert [(call.operation, call.status, call.path) for call in traffic.requests] == [
        (READ, 401, f"/api/v2/{READ}"),
        (READ, 0, f"/api/v2/{READ}"),
    ]


def test_an_acknowledgement_names_the_families_of_its_channels() -> None:
    listed = {"id": 1, "result": ["user.changes.any.any.raw", "book.BTC-PERPETUAL.raw", "shoes"]}
    assert calls_of(frame("out", listed, "subscribed")).channels == {"user.changes", "book", "shoes"}


def test_calls_with_other_params_are_no_retries_and_those_with_another_token_are() -> None:
    def attempts(*params: dict[str, Any]) -> list[int]:
        calls = [request("POST", "/api/v2", asked(1, **one), 400, place / 10) for place, one in enumerate(params)]
        return [len(run) for run in attempts_of(calls_of(*calls))]

    assert attempts({"currency": "BTC"}, {"currency": "ETH"}) == [1, 1]
    assert attempts({"currency": "BTC", "access_token": "a"}, {"access_token": "b", "currency": "BTC"}) == [2]


def test_refused_credentials_are_found_on_streams_too() -> None:
    (finding,) = accepted(calls_of(frame("in", asked(1)), frame("out", REFUSAL)), DOCUMENTS)
    assert finding.rule == "signing.accepted"
    with pytest.raises(NotSeen, match="no private call"):
        list(accepted(calls_of(frame("in", asked(1, "public/test"))), DOCUMENTS))


def test_a_test_request_without_an_answer_is_found() -> None:
    wanted = frame("out", {"method": "heartbeat", "params": {"type": "test_request"}}, "heartbeat")
    closed = frame("out", b"4000 heartbeat close", "close")
    assert [one.rule for one in heartbeats(calls_of(wanted, closed), DOCUMENTS)] == ["streams.heartbeats"]
    assert list(heartbeats(calls_of(wanted), DOCUMENTS)) == []
    with pytest.raises(NotSeen, match="no stream asked for heartbeats"):
        list(heartbeats(calls_of(closed), DOCUMENTS))
