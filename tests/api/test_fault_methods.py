"""Faults and literal answers, asked for in each of the four ways."""

import json
from typing import Any

import pytest

from mockexchange import WrongRequest
from tests.api.connections import get, get_unsigned

BALANCE = "/portfolio/balance"
NOT_EMULATED = "GET /trade-api/v2/margin/balance"


def test_a_fault_disturbs_as_often_as_it_shall(exchange: Any) -> None:
    (fault,) = exchange.fault(match={"operation": "GetBalance"}, then={"status": 503}, times=1, name="mine")

    assert (fault.name, fault.times, fault.matched, fault.fired) == ("mine", 1, 0, 0)
    assert (fault.match, fault.then) == ({"operation": "GetBalance"}, {"status": "503"})
    assert [get(exchange, BALANCE).status for _ in range(3)] == [503, 200, 200]
    (fault,) = exchange.faults()
    assert (fault.matched, fault.fired) == (3, 1)


def test_a_preset_is_several_faults(exchange: Any) -> None:
    names = [fault.name for fault in exchange.fault("flaky")]
    assert [fault.name for fault in exchange.faults()] == names
    assert len(names) > 1
    exchange.clear_faults(names[0])
    assert [fault.name for fault in exchange.faults()] == names[1:]
    exchange.clear_faults()
    assert exchange.faults() == []


def test_a_fault_without_a_limit_has_none(exchange: Any) -> None:
    (fault,) = exchange.fault(then={"status": 500})
    assert fault.times is None
    assert [get(exchange, BALANCE).status for _ in range(2)] == [500, 500]


def test_an_exchange_is_made_with_faults(server: Any) -> None:
    rule = {"name": "mine", "match": {"operation": "GetBalance", "nth": 2}, "then": {"status": 502}}
    with server.sandbox("demo", faults=[rule, "429-storm"]) as exchange:
        assert next(fault.name for fault in exchange.faults()) == "mine"
        assert len(exchange.faults()) > 1
        exchange.reset()
        assert len(exchange.faults()) > 1
    with server.sandbox("demo", faults="flaky") as exchange:
        assert exchange.faults() != []


AN_OPERATION = "the name of an operation, such as GetPositions or private/*"
WRONG_FAULTS = [
    ({}, "then: expected what the rule does, such as fault(then={'status': 503})"),
    ({"match": {"nth": 1}}, "then: expected what the rule does, such as fault(then={'status': 503})"),
    (
        {"preset": "flaky", "times": 1},
        "expected a preset such as fault('flaky'), or a rule such as fault(then={'status': 503}), not both",
    ),
    ({"then": {"statos": 503}}, "then: unknown effect 'statos': did you mean 'status'?"),
    (
        {"match": {"operation": "GetBalanse"}, "then": {"status": 503}},
        f"match.operation: expected {AN_OPERATION}, got 'GetBalanse': did you mean 'GetBalance'?",
    ),
]


@pytest.mark.parametrize(("words", "text"), WRONG_FAULTS)
def test_a_fault_that_cannot_be_read_is_told(exchange: Any, words: dict[str, Any], text: str) -> None:
    with pytest.raises(WrongRequest) as caught:
        exchange.fault(**words)
    assert (caught.value.code, str(caught.value)) == ("bad_fault", text)
    assert exchange.faults() == []


def test_an_unknown_preset_and_an_unknown_fault_are_told(exchange: Any) -> None:
    with pytest.raises(WrongRequest, match=r"flakey.*did you mean 'flaky'"):
        exchange.fault("flakey")
    with pytest.raises(WrongRequest, match=r"no fault 'mine'") as caught:
        exchange.clear_faults("mine")
    assert caught.value.code == "unknown_fault"


# --- literal answers


def test_a_literal_answer_is_given_as_often_as_it_shall(exchange: Any) -> None:
    answer = {"milestones": [{"id": 7, "share": 0.50, "name": "1", "is": None}], "cursor": ""}
    stub = exchange.respond(NOT_EMULATED, status=203, json=answer, headers={"X-Mine": "yes"}, times=2, name="mine")
    assert (stub.name, stub.request, stub.status, stub.times, stub.answered) == ("mine", NOT_EMULATED, 203, 2, 0)

    replies = [get(exchange, "/margin/balance?limit=5") for _ in range(3)]

    assert [reply.status for reply in replies] == [203, 203, 404]
    assert json.loads(replies[0].body) == answer
    assert replies[0].headers["x-mine"] == "yes"
    (stub,) = exchange.stubs()
    assert (stub.matched, stub.answered) == (2, 2)
    exchange.clear_stubs("mine")
    assert exchange.stubs() == []


@pytest.mark.parametrize(
    ("words", "body"),
    [
        ({"text": "1.50"}, b"1.50"),
        ({"body": b"\x00\xff"}, b"\x00\xff"),
        ({"json": None}, b"null"),
        ({"json": "1"}, b'"1"'),
        ({}, b""),
    ],
)
def test_a_literal_answer_is_of_any_kind(exchange: Any, words: dict[str, Any], body: bytes) -> None:
    exchange.respond(NOT_EMULATED, **words)
    assert get(exchange, "/margin/balance").body == body


def test_a_literal_answer_is_for_who_asks_so_and_signs(exchange: Any) -> None:
    exchange.respond("GET /trade-api/v2/portfolio/balance", json={"balance": 1}, query={"subaccount": 3})
    assert b'"balance":1}' not in get(exchange, BALANCE).body
    assert get(exchange, f"{BALANCE}?subaccount=3").body == b'{"balance":1}'
    assert get_unsigned(exchange, f"{BALANCE}?subaccount=3").status == 401


def test_a_literal_result_is_in_the_venues_envelope(server: Any) -> None:
    with server.sandbox("deribit") as exchange:
        stub = exchange.respond("deribit public/get_time", result=5, signed=False)
        assert (stub.request, stub.times) == ("deribit public/get_time", None)
        exchange.clear_stubs()
        assert exchange.stubs() == []


def test_a_literal_answer_that_cannot_be_given_is_told(exchange: Any) -> None:
    with pytest.raises(WrongRequest) as caught:
        exchange.respond("GET milestones", json={}, text="x")
    assert caught.value.code == "bad_stub"
    assert str(caught.value).startswith("request: expected a method and a path such as GET /trade-api/v2/milestones")
    with pytest.raises(WrongRequest, match=r"no stub 'mine'"):
        exchange.clear_stubs("mine")
