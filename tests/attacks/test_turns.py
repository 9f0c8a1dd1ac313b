"""What one turn of the loop may do: few sockets are read that were paused, and few starts of long work happen."""

import asyncio
import socket
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from mockexchange.server.http.fast_protocol import JournalledHttpToolsProtocol
from mockexchange.server.loop_budget import STARTS_PER_TURN, TURN_S, LoopBudget
from mockexchange.server.websocket.protocol import StreamProtocol
from tests.attacks.attacking import Target, attacked, head, play
from tests.attacks.test_bodies import STREAM, UPGRADE
from tests.server.streaming import TEXT, frame
from tests.server.wire import ADDRESS

CLIENTS, READS = 80, 5
LARGE_BYTES = 64 * 1024
BODY = head("/trade-api/v2/portfolio/orders", "Content-Length: 99000000", method="POST") + b"x" * 8_000_000
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


async def filled(target: Target, opening: bytes, raw: bytes) -> socket.socket:
    """Return a connection whose buffers are full of bytes that the server has not read yet."""
    loop, client = asyncio.get_running_loop(), socket.create_connection((ADDRESS, target.port))
    client.setblocking(False)
    if opening:
        await loop.sock_sendall(client, opening)
        assert (await loop.sock_recv(client, LARGE_BYTES)).startswith(b"HTTP/1.1 101 ")
    client.send(raw)
    return client


@pytest.mark.parametrize(
    ("protocol", "opening", "raw"),
    [(JournalledHttpToolsProtocol, b"", BODY), (StreamProtocol, head(STREAM, *UPGRADE), COMMANDS)],
    ids=["bodies", "streams"],
)
def test_few_sockets_that_were_paused_are_read_in_one_turn(
    monkeypatch: pytest.MonkeyPatch, protocol: type[Any], opening: bytes, raw: bytes
) -> None:
    """Each read copies up to 256 KiB, so fifty of them would hold the loop for ten milliseconds."""

    async def scene() -> None:
        async with attacked() as target:
            reads = Reads(protocol, monkeypatch)
            clients = [await filled(target, opening, raw) for _ in range(CLIENTS)]
            try:
                found = await reads.watch()
            finally:
                for client in clients:
                    client.close()
            assert len(found) > 1
            assert max(found) <= STARTS_PER_TURN + 4, "a short read pauses no socket, so some are read besides"

    play(scene())


class Clock:
    """A clock that work moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_s = 0.0
        monkeypatch.setattr(time, "perf_counter", lambda: self.now_s)

    def work(self, seconds: float) -> None:
        self.now_s += seconds


@pytest.mark.parametrize(("share", "most"), [(0.05, STARTS_PER_TURN), (0.3, 3), (0.45, 2), (3.0, 1)])
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
