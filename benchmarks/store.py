"""Commands a second and latency by store, beside the log in memory, and the time of a restart.

`--postgres URL` measures a PostgreSQL database too: it must be one of its own, since its sandboxes are replaced.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

from mockexchange.core.commands import Deposit
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.reopening import describe, new_sandbox, read_description, restore
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
    description, log = read_description(stored.description), store.log_of(stored)
    restored = new_sandbox("default", description, log, None)
    await restore(restored, log, description.beginning)
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commands", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--length", type=int, default=100_000)
    parser.add_argument("--postgres", type=read_location, metavar="URL")
    given = parser.parse_args()
    throughput(given.commands, given.rounds, given.length, given.postgres)


if __name__ == "__main__":
    main()
