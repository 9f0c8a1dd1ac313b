"""Good clients beside bad ones: the latency of 450 connections, alone and beside 50 hostile ones of each kind.

    python -m benchmarks.hostile [--smoke] [--seconds 5] [--way NAME]

Each good connection asks for a signed page once a second. The hostile ones, in a process of their own, send as fast as
they can; none of them has credentials. Prints a table, and ends with status 1 if the p99 of the good ones is above ten
times theirs alone or above 200 ms, or if one of them gets an error. Beside it stands their p99 while the same hostile
connections attack another server: what the machine's two cores make of it, without our server's part.
"""

import argparse
import asyncio
import subprocess
import sys
import time
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, cast

from benchmarks.load import Server
from benchmarks.world import loop_factory

GOOD, HOSTILE = 450, 50
RATIO_MAX, P99_MS_MAX = 10.0, 200.0
SETTLE_S = 0.5
STREAM = "/ws/api/v2"
DERIBIT, KALSHI = "/api/v2", "/trade-api/v2"
SECONDS = 5.0


class Way(NamedTuple):
    """What a hostile connection says: `raw`, again and again, after the opening; it reads the answers or not."""

    raw: bytes
    opening: bytes = b""
    has_eyes: bool = True
    pause_s: float = 0.0
    times: int = 1_000_000
    """How often it says that before it connects anew."""


def head(method: str, target: str, *headers: str) -> bytes:
    return "\r\n".join([f"{method} {target} HTTP/1.1", "Host: x", *headers, "", ""]).encode()


def frame(opcode: int, payload: bytes) -> bytes:
    """Return a masked frame; the mask is zero."""
    size = len(payload)
    if size < 126:
        length = bytes([0x80 | size])
    elif size < 65_536:
        length = b"\xfe" + size.to_bytes(2, "big")
    else:
        length = b"\xff" + size.to_bytes(8, "big")
    return bytes([opcode]) + length + bytes(4) + payload


def post(target: str, body: bytes) -> bytes:
    return head("POST", target, "Content-Type: application/json", f"Content-Length: {len(body)}") + body


UPGRADE = head(
    "GET",
    STREAM,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)
NUMBERS = b'{"id":1,"method":"public/test","params":{"a":[' + b"1," * 500_000 + b"1]}}"
WRONG = ("KALSHI-ACCESS-KEY: latest", "KALSHI-ACCESS-TIMESTAMP: 1", "KALSHI-ACCESS-SIGNATURE: AAAA")
CHUNKED = head("POST", f"{KALSHI}/portfolio/orders", "Transfer-Encoding: chunked")
WAYS = {
    "JSON of 1 MB": Way(post(DERIBIT, NUMBERS)),
    "Authorization of 1 MB": Way(head("GET", DERIBIT, "Authorization: bearer " + "a," * 500_000), times=1),
    "a query of a[]=&": Way(head("GET", f"{DERIBIT}/public/get_instruments?{'a[]=&' * 6_000}")),
    "100,000 headers": Way(head("GET", "/", *("a: b" for _ in range(100_000))), times=1),
    "commands of 1 MB": Way(frame(0x81, b" " * 1_000_000), UPGRADE, times=1),
    "lists of 30 kB": Way(frame(0x81, NUMBERS[:30_000] + b"1]}}"), UPGRADE),
    "pipelines of unknown paths": Way(head("GET", "/nope") * 500),
    "pipelines without a signature": Way(head("GET", f"{KALSHI}/portfolio/positions", *WRONG) * 200),
    "heads in single bytes": Way(b"a", b"GET / HTTP/1.1\r\nHost: ", pause_s=0.001),
    "bodies without an end": Way(b"186a0\r\n" + b"x" * 100_000 + b"\r\n", CHUNKED),
    "bodies in single bytes": Way(b"1\r\nx\r\n" * 10_000, CHUNKED),
    "tiny commands": Way(frame(0x81, b"{}") * 1_000, UPGRADE),
    "pings": Way(frame(0x89, b"x") * 5_000, UPGRADE),
    "pages that nobody reads": Way(head("GET", f"{KALSHI}/exchange/status") * 100, has_eyes=False),
    "bytes that are not HTTP": Way(b"\x16\x03\x01" * 100, times=1),
    "connections without a word": Way(b"", times=1),
    "targets of 1 MB": Way(head("GET", "/" + "a" * 1_000_000)),
}


async def attack(port: int, way: Way, count: int) -> None:
    await asyncio.gather(*(_harass(port, way) for _ in range(count)))


async def _harass(port: int, way: Way) -> None:
    while True:
        with suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            reading = asyncio.ensure_future(_discard(reader)) if way.has_eyes else None
            with suppress(OSError):
                await _say(writer, way, reading)
            if reading:
                reading.cancel()
            writer.transport.abort()
        await asyncio.sleep(way.pause_s)


async def _say(writer: asyncio.StreamWriter, way: Way, reading: "asyncio.Future[None] | None") -> None:
    writer.write(way.opening)
    await asyncio.sleep(0.01 if way.opening else 0)
    for _ in range(way.times):
        writer.write(way.raw)
        await writer.drain()
        await asyncio.sleep(way.pause_s)
        if reading and reading.done():
            return


async def _discard(reader: asyncio.StreamReader) -> None:
    with suppress(OSError):
        while await reader.read(1_000_000):
            pass


@dataclass
class Measured:
    """Latencies of the good connections, in seconds, and their errors."""

    latencies_s: list[float] = field(default_factory=list)
    errors: int = 0

    def at_ms(self, share: float) -> float:
        ordered = sorted(self.latencies_s)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1_000


class Good(asyncio.Protocol):
    """A connection that asks for a page and awaits the whole answer."""

    def __init__(self) -> None:
        self.answered: asyncio.Future[bool] | None = None
        self.received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.received += data
        top, found, body = self.received.partition(b"\r\n\r\n")
        if found and len(body) >= int(top.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]):
            self._end(top.startswith(b"HTTP/1.1 200 "))

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(False)

    def _end(self, is_right: bool) -> None:
        if self.answered and not self.answered.done():
            self.answered.set_result(is_right)

    async def ask(self, raw: bytes) -> bool:
        self.received, self.answered = b"", asyncio.get_running_loop().create_future()
        self.transport.write(raw)
        return await self.answered


async def measure(port: int, raw: bytes, count: int, seconds: float) -> Measured:
    """Let `count` connections ask once a second each, evenly spread."""
    loop, measured = asyncio.get_running_loop(), Measured()
    good = [(await loop.create_connection(Good, "127.0.0.1", port))[1] for _ in range(count)]
    began_s = loop.time()

    async def ask(place: int, one: Good) -> None:
        for turn in range(max(1, int(seconds))):
            await asyncio.sleep(began_s + turn + place / count - loop.time())
            sent_s = time.perf_counter()
            measured.errors += not await one.ask(raw)
            measured.latencies_s.append(time.perf_counter() - sent_s)

    await asyncio.gather(*(ask(place, one) for place, one in enumerate(good)))
    for one in good:
        one.transport.abort()
    return measured


def beside(server: Server, attacked: Server, name: str, count: int, hostile: int, seconds: float) -> Measured:
    """Measure good connections of a server while hostile ones of one kind attack it, or another server."""
    command = [sys.executable, "-m", "benchmarks.hostile", "--attack", str(attacked.port), "--way", name]
    with subprocess.Popen([*command, "--count", str(hostile)], stderr=subprocess.DEVNULL) as process:
        time.sleep(SETTLE_S)
        try:
            found: Measured = run(measure(server.port, server.request("limit=10"), count, seconds))
            return found
        finally:
            process.kill()


def run(scene: Coroutine[Any, Any, Any]) -> Any:
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(scene)


def resident_mb(server: Server) -> float:
    pages = int(Path(f"/proc/{server.pid}/statm").read_text().split()[1])
    return pages * 4_096 / 1_000_000


def line(name: str, measured: Measured, base_ms: float, elsewhere: str, server: Server) -> str:
    p99_ms = measured.at_ms(0.99)
    figures = f"{measured.at_ms(0.5):8.1f} {p99_ms:8.1f} {p99_ms / base_ms:6.1f} {elsewhere:>9} {measured.errors:6}"
    return f"{name:32} {figures} {resident_mb(server):6.0f}"


def compare(ways: list[str], count: int, hostile: int, seconds: float) -> bool:
    """Print the table; return whether all bounds hold."""
    with Server("positions", 100) as server:
        raw = server.request("limit=10")
        run(measure(server.port, raw, count, 1))
        alone: Measured = run(measure(server.port, raw, count, seconds))
        base_ms = alone.at_ms(0.99)
        print(f"{'good clients beside':32}   p50 ms   p99 ms  ratio elsewhere errors     MB")
        print(line("nobody", alone, base_ms, "", server))
        holds = not alone.errors
        for name in ways:
            one = beside(server, server, name, count, hostile, seconds)
            with Server("positions", 100) as other:
                elsewhere = beside(server, other, name, count, hostile, seconds).at_ms(0.99)
            is_good = not one.errors and one.at_ms(0.99) <= min(P99_MS_MAX, RATIO_MAX * base_ms)
            holds = holds and is_good
            row = line(name, one, base_ms, f"{elsewhere:.1f}", server)
            print(row + ("" if is_good else "  beyond its bound"), flush=True)
    return holds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true", help="a run of seconds that proves it works")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--way", choices=list(WAYS))
    parser.add_argument("--attack", type=int, metavar="PORT", help=argparse.SUPPRESS)
    parser.add_argument("--count", type=int, default=HOSTILE, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.attack:
        run(attack(options.attack, WAYS[options.way], options.count))
        return 0
    ways = [options.way] if options.way else list(WAYS)
    if options.smoke:
        compare(ways[:2], count=20, hostile=5, seconds=1)
        return 0
    return 0 if compare(ways, GOOD, options.count, options.seconds) else 1


if __name__ == "__main__":
    sys.exit(main())
