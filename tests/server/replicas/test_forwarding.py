"""What servers say to each other: the first line decides, and a caller that is no server gets nothing."""

import asyncio
import functools
import os
import socket
import struct
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from mockexchange.server.replicas import forwarding
from mockexchange.server.replicas.forwarding import Forwarder, HomeAddress, HomeMessages
from mockexchange.server.replicas.home_role import CalledHome
from mockexchange.server.replicas.peers import (
    CONNECTION,
    GREETING,
    MESSAGES,
    NO_HOME,
    Address,
    announcement,
    encoded,
    send_refusal,
)
from mockexchange.server.workers.mailbox import Done, Message, RunDue
from tests.helpers.patience import PATIENCE_S
from tests.server.wire import ADDRESS


def in_a_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run a test in a loop of its own."""

    @functools.wraps(test)
    def run(*given: Any, **named: Any) -> None:
        asyncio.run(asyncio.wait_for(test(*given, **named), PATIENCE_S))

    return run


class Echo(asyncio.Protocol):
    """A listener of clients that answers with what it gets, and ends at a full stop."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._transport.write(data)
        if data.endswith(b"."):
            self._transport.close()


def answer(message: Message, send: Callable[[Message], object]) -> None:
    assert isinstance(message, RunDue)
    send(Done(message.number))


@asynccontextmanager
async def home() -> AsyncIterator[HomeAddress]:
    server = await asyncio.get_running_loop().create_server(
        lambda: CalledHome("secret", Echo, answer, set()), ADDRESS, 0
    )
    found = HomeAddress("secret")
    found.now = Address(*server.sockets[0].getsockname())
    async with server:
        yield found


async def ended(address: Address, said: bytes) -> bytes:
    """Return all that is answered after the greeting."""
    reader, writer = await asyncio.open_connection(*address)
    assert await reader.readexactly(len(GREETING)) == GREETING
    writer.write(said)
    found = b""
    with suppress(ConnectionResetError):
        found = await reader.read()
    writer.close()
    return found


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (announcement(CONNECTION, "secret") + b"all.", b"all."),
        (announcement(CONNECTION, "wrong") + b"all.", b""),
        (b"GET / HTTP/1.1\r\n\r\n", b""),
        (b"x" * 5_000, b""),
        (announcement(MESSAGES, "secret") + struct.pack(">I", 1 << 31), b""),
        (announcement(MESSAGES, "secret") + struct.pack(">I", 3) + b"abc", b""),
    ],
)
@in_a_loop
async def test_only_servers_of_the_database_are_heard(said: bytes, found: bytes) -> None:
    async with home() as called:
        assert called.now
        assert await ended(called.now, said) == found


@in_a_loop
async def test_letters_arrive_whole_and_are_answered() -> None:
    done: asyncio.Queue[Message] = asyncio.Queue()
    async with home() as called:
        line = HomeMessages(called, done.put_nowait)
        line.send(RunDue(1, 7))  # waits until there is a connection
        assert await done.get() == Done(7)
        line.send(RunDue(1, 8))
        assert await done.get() == Done(8)
        line.cut()
        line.send(RunDue(1, 9))
        assert await done.get() == Done(9)
        await line.stop()
        reader, writer = await called.call(MESSAGES)
        for byte in encoded(RunDue(1, 10)):
            writer.write(bytes([byte]))
            await asyncio.sleep(0)
        assert await reader.readexactly(len(encoded(Done(10)))) == encoded(Done(10))
        writer.close()


async def passed_on(called: HomeAddress, read: bytes, rest: bytes) -> bytes:
    """Return what a client gets whose connection is passed on."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    forwarder = Forwarder(called)
    forwarder.hand_over(read, theirs.detach())
    loop, found = asyncio.get_running_loop(), b""
    await loop.sock_sendall(ours, rest)
    while data := await loop.sock_recv(ours, 1_000):
        found += data
    ours.close()
    await forwarder.stop()
    return found


@in_a_loop
async def test_a_connection_is_passed_on_with_what_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    async with home() as called:
        assert await passed_on(called, b"first, ", b"second.") == b"first, second."
    monkeypatch.setattr(forwarding, "HOME_S_MAX", 0.05)
    monkeypatch.setattr(forwarding, "RETRY_S", 0.01)
    for nobody in (called.now, None):
        called.now = nobody
        found = await passed_on(called, b"", b"GET / HTTP/1.1\r\n\r\n")
        assert found.startswith(b"HTTP/1.1 503 ")
        assert NO_HOME.encode() in found


@pytest.mark.parametrize("said", [b"mockexchange hope\n", b"mock"])
@in_a_loop
async def test_another_program_at_the_address_is_no_home(said: bytes) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        writer.close()

    called = HomeAddress("secret")
    async with await asyncio.start_server(speak, ADDRESS, 0) as server:
        called.now = Address(*server.sockets[0].getsockname())
        with pytest.raises(OSError, match="is no"):
            await called.call(CONNECTION)


@in_a_loop
async def test_connections_end_with_the_home_and_with_the_server() -> None:
    async with home() as called:
        forwarder, loop = Forwarder(called), asyncio.get_running_loop()
        for end in (forwarder.cut, None):
            ours, theirs = socket.socketpair()
            ours.setblocking(False)
            forwarder.hand_over(b"here", os.dup(theirs.fileno()))
            theirs.close()
            assert await loop.sock_recv(ours, 100) == b"here"
            if end:
                end()
            else:
                await forwarder.stop()
            assert await loop.sock_recv(ours, 100) == b""
            ours.close()
        await forwarder.stop()


@pytest.mark.parametrize(("method", "body"), [("GET", True), ("HEAD", False)])
@in_a_loop
async def test_refusals_have_the_reason(method: str, body: bool) -> None:  # of a table
    sent: list[dict[str, object]] = []

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    await send_refusal({"type": "http", "method": method}, send, "why")  # type: ignore[arg-type]  # it takes less
    assert (sent[0]["status"], bool(sent[1]["body"])) == (503, body)
    await send_refusal({"type": "websocket"}, send, "why")  # type: ignore[arg-type]  # it takes less
    parts = [(message["type"], message.get("status")) for message in sent[2:]]
    assert parts == [("websocket.http.response.start", 503), ("websocket.http.response.body", None)]
