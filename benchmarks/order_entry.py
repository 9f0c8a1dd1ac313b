"""Order entry over HTTP: a signed create, ours and the plain baseline in turns. Part of `python -m benchmarks.orders`.

The plain route reads the headers, verifies one PSS signature, reads the JSON body and returns the same bytes.
"""

import json
import statistics
from collections.abc import Iterator

from benchmarks.load import Server, repeat, run
from benchmarks.world import ACCOUNT, PREFIX, SUBACCOUNT_REF, Timed, file_of
from mockexchange.core import commands

PATH = f"{PREFIX}/portfolio/events/orders"
MARKET = "KXBENCH-1"
CONNECTIONS = 16
CREATED = 201
RICH_MICROS = 10**15
BODY = json.dumps(
    {
        "ticker": MARKET,
        "side": "bid",
        "count": "1.00",
        "price": "0.4200",
        "time_in_force": "good_till_canceled",
        "self_trade_prevention_type": "taker_at_cross",
    }
).encode()
"""An order that rests. It has no client_order_id, so that one request can be sent again and again."""


def market(count: int, start: int) -> Iterator[Timed]:
    """Yield a world of one account with cash and `count` markets, of which the orders go to the first."""
    yield start, commands.OpenAccount(account=ACCOUNT)
    yield start, commands.Deposit(subaccount_ref=SUBACCOUNT_REF, amount_micros=RICH_MICROS)
    for number in range(1, count + 1):
        yield start, commands.ListMarket(market=f"KXBENCH-{number}", event="KXBENCH", series="KXBENCH")


def order_entry(requests: int, rounds: int) -> None:
    """Print requests a second, processor time and latencies, each as a ratio to the plain route's."""
    with Server("orders", 1) as ours:
        asked = ours.request(path=PATH, body=BODY)
        answer = run(repeat(ours.port, asked, 1, status=CREATED)).body
        with file_of(answer) as name, Server("orders-baseline", name) as plain:
            baseline = plain.request(path=PATH, body=BODY)
            turns = [
                [_turn(server, request, requests) for server, request in ((ours, asked), (plain, baseline))]
                for _ in range(rounds)
            ]
    print(f"\nSigned create of an order that rests, journal on, {CONNECTIONS} connections, {rounds} turns")
    rate, cpu, tail = zip(*[_ratios(*turn) for turn in turns], strict=True)
    mine, base = turns[-1]
    print(f"  requests a second: {mine[0]:,.0f} against {base[0]:,.0f}; ratio {_spread(rate)}; goal 0.6")
    print(f"  processor time a request: {mine[1]:.0f} us against {base[1]:.0f} us; ratio {_spread(cpu)}")
    print(f"  p99 against p50: {mine[3]:,.0f} us against {mine[2]:,.0f} us; ratio {_spread(tail)}; goal below 5")


def _turn(server: Server, request: bytes, requests: int) -> tuple[float, float, float, float]:
    """Return requests a second, processor time in microseconds, p50 and p99."""
    before_s = server.cpu_s()
    measured = run(repeat(server.port, request, requests, CONNECTIONS, CREATED))
    cpu_us = (server.cpu_s() - before_s) / requests * 1e6
    return measured.per_second, cpu_us, measured.quantile_us(0.5), measured.quantile_us(0.99)


def _ratios(mine: tuple[float, ...], base: tuple[float, ...]) -> tuple[float, float, float]:
    return mine[0] / base[0], base[1] / max(mine[1], 1), mine[3] / mine[2]


def _spread(ratios: tuple[float, ...]) -> str:
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
