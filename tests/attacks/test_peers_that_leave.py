"""Clients that leave: at every byte of what they send, many at once, in TLS too. No callback of the server raises."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvloop

from mockexchange.server.http.request_cycle import NO_LINGERING
from mockexchange.server.http.rest_endpoint import DiagnosisWorker
from mockexchange.server.websocket.stream_protocol import StreamProtocol
from mockexchange.venues.request import Answer
from tests.attacks.attacking import Target, attacked, head
from tests.attacks.test_bodies import CHUNKED, ORDERS, STREAM, UPGRADE
from tests.helpers.patience import PATIENCE_S
from tests.helpers.rows import each_row
from tests.server.secure import secured
from tests.server.streaming import PING, TEXT, frame
from tests.server.wire import ADDRESS

LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop] | None] = {"uvloop": uvloop.new_event_loop, "asyncio": None}
STATUS = head("/trade-api/v2/exchange/status")
WRONG_VERSION = head(STREAM, *("Sec-WebSocket-Version: 8" if "Version" in line else line for line in UPGRADE))
AT_ONCE = 120
SAID = {
    "a request": STATUS,
    "a body": head(ORDERS, "Content-Length: 20", "Expect: 100-continue", method="POST") + b"{" + b" " * 18 + b"}",
    "chunks": head(ORDERS, CHUNKED, method="POST") + b"5\r\n[1,2,\r\n2\r\n3]\r\n0\r\nA: b\r\n\r\n",
    "a pipeline": STATUS + head("/nowhere", "Content-Length: 2", method="POST") + b"{}" + STATUS,
    "no request": b"nonsense\r\n\r\n",
    "a stream": head(STREAM, *UPGRADE)
    + frame(PING, b"a")
    + frame(TEXT, b'{"id":1}')
    + frame(TEXT, b"", is_masked=False),
    "no handshake": WRONG_VERSION,
    "no handshake, and frames": head(STREAM, *UPGRADE[:2]) + frame(TEXT, b"{}"),
    "another upgrade": head("/trade-api/v2/exchange/status", "Connection: Upgrade", "Upgrade: h2c") + STATUS,
}
"""What clients say until they leave, by what it is."""
MUCH = {
    "a flood of frames": head(STREAM, *UPGRADE) + frame(TEXT, b'{"id":1}') * 5_000,
    "a large body": head(ORDERS, "Content-Length: 250000", method="POST") + b" " * 240_000,
    "a long pipeline": STATUS * 1_000,
}


@contextmanager
def no_mistakes(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Collect what the loop and the server report during the block: there must be nothing."""
    reported: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: reported.append(repr(context)))
    caplog.clear()
    yield
    reported += [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert (len(reported), sorted(set(reported))[:4]) == (0, [])


def play(loop: str, scene: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        runner.run(asyncio.wait_for(scene, PATIENCE_S))


async def connected(target: Target) -> socket.socket:
    client = socket.socket()
    client.setblocking(False)
    await asyncio.get_running_loop().sock_connect(client, (ADDRESS, target.port))
    return client


def leave(client: socket.socket, *, is_reset: bool) -> None:
    if is_reset:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGERING)
    client.close()


async def settled(target: Target) -> None:
    """Wait until the server has noticed that all clients left, then ask it something."""
    while target.listener.connection_count:  # noqa: ASYNC110  # nothing reports it
        await asyncio.sleep(0)
    assert (await target.ask(head("/trade-api/v2/exchange/status", "Connection: close"))).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("loop", LOOPS)
@each_row("name", SAID)
def test_a_client_that_leaves_at_any_byte_is_no_mistake(loop: str, name: str, caplog: pytest.LogCaptureFixture) -> None:
    said = SAID[name]

    async def scene() -> None:
        async with attacked() as target:
            with no_mistakes(caplog):
                for is_reset in (True, False):
                    for size in range(len(said) + 1):
                        client = await connected(target)
                        client.send(said[:size])
                        for _ in range(size % 4):  # it leaves before, while or after the server reads
                            await asyncio.sleep(0)
                        leave(client, is_reset=is_reset)
                await settled(target)

    play(loop, scene())


@pytest.mark.parametrize("loop", LOOPS)
@each_row("name", [*SAID, *MUCH])
@each_row("turns", [1, 20])
def test_a_crowd_that_leaves_at_once_is_no_mistake(
    loop: str, name: str, turns: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene() -> None:
        async with attacked() as target:
            with no_mistakes(caplog):
                clients = [await connected(target) for _ in range(AT_ONCE)]
                for client in clients:
                    client.send({**SAID, **MUCH}[name])
                for _ in range(turns):
                    await asyncio.sleep(0)
                for client in clients:
                    leave(client, is_reset=True)
                await settled(target)

    play(loop, scene())


async def greeted(target: Target, cut: int | None) -> tuple[socket.socket, ssl.SSLObject, ssl.MemoryBIO]:
    """Return a client of TLS; one that leaves has sent only the first bytes of the handshake, up to `cut`."""
    loop, client = asyncio.get_running_loop(), await connected(target)
    received, sent = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = secured().trust.wrap_bio(received, sent, server_hostname=ADDRESS)
    left = cut
    while left is None or left > 0:
        try:
            session.do_handshake()
            is_done = True
        except ssl.SSLWantReadError:
            is_done = False
        said = sent.read()[:left]
        left = None if left is None else left - len(said)
        await loop.sock_sendall(client, said)
        if is_done:
            break
        if left != 0:
            received.write(await loop.sock_recv(client, 65_536))
    return client, session, sent


@pytest.mark.parametrize("loop", LOOPS)
def test_a_client_of_tls_that_leaves_at_any_byte_is_no_mistake(loop: str, caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        async with attacked(identity=secured().identity) as target:
            with no_mistakes(caplog):
                for is_reset in (True, False):
                    for cut in range(0, 700, 16):  # ClientHello and Finished
                        client, *_ = await greeted(target, cut)
                        leave(client, is_reset=is_reset)
                    for said in (STATUS, WRONG_VERSION, SAID["a stream"]):
                        for size in (0, 1, 5, 30, -1, None):
                            client, session, sent = await greeted(target, None)
                            session.write(said)
                            client.send(sent.read()[:size])
                            for _ in range((size or 2) % 4):
                                await asyncio.sleep(0)
                            leave(client, is_reset=is_reset)
                while target.listener.connection_count:  # noqa: ASYNC110  # nothing reports it
                    await asyncio.sleep(0)

    play(loop, scene())


@each_row("loop", LOOPS)
def test_a_broken_frame_does_not_overtake_the_refusal_of_a_handshake(
    loop: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The reason of the refusal is still looked for when the frame arrives."""
    asked, arrived, take = asyncio.Event(), asyncio.Event(), StreamProtocol.data_received

    def note(stream: StreamProtocol, data: bytes) -> None:
        take(stream, data)
        arrived.set()

    async def diagnose(worker: DiagnosisWorker, answer: Answer) -> str:
        asked.set()
        await arrived.wait()
        return "it is not signed"

    monkeypatch.setattr(StreamProtocol, "data_received", note)
    monkeypatch.setattr(DiagnosisWorker, "diagnose", diagnose)

    async def scene() -> None:
        async with attacked() as target:
            with no_mistakes(caplog):
                reader, writer = await target.connect()
                writer.write(head("/trade-api/ws/v2", *UPGRADE))
                await asyncio.wait_for(asked.wait(), PATIENCE_S)
                writer.write(frame(TEXT, b"", is_masked=False))
                assert (await reader.read()).startswith(b"HTTP/1.1 401 ")
                writer.close()

    play(loop, scene())
