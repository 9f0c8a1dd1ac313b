"""What one turn of the loop may do: few sockets are read that were paused, and few starts of long work happen."""

import asyncio
import socket
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from mockexchange.server import loop_budget
from mockexchange.server.http.connection import HttpConnection
from mockexchange.server.loop_budget import STARTS_PER_TURN, TURN_S, LoopBudget
from mockexchange.server.websocket.stream_protocol import StreamProtocol
from tests.attacks.attacking import Target, attacked, head, play
from tests.attacks.test_bodies import STREAM, UPGRADE
from tests.helpers.patience import PATIENCE_S
from tests.helpers.rows import each_row
from tests.server.streaming import PING, TEXT, frame
from tests.server.wire import ADDRESS

CLIENTS, READS = 80, 5
LARGE_BYTES = 64 * 1024
BODY = head("/trade-api/v2/portfolio/orders", "Content-Length: 99000000", method="POST") + b"x" * 8_000_000
LONG_HEAD = head("/trade-api/v2/exchange/status", *(f"a{number}: {'b' * 120}" for number in range(200)))
FRAGMENTS = frame(TEXT, b"", is_final=False) + frame(0, b"", is_final=False) * 30_000
COMMANDS = frame(TEXT, b" " * 60_000) * 130


class Reads:
    """Counts the long reads of a protocol in each turn of the loop."""

    def __init__(self, protocol: type[Any], monkeypatch: pytest.MonkeyPatch) -> None:
        self.in_turns = [0]
        received = protocol.data_received

        def count(connection: Any, data: bytes) -> None:
            self.in_turns[-1] += len(data) > LARGE_BYTES
            received(connection, data)

        monkeypatch.setattr(protocol, "data_received", count)

    async def watch(self) -> list[int]:
        """Return the numbers of reads in the turns after the first read of each client, without turns that had none."""
        while sum(self.in_turns) < CLIENTS * READS:
            await asyncio.sleep(0)
            self.in_turns.append(0)
        found, first = [one for one in self.in_turns if one], 0
        while first < CLIENTS:
            first += found.pop(0)
        return found


async def filled(target: Target, count: int, opening: bytes, raw: bytes) -> list[socket.socket]:
    """Return connections whose buffers are full of bytes, none of which the server has read."""
    loop, clients = asyncio.get_running_loop(), list[socket.socket]()
    for _ in range(count):
        client = socket.create_connection((ADDRESS, target.port))
        client.setblocking(False)
        clients.append(client)
        if opening:
            await loop.sock_sendall(client, opening)
            assert (await loop.sock_recv(client, LARGE_BYTES)).startswith(b"HTTP/1.1 101 ")
    for client in clients:
        client.send(raw)
    return clients


@each_row(
    ("protocol", "opening", "raw"),
    [(HttpConnection, b"", BODY), (StreamProtocol, head(STREAM, *UPGRADE), COMMANDS)],
    ids=["bodies", "streams"],
)
def test_few_sockets_that_were_paused_are_read_in_one_turn(
    monkeypatch: pytest.MonkeyPatch, protocol: type[Any], opening: bytes, raw: bytes
) -> None:
    """Each read copies up to 256 KiB, so fifty of them would hold the loop for ten milliseconds.

    The clock stands still: turns have time for all that waits, so that all sockets have used up their bytes in the
    same turn.
    """
    Clock(monkeypatch)

    async def scene() -> None:
        async with attacked() as target:
            reads = Reads(protocol, monkeypatch)
            clients = await filled(target, CLIENTS, opening, raw)
            try:
                found = await reads.watch()
            finally:
                for client in clients:
                    client.close()
            assert len(found) > 1
            assert max(found) <= STARTS_PER_TURN + 4, "a short read pauses no socket, so some are read besides"

    play(scene())


@each_row(
    ("protocol", "name", "opening", "raw"),
    [
        (HttpConnection, "_take", b"", LONG_HEAD * 20),
        (StreamProtocol, "_digest", head(STREAM, *UPGRADE), FRAGMENTS),
    ],
    ids=["heads", "a stream"],
)
def test_waiting_bytes_are_parsed_a_piece_at_a_time(
    monkeypatch: pytest.MonkeyPatch, protocol: type[Any], name: str, opening: bytes, raw: bytes
) -> None:
    """Without any time for waiting work, a turn parses one piece of all connections together."""
    monkeypatch.setattr(loop_budget, "TURN_S", 0.0)
    parsed, parse = [0], getattr(protocol, name)

    def count(connection: Any, *given: Any) -> None:
        parsed[-1] += 1
        parse(connection, *given)

    async def scene() -> None:
        async with attacked() as target:
            clients = await filled(target, 3, opening, raw)
            monkeypatch.setattr(protocol, name, count)
            while sum(parsed) < 60:
                await asyncio.sleep(0)
                parsed.append(0)
            for client in clients:
                client.close()
            assert max(parsed) == 1

    play(scene())


async def received(client: socket.socket, last: bytes) -> bytes:
    """Return what a client receives until it ends with `last`."""
    client.setblocking(False)
    text = b""
    while not text.endswith(last):
        part = await asyncio.get_running_loop().sock_recv(client, LARGE_BYTES)
        assert part, text
        text += part
    return text


class Clock:
    """A clock that work moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_s = 0.0
        monkeypatch.setattr(time, "perf_counter", lambda: self.now_s)

    def work(self, seconds: float) -> None:
        self.now_s += seconds


@each_row(("share", "most"), [(0.05, STARTS_PER_TURN), (0.3, 3), (0.45, 2), (3.0, 1)])
def test_starts_of_long_work_are_few_in_a_turn(monkeypatch: pytest.MonkeyPatch, share: float, most: int) -> None:
    """The work of each start takes this share of TURN_S, and is done after the turn that starts it."""
    clock = Clock(monkeypatch)

    async def scene() -> None:
        loop = asyncio.get_running_loop()
        budget, begun = LoopBudget(loop), [0]

        def start(work: Callable[[], None]) -> None:
            begun[-1] += 1
            loop.call_soon(work)

        for _ in range(200):
            budget.start(partial(start, partial(clock.work, share * TURN_S)))
        while sum(begun) < 200:
            await asyncio.sleep(0)
            begun.append(0)
        assert max(begun[20:-1]) == most

    play(scene())


def test_starts_are_few_even_if_each_turn_begins_all_that_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each start takes as long as a turn may; clients that wait for their answers never let the queue grow."""
    clock = Clock(monkeypatch)

    async def scene() -> None:
        loop = asyncio.get_running_loop()
        budget, begun = LoopBudget(loop), [0]

        def start() -> None:
            begun[-1] += 1
            loop.call_soon(partial(clock.work, TURN_S))

        for count in range(1, STARTS_PER_TURN + 1):
            for _ in range(count):
                budget.start(start)
            for _ in range(2 * STARTS_PER_TURN):
                await asyncio.sleep(0)
                begun.append(0)
        assert sum(begun) == sum(range(STARTS_PER_TURN + 1))
        assert max(begun) == 1

    play(scene())


def test_few_handshakes_are_answered_in_one_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pings that are sent before a handshake is answered are answered after it."""
    opened, open_stream = [0], StreamProtocol._open

    def count(stream: StreamProtocol, *head: Any) -> None:
        opened[-1] += 1
        open_stream(stream, *head)

    monkeypatch.setattr(StreamProtocol, "_open", count)

    async def scene() -> None:
        async with attacked() as target:
            clients = [socket.create_connection((ADDRESS, target.port)) for _ in range(CLIENTS)]
            while target.listener.connections_made < CLIENTS:
                await asyncio.sleep(0)
                opened.append(0)
            for client in clients:
                client.sendall(head(STREAM, *UPGRADE))
            while not sum(opened):
                await asyncio.sleep(0)
                opened.append(0)
            for client in clients:
                client.sendall(frame(PING, b"early"))
            while sum(opened) < CLIENTS:
                await asyncio.sleep(0)
                opened.append(0)
            assert max(opened) <= STARTS_PER_TURN
            for client in clients:
                assert (await received(client, b"early")).startswith(b"HTTP/1.1 101 ")
                client.close()

    play(scene())


def test_work_that_fails_is_reported_and_stops_no_other() -> None:
    async def scene() -> None:
        loop, reported = asyncio.get_running_loop(), list[object]()
        loop.set_exception_handler(lambda _, context: reported.append(context["exception"]))
        budget, error = LoopBudget(loop), ZeroDivisionError("a mistake of ours")

        def fail() -> None:
            raise error

        budget.start(fail)
        await asyncio.wait_for(budget.wait(), PATIENCE_S)
        assert reported == [error]

    play(scene())
