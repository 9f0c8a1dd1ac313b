"""A sandbox on a socket of its own, in the loop of the test, and clients of its stream: a proper and a bare one."""

import asyncio
import json
import os
import socket
import ssl
import struct
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from mockexchange.core.commands import Fill
from mockexchange.core.vocabulary import Action, Side, SubaccountRef
from mockexchange.sandbox.clock import host_now_us
from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.loader import load_text
from mockexchange.server.app import ListenerApp
from mockexchange.server.http.listener import Listener, bind
from mockexchange.server.http.rest_endpoint import DiagnosisWorker
from mockexchange.venues.kalshi.catalogue import STREAM_PATH
from mockexchange.venues.kalshi.named_days import api_date
from tests.helpers.library_versions import is_at_least
from tests.helpers.patience import PATIENCE_S
from tests.helpers.sandboxes import SMALL, signed
from tests.server.live import LoopFactory
from tests.server.secure import Secured
from tests.server.wire import ADDRESS

if TYPE_CHECKING or is_at_least("websockets", "13"):
    from websockets.asyncio.client import ClientConnection, connect
else:
    from websockets.client import WebSocketClientProtocol as ClientConnection
    from websockets.client import connect as connect_as_before

    def connect(url: str, *, additional_headers: Any, **options: Any) -> Any:
        return connect_as_before(url, extra_headers=additional_headers, **options)


__all__ = ["ClientConnection", "connect"]
TEXT, BINARY, CLOSE, PING, PONG, CONTINUED = 1, 2, 8, 9, 10, 0
FINAL = 0x80
NARROW_BYTES = 4_096
"""Of a socket's buffers, so that a client which does not read is noticed after a few frames."""


class Loops:
    """Which kind of loop scenes are run on, and over what; the fixtures `both_loops` and `every_wire` change it."""

    factory: LoopFactory | None = None
    secured: Secured | None = None


def play(scene: Coroutine[Any, Any, None]) -> None:
    """Run a scene, within a time that only a hang exceeds."""
    with asyncio.Runner(loop_factory=Loops.factory) as runner:
        runner.run(asyncio.wait_for(scene, PATIENCE_S))


async def until(is_so: Callable[[], object]) -> None:
    """Let the loop turn until something is so."""
    while not is_so():  # noqa: ASYNC110  # what is waited for has no event of its own
        await asyncio.sleep(0)


def trust() -> ssl.SSLContext | None:
    return Loops.secured.trust if Loops.secured else None


class Venue(NamedTuple):
    """A sandbox that listens."""

    sandbox: Sandbox
    listener: Listener

    @property
    def url(self) -> str:
        return f"{'wss' if Loops.secured else 'ws'}://{ADDRESS}:{self.listener.port}{STREAM_PATH}"

    def headers(self, path: str = STREAM_PATH, who: str = "alice/main") -> dict[str, str]:
        request = signed(self.sandbox, path, who, at=host_now_us())
        return {name.decode(): value.decode() for name, value in request.headers}

    @asynccontextmanager
    async def client(self, *channels: str, who: str = "alice/main", **options: Any) -> AsyncIterator[ClientConnection]:
        """A published client library's connection, subscribed to channels."""
        given = {"additional_headers": self.headers(who=who), "compression": None, "ssl": trust(), **options}
        async with connect(self.url, **given) as connection:
            if channels:
                await connection.send(subscribe(*channels))
                for _ in channels:
                    assert json.loads(await connection.recv())["type"] == "subscribed"
            yield connection

    @asynccontextmanager
    async def bare(self, *channels: str, who: str = "alice/main") -> AsyncIterator["Bare"]:
        """A connection that does nothing by itself and reads little ahead, subscribed to channels."""
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, NARROW_BYTES)
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, (ADDRESS, self.listener.port))
        host = ADDRESS if Loops.secured else None
        reader, writer = await asyncio.open_connection(sock=sock, limit=NARROW_BYTES, ssl=trust(), server_hostname=host)
        client = Bare(reader, writer)
        writer.write(upgrade(self.headers(who=who)))
        assert (await client.read_head()).startswith("HTTP/1.1 101 ")
        if channels:
            client.send(TEXT, subscribe(*channels).encode())
            for _ in channels:
                assert json.loads(await client.read_text())["type"] == "subscribed"
        try:
            yield client
        finally:
            writer.transport.abort()

    async def fill(self, count: int = 1, account: str = "alice") -> None:
        for _ in range(count):
            await self.sandbox.submit(buy(account))


def buy(account: str = "alice") -> Fill:
    return Fill(
        subaccount_ref=SubaccountRef(account),
        market="RAIN-1",
        side=Side.YES,
        action=Action.BUY,
        count_centis=100,
        price_centicents=6_000,
    )


def subscribe(*channels: str, number: int = 1) -> str:
    return json.dumps({"id": number, "cmd": "subscribe", "params": {"channels": list(channels)}})


def upgrade(headers: dict[str, str], path: str | bytes = STREAM_PATH, method: bytes = b"GET") -> bytes:
    """The head of a handshake; `headers` go last, so that they can say it differently."""
    raw_path = path if isinstance(path, bytes) else path.encode()
    given = {
        "Host": ADDRESS,
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": b64encode(bytes(16)).decode(),
        **headers,
    }
    lines = [b"%s %s HTTP/1.1" % (method, raw_path), *(f"{name}: {said}".encode() for name, said in given.items())]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def frame(kind: int, content: bytes = b"", *, is_final: bool = True, is_masked: bool = True) -> bytes:
    """A frame of a client (RFC 6455, section 5.2)."""
    size, mask = len(content), os.urandom(4)
    if size < 126:
        length = bytes((size,))
    elif size < 65_536:
        length = b"\x7e" + struct.pack("!H", size)
    else:
        length = b"\x7f" + struct.pack("!Q", size)
    first = bytes((kind | (FINAL if is_final else 0),))
    if not is_masked:
        return first + length + content
    masked = bytes(byte ^ mask[place % 4] for place, byte in enumerate(content))
    return first + bytes((length[0] | 0x80,)) + length[1:] + mask + masked


class Bare:
    """A client that says what it is told to and reads when it is told to."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def send(self, kind: int, content: bytes = b"", **options: bool) -> None:
        self.writer.write(frame(kind, content, **options))

    async def read_head(self) -> str:
        return (await self.reader.readuntil(b"\r\n\r\n")).decode()

    async def read(self) -> tuple[int, bytes]:
        """The next frame: what kind it is of, and what is in it. IncompleteReadError at the end."""
        first, length = await self.reader.readexactly(2)
        if length == 126:
            length = struct.unpack("!H", await self.reader.readexactly(2))[0]
        elif length == 127:
            length = struct.unpack("!Q", await self.reader.readexactly(8))[0]
        return first & 0x0F, await self.reader.readexactly(length)

    async def read_text(self) -> bytes:
        """The next frame with data; a ping before it is answered."""
        while True:
            kind, content = await self.read()
            if kind == TEXT:
                return content
            assert kind == PING
            self.send(PONG, content)

    async def read_close(self) -> tuple[int, str]:
        """Skip frames up to the close frame; return its code and reason."""
        while True:
            kind, content = await self.read()
            if kind == CLOSE:
                return struct.unpack("!H", content[:2])[0], content[2:].decode()


@asynccontextmanager
async def listening(
    text: str = SMALL, date: str = "2026-10", stream: str = "", *, has_deflate: bool = False
) -> AsyncIterator[Venue]:
    """A venue until the end of the block; `stream` is the scenario's part about streams."""
    plan = load_text(text + (f"stream: {stream}\n" if stream else ""))
    sandbox = await open_sandbox(plan, SandboxOptions(api_date=api_date(date)))
    diagnosis_worker = DiagnosisWorker()
    sock = bind(ADDRESS, 0)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, NARROW_BYTES)
    identity = Loops.secured.identity if Loops.secured else None
    front = ListenerApp(lambda key_id: sandbox, diagnosis_worker, None)
    listener = Listener(front, sock, has_deflate=has_deflate, identity=identity)
    await listener.start()
    try:
        yield Venue(sandbox, listener)
    finally:
        await listener.stop()
        diagnosis_worker.close()
