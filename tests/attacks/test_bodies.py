"""Bodies that are too large, and clients that flood streams: told, journalled, and nobody waits for them."""

import asyncio
import json

from mockexchange.server.http.rest_endpoint import BODY_BYTES_MAX, CUT_BYTES_MAX
from mockexchange.server.websocket.stream_protocol import MESSAGE_BYTES_MAX
from tests.attacks.attacking import ROUNDS, TURN_STEPS_MAX, Target, attacked, head, play, watched
from tests.helpers.rows import each_row
from tests.server.streaming import PING, TEXT, frame

ORDERS = "/trade-api/v2/portfolio/orders"
STREAM = "/ws/api/v2"
UPGRADE = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)
LENGTH, CHUNKED = "Content-Length: 10000000", "Transfer-Encoding: chunked"
CHUNK = b"186a0\r\n" + b"x" * 100_000 + b"\r\n"
TINY = b"1\r\nx\r\n"


@each_row(
    ("raw", "kept"),
    [
        (head(ORDERS, LENGTH, method="POST"), 0),
        (head(ORDERS, CHUNKED, method="POST") + CHUNK * 10, CUT_BYTES_MAX),
        (head(ORDERS, CHUNKED, method="POST") + TINY * (BODY_BYTES_MAX + 1), CUT_BYTES_MAX),
    ],
    ids=["announced", "in chunks", "in bytes"],
)
def test_a_body_that_is_too_large_is_refused_and_journalled(raw: bytes, kept: int) -> None:
    async def scene() -> None:
        async with attacked() as target, watched(target):
            for _ in range(ROUNDS):
                reader, writer = await target.connect()
                writer.write(raw)
                answer = await reader.readuntil(b"bytes\n")
                assert answer.startswith(b"HTTP/1.1 413 ")
                assert b"x-mock-diagnosis: the body of this request has more than 262,144 bytes" in answer
                writer.close()
            entries = target.sandbox.journal.find(status=413)
            assert [len(entry.body or b"") for entry in entries] == [kept] * ROUNDS
            assert target.most_steps < TURN_STEPS_MAX

    play(scene())


async def upgraded(target: Target) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await target.connect()
    writer.write(head(STREAM, *UPGRADE))
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
    return reader, writer


def test_a_command_that_is_too_long_ends_its_stream() -> None:
    async def scene() -> None:
        async with attacked() as target:
            reader, writer = await upgraded(target)
            writer.write(frame(TEXT, b" " * (MESSAGE_BYTES_MAX + 1)))
            assert b"\x03\xf1" in await reader.read()  # 1009
            writer.close()

    play(scene())


NUMBERS = json.dumps({"id": 1, "method": "public/test", "params": {"a": [1] * 7_000}}).encode()
FLOODS = {
    "tiny commands": frame(TEXT, b"{}") * 3_000,
    "pings": frame(PING, b"x") * 10_000,
    "pieces of nothing": frame(TEXT, b"", is_final=False) + frame(0, b"", is_final=False) * 10_000,
    "large commands": frame(TEXT, NUMBERS) * 20,
    "deep commands": frame(TEXT, b"[" * 30_000) * 20,
}


LAST = b"the last"


async def receive_until(reader: asyncio.StreamReader, text: bytes) -> None:
    received = b""
    while text not in received:
        part = await reader.read(1_000_000)
        assert part, "the server ended the stream"
        received = received[-len(text) :] + part


@each_row("name", FLOODS)
def test_a_flood_on_a_stream_gets_its_share_of_a_turn(name: str) -> None:
    async def scene() -> None:
        async with attacked() as target, watched(target):
            for _ in range(ROUNDS):
                reader, writer = await upgraded(target)
                writer.write(FLOODS[name])
                writer.write(frame(PING, LAST))
                await receive_until(reader, LAST)
                writer.close()
            assert target.most_steps < TURN_STEPS_MAX

    play(scene())
