"""The sandbox as an ASGI application, called from other loops: test clients, httpx, uvicorn."""

import asyncio
import json
import logging
import os
import socket
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect as open_stream

import mockexchange
from mockexchange.api.errors import Closed, MockExchangeError, Unavailable, WrongRequest
from mockexchange.api.serve import Application, asgi, serve, serve_async
from mockexchange.api.transport.httpx_transports import LocalTransport
from mockexchange.api.transport.loop_bridge import BridgedCall, CallEnd, LoopBridge
from mockexchange.server.http.request_cycle import carrier_of
from tests.api.calls import BASE, get_async, headers_for, signed

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # that it would like another library than httpx
    from starlette.testclient import TestClient

# What the test client of starlette before 0.37 does, with the httpx that it works with.
pytestmark = pytest.mark.filterwarnings("ignore:The 'app' shortcut is now deprecated:DeprecationWarning")
BALANCE = "/portfolio/balance"
STREAM = "/trade-api/ws/v2"
SUBSCRIBE = {"id": 1, "cmd": "subscribe", "params": {"channels": ["fill"]}}
FILL = ("alice", "KXRAINNYC-25NOV05-T1", "yes", "buy", 1, "0.56")


@pytest.fixture(scope="module")
def exchange() -> Iterator[Any]:
    with serve("demo") as served:
        yield served


@pytest.fixture(autouse=True)
def _fresh(exchange: Any) -> None:
    exchange.reset()


def test_httpx_calls_it_without_a_lifespan(exchange: Any) -> None:
    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(exchange.app)) as http:
            return await get_async(http, exchange, BALANCE)

    assert asyncio.run(ask()).status_code == 200


def test_it_is_called_in_its_own_loop_too() -> None:
    async def ask() -> int:
        async with (
            serve_async("demo") as exchange,
            httpx.AsyncClient(transport=httpx.ASGITransport(exchange.app)) as http,
        ):
            return (await get_async(http, exchange, BALANCE)).status_code

    assert asyncio.run(ask()) == 200


def test_a_test_client_calls_it(exchange: Any) -> None:
    client = TestClient(exchange.app)
    response = client.get(f"/trade-api/v2{BALANCE}", headers=headers_for(exchange, BALANCE))
    assert response.json()["balance"] > 0
    with client as within_a_lifespan:
        assert within_a_lifespan.get(f"/trade-api/v2{BALANCE}").status_code == 401


def test_a_test_client_has_streams(exchange: Any) -> None:
    client = TestClient(exchange.app)
    with client.websocket_connect(STREAM, headers=signed(exchange, STREAM)) as stream:
        stream.send_json(SUBSCRIBE)
        assert stream.receive_json()["type"] == "subscribed"
        exchange.stream.wait_subscribed("alice", "fill")
        exchange.fill(*FILL)
        assert stream.receive_json()["msg"]["count_fp"] == "1.00"
        exchange.stream.close(4000, reason="done")
        with pytest.raises(WebSocketDisconnect) as caught:
            stream.receive_json()
    assert (caught.value.code, caught.value.reason) == (4000, "done")


@pytest.mark.since("starlette", "0.37", "its test client knows no refusal with a status")
def test_a_stream_is_refused_to_a_test_client(exchange: Any) -> None:
    from starlette.testclient import WebSocketDenialResponse

    client = TestClient(exchange.app)
    with pytest.raises(WebSocketDenialResponse) as caught, client.websocket_connect(STREAM):
        pass
    assert caught.value.status_code == 401


def test_a_stream_that_is_cut_is_cut(exchange: Any) -> None:
    client = TestClient(exchange.app)
    with client.websocket_connect(STREAM, headers=signed(exchange, STREAM)) as stream:
        stream.send_json(SUBSCRIBE)
        assert stream.receive_json()["type"] == "subscribed"
        exchange.stream.close()
        with pytest.raises(WebSocketDisconnect) as caught:
            stream.receive_json()
    assert caught.value.code == 1006


@pytest.mark.parametrize(("effect", "error"), [("drop", ConnectionAbortedError), ("reset", ConnectionResetError)])
def test_who_has_no_socket_is_told_of_a_hangup(exchange: Any, effect: str, error: type[Exception]) -> None:
    exchange.fault(then={effect: True}, times=1)
    with pytest.raises(error, match="by a fault"):
        TestClient(exchange.app).get(f"/trade-api/v2{BALANCE}")


def test_only_asyncio_is_served(exchange: Any) -> None:
    async def receive() -> Message:
        raise AssertionError

    async def send(message: Message) -> None:
        raise AssertionError

    coroutine = exchange.app({"type": "http"}, receive, send)
    with pytest.raises(MockExchangeError, match="expected to be called in an asyncio loop"):
        coroutine.send(None)


def test_an_exchange_elsewhere_has_no_application(exchange: Any) -> None:
    with (
        mockexchange.connect(exchange.control_url, token=exchange.token) as remote,
        pytest.raises(Unavailable),
    ):
        _ = remote.app


def test_after_its_end_it_says_so() -> None:
    with serve("demo") as ended:
        app = ended.app
    with pytest.raises(Closed, match="has ended"):
        TestClient(app).get("/")


def test_in_a_fork_it_says_where_it_lives(exchange: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    app, parent = exchange.app, os.getpid()
    monkeypatch.setattr("mockexchange.api.transport.loop_bridge.os.getpid", lambda: parent + 1)
    with pytest.raises(Closed, match=f"lives in process {parent}, of which this one is a fork"):
        TestClient(app).get("/")
    transport = LocalTransport(app)
    with httpx.Client(transport=transport) as http, pytest.raises(httpx.ConnectError, match="is a fork"):
        http.get(BASE)


# --- behind uvicorn, which has sockets


@contextmanager
def uvicorn_serving(app: Any, **options: Any) -> Iterator[str]:
    """Serve an application in a thread, on a free port; gives host and port."""
    sock = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, ws="websockets-sansio", **options))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]})
    thread.start()
    try:
        yield f"127.0.0.1:{sock.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        sock.close()


def test_uvicorn_serves_it(exchange: Any, caplog: pytest.LogCaptureFixture) -> None:
    with uvicorn_serving(exchange.app) as place:
        response = httpx.get(f"http://{place}/trade-api/v2{BALANCE}", headers=headers_for(exchange, BALANCE))
        assert response.json()["balance"] > 0
        with open_stream(f"ws://{place}{STREAM}", additional_headers=signed(exchange, STREAM)) as stream:
            stream.send(json.dumps(SUBSCRIBE))
            assert json.loads(stream.recv())["type"] == "subscribed"
            exchange.stream.close(1006)
            with pytest.raises(ConnectionClosedError) as caught:
                stream.recv()
            assert caught.value.rcvd is None
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_faults_that_end_a_connection_are_for_uvicorn_to_answer(exchange: Any) -> None:
    """ASGI has no way to the socket: the application raises an error, of which uvicorn makes an answer."""
    with uvicorn_serving(exchange.app) as place:
        for effect in ("drop", "reset"):
            exchange.fault(then={effect: True}, times=1)
            assert httpx.get(f"http://{place}/trade-api/v2{BALANCE}").status_code == 500
        exchange.fault(then={"cut_after": 5}, times=1)
        with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
            httpx.get(f"http://{place}/trade-api/v2{BALANCE}")


# --- an application by itself


def test_an_application_begins_with_the_first_request() -> None:
    with asgi("golden", api_date="2026-06") as app:
        response = TestClient(app).get(f"/trade-api/v2{BALANCE}")
        assert response.status_code == 401
        assert app.exchange.journal.expect("GetBalance", times=1)
        assert app.exchange.api_date == "2026-06"


def servers() -> int:
    """How many exchanges have a thread now."""
    return sum(thread.name == "mockexchange" for thread in threading.enumerate())


def test_an_application_lives_with_its_lifespan() -> None:
    app, before = asgi("demo"), servers()
    with TestClient(app) as client:
        first = app.exchange
        assert client.get(f"/trade-api/v2{BALANCE}", headers=headers_for(first, BALANCE)).status_code == 200
    assert servers() == before
    with TestClient(app) as client:
        assert app.exchange is not first
        assert client.get(f"/trade-api/v2{BALANCE}", headers=headers_for(app.exchange, BALANCE)).status_code == 200


def test_uvicorn_serves_an_application_by_itself() -> None:
    app = asgi("demo")
    with uvicorn_serving(app) as place:
        response = httpx.get(f"http://{place}/trade-api/v2{BALANCE}", headers=headers_for(app.exchange, BALANCE))
        assert response.status_code == 200
        assert app.exchange.journal.requests()[0].headers["host"] == place


def test_uvicorn_makes_the_demo_by_its_name() -> None:
    """`uvicorn mockexchange.asgi:create_app --factory`; the function of that name is still called afterwards."""
    with uvicorn_serving("mockexchange.asgi:create_app", factory=True) as place:
        response = httpx.get(f"http://{place}/trade-api/v2{BALANCE}")
        assert response.status_code == 401
    with mockexchange.asgi("demo") as app:
        assert app.exchange.name


def test_streams_that_are_open_do_not_keep_an_application_from_ending() -> None:
    app, before = asgi("demo"), servers()
    with ExitStack() as later:
        with uvicorn_serving(app) as place:
            headers = signed(app.exchange, STREAM)
            stream = later.enter_context(open_stream(f"ws://{place}{STREAM}", additional_headers=headers))
            stream.ping()
        assert servers() == before


def test_an_application_that_is_closed_stays_so() -> None:
    app = asgi("demo")
    assert app.exchange.name
    app.close()
    app.close()
    with pytest.raises(Closed, match="the application is closed"):
        _ = app.exchange
    with pytest.raises(Closed):
        TestClient(app).get("/")


def test_a_refused_history_is_told_where_it_begins() -> None:
    app = asgi("scenario: s\nhistory:\n  - settle: {market: M, result: yes}\n")
    with pytest.raises(WrongRequest, match="no market 'M'"):
        _ = app.exchange
    said: list[Message] = []
    assert asyncio.run(_lifespan(app, said)) is None
    assert said[0]["type"] == "lifespan.startup.failed"
    assert "no market 'M'" in said[0]["message"]


async def _lifespan(app: Application, said: list[Message]) -> None:
    async def receive() -> Message:
        return {"type": "lifespan.startup"}

    async def send(message: Message) -> None:
        said.append(message)

    await app({"type": "lifespan"}, receive, send)


# --- an application that fails


@contextmanager
def bridge_to(app: Any) -> Iterator[LoopBridge]:
    """A bridge to an application in a loop of another thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield LoopBridge(app, loop)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def broken(scope: Scope, receive: Receive, send: Send) -> None:
    raise KeyError("ticker")


async def broken_in_the_middle(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"10")]})
    await send({"type": "http.response.body", "body": b"123", "more_body": True})
    raise KeyError("ticker")


def test_an_application_that_fails_answers_500() -> None:
    with bridge_to(broken) as bridge, httpx.Client(transport=LocalTransport(bridge)) as http:
        response = http.get(f"{BASE}/x")
    assert (response.status_code, response.text) == (500, "KeyError: 'ticker'")


def test_an_answer_that_fails_in_the_middle_is_cut_off() -> None:
    with (
        bridge_to(broken_in_the_middle) as bridge,
        httpx.Client(transport=LocalTransport(bridge)) as http,
        pytest.raises(httpx.RemoteProtocolError, match="received 3 bytes, expected 10"),
    ):
        http.get(f"{BASE}/x")


async def reset_in_the_middle(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    carrier_of(scope).hang_up(is_reset=True)


def test_an_answer_that_is_reset_in_the_middle_is_a_read_error() -> None:
    with (
        bridge_to(reset_in_the_middle) as bridge,
        httpx.Client(transport=LocalTransport(bridge)) as http,
        pytest.raises(httpx.ReadError, match="Connection reset by peer"),
    ):
        http.get(f"{BASE}/x")


def test_a_call_whose_loop_ends_is_a_connection_that_is_lost() -> None:
    async def end_it() -> list[Message | CallEnd]:
        delivered: list[Message | CallEnd] = []
        begun = asyncio.Event()

        async def never(scope: Scope, receive: Receive, send: Send) -> None:
            begun.set()
            await asyncio.get_running_loop().create_future()

        call = BridgedCall(LoopBridge(never, asyncio.get_running_loop()), {}, b"", delivered.append)
        call.start()
        await begun.wait()
        call._task.cancel()
        await asyncio.gather(call._task, return_exceptions=True)
        return delivered

    assert asyncio.run(end_it()) == [CallEnd("reset")]
