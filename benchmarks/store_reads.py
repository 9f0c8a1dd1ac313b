"""Signed GETs a second of one process, of two workers, and of two replicas on PostgreSQL, in one run.

Each turn asks every arrangement once, so all of them have the same load of other programs beside them. Clients and
servers share the machine; so besides what clients measured there is what the servers could do with a core for each
process: the requests by the processor time of the process that used the most of it.
"""

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from benchmarks.load import load_key, made_anew, repeat, signed_request
from benchmarks.replica_set import free_port
from tests.helpers.postgres import PostgresServer, program

TOKEN = "benchmark"  # of servers that end with this program
ROWS = 200
PATH = "/trade-api/v2/portfolio/positions"
CONNECTIONS = 16


def scenario() -> str:
    """Return a scenario whose account has rows in as many markets."""
    names = [f"M-{number}" for number in range(ROWS)]
    fills = [
        {"fill": {"account": "alice", "market": name, "side": "yes", "action": "buy", "count": 1, "price": 0.5}}
        for name in names
    ]
    markets = {name: {"event": "E", "series": "S"} for name in names}
    accounts = {"alice": {"cash": 1_000_000}}
    return json.dumps(
        {"scenario": "reads", "auth": {"past": "2h"}, "accounts": accounts, "markets": markets, "history": fills}
    )


class Arrangement(NamedTuple):
    """Servers that answer as one exchange."""

    name: str
    ports: list[int]
    pids: list[int]
    requests: Iterator[bytes]


class Turn(NamedTuple):
    """The figures of one turn."""

    a_second: float
    p50_us: float
    cpu_us: float
    """Processor time of all processes for a request."""
    busiest_us: float
    """That of the process that used the most, divided by all requests."""


@contextmanager
def server(*options: str) -> Iterator[dict[str, Any]]:
    """Yield the ready file of a server."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        (home / "reads.yaml").write_text(scenario())
        given = ["--scenario", "reads.yaml", "--token", TOKEN, "--quiet", "--ready-file", "ready.json", "--port", "0"]
        environment = {"PYTHONPATH": str(Path.cwd()), "HOME": name, "XDG_RUNTIME_DIR": name}
        command = [sys.executable, "-m", "mockexchange", "serve", *given, *options]
        process = subprocess.Popen(command, cwd=home, env=environment)
        try:
            while not (home / "ready.json").exists():
                assert process.poll() is None, "the server did not start"
                time.sleep(0.02)
            ready = json.loads((home / "ready.json").read_text())
            yield ready | {"pem": Path(ready["accounts"][0]["private_key_path"]).read_text()}
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def arranged(name: str, servers: Sequence[dict[str, Any]], *, kept: bool) -> Arrangement:
    ports = [int(ready["control_url"].removesuffix("/_mock").rpartition(":")[2]) for ready in servers]
    pids = [pid for ready in servers for pid in (ready["pid"], *children_of(ready["pid"]))]
    key_id = servers[0]["accounts"][0]["key_id"]
    request = signed_request(ports[0], key_id, load_key(servers[0]["pem"]), "limit=100", PATH)
    return Arrangement(name, ports, pids, iter(lambda: request, b"") if kept else made_anew([request]))


def children_of(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def _ask(arrangement: Arrangement, count: int) -> tuple[float, float]:
    began, ports = time.perf_counter(), arrangement.ports
    share, connections = count // len(ports), CONNECTIONS // len(ports)
    measured = await asyncio.gather(*(repeat(port, arrangement.requests, share, connections) for port in ports))
    return count / (time.perf_counter() - began), median(one.quantile_us(0.5) for one in measured)


def turn(arrangement: Arrangement, count: int) -> Turn:
    before = [cpu_s(pid) for pid in arrangement.pids]
    a_second, p50_us = asyncio.run(_ask(arrangement, count))
    used = [cpu_s(pid) - first for pid, first in zip(arrangement.pids, before, strict=True)]
    return Turn(a_second, p50_us, sum(used) / count * 1e6, max(used) / count * 1e6)


def measure(arrangements: Sequence[Arrangement], rounds: int, count: int) -> None:
    turns: dict[str, list[Turn]] = {one.name: [] for one in arrangements}
    for _ in range(rounds + 1):
        for one in arrangements:
            turns[one.name].append(turn(one, count))
    figures = {
        name: Turn(*map(median, zip(*found[1:], strict=True))) for name, found in turns.items()
    }  # one to warm up
    base, first = next(iter(figures.values())), next(iter(turns.values()))
    for name, found in figures.items():
        rate = f"{found.a_second:7,.0f}/s ({found.a_second / base.a_second:.2f}x), p50 {found.p50_us:7,.0f} us"
        ratios = sorted(one.busiest_us / own.busiest_us for one, own in zip(first[1:], turns[name][1:], strict=True))
        spread = f"{median(ratios):.2f}x, {ratios[0]:.2f} to {ratios[-1]:.2f}"
        busiest = f"{found.busiest_us:5,.0f} us ({spread})"
        print(f"  {name:20} {rate}; processor {found.cpu_us:5,.0f} us a request, of the busiest process {busiest}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--count", type=int, default=8_000)
    given = parser.parse_args()
    with ExitStack() as stack, tempfile.TemporaryDirectory() as home:
        found = {
            "memory, one process": [stack.enter_context(server())],
            "sqlite, one process": [stack.enter_context(server("--store", f"sqlite:{home}/one.db"))],
            "memory, 2 workers": [stack.enter_context(server("--workers", "2"))],
        }
        initdb, postgres = program("initdb"), program("postgres")
        if initdb and postgres:
            for name, reads in (("postgres, 2 replicas", "strict"), ("2 replicas, any", "any")):
                database = PostgresServer(initdb, postgres)
                stack.callback(database.remove)
                options = ["--store", database.url.text, "--reads", reads, "--replica"]
                found[name] = [stack.enter_context(server(*options, f"127.0.0.1:{free_port()}")) for _ in range(2)]
        else:
            print("SKIPPED: replicas, since PostgreSQL is not installed")
        for kept, title in ((False, "each page made anew"), (True, "the same page, which is kept")):
            print(f"Signed GETs of 100 positions, {title}; medians of {given.rounds} turns of {given.count:,}")
            measure([arranged(one, servers, kept=kept) for one, servers in found.items()], given.rounds, given.count)
        print("load average:", *(f"{one:.1f}" for one in os.getloadavg()))


if __name__ == "__main__":
    main()
