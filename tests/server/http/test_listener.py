"""A listening socket: what is under way when it stops, and what it says when its port is not to be had."""

import asyncio
import errno
import gc
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest
from starlette.types import Receive, Scope, Send

from mockexchange.server import operating_system
from mockexchange.server.http import listener as listeners
from mockexchange.server.http.listener import Listener, PortInUse, bind
from tests.helpers.patience import PATIENCE_S
from tests.helpers.rows import each_row
from tests.server.wire import ADDRESS, request

BODY = b"x" * 800_000
ASK = request("GET", "/")


class App:
    """Answers BODY once it may; garbage and broken requests get an empty answer."""

    def __init__(self) -> None:
        self.asked, self.may, self.done = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.parts = 1

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked.set()
        await self.may.wait()
        headers = [(b"content-length", b"%d" % (self.parts * len(BODY)))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for part in range(self.parts):
            await send({"type": "http.response.body", "body": BODY, "more_body": part + 1 < self.parts})
        self.done.set()

    def direct_answer(self, cycle: object) -> None:
        return None

    def answer_garbage(self, raw: bytes, diagnosis: str) -> bytes:
        return b""

    def note_unfinished(self, raw: bytes, diagnosis: str) -> None:
        return


Scene = Callable[[App, Listener, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def play(scene: Scene) -> None:
    """Run a scene with a listener whose socket sends little at a time, and a client that reads little ahead."""

    async def run() -> None:
        app, sock = App(), bind(ADDRESS, 0)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
        listener = Listener(app, sock)  # type: ignore[arg-type]  # all of a ListenerApp that a protocol calls
        await listener.start()
        reader, writer = await asyncio.open_connection(ADDRESS, listener.port, limit=1_024)
        writer.write(ASK)
        await app.asked.wait()
        await scene(app, listener, reader, writer)
        writer.close()

    asyncio.run(run())


def test_connections_are_counted() -> None:
    async def scene(app: App, listener: Listener, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert (listener.connection_count, listener.connections_made) == (1, 1)
        app.may.set()
        await reader.readexactly(len(BODY))
        writer.close()
        await listener.stop()
        assert (listener.connection_count, listener.connections_made) == (0, 1)

    play(scene)


def test_a_request_under_way_is_answered_whole_while_it_stops() -> None:
    async def scene(app: App, listener: Listener, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        stopping = asyncio.create_task(listener.stop())
        app.may.set()
        answer = await reader.read(-1)
        assert answer.endswith(BODY)
        await stopping

    play(scene)


def test_an_answer_on_its_way_arrives_whole() -> None:
    """The request is done with, most of its answer still waits for the client to read."""

    async def scene(app: App, listener: Listener, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        app.may.set()
        await app.done.wait()
        stopping = asyncio.create_task(listener.stop())
        answer = await reader.read(-1)
        assert answer.endswith(BODY)
        await stopping

    play(scene)


def test_a_request_that_never_ends_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listeners, "STOP_S_MAX", 0.02)

    async def scene(app: App, listener: Listener, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await listener.stop()
        assert await reader.read(-1) == b""

    play(scene)


def test_an_answer_that_nobody_reads_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listeners, "STOP_S_MAX", 0.02)

    async def scene(app: App, listener: Listener, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        app.may.set()
        await app.done.wait()
        await listener.stop()
        with suppress(ConnectionResetError):
            assert len(await reader.read(-1)) < len(BODY)

    play(scene)


def test_an_answer_that_takes_its_time_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listeners, "STUCK_S_MAX", 0.0)
    monkeypatch.setattr(listeners, "STOP_POLL_S", 0.0)

    async def scene(app: App, listener: Listener, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        stopping = asyncio.create_task(listener.stop())
        for _ in range(50):
            await asyncio.sleep(0)
        monkeypatch.setattr(listeners, "STUCK_S_MAX", 60.0)
        app.may.set()
        assert (await reader.read(-1)).endswith(BODY)
        await stopping

    play(scene)


@each_row(("stuck_s_max", "stop_s_max"), [(0.02, 1_000.0), (30.0, 0.02)])
def test_a_client_that_reads_nothing_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, stuck_s_max: float, stop_s_max: float
) -> None:
    """Its application hears that it is gone instead of being cut down, which would be told as a mistake."""
    monkeypatch.setattr(listeners, "STUCK_S_MAX", stuck_s_max)
    monkeypatch.setattr(listeners, "STOP_S_MAX", stop_s_max)

    async def scene(app: App, listener: Listener, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        app.parts = 20
        app.may.set()
        await asyncio.wait_for(listener.stop(), PATIENCE_S)
        assert app.done.is_set()

    play(scene)
    assert caplog.records == []


@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
def test_connections_that_are_being_accepted_are_closed_when_it_stops() -> None:
    async def run() -> list[socket.socket]:
        listener = Listener(App(), bind(ADDRESS, 0))  # type: ignore[arg-type]  # all of a ListenerApp that a protocol calls
        await listener.start()
        clients = [socket.create_connection((ADDRESS, listener.port)) for _ in range(20)]
        for _ in range(2):  # the loop's own turns: the sockets are accepted, their transports are not made yet
            await asyncio.sleep(0)
        await listener.stop()
        return clients

    for client in asyncio.run(run()):
        with client, suppress(ConnectionResetError):
            client.settimeout(PATIENCE_S)
            assert client.recv(1) == b""
    gc.collect()


def test_one_that_never_started_stops() -> None:
    async def run() -> None:
        with bind(ADDRESS, 0) as sock:
            await Listener(App(), sock).stop()  # type: ignore[arg-type]  # never called

    asyncio.run(run())


def test_a_port_in_use_names_a_free_one() -> None:
    with bind(ADDRESS, 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortInUse, match=rf"^port {port} on 127\.0\.0\.1 is in use: try --port \d+, or") as raised:
            bind(ADDRESS, port)
        free = int(str(raised.value).split("--port ")[1].split(",")[0])
        bind(ADDRESS, free).close()


def test_other_reasons_are_left_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **options: object) -> socket.socket:
        raise OSError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket, "create_server", refuse)
    with pytest.raises(PermissionError):
        bind(ADDRESS, 80)


def test_connections_that_the_system_refuses_are_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Without a file descriptor the system closes a connection, and the server never learns of it."""
    writers: list[asyncio.StreamWriter] = []
    monkeypatch.setattr(listeners, "PROBED_FROM", 2)
    monkeypatch.setattr(operating_system, "can_open_files", lambda: False)

    async def run() -> None:
        one = Listener(App(), bind(ADDRESS, 0))  # type: ignore[arg-type]  # never called
        await one.start()
        for count in range(1, 5):
            _, writer = await asyncio.open_connection(ADDRESS, one.port)
            while one.connection_count < count:  # noqa: ASYNC110  # there is no event to wait for
                await asyncio.sleep(0)
            writers.append(writer)
        await one.stop()
        for writer in writers:
            writer.close()

    asyncio.run(run())
    [record] = caplog.records
    assert "refuses connections" in record.getMessage()
    assert "this process may open no more files (ulimit -n)" in record.getMessage()


def test_a_file_can_be_opened() -> None:
    assert operating_system.can_open_files()
