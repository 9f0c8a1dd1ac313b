"""Good clients beside hostile ones: the latency of 450 connections, alone and beside 50 hostile ones of each kind.

    python -m benchmarks.hostile [--smoke] [--seconds 5] [--kind NAME]

Each good connection asks for a signed page once a second. The hostile ones send as fast as they can, and have no
credentials. The server has a core of its own, so that the figures are about the server and not about processes that
wait for a core. All clients share the other cores; the hostile ones run at the lowest priority and take all the time
that good ones leave. What the hostile ones deliver is in the table.

Prints a table with a verdict for each kind, and ends with status 1 if one is not met: if the p99 of the good clients is
above ten times theirs alone or above 200 ms, or if one of them gets an error. The column "control" is their p99 while
the same hostile connections attack another server, on the cores of the clients: the part of the clients' own machine.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, cast

from benchmarks.hostile_kinds import read_options
from benchmarks.load import Server
from benchmarks.world import loop_factory

GOOD, HOSTILE = 450, 50
RATIO_MAX, P99_MS_MAX = 10.0, 200.0
SETTLE_S = 0.5
SECONDS = 5.0
TITLES = "   p50 ms   p99 ms  ratio  control errors  busy %  MB/s in  sent/s  conn/s     MB  verdict"


@dataclass
class Measured:
    """Latencies of the good connections, in seconds, and their errors."""

    latencies_s: list[float] = field(default_factory=list)
    errors: int = 0

    def at_ms(self, share: float) -> float:
        ordered = sorted(self.latencies_s)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1_000


class Delivered(NamedTuple):
    """What the hostile connections did in a second, and what it took of the server."""

    busy: float = 0.0
    """The share of its core that the server was busy."""
    mb_in: float = 0.0
    """Megabytes that the server has read, good requests included."""
    sent: float = 0.0
    connections: float = 0.0


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


@contextmanager
def on_cores(cores: set[int]) -> Iterator[None]:
    """Let this process, and those that it starts in the block, run on these cores."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def divided_cores() -> tuple[set[int], set[int]]:
    """Return the core of the server and those of the clients; with one core alone they share it."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
    return {cores[-1]}, set(cores[:-1]) or {cores[-1]}


def read_bytes(server: Server) -> int:
    """Return the bytes that a server has read from sockets and files; 0 where the system does not count them."""
    try:
        return int(Path(f"/proc/{server.pid}/io").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0


def beside(
    server: Server, attacked: Server, name: str, count: int, hostile: int, seconds: float
) -> tuple[Measured, Delivered]:
    """Measure good connections of a server while hostile ones of one kind attack it, or another server."""
    command = [sys.executable, "-m", "benchmarks.hostile_kinds", name, str(attacked.port), str(hostile)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout
        process.stdout.readline()
        began_s = time.perf_counter()
        try:
            time.sleep(SETTLE_S)
            cpu_s, size, from_s = attacked.cpu_s(), read_bytes(attacked), time.perf_counter()
            found: Measured = run(measure(server.port, server.request("limit=10"), count, seconds))
            took_s = time.perf_counter() - from_s
            busy, mb_in = (attacked.cpu_s() - cpu_s) / took_s, (read_bytes(attacked) - size) / took_s / 1e6
            process.send_signal(signal.SIGTERM)
            counted = json.loads(process.communicate(timeout=30)[0])
            all_s = time.perf_counter() - began_s
            return found, Delivered(busy, mb_in, counted["sent"] / all_s, counted["connections"] / all_s)
        finally:
            process.kill()


def run(scene: Coroutine[Any, Any, Any]) -> Any:
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(scene)


def resident_mb(server: Server) -> float:
    pages = int(Path(f"/proc/{server.pid}/statm").read_text().split()[1])
    return pages * 4_096 / 1_000_000


def line(name: str, one: Measured, base_ms: float, control: str, load: Delivered, server: Server) -> str:
    p99_ms = one.at_ms(0.99)
    figures = f"{one.at_ms(0.5):8.2f} {p99_ms:8.2f} {p99_ms / base_ms:6.1f} {control:>8} {one.errors:6}"
    delivered = f"{load.busy * 100:7.0f} {load.mb_in:8.1f} {load.sent:7.0f} {load.connections:7.0f}"
    is_met = not one.errors and p99_ms <= min(P99_MS_MAX, RATIO_MAX * base_ms)
    return f"{name:30} {figures} {delivered} {resident_mb(server):6.0f}  {'met' if is_met else 'NOT MET'}"


def compare(kinds: list[str], count: int, hostile: int, seconds: float) -> bool:
    """Print the table; return whether all bounds hold."""
    server_core, client_cores = divided_cores()
    with on_cores(server_core):
        server = Server("positions", 100)
    with server, on_cores(client_cores):
        raw = server.request("limit=10")
        run(measure(server.port, raw, count, 1))
        alone: Measured = run(measure(server.port, raw, count, 2 * seconds))
        base_ms = alone.at_ms(0.99)
        print(f"the server on core {server_core}, clients on {client_cores}; met: p99 <= {RATIO_MAX * base_ms:.2f} ms")
        print(f"{'good clients beside':30} {TITLES[1:]}")
        lines = [line("no hostile client", alone, base_ms, "", Delivered(), server)]
        print(lines[0], flush=True)
        for name in kinds:
            found, load = beside(server, server, name, count, hostile, seconds)
            with idle_server() as other:
                control, _ = beside(server, other, name, count, hostile, seconds)
            lines.append(line(name, found, base_ms, f"{control.at_ms(0.99):.2f}", load, server))
            print(lines[-1], flush=True)
    missed = sum(one.endswith("NOT MET") for one in lines)
    print(f"{len(lines) - missed} of {len(lines)} met")
    return not missed


@contextmanager
def idle_server() -> Iterator[Server]:
    """Start a server that runs at the lowest priority."""
    with Server("positions", 100) as other:
        if hasattr(os, "SCHED_IDLE"):
            for thread in Path(f"/proc/{other.pid}/task").iterdir():
                os.sched_setscheduler(int(thread.name), os.SCHED_IDLE, os.sched_param(0))
        yield other


def main() -> int:
    options = read_options(__doc__, SECONDS)
    if options.is_smoke:
        compare(options.kinds, count=20, hostile=5, seconds=1)
        return 0
    return 0 if compare(options.kinds, GOOD, HOSTILE, options.seconds) else 1


if __name__ == "__main__":
    sys.exit(main())
