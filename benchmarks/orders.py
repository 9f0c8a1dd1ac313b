"""Order entry in process: orders per second that rest, that match, that are amended and canceled, by orders that rest.

Run: python -m benchmarks.orders [http] [1000 10000 ...]. One market; `resting` orders of 100 accounts at 40 prices.
Changes are filed when a list is read, so each rate includes a read of every list that the orders changed. Beside the
rates are Python functions called per order, which do not depend on the machine. `http` is order entry over HTTP.
"""

import gc
import sys
from collections.abc import Iterator
from time import process_time
from types import FrameType
from typing import NamedTuple

from benchmarks.order_entry import order_entry
from mockexchange.core import commands
from mockexchange.core.commands import Command
from mockexchange.core.exchange import Exchange
from mockexchange.core.model.order_rules import OrderRules
from mockexchange.core.queries.positions import PositionQuery, find_positions
from mockexchange.core.refusals import Refusal
from mockexchange.core.vocabulary import Action, Side, SubaccountRef

MARKET = "KXRAIN-1"
ACCOUNTS = [SubaccountRef(f"maker-{number}") for number in range(100)]
TAKER = SubaccountRef("taker")
SIZES = (1_000, 10_000, 100_000, 1_000_000)
MEASURED = 5_000
COUNTED = 50
STEP_US = 1_000
HTTP_REQUESTS, HTTP_ROUNDS = 6_400, 5
RICH_MICROS = 10**15


def exchange_with(resting: int) -> Exchange:
    """Return an exchange in which this many orders rest, with none of YES offered below 0.50 or bid above it."""
    exchange = Exchange(rules=OrderRules(orders_max=10**9))
    setup: list[Command] = [commands.ListMarket(market=MARKET, event="KXRAIN", series="KXRAIN")]
    for subaccount_ref in (*ACCOUNTS, TAKER):
        setup.append(commands.OpenAccount(account=subaccount_ref.account))
        setup.append(commands.Deposit(subaccount_ref=subaccount_ref, amount_micros=RICH_MICROS))
    execute_all(exchange, setup)
    execute_all(exchange, (resting_order(number) for number in range(resting)))
    return exchange


def execute_all(exchange: Exchange, wanted: Iterator[Command] | list[Command]) -> None:
    for command in wanted:
        outcome = exchange.execute(command, exchange.last_at + STEP_US)
        assert not isinstance(outcome, Refusal), outcome


def resting_order(number: int, order: str | None = None) -> Command:
    """Return an order that rests: half of them bid 0.30 to 0.49, half of them ask 0.51 to 0.70."""
    level, is_bid = number // 2 % 20, number % 2 == 0
    return commands.PlaceOrder(
        subaccount_ref=ACCOUNTS[number % len(ACCOUNTS)],
        market=MARKET,
        side=Side.YES,
        action=Action.BUY if is_bid else Action.SELL,
        count_centis=100,
        price_centicents=4_900 - 100 * level if is_bid else 5_100 + 100 * level,
        client_order_id=order or f"order {number}",
        order=order,
    )


def crossing_order(number: int) -> Command:
    """Return an order that takes one order that rests: in turn a bid and an ask."""
    is_bid = number % 2 == 0
    return commands.PlaceOrder(
        subaccount_ref=TAKER,
        market=MARKET,
        side=Side.YES,
        action=Action.BUY if is_bid else Action.SELL,
        count_centis=100,
        price_centicents=9_900 if is_bid else 100,
        client_order_id=f"taker {number}",
    )


class Rate(NamedTuple):
    """Commands a second of processor time, and Python functions that each calls."""

    per_second: float
    calls: float

    def __str__(self) -> str:
        return f"{self.per_second:>11,.0f} {self.calls:>4.0f}"


def rate(exchange: Exchange, wanted: list[Command]) -> Rate:
    """Carry out the commands and read the lists that they changed; the functions of the last of them are counted."""
    timed, counted = wanted[:-COUNTED], wanted[-COUNTED:]
    gc.collect()
    gc.disable()
    began = process_time()
    execute_all(exchange, timed)
    read_all(exchange)
    elapsed_s = process_time() - began
    gc.enable()
    return Rate(len(timed) / elapsed_s, calls_of(exchange, counted) / len(counted))


def read_all(exchange: Exchange) -> None:
    """Read a list of every kind, of every account."""
    state = exchange.state
    for account in state.accounts.values():
        account.ledger.orders.find(1)
        account.ledger.fills.find(1)
    for subaccount in state.subaccounts.values():
        find_positions(subaccount, PositionQuery(limit=1))
        subaccount.values_micros.get(0)
    state.tape.find(1)


def calls_of(exchange: Exchange, wanted: list[Command]) -> int:
    """Return how many Python functions the commands call, generators that resume included."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    execute_all(exchange, wanted)
    sys.setprofile(None)
    return calls


def rates(resting: int) -> dict[str, Rate]:
    """Return the rates of each kind of order with this many orders that rest."""
    exchange = exchange_with(resting)
    measured = min(MEASURED, max(COUNTED, resting // 2)) + COUNTED
    names = [f"mine {number}" for number in range(measured)]
    return {
        "rest": rate(exchange, [resting_order(number, name) for number, name in enumerate(names)]),
        "amend": rate(exchange, [commands.AmendOrder(order=name, price_centicents=2_000) for name in names[::2]]),
        "decrease": rate(exchange, [commands.AmendOrder(order=name, count_centis=50) for name in names]),
        "cancel": rate(exchange, [commands.CancelOrder(order=name) for name in names]),
        "match": rate(exchange, [crossing_order(number) for number in range(min(measured, resting))]),
    }


def main() -> None:
    if "http" in sys.argv:
        order_entry(HTTP_REQUESTS, HTTP_ROUNDS)
    sizes = tuple(int(size) for size in sys.argv[1:] if size != "http") or (() if "http" in sys.argv else SIZES)
    names = ("rest", "amend", "decrease", "cancel", "match")
    sys.stdout.write("   resting" + "".join(f"{name:>16}" for name in names) + "   (per second, functions called)\n")
    for resting in sizes:
        found = rates(resting)
        sys.stdout.write(f"{resting:>10,}" + "".join(str(found[name]) for name in names) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
