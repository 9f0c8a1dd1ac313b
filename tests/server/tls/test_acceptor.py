"""The door of a TLS port where the system is short of files, or cannot say that bytes have come."""

import asyncio
import errno
import gc
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from mockexchange.server.http.listener import bind
from mockexchange.server.http.request_limits import Cut
from mockexchange.server.tls import acceptor
from mockexchange.server.tls.acceptor import PLAIN, TlsAcceptor
from tests.helpers.patience import PATIENCE_S
from tests.helpers.rows import each_row
from tests.server.secure import secured
from tests.server.streaming import play
from tests.server.wire import ADDRESS


class ConnectionJournal:
    def __init__(self) -> None:
        self.diagnoses: list[str] = []

    def answer_cut(self, cut: Cut, raw: bytes) -> bytes:
        self.diagnoses.append(cut.diagnosis)
        return b"{}"

    def note_unfinished(self, raw: bytes, diagnosis: str) -> None:
        self.diagnoses.append(diagnosis)


class Echo(asyncio.Protocol):
    """Says what it hears."""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)


async def said_to(port: int, raw: bytes, trust: ssl.SSLContext | None) -> bytes:
    """Say something, and read to the end, or as much as was said over TLS."""
    reader, writer = await asyncio.open_connection(ADDRESS, port, ssl=trust)
    writer.write(raw)
    heard = await (reader.readexactly(len(raw)) if trust else reader.read())
    writer.transport.abort()
    return heard


def scene(
    prepare: Callable[[asyncio.AbstractEventLoop], None], trust: ssl.SSLContext | None
) -> tuple[bytes, list[str]]:
    """What a client hears of a door on a loop that was meddled with, and what is written down."""
    found: list[bytes] = []
    journal = ConnectionJournal()

    async def run() -> None:
        prepare(asyncio.get_running_loop())
        sock = bind(ADDRESS, 0)
        door = TlsAcceptor(sock, secured().identity, Echo, journal)
        door.start()
        found.append(await said_to(sock.getsockname()[1], b"hello", trust))
        await door.stop()

    play(run())
    return found[0], journal.diagnoses


def test_who_cannot_be_accepted_now_is_accepted_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acceptor, "ACCEPT_PAUSE_S", 0)
    accept, failures = acceptor._accepted, iter([OSError(errno.EMFILE, "no more files")])

    async def accept_at_last(sock: socket.socket) -> socket.socket:
        for failure in failures:
            raise failure
        return await accept(sock)

    monkeypatch.setattr(acceptor, "_accepted", accept_at_last)
    assert scene(lambda loop: None, secured().trust) == (b"hello", [])


def without_readers(loop: Any) -> None:
    """As the loop of Windows is."""

    def add_reader(*arguments: Any) -> None:
        raise NotImplementedError

    loop.add_reader = add_reader


@each_row("turns", range(4))
def test_a_connection_that_comes_at_the_end_is_closed(turns: int) -> None:
    """In each of the turns of the loop between its arrival and its greeting."""

    async def run() -> None:
        sock = bind(ADDRESS, 0)
        door = TlsAcceptor(sock, secured().identity, Echo, ConnectionJournal())
        door.start()
        await asyncio.sleep(0.01)
        with socket.create_connection(sock.getsockname()) as client:
            for _ in range(turns):
                await asyncio.sleep(0)
            await door.stop()
            client.settimeout(PATIENCE_S)
            with suppress(ConnectionResetError):
                assert client.recv(1) == b""

    play(run())
    gc.collect()  # a connection that nothing closed is a warning, which fails the test


def test_where_bytes_cannot_be_waited_for_whatever_comes_is_taken_for_tls() -> None:
    assert scene(without_readers, secured().trust) == (b"hello", [])
    heard, diagnoses = scene(without_readers, None)
    assert PLAIN not in diagnoses
    assert (heard, diagnoses[0].partition(":")[0]) == (b"", "the TLS handshake failed")
