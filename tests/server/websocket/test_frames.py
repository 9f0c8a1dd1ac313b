"""Frames both ways over a real socket: commands as text, binary and in pieces; many frames in one write."""

import asyncio
import json
from typing import Any

import pytest
from websockets.frames import Frame, Opcode

from mockexchange.server.websocket import stream_protocol
from mockexchange.server.websocket.stream_protocol import HEADS, StreamProtocol
from tests.helpers.rows import each_row
from tests.server.streaming import BINARY, CONTINUED, PING, PONG, TEXT, listening, play, subscribe, until

SIZES = (0, 1, 125, 126, 127, 65_535, 65_536, 70_000)


@each_row("size", SIZES)
def test_heads_are_those_of_the_library(size: int) -> None:
    raw = b"x" * size
    assert HEADS[size] + raw == Frame(Opcode.TEXT, raw).serialize(mask=False)


def test_commands_are_text_or_binary() -> None:
    async def scene() -> None:
        async with listening() as venue, venue.client() as client:
            await client.send(subscribe("fill", number=1))
            await client.send(subscribe("market_positions", number=2).encode())
            for number, channel in ((1, "fill"), (2, "market_positions")):
                answer = await client.recv()
                assert isinstance(answer, str)
                assert answer.endswith("\n")
                assert json.loads(answer)["id"] == number
                assert json.loads(answer)["msg"]["channel"] == channel

    play(scene())


@each_row("kind", [TEXT, BINARY])
def test_a_command_may_come_in_pieces_with_a_ping_between(kind: int) -> None:
    raw = subscribe("fill").encode()

    async def scene() -> None:
        async with listening() as venue, venue.bare() as client:
            client.send(kind, raw[:10], is_final=False)
            client.send(CONTINUED, b"", is_final=False)
            client.send(PING, b"between")
            client.send(CONTINUED, raw[10:30], is_final=False)
            client.send(CONTINUED, raw[30:])
            assert await client.read() == (PONG, b"between")
            answer_kind, answer = await client.read()
            assert answer_kind == TEXT
            assert json.loads(answer)["type"] == "subscribed"

    play(scene())


def test_a_command_may_come_byte_by_byte() -> None:
    async def scene() -> None:
        async with listening() as venue, venue.bare() as client:
            protocol = next(iter(venue.sandbox.streams)).wire
            assert isinstance(protocol, StreamProtocol)
            client.send(PING, b"")
            assert await client.read() == (PONG, b"")
            for byte in _frame(subscribe("fill")):
                protocol.data_received(bytes((byte,)))
                await asyncio.sleep(0)
            assert json.loads((await client.read())[1])["type"] == "subscribed"

    play(scene())


def _frame(text: str) -> bytes:
    return Frame(Opcode.TEXT, text.encode()).serialize(mask=True)


@pytest.mark.in_memory
def test_what_happens_in_one_turn_goes_out_in_one_write(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        async with listening() as venue, venue.bare("fill", "market_positions") as client:
            written: list[bytes] = []
            wire: Any = next(iter(venue.sandbox.streams)).wire
            monkeypatch.setattr(wire, "transport", _Recorder(wire.transport, written))
            await venue.fill(20)
            for _ in range(40):
                assert (await client.read())[0] == TEXT
            assert len(written) == 1

    play(scene())


class _Recorder:
    """A transport whose writes are seen."""

    def __init__(self, transport: Any, written: list[bytes]) -> None:
        self._transport, self._written = transport, written

    def write(self, raw: bytes) -> None:
        self._written.append(raw)
        self._transport.write(raw)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


def test_frames_come_in_order_whatever_fits_into_a_write(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_protocol, "FLUSH_BYTES", 300)

    async def scene() -> None:
        async with listening() as venue, venue.client("fill") as client:
            await venue.fill(300)
            told = [await client.recv() for _ in range(300)]
            made = [entry.raw.decode() for entry in venue.sandbox.journal.frames if entry.kind == "fill"]
            assert told == made
            assert len(set(told)) == 300

    play(scene())


@pytest.mark.parametrize(
    ("has_deflate", "compression", "is_compressed"),
    [(True, "deflate", True), (True, None, False), (False, "deflate", False), (False, None, False)],
)
@pytest.mark.since("websockets", "13", "its client for asyncio shows no answer to a handshake")
def test_frames_are_compressed_only_when_both_sides_want_it(
    *, has_deflate: bool, compression: str | None, is_compressed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        async with listening(has_deflate=has_deflate) as venue, venue.client("fill", compression=compression) as client:
            assert client.response is not None
            agreed = client.response.headers.get("sec-websocket-extensions", "")
            assert ("permessage-deflate" in agreed) is is_compressed
            written: list[bytes] = []
            wire: Any = next(iter(venue.sandbox.streams)).wire
            monkeypatch.setattr(wire, "transport", _Recorder(wire.transport, written))
            await venue.fill(3)
            sizes = []
            for _ in range(3):
                told = await client.recv()
                assert isinstance(told, str)
                assert json.loads(told)["type"] == "fill"
                assert told.endswith("\n")
                sizes.append(len(told))
            assert (sum(map(len, written)) < sum(sizes)) is is_compressed

    play(scene())


def test_pings_of_a_client_are_answered() -> None:
    async def scene() -> None:
        async with listening() as venue:
            async with venue.client() as client:
                await (await client.ping(b"are you there"))
            async with venue.bare() as bare:
                for content in (b"", b"x" * 125):
                    bare.send(PING, content)
                    assert await bare.read() == (PONG, content)
            await until(lambda: not len(venue.sandbox.streams))

    play(scene())
