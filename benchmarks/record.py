"""What the recording proxy costs beside asking the server itself, and what an import of many fills takes.

    python -m benchmarks.record [--smoke] [--fills 100000]

The server, the proxy and the client are a process each. Requests are a public page on one connection; frames come from
a server that sends as many as it can. Each figure is the median of rounds that take turns.
"""

import argparse
import asyncio
import http.client
import json
import multiprocessing
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median

from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from mockexchange.importing.verification import Emulated, plan_of
from mockexchange.recording.recording_file import Exchanged, RecordingFile
from mockexchange.recording.redaction import Redactor
from mockexchange.venues.registry import DEFAULT

PAGE = "/trade-api/v2/exchange/status"
STREAM = "/trade-api/ws/v2"
FRAME = json.dumps({"type": "ticker", "sid": 1, "seq": 7, "msg": {"market_ticker": "KXA-26-T1", "price": 56, "ts": 1}})
SPAWN = multiprocessing.get_context("spawn")
ROUNDS = 5
START_S, LATEST_US = 1_772_323_200, 4_000_000_000_000_000
PAGE_ROWS = 1_000
READS = ("positions", f"fills?limit={PAGE_ROWS}", "balance")


@contextmanager
def started(*arguments: str, ready: str) -> Iterator[str]:
    """Yield the origin of a command of ours, which it writes into its error output after a word."""
    program = subprocess.Popen(
        [sys.executable, "-m", "mockexchange", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert program.stdout is not None
    try:
        for line in program.stdout:
            if ready in line:
                yield next(word for word in line.split() if word.startswith("http://")).rstrip("/,;:")
                return
        raise SystemExit(f"{arguments[0]} did not start")
    finally:
        program.terminate()
        program.communicate()


@contextmanager
def proxied(origin: str, folder: str) -> Iterator[str]:
    """Yield the origin of a proxy that records a server."""
    out = str(Path(folder) / "run.jsonl")
    with started("record", "--to", origin, "--port", "0", "--out", out, ready="http://127.0.0.1") as proxy:
        yield proxy


def requests_a_second(origin: str, count: int) -> float:
    """Return how many times a second one connection gets the page."""
    connection = http.client.HTTPConnection(origin.removeprefix("http://"))
    began = time.perf_counter()
    for _ in range(count):
        connection.request("GET", PAGE)
        connection.getresponse().read()
    return count / (time.perf_counter() - began)


def send_frames(port: int, count: int, ready: Connection) -> None:
    """Serve a stream that sends a number of frames to each client."""

    async def send(stream: ServerConnection) -> None:
        for _ in range(count):
            await stream.send(FRAME)

    async def run() -> None:
        async with serve(send, "127.0.0.1", port, compression=None) as server:
            ready.send(server.sockets[0].getsockname()[1])
            await asyncio.Future()

    asyncio.run(run())


async def frames_a_second(origin: str, count: int) -> float:
    """Return how many frames a second a client gets."""
    async with connect(origin.replace("http", "ws", 1) + STREAM, compression=None) as stream:
        await stream.recv()
        began = time.perf_counter()
        for _ in range(count - 1):
            await stream.recv()
        return (count - 1) / (time.perf_counter() - began)


def measure_proxy(requests: int, frames: int) -> None:
    """Print the figures of the proxy."""
    scenario = ("serve", "--scenario", "empty", "--port", "0")
    with (
        tempfile.TemporaryDirectory() as folder,
        started(*scenario, ready="http://") as base_url,
        proxied(server := base_url.partition("/trade-api")[0], folder) as proxy,
    ):
        pairs = [[requests_a_second(one, requests) for one in (server, proxy)] for _ in range(ROUNDS)]
    report("requests a second", pairs)
    ready, ours = SPAWN.Pipe()
    sender = SPAWN.Process(target=send_frames, args=(0, frames, ours), daemon=True)
    sender.start()
    origin = f"http://127.0.0.1:{ready.recv()}"
    try:
        with tempfile.TemporaryDirectory() as folder, proxied(origin, folder) as proxy:
            pairs = [[asyncio.run(frames_a_second(one, frames)) for one in (origin, proxy)] for _ in range(ROUNDS)]
    finally:
        sender.terminate()
    report("frames a second", pairs)


def report(name: str, pairs: list[list[float]]) -> None:
    """Print the medians of direct and recorded figures, and their ratios."""
    direct, recorded = (median(column) for column in zip(*pairs, strict=True))
    ratios = sorted(pair[1] / pair[0] for pair in pairs)
    print(
        f"{name}: direct {direct:,.0f}, recorded {recorded:,.0f},"
        f" {median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
    )


def scenario_of(fills: int) -> str:
    """Return a scenario with a number of fills in a hundred markets."""
    markets = [f"KXA{number % 100:02}-26-T{number % 100:02}" for number in range(min(fills, 100))]
    lines = ["scenario: many", "start: 2026-03-01T00:00:00Z", "accounts: {alice: {cash: 100000000}}", "markets:"]
    lines += [f"  {ticker}: {{event: {ticker[:8]}, series: {ticker[:5]}}}" for ticker in markets]
    lines.append("history:")
    for number in range(fills):
        ticker, side = markets[number % len(markets)], ("yes", "no")[number % 3 == 0]
        fill = f"account: alice, market: {ticker}, side: {side}, action: buy, count: {1 + number % 9}, price: 0.41"
        lines.append(f"  - {{after: 1s, fill: {{{fill}}}}}")
    return "\n".join([*lines, ""])


async def record_fills(path: Path, fills: int) -> None:
    """Write a recording of all positions and fills."""
    file, at = RecordingFile(path, Redactor(), "the mock"), LATEST_US
    emulated = await Emulated.open(plan_of(scenario_of(fills)), DEFAULT.name, DEFAULT.api_date("2026-06"))
    await emulated.advance(at)
    for read in READS:
        cursor: str | None = ""
        while cursor is not None:
            mark = "&" if "?" in read else "?"
            target = f"/trade-api/v2/portfolio/{read}" + (f"{mark}cursor={cursor}" if cursor else "")
            reply = emulated.ask(target, at)
            file.add_request(Exchanged("GET", target, [], b"", 200, [], reply.body.encode(), at, 1))
            at, cursor = at + 1_000, json.loads(reply.body).get("cursor") or None
    file.finish()


def measure_import(fills: int) -> None:
    """Print the figures of an import."""
    with tempfile.TemporaryDirectory() as folder:
        path, out = Path(folder) / "run.jsonl", Path(folder) / "account.yaml"
        began = time.perf_counter()
        asyncio.run(record_fills(path, fills))
        took = time.perf_counter() - began
        print(f"{fills:,} fills served and recorded in {took:.1f} s: {path.stat().st_size / 1e6:.0f} MB")
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        command = [
            sys.executable,
            "-m",
            "mockexchange",
            "import",
            str(path),
            "--out",
            str(out),
            "--api-date",
            "2026-06",
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        after, took = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - began
        print(done.stdout.replace(folder, "").strip() or done.stderr)
        used = after.ru_utime - before.ru_utime
        print(
            f"imported in {took:.1f} s, {used:.1f} s of processor time; at its largest {after.ru_maxrss / 1e6:.2f} GB"
        )
        raise SystemExit(done.returncode)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="seconds, to prove that it works")
    parser.add_argument("--fills", type=int, default=100_000)
    asked = parser.parse_args()
    measure_proxy(*((50, 500) if asked.smoke else (2_000, 20_000)))
    measure_import(500 if asked.smoke else asked.fills)
