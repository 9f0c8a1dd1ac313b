"""The way of a disturbed answer without a socket: a program in the same process, and a peer that does not go."""

import asyncio
import logging
import socket
from typing import Any

import pytest
from starlette.types import Message

from mockexchange.faults.delivery import FaultyAnswer
from mockexchange.scenario.fault_rules import FAULT
from mockexchange.scenario.located_text import read_yaml
from mockexchange.server.http import faulty_response
from mockexchange.server.http.faulty_response import Closing, FaultyResponse
from mockexchange.server.http.request_cycle import NO_LINGERING
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import POSITIONS
from tests.server.live import Live
from tests.server.streaming import Venue, listening, play
from tests.server.wire import ADDRESS, request


class Line:
    """Carries a request until it is reset, or, unless it is stuck, closed."""

    def __init__(self, *, is_stuck: bool = False) -> None:
        self.told: list[str] = []
        self.ended = asyncio.Event()
        self._is_stuck = is_stuck

    def hang_up(self, *, is_reset: bool) -> None:
        self.told.append("reset" if is_reset else "close")
        if is_reset or not self._is_stuck:
            self.ended.set()


class Cycle:
    """What a server calls an application with."""

    def __init__(self, line: Line | None) -> None:
        self.line = line
        self.sent: list[Message] = []
        self.ended = line.ended if line else asyncio.Event()

    async def receive(self) -> Message:
        await self.ended.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.sent.append(message)


async def carried(cycle: Cycle, closing: Closing | None = None, **options: Any) -> None:
    body = b"0123456789"
    answer = FaultyAnswer(200, body, **{"declared_bytes": len(body), **options})
    async with FaultyResponse(cycle.receive, cycle.send, cycle.line, [] if closing is None else closing) as response:
        await response.send(answer, [(b"x", b"y")])


def bodies(cycle: Cycle) -> bytes:
    return b"".join(message["body"] for message in cycle.sent if message["type"] == "http.response.body")


def test_an_answer_goes_out_whole() -> None:
    async def scene() -> None:
        cycle = Cycle(None)
        await carried(cycle)
        assert cycle.sent[0] == {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"x", b"y"), (b"content-length", b"10")],
        }
        assert bodies(cycle) == b"0123456789"
        assert not cycle.sent[-1].get("more_body")

    play(scene())


@each_row(("end", "told"), [("drop", ["close"]), ("reset", ["reset"]), ("cut", ["close"])])
def test_a_connection_is_ended(end: str, told: list[str]) -> None:
    async def scene() -> None:
        line = Line()
        cycle = Cycle(line)
        await carried(cycle, end=end)
        assert line.told == told
        assert bool(cycle.sent) == (end == "cut")

    play(scene())


def test_a_connection_that_does_not_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faulty_response, "CLOSE_S_MAX", 0.01)

    async def scene() -> None:
        line = Line(is_stuck=True)
        await carried(Cycle(line), end="drop")
        assert line.told == ["close", "reset"]

    play(scene())


@each_row("end", ["drop", "reset", "cut"])
def test_without_a_line_there_is_nothing_to_end(end: str) -> None:
    async def scene() -> None:
        cycle = Cycle(None)
        await carried(cycle, end=end)
        assert all(message.get("more_body", True) for message in cycle.sent)

    play(scene())


@each_row("how", ["client", "sandbox"])
def test_no_wait_outlasts_who_it_is_for(how: str) -> None:
    async def scene() -> None:
        line = Line()
        closing: Closing = []
        cycle = Cycle(line)
        task = asyncio.create_task(carried(cycle, closing, delay_us=600_000_000, bytes_per_second=1))
        while not closing:  # noqa: ASYNC110  # the task has no event for it
            await asyncio.sleep(0)
        if how == "client":
            line.ended.set()
        else:
            closing[0]("stopped")
        await task
        assert bodies(cycle) == b"0123456789"
        assert closing == []

    play(scene())


def test_a_closing_that_is_forgotten_already_is_no_trouble() -> None:
    async def scene() -> None:
        closing: Closing = []
        cycle = Cycle(None)
        async with FaultyResponse(cycle.receive, cycle.send, None, closing):
            closing.clear()

    play(scene())


def test_a_socket_carries_it(caplog: pytest.LogCaptureFixture) -> None:
    """Without a word in the server's log, as of an application that forgot to answer."""

    async def ask(venue: Venue, then: str) -> bytes:
        rule = FAULT.read(read_yaml(f"{{name: one, then: {{{then}}}}}", "rule"), "")
        await venue.sandbox.faults.install(rule)
        reader, writer = await asyncio.open_connection(ADDRESS, venue.listener.port)
        writer.write(request("GET", POSITIONS, venue.headers(POSITIONS)))
        try:
            return await reader.read()
        finally:
            writer.close()

    async def scene() -> None:
        async with listening() as venue:
            assert await ask(venue, "drop") == b""
            with pytest.raises(ConnectionResetError):
                await ask(venue, "reset")
            head, _, body = (await ask(venue, "cut_after: 7")).partition(b"\r\n\r\n")
            assert (head[:12], body) == (b"HTTP/1.1 200", b'{"curso')

    play(scene())
    assert caplog.records == []


# --- clients that reset their connections


PIPELINE = request("GET", "/nowhere") * 500
ROUNDS = 8


def test_a_reset_in_the_middle_of_a_pipeline_is_no_mistake(live: Live, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        for number in range(ROUNDS):
            with socket.create_connection((ADDRESS, live.port)) as sock:
                sock.sendall(PIPELINE)
                sock.recv(number * 1_000 + 1)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGERING)
        assert live.control("GET", "/live").status == 200
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []
