"""Bytes of state per position: resident memory of a fresh process before and after it opens N positions.

The markets are counted apart: a position is one account's row with all its indexes. The log is left out, and so is
the row cache, which is cold.
"""

import argparse
import gc
import json
from collections.abc import Iterable
from pathlib import Path

from benchmarks import world
from mockexchange.core.commands import Command
from mockexchange.core.exchange import Exchange

PAGE_BYTES = 4096


def resident_bytes() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES


def measure(positions: int) -> dict[str, float]:
    exchange = Exchange()
    empty = resident_bytes()
    _run(exchange, world.list_markets(positions))
    listed = resident_bytes()
    _run(exchange, world.open_positions(positions))
    opened = resident_bytes()
    return {"market": (listed - empty) / positions, "position": (opened - listed) / positions}


def _run(exchange: Exchange, commands: Iterable[Command]) -> None:
    for number, command in enumerate(commands):
        exchange.execute(command, number * 1_000)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("positions", type=int)
    print(json.dumps(measure(parser.parse_args().positions)))
