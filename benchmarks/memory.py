"""Bytes of state per row: resident memory of a fresh process before and after it makes N of a kind.

The markets are counted apart: a position is one account's row with all its indexes, a fill is its trade too. The log
is left out, and so is the row cache, which is cold.
"""

import argparse
import gc
import json
from collections.abc import Iterable
from pathlib import Path

from benchmarks import history, world
from mockexchange.core import commands
from mockexchange.core.commands import Command, NewOrder
from mockexchange.core.exchange import Exchange
from mockexchange.core.vocabulary import Result

PAGE_BYTES = 4096
START = world.START_S * world.SECOND


def resident_bytes() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES


def measure_positions(count: int) -> dict[str, float]:
    exchange = Exchange()
    steps = {"market": world.list_markets(count), "position": world.open_positions(count)}
    return {name: _bytes_of(exchange, made) / count for name, made in steps.items()}


def measure_history(count: int) -> dict[str, float]:
    """One of each kind for every position: four books with a row in each market."""
    exchange, numbers = Exchange(), range(count)
    world.carry_out(exchange, history.list_markets(count, START))
    steps: dict[str, Iterable[Command]] = {
        "position": map(history.open_own, numbers),
        "first fill": (history.fill_own(number, NewOrder(f"order-{number:06d}")) for number in numbers),
        "second fill": (history.fill_own(number, f"order-{number:06d}") for number in numbers),
        "resting order": (history.rest_busy(number, f"rested-{number:06d}") for number in numbers),
        "settlement": map(_settle, range(history.markets_of(count))),
    }
    return {name: _bytes_of(exchange, made) / count for name, made in steps.items()}


def _settle(number: int) -> Command:
    return commands.SettleMarket(market=world.market_name(number), result=Result.YES)


def _bytes_of(exchange: Exchange, steps: Iterable[Command]) -> int:
    """What the state grows by, where a millisecond passes between two steps."""
    before, began = resident_bytes(), max(exchange.last_at, START)
    world.carry_out(exchange, ((began + number * 1_000, step) for number, step in enumerate(steps)))
    return resident_bytes() - before


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=["positions", "history"])
    parser.add_argument("count", type=int)
    arguments = parser.parse_args()
    measure = measure_positions if arguments.kind == "positions" else measure_history
    print(json.dumps(measure(arguments.count)))
