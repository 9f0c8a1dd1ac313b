"""What clients of a stream do wrong, or too much of: each gets its close code, nobody else notices, nothing grows."""

import asyncio
import json

import pytest

from mockexchange.server.loop_budget import PIECE_BYTES
from mockexchange.server.websocket import stream_protocol, stream_transport
from mockexchange.server.websocket.stream_protocol import MESSAGE_BYTES_MAX, READ_AHEAD_BYTES, StreamProtocol
from mockexchange.server.websocket.stream_transport import streams_drained
from tests.helpers.rows import each_row
from tests.server.streaming import (
    BINARY,
    CONTINUED,
    PING,
    PONG,
    TEXT,
    Bare,
    Loops,
    Venue,
    frame,
    listening,
    play,
    subscribe,
    until,
)

SMALL_OUTBOX = 8 * 1024
NARROW = f"{{outbox: {SMALL_OUTBOX}, heartbeat: 0s}}"

pytestmark = pytest.mark.usefixtures("every_wire")


def wires_of(venue: Venue) -> list[StreamProtocol]:
    wires = [connection.wire for connection in venue.sandbox.streams]
    assert all(isinstance(wire, StreamProtocol) for wire in wires)
    return [wire for wire in wires if isinstance(wire, StreamProtocol)]


async def read_kinds(client: Bare, count: int) -> list[str]:
    """The types of the next data frames."""
    kinds: list[str] = []
    while len(kinds) < count:
        kind, content = await client.read()
        if kind == TEXT:
            kinds.append(json.loads(content)["type"])
    return kinds


BROKEN: list[tuple[str, bytes, int]] = [
    ("unmasked", frame(TEXT, b"{}", is_masked=False), 1002),
    ("reserved bits", b"\xf1\x80\x00\x00\x00\x00", 1002),
    ("an unknown opcode", b"\x83\x80\x00\x00\x00\x00", 1002),
    ("a piece of nothing", frame(CONTINUED, b"x"), 1002),
    ("a new message within another", frame(TEXT, b"x", is_final=False) + frame(TEXT, b"y"), 1002),
    ("a ping in pieces", frame(PING, b"x", is_final=False), 1002),
    ("a ping too long", frame(PING, b"x" * 126), 1002),
    ("a close of one byte", frame(8, b"x"), 1002),
    ("a close code that is none", frame(8, b"\x00\x01"), 1002),
    ("text that is not UTF-8", frame(TEXT, b"\xff\xfe"), 1007),
    ("text that is not UTF-8, in pieces", frame(TEXT, b"\xc3", is_final=False) + frame(CONTINUED, b"x"), 1007),
    ("a message too long", frame(BINARY, b"x" * (MESSAGE_BYTES_MAX + 1)), 1009),
    ("pieces that are too long together", frame(TEXT, b"x" * MESSAGE_BYTES_MAX, is_final=False) + frame(0, b"x"), 1009),
    ("a length beyond all", b"\x81\xff" + b"\x7f" + b"\xff" * 7 + bytes(4), 1009),
]


@each_row(("what", "raw", "code"), BROKEN, ids=[row[0] for row in BROKEN])
def test_who_breaks_the_protocol_is_told_and_closed(
    what: str, raw: bytes, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_protocol, "CLOSE_S_MAX", 60)

    async def scene() -> None:
        async with listening() as venue, venue.bare("fill") as other:
            async with venue.bare("fill") as client:
                client.writer.write(raw + frame(TEXT, subscribe("market_positions").encode()))
                assert (await client.read_close())[0] == code, what
                assert await client.reader.read() == b""
            await until(lambda: len(venue.sandbox.streams) == 1)
            await venue.fill()
            assert await read_kinds(other, 1) == ["fill"]

    play(scene())


def test_a_message_of_the_greatest_length_is_read() -> None:
    async def scene() -> None:
        async with listening() as venue, venue.bare() as client:
            raw = subscribe("fill").encode()
            client.send(TEXT, raw + b" " * (MESSAGE_BYTES_MAX - len(raw)))
            assert await read_kinds(client, 1) == ["subscribed"]

    play(scene())


@pytest.mark.untraced
def test_pieces_of_nothing_take_no_memory() -> None:
    async def scene() -> None:
        async with listening() as venue, venue.bare() as client:
            client.send(TEXT, b"{", is_final=False)
            client.writer.write(frame(CONTINUED, b"", is_final=False) * 50_000)
            client.send(PING, b"still there")
            assert await client.read() == (PONG, b"still there")
            [wire] = wires_of(venue)
            assert bytes(wire._message) == b"{"

    play(scene())


@pytest.mark.untraced
def test_a_client_that_never_reads_loses_its_subscription_and_nobody_else_anything() -> None:
    async def scene() -> None:
        async with listening(stream=NARROW) as venue, venue.bare("fill") as deaf, venue.client("fill") as other:
            connection = next(iter(venue.sandbox.streams))
            count = 1_500 if Loops.secured else 500  # TLS has buffers of its own, at both ends
            for _ in range(count):
                await venue.fill()
                assert json.loads(await other.recv())["type"] == "fill"
            assert connection.outbox.size_bytes < SMALL_OUTBOX + 1_000
            assert connection.session.channels == {}
            told = await read_kinds(deaf, 1)
            while told[-1] != "error":
                told += await read_kinds(deaf, 1)
            assert 0 < told.count("fill") < count
            deaf.send(TEXT, subscribe("fill", number=2).encode())
            assert await read_kinds(deaf, 1) == ["subscribed"]
            await venue.fill()
            assert await read_kinds(deaf, 1) == ["fill"]

    play(scene())


@pytest.mark.untraced
def test_commands_of_who_does_not_read_the_answers_are_left_unread() -> None:
    async def scene() -> None:
        async with listening(stream=NARROW) as venue, venue.bare("fill") as deaf, venue.client("fill") as other:
            connection = next(iter(venue.sandbox.streams))
            wire, _ = wires_of(venue)
            flood = b"".join(frame(TEXT, b'{"id":%d,"cmd":"list_subscriptions"}' % number) for number in range(10_000))
            deaf.writer.write(flood)
            await until(lambda: wire._is_deaf)
            for _ in range(50):
                await venue.fill()
                assert json.loads(await other.recv())["type"] == "fill"
            assert connection.outbox.size_bytes < SMALL_OUTBOX + 1_000
            assert len(wire._unread) < READ_AHEAD_BYTES + 300_000
            answered = 0
            while answered < 10_000:
                answered += (await read_kinds(deaf, 1))[0] in {"ok", "error"}
            await until(lambda: not wire._is_deaf and not wire._unread)

    play(scene())


def test_pongs_that_are_left_unread_do_not_pile_up() -> None:
    async def scene() -> None:
        async with listening(stream="{heartbeat: 0s}") as venue, venue.bare() as deaf:
            [wire] = wires_of(venue)
            deaf.writer.write(frame(PING, b"x" * 100) * 20_000)
            deaf.send(PING, b"the last")
            deaf.send(TEXT, subscribe("fill").encode())
            await until(lambda: "fill" in next(iter(venue.sandbox.streams)).session.channels)
            assert wire.transport.get_write_buffer_size() < 128 * 1024
            kind, content = await deaf.read()
            while content != b"the last":
                assert (kind, content) == (PONG, b"x" * 100) or kind == TEXT
                kind, content = await deaf.read()

    play(scene())


@pytest.mark.untraced
def test_a_flood_of_commands_leaves_everybody_else_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two turns of the loop no more of one client is carried out than is bounded."""

    async def scene() -> None:
        async with listening(stream="{heartbeat: 0s}") as venue, venue.bare() as client:
            [connection] = venue.sandbox.streams
            told: list[bytes] = []
            receive = connection.receive

            def count(raw: bytes) -> None:
                told.append(raw)
                receive(raw)

            monkeypatch.setattr(connection, "receive", count)
            [wire] = wires_of(venue)
            wire.data_received(b"".join(frame(TEXT, b"{}") for _ in range(3_000)))
            most = 0
            while len(told) < 3_000:
                before = len(told)
                await asyncio.sleep(0)
                most = max(most, len(told) - before)
            assert 0 < most <= 32
            assert PIECE_BYTES // len(frame(TEXT, b"{}")) > 32
            await read_kinds(client, 3_000)

    play(scene())


def test_a_stalled_stream_keeps_no_answers_that_nobody_gets() -> None:
    async def scene() -> None:
        async with listening(stream=NARROW) as venue, venue.bare("fill") as client:
            [connection] = venue.sandbox.streams
            [wire] = wires_of(venue)
            wire.stall()
            client.writer.write(frame(TEXT, b'{"id":7,"cmd":"list_subscriptions"}') * 2_000)
            client.send(PING, b"the last")
            await until(lambda: connection.outbox.is_full)
            await until(lambda: not wire._unread and wire.messages.empty())
            assert connection.outbox.size_bytes < SMALL_OUTBOX + 1_000

    play(scene())


@pytest.mark.untraced
def test_who_reads_loses_nothing_however_much_is_done_at_once() -> None:
    async def scene() -> None:
        async with listening(stream=NARROW) as venue, venue.bare("fill") as client:
            told = asyncio.create_task(read_kinds(client, 2_000))
            for _ in range(2_000 // 8):
                await venue.fill(8)
                await streams_drained(venue.sandbox)
            assert await told == ["fill"] * 2_000

    play(scene())


def test_a_server_that_was_held_up_does_not_take_it_for_the_clients_silence() -> None:
    async def scene() -> None:
        async with listening(stream=NARROW) as venue, venue.bare("fill") as client:
            [wire] = wires_of(venue)
            count = 0
            while wire._can_write or wire.outbox.has_room:
                await venue.fill()
                await asyncio.sleep(0)
                count += 1
            wire.sent_at_s -= 3_600  # as if the machine had slept
            told = asyncio.create_task(read_kinds(client, count))
            await streams_drained(venue.sandbox)
            [connection] = venue.sandbox.streams
            assert connection.outbox.has_room
            await told

    play(scene())


def test_nobody_waits_for_who_does_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first time for a number of polls, then for none until the client takes something."""
    polls = [0]

    async def poll(seconds: float) -> None:
        polls[0] += seconds == stream_transport.DRAIN_POLL_S
        await sleep(0)

    sleep = asyncio.sleep
    monkeypatch.setattr(asyncio, "sleep", poll)

    async def scene() -> None:
        async with listening(stream=NARROW) as venue, venue.bare("fill"):
            [wire] = wires_of(venue)
            while wire._can_write or wire.outbox.has_room:
                await venue.fill()
                await sleep(0)
            await streams_drained(venue.sandbox)
            assert polls == [stream_transport.DRAIN_POLLS_IN_VAIN_MAX]
            await streams_drained(venue.sandbox)
            assert polls == [stream_transport.DRAIN_POLLS_IN_VAIN_MAX]

    play(scene())
