"""Commands a second and latency by store, beside the log in memory, and the time of a restart.

`--postgres URL` measures a PostgreSQL database too: it must be one of its own, since its sandboxes are replaced.
With `--kills N` a server is killed N times while four clients pay money in; every payment that was acknowledged has to
be in the log once.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.request import Request, urlopen

from mockexchange.core.commands import Deposit
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.sandbox.log.stored import describe, read_description, restore_sandbox
from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.loader import load_text
from mockexchange.store.opening import Location, open_store, read_location
from mockexchange.store.stores import Store

PLAN = "scenario: bench\naccounts: {alice: {}}"
TOKEN = "benchmark"  # of a server that ends with this program
STORES = ("memory", "normal", "full")
WAITING = 64


def pay(micros: int) -> Deposit:
    return Deposit(subaccount_ref=SubaccountRef("alice", "0"), amount_micros=micros)


async def opened(kind: str, place: Location) -> tuple[Sandbox, Store | None]:
    """Return a sandbox in a new file of a folder, or in a database."""
    sandbox = await open_sandbox(load_text(PLAN), SandboxOptions())
    if kind == "memory":
        return sandbox, None
    store = (
        open_store(place / f"{kind}-{time.monotonic_ns()}.db", kind) if isinstance(place, Path) else open_store(place)
    )
    sandbox.use_log(await store.create("default", sandbox.log.header, describe(sandbox), list(sandbox.log)))
    return sandbox, store


async def one_by_one(sandbox: Sandbox, commands: int) -> list[float]:
    """Return the latencies of commands that wait for each other, in microseconds."""
    taken = []
    for number in range(1, commands + 1):
        began = time.perf_counter()
        await sandbox.submit(pay(number))
        taken.append((time.perf_counter() - began) * 1e6)
    return taken


async def together(sandbox: Sandbox, commands: int) -> float:
    """Return the commands a second of callers that do not wait for each other."""

    async def call(numbers: Iterator[int]) -> None:
        for number in numbers:
            await sandbox.submit(pay(number))

    numbers, began = iter(range(1, commands + 1)), time.perf_counter()
    await asyncio.gather(*(call(numbers) for _ in range(WAITING)))
    return commands / (time.perf_counter() - began)


async def turn(kind: str, place: Location, commands: int) -> tuple[float, float, float, float]:
    """Return commands a second one by one, their p50 and p99, and commands a second together."""
    sandbox, store = await opened(kind, place)
    taken = await one_by_one(sandbox, commands)
    rate = await together(sandbox, commands * 4)
    if store:
        store.close()
    return commands / (sum(taken) / 1e6), median(taken), quantiles(taken, n=100)[98], rate


async def restart(place: Location, commands: int) -> float:
    """Return the seconds that opening a log of this length takes."""
    sandbox, store = await opened("normal", place)
    assert store is not None, "it has one"
    await together(sandbox, commands)
    [stored] = store.stored()
    began = time.perf_counter()
    restored = await restore_sandbox("default", read_description(stored.description), store.log_of(stored))
    taken = time.perf_counter() - began
    assert restored.exchange.state.sequence == sandbox.exchange.state.sequence
    store.close()
    return taken


def throughput(commands: int, rounds: int, length: int, database: Location | None) -> None:
    with tempfile.TemporaryDirectory() as home:
        places: dict[str, Location] = dict.fromkeys(STORES, Path(home))
        if database:
            places["postgres"] = database
        found: dict[str, list[tuple[float, float, float, float]]] = {kind: [] for kind in places}
        for _ in range(rounds):
            for kind, place in places.items():
                found[kind].append(asyncio.run(turn(kind, place, commands)))
        print(f"Commands, {rounds} turns of each, medians: one by one, and {WAITING} callers at once")
        for kind, turns in found.items():
            rate, p50, p99, grouped = (median(column) for column in zip(*turns, strict=True))
            print(f"  {kind:8} {rate:9,.0f}/s, p50 {p50:6,.0f} us, p99 {p99:7,.0f} us; together {grouped:9,.0f}/s")
        for kind, place in places.items():
            if kind not in ("memory", "full"):
                print(f"Restart with {length:,} commands, {kind}: {asyncio.run(restart(place, length)):.1f} s")


# --- kill -9


def start(home: Path, store: str) -> tuple[subprocess.Popen[bytes], str]:
    ready = home / "ready.json"
    ready.unlink(missing_ok=True)
    options = ["--store", store, "--scenario", "bench.yaml", "--token", TOKEN, "--port", "0", "--quiet"]
    command = [sys.executable, "-m", "mockexchange", "serve", *options, "--ready-file", str(ready)]
    process = subprocess.Popen(command, cwd=home, env={"PYTHONPATH": str(Path.cwd()), "HOME": str(home)})
    while not ready.exists():
        assert process.poll() is None, "the server did not start"
        time.sleep(0.02)
    return process, json.loads(ready.read_text())["control_url"]


def send(url: str, body: Any = None) -> bytes:
    raw = None if body is None else json.dumps(body).encode()
    with closing(urlopen(Request(url, raw, {"Authorization": f"Bearer {TOKEN}"}))) as answer:  # our own
        content: bytes = answer.read()
        return content


def pay_until_killed(url: str, numbers: Iterator[int], acknowledged: list[int]) -> None:
    with suppress(OSError, ValueError):
        for number in numbers:
            send(f"{url}/sandboxes/default/commands", [{"deposit": {"account": "alice", "amount": number}}])
            acknowledged.append(number)


def kills(times: int, store: str) -> None:
    acknowledged: list[int] = []
    with tempfile.TemporaryDirectory() as name:
        home, first = Path(name), 1
        (home / "bench.yaml").write_text(PLAN)
        for _ in range(times):
            process, url = start(home, store)
            with ThreadPoolExecutor(4) as workers:
                for worker in range(4):
                    workers.submit(pay_until_killed, url, iter(range(first + worker, 10**9, 4)), acknowledged)
                time.sleep(0.3)
                process.kill()
                process.wait()
            first = max([first, *acknowledged]) + 100
        process, url = start(home, store)
        lines = send(f"{url}/sandboxes/default/log").splitlines()[1:]
        process.kill()
        process.wait()
    commands = [json.loads(line)["do"] for line in lines]
    found = Counter(one["deposit"]["amount_micros"] // 10**6 for one in commands if "deposit" in one)
    lost = [number for number in acknowledged if found[number] != 1]
    print(f"{times} kills, {len(acknowledged):,} payments acknowledged, {len(lost)} of them not there once: {lost[:5]}")
    print(
        f"payments without an answer that are there: {len(found) - len(acknowledged)}; twice: {max(found.values()) - 1}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commands", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--length", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--postgres", type=read_location, metavar="URL")
    given = parser.parse_args()
    if given.kills:
        kills(given.kills, given.postgres.text if given.postgres else "sqlite:mock.db")
    else:
        throughput(given.commands, given.rounds, given.length, given.postgres)


if __name__ == "__main__":
    main()
