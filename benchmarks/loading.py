"""Time and memory of a sandbox whose scenario is a file of JSON lines with COUNT markets and a fill in each.

Each fill opens a position, so there are as many positions as markets; four markets have one event. Everything from the
file to the open sandbox is in the figures: reading lines, steps, commands, the exchange, its log. They are microseconds
of processor time, and bytes of resident memory at the end and at most, for each position.
"""

import argparse
import asyncio
import json
import resource
import tempfile
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from benchmarks.memory import resident_bytes
from benchmarks.world import ACCOUNT, SUBACCOUNT_REF, event_name, market_name
from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.scenario.loader import load_file

COUNT = 50_000
HEADER = {"scenario": "loading", "accounts": {ACCOUNT: {"cash": 1_000_000_000}}}
PRICES = 50
KIB = 1024


def steps(count: int) -> Iterator[dict[str, Any]]:
    """Yield a market and a fill in it, `count` times."""
    for number in range(count):
        market = market_name(number)
        listed = {"market": market, "event": event_name(number), "series": "KXBENCH", "price": "0.56"}
        yield {"market": listed}
        yield {"fill": _fill(market, number)}


def _fill(market: str, number: int) -> dict[str, Any]:
    price = f"0.{25 + number % PRICES}"
    count = 1 + number % 900
    return {"account": ACCOUNT, "market": market, "side": "yes", "action": "buy", "count": count, "price": price}


def write_file(path: Path, count: int) -> None:
    with path.open("w") as stream:
        stream.writelines(json.dumps(line) + "\n" for line in chain([HEADER], steps(count)))


def measure(path: Path, count: int) -> dict[str, float]:
    """Return the figures for each position of a file with `count` of them."""
    before, began = resident_bytes(), time.process_time()
    sandbox = asyncio.run(open_sandbox(load_file(path), SandboxOptions(name="loading")))
    took = time.process_time() - began
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIB
    positions = sandbox.exchange.state.subaccounts[SUBACCOUNT_REF].positions
    assert len(positions) == count, f"expected {count} positions, got {len(positions)}"
    return {
        "microseconds": took / count * 1_000_000,
        "bytes": (resident_bytes() - before) / count,
        "bytes at most": (largest - before) / count,
        "seconds": took,
        "megabytes at most": largest / 1_000_000,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=COUNT)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "loading.jsonl"
        write_file(file, arguments.count)
        print(json.dumps({name: round(value, 1) for name, value in measure(file, arguments.count).items()}))
