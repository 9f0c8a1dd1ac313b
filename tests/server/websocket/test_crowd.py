"""Five hundred streams of which fifty are hostile, each in its way: the others get every frame, and nothing grows."""

import asyncio
import json
from functools import partial
from itertools import cycle, islice
from typing import Any, cast

import pytest

from mockexchange.server.http.request_cycle import hang_up
from mockexchange.server.operating_system import allow_many_files
from mockexchange.server.websocket.stream_protocol import READ_AHEAD_BYTES, StreamProtocol
from tests.server.streaming import (
    BINARY,
    CLOSE,
    CONTINUED,
    PING,
    PONG,
    TEXT,
    Venue,
    frame,
    listening,
    play,
    subscribe,
    until,
    upgrade,
)
from tests.server.wire import ADDRESS

pytestmark = pytest.mark.untraced

STREAMS, HOSTILE = 500, 50
FILLS = 150
TURNS_PER_FILL = 4
OUTBOX_BYTES = 256 * 1024
CROWD = f"{{connections: 1000, outbox: {OUTBOX_BYTES}, heartbeat: 500ms, pong: 2s}}"
WRITE_BYTES_MAX = 256 * 1024
"""What the loop reads at once, and what a transport takes beyond its mark."""
CHANNELS = ("fill", "market_positions")


class Listening(asyncio.Protocol):
    """A good client: answers pings, keeps what it is told."""

    def __init__(self, head: bytes) -> None:
        self.head = head
        self.told: list[bytes] = []
        self.is_lost = False
        self._unread = b""
        self._is_open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self.head)

    def data_received(self, data: bytes) -> None:
        self._unread += data
        if not self._is_open:
            head, ended, self._unread = self._unread.partition(b"\r\n\r\n")
            assert ended
            assert head.startswith(b"HTTP/1.1 101 ")
            self._is_open = True
            self.transport.write(frame(TEXT, subscribe(*CHANNELS).encode()))
        while self._take():
            pass

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_lost = True

    def _take(self) -> bool:
        raw = self._unread
        if len(raw) < 4:
            return False
        start, size = (4, int.from_bytes(raw[2:4], "big")) if raw[1] == 126 else (2, raw[1])
        if len(raw) < start + size:
            return False
        kind, content, self._unread = raw[0] & 0x0F, raw[start : start + size], raw[start + size :]
        if kind == PING:
            self.transport.write(frame(PONG, content))
        else:
            assert kind == TEXT
            self.told.append(content)
        return True


class Hostile(asyncio.Protocol):
    """A client that never reads: what it says is all there is to it."""

    def __init__(self, said: bytes) -> None:
        self.said = said
        self.is_lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self.said)
        self.transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_lost = True


def text(*commands: Any) -> bytes:
    return b"".join(frame(TEXT, json.dumps(command).encode()) for command in commands)


def said_after(head: bytes) -> dict[str, bytes]:
    """What each kind of hostile client says at once, never reading an answer."""
    wrong_types = [[], "x", 7, None, {"id": "one", "cmd": []}, {"cmd": "subscribe", "params": [1]}]
    params = [{"channels": "fill"}, {"channels": [7]}, {"channels": []}, {"sids": [{}]}, {"market_tickers": 1}]
    subscribed = frame(TEXT, subscribe(*CHANNELS, "ticker", "trade").encode())
    return {
        "no JSON": head + b"".join(frame(kind, b"{" * 500) for kind in (TEXT, BINARY)) * 20,
        "deep JSON": head + frame(TEXT, b"[" * 500_000),
        "wrong types": head + text(*wrong_types, *({"id": 1, "cmd": "subscribe", "params": each} for each in params)),
        "a huge frame": head + frame(TEXT, b" " * 1_100_000),
        "huge pieces": head + frame(TEXT, b" " * 900_000, is_final=False) + frame(CONTINUED, b" " * 900_000),
        "unknown commands": head + text(*({"id": number, "cmd": f"do {number}"} for number in range(500))),
        "a flood": head + subscribed + text({"id": 1, "cmd": "list_subscriptions"}) * 4_000,
        "a flood of pings": head + frame(PING, b"x" * 125) * 4_000,
        "never reads": head + subscribed,
        "half open": head,
        "unmasked": head + frame(TEXT, subscribe("fill").encode(), is_masked=False),
        "a close, and more": head + subscribed + frame(CLOSE, b"\x03\xe8") + text({"id": 2, "cmd": "x"}) * 500,
        "a reset": head + subscribed + text({"id": 2, "cmd": "list_subscriptions"})[:9],
        "no handshake": head[:-20] + b"\x16\x03\x01\r\n\r\n",
        "a slow handshake": head[:60],
    }


async def open_all(venue: Venue, made: list[Any]) -> list[Any]:
    """Connect protocols to the venue."""
    loop = asyncio.get_running_loop()
    port = venue.listener.port
    await asyncio.gather(*(loop.create_connection(partial(_itself, one), ADDRESS, port) for one in made))
    return made


def _itself(protocol: asyncio.Protocol) -> asyncio.Protocol:
    return protocol


def resources_of(venue: Venue) -> list[tuple[int, int, int]]:
    """Of every stream: bytes that wait to be sent, that the transport has taken, and that came in and are unread."""
    return [
        (connection.outbox.size_bytes, wire.transport.get_write_buffer_size(), len(wire._unread))
        for connection in venue.sandbox.streams
        if isinstance(wire := connection.wire, StreamProtocol)
    ]


def test_fifty_hostile_streams_disturb_none_of_the_others() -> None:
    assert allow_many_files() > 2 * STREAMS + 100 or allow_many_files() == 0

    async def scene() -> None:
        async with listening(stream=CROWD) as venue:
            head = upgrade(venue.headers())
            good = await open_all(venue, [Listening(head) for _ in range(STREAMS - HOSTILE)])
            await until(lambda: all(len(client.told) == len(CHANNELS) for client in good))
            kinds = said_after(head)
            bad = await open_all(venue, [Hostile(said) for said in islice(cycle(kinds.values()), HOSTILE)])
            most = [0, 0, 0]
            for number in range(FILLS):
                await venue.fill()
                for _ in range(TURNS_PER_FILL):
                    await asyncio.sleep(0)
                for client in bad[number % 5 :: 5]:
                    if client.said == kinds["a reset"]:
                        hang_up(client.transport, is_reset=True)
                most = [max(column) for column in zip(most, *resources_of(venue), strict=True)]
            expected = len(CHANNELS) * (FILLS + 1)
            await until(lambda: all(len(client.told) >= expected for client in good))
            assert not any(client.is_lost for client in good)
            assert {len(client.told) for client in good} == {expected}
            assert len({tuple(client.told[len(CHANNELS) :]) for client in good}) == 1
            assert most[0] < 2 * OUTBOX_BYTES
            assert most[1] < 2 * WRITE_BYTES_MAX
            assert most[2] < READ_AHEAD_BYTES + WRITE_BYTES_MAX
            for client in [*good, *bad]:
                client.transport.abort()
            await until(lambda: not len(venue.sandbox.streams))

    play(scene())


def test_who_is_gone_without_a_word_is_dropped() -> None:
    """Half-open: the pong does not come, and the close frame is not answered."""

    async def scene() -> None:
        async with listening(stream="{heartbeat: 5ms, pong: 5ms}") as venue:
            [gone] = await open_all(venue, [Hostile(upgrade(venue.headers()))])
            await until(lambda: len(venue.sandbox.streams) == 1)
            await until(lambda: not len(venue.sandbox.streams))
            gone.transport.abort()

    play(scene())
