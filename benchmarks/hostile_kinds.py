"""The kinds of hostile clients, and a process with many clients of one kind that counts what they deliver.

`benchmarks.hostile` and `benchmarks.hostile_turns` start this module. None of the clients has credentials, and each
sends as fast as it can.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
from contextlib import suppress
from typing import NamedTuple

from benchmarks.world import loop_factory

STREAM = "/ws/api/v2"
DERIBIT, KALSHI = "/api/v2", "/trade-api/v2"


class Kind(NamedTuple):
    """What a hostile connection sends: `raw`, again and again, after the opening; it reads the answers or not."""

    raw: bytes
    opening: bytes = b""
    reads_answers: bool = True
    pause_s: float = 0.0
    times: int = 1_000_000
    """How often it sends that before it connects anew."""


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
KINDS = {
    "JSON of 1 MB": Kind(post(DERIBIT, NUMBERS)),
    "Authorization of 1 MB": Kind(head("GET", DERIBIT, "Authorization: bearer " + "a," * 500_000), times=1),
    "a query of a[]=&": Kind(head("GET", f"{DERIBIT}/public/get_instruments?{'a[]=&' * 6_000}")),
    "100,000 headers": Kind(head("GET", "/", *("a: b" for _ in range(100_000))), times=1),
    "commands of 1 MB": Kind(frame(0x81, b" " * 1_000_000), UPGRADE, times=1),
    "lists of 30 kB": Kind(frame(0x81, NUMBERS[:30_000] + b"1]}}"), UPGRADE),
    "pipelines of unknown paths": Kind(head("GET", "/nope") * 500),
    "pipelines without a signature": Kind(head("GET", f"{KALSHI}/portfolio/positions", *WRONG) * 200),
    "heads in single bytes": Kind(b"a", b"GET / HTTP/1.1\r\nHost: ", pause_s=0.001),
    "bodies without an end": Kind(b"186a0\r\n" + b"x" * 100_000 + b"\r\n", CHUNKED),
    "bodies in single bytes": Kind(b"1\r\nx\r\n" * 10_000, CHUNKED),
    "tiny commands": Kind(frame(0x81, b"{}") * 1_000, UPGRADE),
    "pings": Kind(frame(0x89, b"x") * 5_000, UPGRADE),
    "pages that are never read": Kind(head("GET", f"{KALSHI}/exchange/status") * 100, reads_answers=False),
    "bytes that are not HTTP": Kind(b"\x16\x03\x01" * 100, times=1),
    "connections without a byte": Kind(b"", times=1),
    "targets of 1 MB": Kind(head("GET", "/" + "a" * 1_000_000)),
}


class Attack:
    """Clients of one kind; it counts their connections and what they have sent."""

    def __init__(self, port: int, kind: Kind) -> None:
        self.port, self.kind = port, kind
        self.connections = self.sent = 0

    async def run(self, count: int) -> None:
        """Attack with `count` connections at a time, until SIGTERM. An empty line says that it has begun."""
        ended = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
        print(flush=True)
        tasks = [asyncio.ensure_future(self._connect_again_and_again()) for _ in range(count)]
        await ended.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _connect_again_and_again(self) -> None:
        while True:
            with suppress(OSError):
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                self.connections += 1
                reading = asyncio.ensure_future(_discard(reader)) if self.kind.reads_answers else None
                with suppress(OSError):
                    await self._send(writer, reading)
                if reading:
                    reading.cancel()
                writer.transport.abort()
            await asyncio.sleep(self.kind.pause_s)

    async def _send(self, writer: asyncio.StreamWriter, reading: "asyncio.Future[None] | None") -> None:
        kind = self.kind
        writer.write(kind.opening)
        await asyncio.sleep(0.01 if kind.opening else 0)
        for _ in range(kind.times):
            writer.write(kind.raw)
            await writer.drain()
            self.sent += 1
            await asyncio.sleep(kind.pause_s)
            if reading and reading.done():
                return


async def _discard(reader: asyncio.StreamReader) -> None:
    with suppress(OSError):
        while await reader.read(1_000_000):
            pass


class Options(NamedTuple):
    """The options of a benchmark of hostile clients."""

    kinds: list[str]
    seconds: float
    is_smoke: bool


def read_options(text: str | None, seconds: float) -> Options:
    """Read the command line of a benchmark that `text` describes and that takes `seconds` for each kind."""
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true", help="a run of seconds that proves it works")
    parser.add_argument("--seconds", type=float, default=seconds)
    parser.add_argument("--kind", choices=list(KINDS))
    read = parser.parse_args()
    kinds = [read.kind] if read.kind else list(KINDS)
    return Options(kinds[: 2 if read.smoke else None], read.seconds, read.smoke)


def yield_to_others() -> None:
    """Give this process the lowest priority: it runs only while no other process wants its core."""
    if hasattr(os, "SCHED_IDLE"):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    else:
        os.nice(19)


def main() -> None:
    """Attack a port until SIGTERM, and print {connections, sent} as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=list(KINDS))
    parser.add_argument("port", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("--as-usual", action="store_true", help="with the priority of other processes")
    options = parser.parse_args()
    if not options.as_usual:
        yield_to_others()
    attack = Attack(options.port, KINDS[options.kind])
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(attack.run(options.count))
    json.dump({"connections": attack.connections, "sent": attack.sent}, sys.stdout)


if __name__ == "__main__":
    main()
