"""Transports for httpx: the venue's own host in the request, a sandbox behind it, here or elsewhere."""

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from mockexchange.api.errors import MockExchangeError
from mockexchange.api.serve import serve, serve_async
from tests.api.calls import BASE, VENUE, get, get_async, headers_for
from tests.helpers.patience import PATIENCE_S, wait_until

BALANCE = "/portfolio/balance"
POSITIONS = "/portfolio/positions?limit=3"
BODY_CUT_AT = 10
LITTLE_S = 0.05
"""The patience of a client that is to lose it."""


@pytest.fixture
def http(exchange: Any) -> Iterator[httpx.Client]:
    with httpx.Client(transport=exchange.httpx_transport()) as client:
        yield client


def test_a_client_of_the_real_host_is_answered_by_the_sandbox(exchange: Any, http: httpx.Client) -> None:
    response = get(http, exchange, POSITIONS)
    assert response.status_code == 200
    assert response.headers["x-mock-exchange"] == "1"
    assert len(response.json()["market_positions"]) == 3
    assert response.request.url.host == "api.elections.kalshi.com"
    assert response.http_version == "HTTP/1.1"


def test_the_journal_shows_the_host_that_was_meant(exchange: Any, http: httpx.Client) -> None:
    get(http, exchange, POSITIONS)
    (request,) = exchange.journal.expect("GetPositions", times=1, query={"limit": 3}, account="alice")
    assert request.headers["host"] == "api.elections.kalshi.com"
    assert request.target == "/trade-api/v2/portfolio/positions?limit=3"


def test_the_path_arrives_as_it_was_sent(exchange: Any, http: httpx.Client) -> None:
    http.get(f"{BASE}/markets/A%2Fb%20c?x=%2C&x=2")
    assert exchange.journal.last()[0].target == "/trade-api/v2/markets/A%2Fb%20c?x=%2C&x=2"


@pytest.mark.parametrize("content", [b'{"count": 1}', b"", None], ids=["body", "empty", "none"])
def test_a_body_arrives(exchange: Any, http: httpx.Client, content: bytes | None) -> None:
    http.post(f"{BASE}/portfolio/orders", content=content)
    (request,) = exchange.journal.expect(method="POST", times=1)
    assert request.body == (content or b"")


def test_a_body_that_comes_in_pieces_arrives(exchange: Any, http: httpx.Client) -> None:
    def pieces() -> Iterator[bytes]:
        yield b'{"count"'
        yield b": 1}"

    http.post(f"{BASE}/portfolio/orders", content=pieces())
    assert exchange.journal.expect(method="POST", times=1)[0].json == {"count": 1}


def test_an_asynchronous_body_arrives(exchange: Any) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b'{"count"'
        yield b": 1}"

    async def post() -> None:
        async with httpx.AsyncClient(transport=exchange.httpx_transport()) as client:
            await client.post(f"{BASE}/portfolio/orders", content=pieces())

    asyncio.run(post())
    assert exchange.journal.expect(method="POST", times=1)[0].json == {"count": 1}


def test_a_head_has_no_body(exchange: Any, http: httpx.Client) -> None:
    target = BASE + BALANCE
    response = http.head(target, headers=headers_for(exchange, BALANCE, "HEAD"))
    assert (response.content, int(response.headers["content-length"]) > 0) == (b"", True)


def test_one_object_serves_clients_of_both_kinds(exchange: Any) -> None:
    transport = exchange.httpx_transport()

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=transport) as client:
            return await get_async(client, exchange, BALANCE)

    with httpx.Client(transport=transport) as client:
        assert get(client, exchange, BALANCE).json().keys() == asyncio.run(ask()).json().keys()
    assert len(exchange.journal.expect("GetBalance", times=2)) == 2


def test_many_ask_at_once(exchange: Any) -> None:
    async def ask() -> list[httpx.Response]:
        async with httpx.AsyncClient(transport=exchange.httpx_transport()) as client:
            return await asyncio.gather(*(get_async(client, exchange, BALANCE) for _ in range(20)))

    assert {response.status_code for response in asyncio.run(ask())} == {200}


def test_headers_are_those_of_a_socket(exchange: Any, http: httpx.Client) -> None:
    over_socket = httpx.get(exchange.base_url + POSITIONS, headers=headers_for(exchange, POSITIONS))
    inside = get(http, exchange, POSITIONS)
    for response in (over_socket, inside):
        response.headers.pop("date")
    assert inside.headers == over_socket.headers
    assert inside.content == over_socket.content


# what a fault does                 what the client sees of it
BROKEN: list[tuple[dict[str, Any], type[httpx.TransportError], str]] = [
    ({"drop": True}, httpx.RemoteProtocolError, "Server disconnected without sending a response"),
    ({"reset": True}, httpx.ReadError, "Connection reset by peer"),
    ({"cut_after": BODY_CUT_AT}, httpx.RemoteProtocolError, r"received 10 bytes, expected \d+"),
    ({"delay": "10m"}, httpx.ReadTimeout, "timed out"),
]


def patience_s(error: type[httpx.TransportError]) -> float:
    return LITTLE_S if error is httpx.ReadTimeout else PATIENCE_S


@pytest.mark.parametrize(("then", "error", "words"), BROKEN, ids=[str(then) for then, _, _ in BROKEN])
def test_a_fault_is_the_error_that_httpx_has_for_it(
    exchange: Any, http: httpx.Client, then: dict[str, Any], error: type[httpx.TransportError], words: str
) -> None:
    exchange.fault(then=then, times=1)
    with pytest.raises(error, match=words) as caught:
        get(http, exchange, BALANCE, timeout=patience_s(error))
    assert type(caught.value) is error
    assert caught.value.request.url.path.endswith(BALANCE)
    assert get(http, exchange, BALANCE).status_code == 200


@pytest.mark.parametrize(("then", "error", "words"), BROKEN, ids=[str(then) for then, _, _ in BROKEN])
def test_a_fault_is_the_same_error_to_an_asynchronous_client(
    exchange: Any, then: dict[str, Any], error: type[httpx.TransportError], words: str
) -> None:
    async def ask() -> None:
        async with httpx.AsyncClient(transport=exchange.httpx_transport()) as client:
            with pytest.raises(error, match=words):
                await get_async(client, exchange, BALANCE, timeout=patience_s(error))
            assert (await get_async(client, exchange, BALANCE)).status_code == 200

    exchange.fault(then=then, times=1)
    asyncio.run(ask())


def test_a_trickle_comes_in_pieces(exchange: Any, http: httpx.Client) -> None:
    exchange.fault(then={"trickle": 5_000}, times=1)
    with http.stream("GET", BASE + POSITIONS, headers=headers_for(exchange, POSITIONS)) as response:
        pieces = list(response.iter_bytes())
    assert len(pieces) > 1
    assert b"".join(pieces) == get(http, exchange, POSITIONS).content


def test_a_client_may_leave_in_the_middle(exchange: Any, http: httpx.Client) -> None:
    exchange.fault(then={"trickle": 1}, times=1)
    with http.stream("GET", BASE + BALANCE, headers=headers_for(exchange, BALANCE)) as response:
        assert next(response.iter_bytes())
    exchange.journal.expect("GetBalance", times=1, within="20s")


def test_an_asynchronous_client_may_be_cancelled(exchange: Any) -> None:
    async def ask() -> None:
        async with httpx.AsyncClient(transport=exchange.httpx_transport()) as client:
            asking = asyncio.create_task(get_async(client, exchange, BALANCE, timeout=None))
            await asyncio.to_thread(wait_until, exchange.journal.requests)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking

    exchange.fault(then={"delay": "10m"}, times=1)
    asyncio.run(ask())


def test_a_handler_answers_whole(exchange: Any) -> None:
    request = httpx.Request("GET", BASE + BALANCE, headers=headers_for(exchange, BALANCE))
    response = exchange.httpx_handler(request)
    assert response.is_closed
    assert response.json()["balance"] > 0
    assert response.request is request


def test_an_asynchronous_handler_answers_whole(exchange: Any) -> None:
    request = httpx.Request("GET", BASE + BALANCE, headers=headers_for(exchange, BALANCE))
    handler = getattr(exchange, "_target", exchange).httpx_async_handler
    response = asyncio.run(handler(request))
    assert response.json().keys() == exchange.httpx_handler(request).json().keys()


def test_a_handler_serves_a_mock_transport(exchange: Any) -> None:
    with httpx.Client(transport=httpx.MockTransport(exchange.httpx_handler)) as client:
        assert get(client, exchange, BALANCE).status_code == 200


def test_nobody_answers_for_a_sandbox_that_is_gone(server: Any) -> None:
    with server.sandbox("demo") as gone:
        transport = gone.httpx_transport()
        account = gone.accounts["alice"]
    with httpx.Client(transport=transport) as client, pytest.raises(httpx.ConnectError):
        client.get(BASE + BALANCE, headers={"KALSHI-ACCESS-KEY": account.key_id})


def test_two_sandboxes_are_told_apart(server: Any) -> None:
    with server.sandbox("demo") as one, server.sandbox("demo") as other:
        with httpx.Client(transport=one.httpx_transport()) as client:
            assert get(client, one, BALANCE).status_code == 200
            assert client.get(BASE + BALANCE, headers=headers_for(other, BALANCE)).status_code == 401
        assert len(one.journal.requests()) == 2
        assert other.journal.requests() == []


# --- only here


def test_no_socket_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise AssertionError("a socket")

    with serve("demo") as exchange:
        monkeypatch.setattr("socket.socket.connect", refuse)
        with httpx.Client(transport=exchange.httpx_transport()) as client:
            assert get(client, exchange, BALANCE).status_code == 200


def test_the_host_decides_nothing() -> None:
    with serve("demo") as exchange, httpx.Client(transport=exchange.httpx_transport()) as client:
        for origin in (VENUE, "http://demo-api.kalshi.co:8080", "https://[::1]"):
            url = f"{origin}/trade-api/v2{BALANCE}"
            assert client.get(url, headers=headers_for(exchange, BALANCE)).status_code == 200


def test_a_synchronous_request_in_the_loop_of_the_exchange_is_refused_at_once() -> None:
    async def ask() -> None:
        async with serve_async("demo") as exchange:
            with httpx.Client(transport=exchange.httpx_transport()) as client:
                with pytest.raises(MockExchangeError, match=r"use httpx.AsyncClient, or asyncio.to_thread"):
                    get(client, exchange, BALANCE)
                assert (await asyncio.to_thread(get, client, exchange, BALANCE)).status_code == 200
            async with httpx.AsyncClient(transport=exchange.httpx_transport()) as asynchronous:
                assert (await get_async(asynchronous, exchange, BALANCE)).status_code == 200

    asyncio.run(ask())


def test_after_the_end_nobody_answers() -> None:
    with serve("demo") as exchange:
        transport, handler = exchange.httpx_transport(), exchange.httpx_handler
    request = httpx.Request("GET", BASE + BALANCE)
    with httpx.Client(transport=transport) as client, pytest.raises(httpx.ConnectError, match="has ended"):
        client.send(request)
    with pytest.raises(httpx.ConnectError):
        handler(request)


def test_an_exchange_that_ends_does_not_leave_a_client_waiting() -> None:
    seen: list[object] = []

    def ask(client: httpx.Client, exchange: Any) -> None:
        try:
            seen.append(get(client, exchange, BALANCE, timeout=None).status_code)
        except httpx.TransportError as error:
            seen.append(error)

    with serve("demo") as exchange, httpx.Client(transport=exchange.httpx_transport()) as client:
        exchange.fault(then={"delay": "10m"})
        thread = threading.Thread(target=ask, args=(client, exchange))
        thread.start()
        wait_until(exchange.journal.requests)
    thread.join(PATIENCE_S)
    assert not thread.is_alive()
    assert len(seen) == 1


def test_without_httpx_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve("demo") as exchange:
        monkeypatch.delitem(sys.modules, "mockexchange.api.transport.httpx_transports", raising=False)
        monkeypatch.setitem(sys.modules, "httpx", None)
        with pytest.raises(MockExchangeError, match="pip install httpx"):
            exchange.httpx_transport()


def test_another_import_that_fails_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "mockexchange.api.transport.httpx_transports", raising=False)
    monkeypatch.setitem(sys.modules, "mockexchange.runtime.trust", None)
    with serve("demo") as exchange, pytest.raises(ImportError, match=r"runtime\.trust"):
        exchange.httpx_transport()
