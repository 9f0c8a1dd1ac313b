"""Requests on httptools: their ASGI scope is uvicorn's own, and an exception without ASGI is reported as with it."""

import asyncio
import logging
from collections.abc import Awaitable
from typing import Any

import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from mockexchange.server.http.fast_protocol import JournalledHttpToolsProtocol
from mockexchange.server.http.request_cycle import RequestCycle
from tests.helpers.rows import each_row

TARGET_BYTES = b"/?#&=%2fa.:@[]{}|\\^`<>\"'~!$*+,;-_"


class Transport(asyncio.Transport):
    """A connection that keeps what is written."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 4_711), "sockname": ("127.0.0.1", 80)})
        self.written = b""
        self.is_closed = False

    def write(self, data: Any) -> None:
        self.written += bytes(data)

    def is_closing(self) -> bool:
        return self.is_closed

    def close(self) -> None:
        self.is_closed = True

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


class App:
    """Keeps the scope of each request that needs ASGI, and the bytes that are no request."""

    def __init__(self) -> None:
        self.scopes: list[Scope] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(dict(scope))

    def direct_answer(self, cycle: RequestCycle) -> Awaitable[None] | None:
        return None

    def answer_cut(self, *_: object, **__: object) -> bytes:
        return b""


def received(protocol: type[HttpToolsProtocol], app: Any, data: bytes) -> Transport:
    """Return the connection after bytes were received on it and answered."""

    async def answered() -> Transport:
        transport = Transport()
        config = uvicorn.Config(app, log_config=None, lifespan="off", ws="none", interface="asgi3")
        config.load()
        connection = protocol(config, ServerState(), {})
        connection.connection_made(transport)
        connection.data_received(data)
        for _ in range(3):
            await asyncio.sleep(0)
        connection.connection_lost(None)
        return transport

    return asyncio.run(answered())


@pytest.fixture(autouse=True)
def _is_quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "uvicorn.error")  # the application sends no answer


def scopes_of(data: bytes) -> tuple[list[Scope], list[Scope]]:
    ours, uvicorns = App(), App()
    received(JournalledHttpToolsProtocol, ours, data)
    received(HttpToolsProtocol, uvicorns, data)
    return ours.scopes, uvicorns.scopes


@each_row(
    "target",
    [
        "/a/b?c=d&c=%20",
        "/a%2Fb%C3%A9",
        "/",
        "//a",
        "/a#b?c",
        "/a?b#c",
        "/?",
        "/a?b?c",
        "*",
        "http://host/a?b",
        "http://h",
    ],
)
@each_row("version", ["1.0", "1.1"])
def test_the_scope_is_that_of_uvicorn(target: str, version: str) -> None:
    head = f"GET {target} HTTP/{version}\r\nHost: h\r\nA: 1\r\na: 2\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n"
    ours, uvicorns = scopes_of(head.encode())
    assert ours == uvicorns
    assert len(ours) == (target != "http://h")  # it has no path


@given(st.lists(st.sampled_from(TARGET_BYTES), max_size=8).map(bytes))
def test_so_it_is_for_any_target(rest: bytes) -> None:
    ours, uvicorns = scopes_of(b"GET /%b HTTP/1.1\r\nHost: h\r\n\r\n" % rest)
    assert ours == uvicorns


@pytest.mark.since("uvicorn", "0.54", "it wants the scope of a request that never had one")
@pytest.mark.parametrize("is_answered", [False, True], ids=["before its answer", "after its answer"])
def test_an_exception_without_asgi_is_reported(is_answered: bool, caplog: pytest.LogCaptureFixture) -> None:
    class Failing(App):
        def direct_answer(self, cycle: RequestCycle) -> Awaitable[None]:
            async def answer() -> None:
                if is_answered:
                    cycle.write(b"HTTP/1.1 200 OK\r\n", b"content-length: 0\r\n", b"")
                raise ValueError("it broke")

            return answer()

    caplog.set_level(logging.ERROR, "uvicorn.error")
    transport = received(JournalledHttpToolsProtocol, Failing(), b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    assert transport.written.startswith(b"HTTP/1.1 200 " if is_answered else b"HTTP/1.1 500 ")
    assert transport.is_closed
    [record] = caplog.records
    assert record.exc_info is not None
    assert str(record.exc_info[1]) == "it broke"
