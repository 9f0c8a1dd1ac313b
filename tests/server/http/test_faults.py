"""Every fault of REST as a client on a socket sees it."""

import asyncio
import json
import socket
from typing import Any

import httpx
import pytest

from mockexchange.scenario.keys import make_pair
from mockexchange.server.http import rest_endpoint
from mockexchange.server.http.faulty_response import FaultyResponse
from tests.helpers.patience import PATIENCE_S
from tests.server.http.faulty_requests import MANY, MARKETS, STRICT, ask, install, last, page
from tests.server.live import PREFIX, Client, Live, SandboxView
from tests.server.small import BALANCE, BUY, POSITIONS, SMALL
from tests.server.wire import ADDRESS, Connection, Reply, request


@pytest.fixture
def strict(live: Live, name: str) -> SandboxView:
    """An exchange of a strict date whose time stands still."""
    return live.sandbox(name, MANY, clock="paused", api_date=STRICT)


TIMER_US = 1_000
"""Timers of an event loop count in milliseconds: one may fire that much early."""
FORGED = b'{"code":"authentication_error","message":"authentication_error","details":"INCORRECT_API_KEY_SIGNATURE"}'
BODIES: list[tuple[dict[str, Any], bytes]] = [
    ({"status": 503}, b'{"error":{"code":"service_unavailable","message":"service_unavailable"}}'),
    ({"status": 429}, b'{"error":"too many requests"}'),
    ({"status": 429, "shape": "nested"}, b'{"error":{"code":"too_many_requests","message":"too many requests"}}'),
    ({"status": 404, "shape": "flat"}, b'{"code":"not_found","message":"not found"}'),
    ({"status": 400, "shape": "msg"}, b'{"msg":"bad request"}'),
    ({"status": 500, "shape": "text"}, b'{"error":"internal server error"}'),
    ({"status": 502}, b'{"error":{"code":"bad_gateway","message":"bad gateway"}}'),
    ({"status": 599}, b'{"error":{"code":"status_599","message":"status 599"}}'),
    (
        {"status": 403, "shape": "nested"},
        b'{"error":{"code":"permission_denied","message":"permission denied"}}',
    ),
    ({"status": 401, "shape": "flat"}, FORGED),
]


@pytest.mark.parametrize(("then", "body"), BODIES)
def test_an_error_in_the_exchanges_place(strict: SandboxView, then: dict[str, Any], body: bytes) -> None:
    install(strict, {"name": "outage", "match": {"nth": 1}, "then": then})
    reply = ask(strict)
    assert (reply.status, reply.body) == (then["status"], body)
    assert reply.headers["content-type"] == "application/json; charset=utf-8"
    assert "retry-after" not in reply.headers
    assert reply.diagnosis == f"the fault outage answered {then['status']}: the exchange was not asked"
    entry = last(strict)
    assert (entry["fault"], entry["status"], entry["operation"]) == ("outage", then["status"], "GetPositions")
    assert (entry["account"], entry["answer"]) == ("alice", body.decode())
    assert ask(strict).status == 200


def test_compat_says_it_in_every_place(live: Live, name: str) -> None:
    sandbox = live.sandbox(name, SMALL)
    install(sandbox, {"then": {"status": 429}})
    assert json.loads(ask(sandbox).body) == {
        "error": {"code": "too_many_requests", "message": "too many requests"},
        "code": "too_many_requests",
        "message": "too many requests",
    }


def test_headers_are_those_asked_for(strict: SandboxView) -> None:
    install(strict, {"then": {"status": 429, "headers": {"Retry-After": "7", "X-Mine": "a b"}}})
    headers = ask(strict).headers
    assert (headers["retry-after"], headers["x-mine"]) == ("7", "a b")


def test_refused_requests_are_matched_by_the_key_they_claim(strict: SandboxView) -> None:
    install(strict, {"name": "third", "match": {"account": "alice", "nth": 3}, "then": {"status": 503}})
    unsigned = f"GET {PREFIX}{POSITIONS} HTTP/1.1\r\nHost: x\r\n"
    claimed = f"{unsigned}KALSHI-ACCESS-KEY: {strict.client().key_id}\r\n\r\n".encode()
    replies = [strict.ask(raw).status for raw in (claimed, f"{unsigned}\r\n".encode(), claimed, claimed)]
    assert replies == [401, 401, 401, 503]
    [fault] = strict.call("GET", "/faults")
    assert (fault["matched"], fault["fired"]) == (3, 1)


def test_another_body_and_another_type(strict: SandboxView) -> None:
    install(strict, {"then": {"body": "<html>ä</html>", "content_type": "text/html"}})
    with httpx.Client(trust_env=False) as client:
        reply = client.get(f"http://{ADDRESS}:{strict.port}{PREFIX}{BALANCE}")
    assert (reply.status_code, reply.text) == (401, "<html>ä</html>")
    assert reply.headers["content-type"] == "text/html"
    assert int(reply.headers["content-length"]) == len("<html>ä</html>".encode())
    strict.call("DELETE", "/faults")
    install(strict, {"then": {"content_type": "text/plain"}})
    reply_2 = ask(strict, BALANCE)
    assert reply_2.headers["content-type"] == "text/plain"
    assert json.loads(reply_2.body)["balance"] == 9500


def test_an_empty_body(strict: SandboxView) -> None:
    install(strict, {"then": {"body": ""}})
    reply = ask(strict)
    assert (reply.status, reply.body, reply.headers["content-length"]) == (200, b"", "0")
    assert reply.headers["content-type"] == "application/json; charset=utf-8"


def test_a_delay_is_waited_for(strict: SandboxView) -> None:
    install(strict, {"match": {"nth": 1}, "then": {"delay": "60ms"}})
    assert ask(strict).status == 200
    assert last(strict)["latency_us"] >= 60_000 - TIMER_US


def test_a_client_that_does_not_wait_costs_nothing(strict: SandboxView) -> None:
    install(strict, {"match": {"nth": 1}, "then": {"delay": "10m"}})
    with Connection(strict.port) as connection:
        connection.send(strict.client().get(POSITIONS))
        while not strict.journal():
            pass
    assert ask(strict).status == 200


def test_a_sandbox_that_ends_lets_the_waiting_go(live: Live, strict: SandboxView) -> None:
    install(strict, {"then": {"delay": "10m"}})
    with Connection(strict.port) as connection:
        connection.send(strict.client().get(POSITIONS))
        while not strict.journal():
            pass
        strict.call("POST", "/reset")
        assert connection.read().status == 200
    assert strict.call("GET", "/faults") == []


def test_a_trickle_comes_in_pieces(strict: SandboxView) -> None:
    install(strict, {"then": {"trickle": 20_000}})
    reply = ask(strict)
    size_bytes = len(reply.body)
    assert int(reply.headers["content-length"]) == size_bytes
    assert len(page(reply)[0]) == MARKETS
    assert last(strict)["latency_us"] >= (size_bytes - 1_000) * 1_000_000 // 20_000 - TIMER_US


def test_a_body_that_is_cut_promises_the_whole(strict: SandboxView) -> None:
    whole = ask(strict).body
    install(strict, {"then": {"cut_after": 100}})
    with Connection(strict.port) as connection:
        reply = connection.ask(strict.client().get(POSITIONS))
        assert (reply.status, reply.body) == (200, whole[:100])
        assert int(reply.headers["content-length"]) == len(whole)
        assert connection.read_rest() == b""
    assert last(strict)["answer"] == whole[:100].decode()
    headers = strict.client().headers("GET", PREFIX + POSITIONS)
    with httpx.Client(trust_env=False) as client, pytest.raises(httpx.RemoteProtocolError):
        client.get(f"http://{ADDRESS}:{strict.port}{PREFIX}{POSITIONS}", headers=headers)


def test_a_cut_behind_the_end_cuts_nothing(strict: SandboxView) -> None:
    whole = ask(strict).body
    install(strict, {"then": {"cut_after": len(whole)}})
    with Connection(strict.port) as connection:
        assert [connection.ask(strict.client().get(POSITIONS)).body for _ in range(2)] == [whole, whole]
    assert last(strict)["findings"] == ["the fault fault-1 found nothing to cut off this answer"]


def test_a_dropped_request_has_no_answer(strict: SandboxView) -> None:
    install(strict, {"name": "gone", "match": {"nth": 1}, "then": {"drop": True}})
    with socket.create_connection((ADDRESS, strict.port), timeout=PATIENCE_S) as raw:
        raw.sendall(strict.client().get(POSITIONS))
        assert raw.recv(1) == b""
    entry = last(strict)
    assert (entry["status"], entry["answer"], entry["fault"]) == (0, "", "gone")
    assert entry["diagnosis"] == "the fault gone closed the connection: no answer"
    assert ask(strict).status == 200


def test_a_reset_is_one(strict: SandboxView) -> None:
    install(strict, {"match": {"nth": 1}, "then": {"reset": True}})
    with socket.create_connection((ADDRESS, strict.port), timeout=PATIENCE_S) as raw:
        raw.sendall(strict.client().get(POSITIONS))
        with pytest.raises(ConnectionResetError):
            raw.recv(1)
    assert last(strict)["status"] == 0
    assert ask(strict).status == 200


def test_truncated_json_has_a_true_length(strict: SandboxView) -> None:
    whole = ask(strict).body
    install(strict, {"then": {"truncate_json": True}})
    with Connection(strict.port) as connection:
        for _ in range(2):
            reply = connection.ask(strict.client().get(POSITIONS))
            assert reply.body == whole[: len(whole) // 2]
            with pytest.raises(json.JSONDecodeError):
                json.loads(reply.body)


def test_pages_of_another_size_can_be_walked(strict: SandboxView) -> None:
    install(strict, {"then": {"page_size": 2}})
    tickers: list[str] = []
    cursor: str | None = ""
    for size in (2, 2, 1):
        found, cursor = page(ask(strict, f"{POSITIONS}?limit=100&cursor={cursor}"))
        assert len(found) == size
        tickers += found
    assert cursor == ""
    assert len(set(tickers)) == MARKETS
    assert len(page(ask(strict, f"{POSITIONS}?limit=1"))[0]) == 1
    assert len(page(ask(strict))[0]) == 2
    assert ask(strict, f"{POSITIONS}?limit=abc").status == 400
    assert ask(strict, f"{POSITIONS}?limit=1&limit=2").status == 400


@pytest.mark.parametrize(("how", "told"), [("null", None), ("absent", "absent")])
def test_a_cursor_that_is_none(strict: SandboxView, how: str, told: str | None) -> None:
    install(strict, {"then": {"cursor": how}})
    raw = ask(strict, f"{POSITIONS}?limit=2").body
    assert page(Reply(200, {}, raw))[1] == told
    plain = json.dumps(json.loads(raw), separators=(",", ":"), ensure_ascii=False)
    assert raw.decode() == plain


def test_a_cursor_that_repeats_itself_never_ends(strict: SandboxView) -> None:
    install(strict, {"match": {"page": 2}, "then": {"cursor": "repeat"}})
    first, cursor = page(ask(strict, f"{POSITIONS}?limit=2"))
    second, again = page(ask(strict, f"{POSITIONS}?limit=2&cursor={cursor}"))
    third, and_again = page(ask(strict, f"{POSITIONS}?limit=2&cursor={again}"))
    assert cursor == again == and_again
    assert first != second == third


def test_a_page_is_that_of_the_walk(strict: SandboxView) -> None:
    install(strict, {"match": {"page": 2, "operation": "GetPositions"}, "then": {"status": 500}})
    _, cursor = page(ask(strict, f"{POSITIONS}?limit=2"))
    assert ask(strict, f"{POSITIONS}?limit=2&cursor={cursor}").status == 500
    assert ask(strict, f"{POSITIONS}?limit=2").status == 200
    assert ask(strict, f"{POSITIONS}?limit=2&cursor=garbage").status == 200
    assert ask(strict, f"{POSITIONS}?limit=2&cursor={cursor}", "bob").status == 200


def test_a_row_is_there_twice(strict: SandboxView) -> None:
    install(strict, {"then": {"duplicate_row": True}})
    tickers, _ = page(ask(strict))
    assert len(tickers) == MARKETS + 1
    assert tickers[-1] == tickers[-2]
    assert ask(strict, BALANCE).status == 200
    assert last(strict)["findings"] == ["the fault fault-1 found nothing to edit in this answer"]


def test_a_stale_surface_lags_and_the_others_do_not(strict: SandboxView) -> None:
    install(strict, {"match": {"operation": "GetPositions"}, "then": {"stale": "5s"}})
    before = ask(strict).body
    fill = {"fill": {**BUY["fill"], "market": "RAIN-0"}}
    strict.call("POST", "/commands", [fill])
    assert ask(strict).body == before
    assert json.loads(ask(strict, BALANCE).body)["balance"] == 9440
    strict.call("POST", "/clock", {"advance": "4s"})
    assert ask(strict).body == before
    strict.call("POST", "/clock", {"advance": "1s"})
    fresh = ask(strict).body
    assert fresh != before
    strict.call("DELETE", "/faults")
    assert ask(strict).body == fresh


def test_a_key_younger_than_the_lag_is_answered_all_the_same(strict: SandboxView) -> None:
    install(strict, {"then": {"stale": "1h"}})
    pair = make_pair("ed25519")
    assert pair.private_pem
    step = {"key": {"account": "bob", "key": "young", "key_id": "young", "public_key": pair.public_pem}}
    strict.call("POST", "/commands", [step])
    assert strict.ask(Client("young", pair.private_pem).get(POSITIONS)).status == 200


@pytest.mark.parametrize(("how", "told"), [("absent", None), ("zero", 0), ("wrong", 1_100)])
def test_legacy_numbers(live: Live, name: str, how: str, told: int | None) -> None:
    sandbox = live.sandbox(name, MANY, clock="paused")
    true = json.loads(ask(sandbox).body)["market_positions"][0]
    assert (true["market_exposure"], true["position"]) == (100, 2)
    install(sandbox, {"then": {"legacy": how}})
    row = json.loads(ask(sandbox).body)["market_positions"][0]
    assert row.get("market_exposure") == told
    assert ("position" in row) == (how != "absent")
    assert {key: row[key] for key in row if key.endswith(("_dollars", "_fp", "ticker", "_ts"))} == {
        key: true[key] for key in true if key.endswith(("_dollars", "_fp", "ticker", "_ts"))
    }


def test_no_legacy_numbers_are_left_to_change(strict: SandboxView) -> None:
    whole = ask(strict).body
    install(strict, {"then": {"legacy": "zero"}})
    assert ask(strict).body == whole
    assert last(strict)["findings"] == ["the fault fault-1 found nothing to edit in this answer"]


@pytest.mark.parametrize(("offset", "status"), [("-30s", 200), ("-60s", 401), ("10s", 200), ("30s", 401)])
def test_another_host_time(strict: SandboxView, offset: str, status: int) -> None:
    install(strict, {"name": "skew", "match": {"account": "alice"}, "then": {"clock_offset": offset}})
    reply = ask(strict)
    assert reply.status == status
    assert ("the fault skew" in reply.diagnosis) == (status == 401)
    assert ask(strict, account="bob").status == 200


def test_beyond_the_limit_is_429_and_time_fills_the_bucket(strict: SandboxView) -> None:
    limit = {"requests": 2, "per": "1s", "clock": "exchange"}
    install(strict, {"match": {"operation": "GetPositions"}, "then": {"rate_limit": limit}})
    assert [ask(strict).status for _ in range(4)] == [200, 200, 429, 429]
    assert ask(strict, account="bob").status == 200
    assert ask(strict, BALANCE).status == 200
    strict.call("POST", "/clock", {"advance": "500ms"})
    assert [ask(strict).status for _ in range(2)] == [200, 429]
    strict.call("POST", "/clock", {"advance": "1h"})
    assert [ask(strict).status for _ in range(3)] == [200, 200, 429]
    [fault] = strict.call("GET", "/faults")
    assert (fault["matched"], fault["fired"]) == (10, 4)


def test_rules_add_up_where_they_can(strict: SandboxView) -> None:
    install(
        strict,
        {"name": "late", "then": {"delay": "20ms"}},
        {"name": "down", "then": {"status": 503}},
        {"name": "busy", "then": {"status": 429}},
        {"name": "page", "then": {"body": "<html>", "content_type": "text/html"}},
    )
    reply = ask(strict)
    assert (reply.status, reply.body, reply.headers["content-type"]) == (503, b"<html>", "text/html")
    entry = last(strict)
    assert entry["fault"] == "late, down, page"
    assert entry["latency_us"] >= 20_000 - TIMER_US
    counts = {fault["name"]: (fault["matched"], fault["fired"]) for fault in strict.call("GET", "/faults")}
    assert counts == {"late": (1, 1), "down": (1, 1), "busy": (1, 0), "page": (1, 1)}


def test_a_reset_of_the_sandbox_brings_the_scenarios_faults_back(live: Live, name: str) -> None:
    rules = "faults:\n  - {name: own, match: {nth: 2}, then: {status: 503}}\n"
    sandbox = live.sandbox(name, MANY + rules)
    install(sandbox, {"name": "later", "then": {"drop": True}})
    sandbox.call("DELETE", "/faults/own")
    sandbox.call("POST", "/reset")
    assert [fault["name"] for fault in sandbox.call("GET", "/faults")] == ["own"]
    assert [ask(sandbox).status for _ in range(3)] == [200, 503, 200]


def test_exchange_time_bounds_a_rule(strict: SandboxView) -> None:
    install(strict, {"match": {"from": "10s", "until": "2025-11-04T12:00:20Z"}, "then": {"status": 503}})
    statuses = []
    for _ in range(5):
        statuses.append(ask(strict).status)
        strict.call("POST", "/clock", {"advance": "5s"})
    assert statuses == [200, 200, 503, 503, 200]


def test_garbage_and_unknown_paths_pass_rules_by(strict: SandboxView) -> None:
    install(strict, {"match": {"operation": "GetPositions"}, "then": {"status": 503}})
    assert strict.ask(b"GET /trade-api/v2/portfolio/position HTTP/1.1\r\nHost: x\r\n\r\n").status == 404
    assert strict.ask(b"\x00\x01\r\n\r\n").status == 400
    [fault] = strict.call("GET", "/faults")
    assert fault["matched"] == 0


def test_a_refusal_has_nothing_to_edit(strict: SandboxView) -> None:
    install(strict, {"then": {"cursor": "null"}})
    assert ask(strict, f"{POSITIONS}?limit=abc").status == 400
    assert last(strict)["findings"] == ["the fault fault-1 found nothing to edit in this answer"]


def test_a_refusal_that_is_no_json_is_let_alone(strict: SandboxView) -> None:
    install(strict, {"then": {"cursor": "null"}}, {"then": {"legacy": "zero"}}, {"then": {"duplicate_row": True}})
    path = "/trade-api/ws/v2"
    reply = strict.ask(request("GET", path, strict.client().headers("GET", path)))
    assert reply.status == 400
    assert len(last(strict)["findings"]) == 3


def test_a_head_request_is_disturbed_as_well(strict: SandboxView) -> None:
    install(strict, {"then": {"truncate_json": True}})
    client = strict.client()
    reply = strict.ask(client.get(POSITIONS, "HEAD"), is_head=True)
    assert (reply.status, reply.body) == (200, b"")


def test_a_faulty_answer_has_a_task(strict: SandboxView, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its delays are timeouts, which from Python 3.12 on need one; a request has none until it waits."""
    tasks: list[object] = []

    class Response(FaultyResponse):
        async def send(self, *given: Any) -> None:
            tasks.append(asyncio.current_task())
            await super().send(*given)

    monkeypatch.setattr(rest_endpoint, "FaultyResponse", Response)
    install(strict, {"then": {"delay": "1ms"}})
    assert ask(strict).status == 200
    assert len(tasks) == 1
    assert tasks[0] is not None
