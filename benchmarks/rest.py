"""All figures: `python -m benchmarks.rest` (minutes) or `--smoke` (seconds, proves only that it runs).

Every figure is a ratio or a count from one run, with what it is compared with beside it; servers under comparison
take turns, so that a noisy machine is noisy for both.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from itertools import cycle
from typing import NamedTuple

from benchmarks import first_use, fixture, market_data, pages, stream
from benchmarks.derivatives import CASES
from benchmarks.load import Measured, Server, made_anew, repeat, run
from benchmarks.size import FULL, SMOKE, Size
from benchmarks.world import PATH, file_of

CONNECTIONS = 16
DERIVATIVE_POSITIONS = 100
WALKED_POSITIONS = 5_000
START_S_MAX = 60.0
POLL_S = 0.002
UNAUTHORIZED = 401
PACED, LOOPED, PACE_S = 20, 160, 0.05


def throughput(size: Size) -> None:
    """Signed 100-row pages, ours and the plain baseline in turns: one page polled, then all walked."""
    with Server("positions", WALKED_POSITIONS) as ours:
        first = ours.request("limit=100")
        body = run(repeat(ours.port, first, 1)).body
        walked_pages = _walk(ours)
        with file_of(body) as name, Server("baseline", name) as plain:
            baseline = plain.request("limit=100")
            polled = [(_turn(ours, first, size), _turn(plain, baseline, size)) for _ in range(size.rounds)]
            walked = [
                (_turn(ours, cycle(walked_pages), size), _turn(plain, baseline, size)) for _ in range(size.rounds)
            ]
            anew = made_anew(walked_pages)
            built = [(_turn(ours, anew, size), _turn(plain, baseline, size)) for _ in range(size.rounds)]
    print(
        f"\nSigned page of 100 rows ({len(body):,} bytes), journal on, {CONNECTIONS} connections, {size.rounds} turns"
    )
    _print_turns("one page, polled; goal 0.85", polled)
    _print_turns(f"{len(walked_pages)} pages in turn, a walk repeated without changes; goal 0.75", walked)
    _print_turns(f"{len(walked_pages)} pages in turn, each made anew, rows warm; goal 0.65", built)


def derivatives(size: Size) -> None:
    """Positions of a venue of derivatives, ours and the plain baseline in turns: one list, polled."""
    for case in CASES.values():
        with Server(case.name, DERIVATIVE_POSITIONS) as ours:
            asked = case.request(ours.port)
            body = run(repeat(ours.port, asked, 1)).body
            with file_of(body) as name, Server(f"{case.name}-baseline", name) as plain:
                turns = [(_turn(ours, asked, size), _turn(plain, asked, size)) for _ in range(size.rounds)]
        print(
            f"\n{case.name}: private/get_positions, signed, {DERIVATIVE_POSITIONS} rows ({len(body):,} bytes),"
            f" journal on, {CONNECTIONS} connections, {size.rounds} turns"
        )
        _print_turns("one list, polled; goal 0.75", turns)


def _walk(server: Server) -> list[bytes]:
    """A signed request for every page of the account."""
    cursors = [cursor for cursor, _ in pages.walk(server, PATH, 100, "market_positions")]
    return [server.request(f"limit=100&cursor={cursor}" if cursor else "limit=100") for cursor in cursors]


def _print_turns(title: str, turns: list[tuple["Turn", "Turn"]]) -> None:
    mine, base = turns[-1]
    print(f"  {title}: ours {mine.per_second:,.0f}/s, plain Starlette route {base.per_second:,.0f}/s in the last turn")
    rates = _spread([mine.per_second / base.per_second for mine, base in turns])
    print(f"    requests a second: ratio {rates}")
    costs = _spread([base.cpu_us / mine.cpu_us for mine, base in turns if mine.cpu_us])
    print(f"    processor time a request: {mine.cpu_us:.0f} us against {base.cpu_us:.0f} us; ratio {costs}")


class Turn(NamedTuple):
    per_second: float
    cpu_us: float


def _turn(server: Server, requests: bytes | Iterator[bytes], size: Size) -> Turn:
    before_s = server.cpu_s()
    measured = run(repeat(server.port, requests, size.requests, CONNECTIONS))
    return Turn(measured.per_second, (server.cpu_s() - before_s) / size.requests * 1e6)


def _spread(ratios: list[float]) -> str:
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})" if ratios else "none"


def refusals(size: Size) -> None:
    """What a client that signs wrongly costs the others: good pages beside good ones, and beside refused ones."""
    with Server("positions", 1_000) as server:
        shares = [_beside_refusals(server, size) for _ in range(size.rounds)]
        paced_ms, looped_ms, many_ms = _refused_ms(server)
    alone, beside = (statistics.median(column) for column in zip(*shares, strict=True))
    print("\nGood pages while 4 other connections are refused and diagnosed (median latency, microseconds)")
    ratio = f"{beside / alone:.2f}x"
    print(f"  beside 4 connections of good ones {alone:,.0f}, beside 4 of refused ones {beside:,.0f}: {ratio}")
    print("A refusal with its diagnosis (median latency, milliseconds)")
    print(f"  one every 50 ms {paced_ms:.1f}, in a loop {looped_ms:.1f}, of 8 in loops {many_ms:.1f}; goals 2, 5, 20")


def memory(size: Size) -> None:
    measured = _memory_of("positions", size.memory_positions)
    print(f"\nState per position, {size.memory_positions:,} positions, row cache cold; goal 900 B")
    print(f"  position with its indexes and event sums {measured['position']:,.0f} B")
    print(f"  its market, counted apart {measured['market']:,.0f} B")
    measured = _memory_of("history", size.memory_history)
    print(f"\nState per row of history, {size.memory_history:,} of each, four to a market, row cache cold; no goal")
    print(f"  position with its indexes and event sums {measured['position']:,.0f} B")
    print(f"  fill with its trade and an order of its own {measured['first fill']:,.0f} B")
    print(f"  fill with its trade alone, the order's second {measured['second fill']:,.0f} B")
    print(f"  resting order with its place in the book {measured['resting order']:,.0f} B")
    print(f"  settlement {measured['settlement']:,.0f} B")


def _memory_of(kind: str, count: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.memory", kind, str(count)]
    measured: dict[str, float] = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return measured


def _beside_refusals(server: Server, size: Size) -> tuple[float, float]:
    good, bad = server.request("limit=100"), server.request("limit=100", signed_path=PATH.removeprefix("/trade-api/v2"))

    async def beside(other: bytes, status: int) -> Measured:
        load = asyncio.create_task(repeat(server.port, other, size.requests // 10, 4, status))
        measured = await repeat(server.port, good, size.requests // 20)
        await load
        return measured

    return run(beside(good, 200)).quantile_us(0.5), run(beside(bad, 401)).quantile_us(0.5)


def _refused_ms(server: Server) -> tuple[float, float, float]:
    """Return the latency of a refusal: of a client that waits in between, of one in a loop, and of eight in loops."""
    bad = server.request("limit=100", signed_path=PATH.removeprefix("/trade-api/v2"))

    async def paced() -> list[float]:
        found = []
        for _ in range(PACED):
            await asyncio.sleep(PACE_S)
            found.append((await repeat(server.port, bad, 1, status=UNAUTHORIZED)).quantile_us(0.5))
        return found

    looped = [run(repeat(server.port, bad, LOOPED, count, UNAUTHORIZED)).quantile_us(0.5) for count in (1, 8)]
    alone, beside = (each / 1e3 for each in looped)
    return statistics.median(asyncio.run(paced())) / 1e3, alone, beside


PARTS = {
    "throughput": throughput,
    "derivatives": derivatives,
    "positions": pages.positions,
    "lists": pages.lists,
    "market-data": market_data.market_data,
    "refusals": refusals,
    "memory": memory,
    "first-use": first_use.first_use,
    "fixtures": fixture.fixtures,
    "streams": stream.streams,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="which figures; all if none is named")
    arguments = parser.parse_args()
    size = SMOKE if arguments.smoke else FULL
    for name in arguments.parts or PARTS:
        PARTS[name](size)


if __name__ == "__main__":
    main()
