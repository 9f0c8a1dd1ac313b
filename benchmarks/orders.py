"""Order entry in process: orders per second that rest, that match, that are amended and canceled, by orders that rest.

Run: python -m benchmarks.orders [100 1000 ...]. One market; `resting` orders of 100 accounts rest at 40 prices.
"""

import gc
import sys
from collections.abc import Iterator
from time import process_time

from mockexchange.core import commands
from mockexchange.core.commands import Command
from mockexchange.core.exchange import Exchange
from mockexchange.core.model.order_rules import OrderRules
from mockexchange.core.refusals import Refusal
from mockexchange.core.vocabulary import Action, Side, SubaccountRef

MARKET = "KXRAIN-1"
ACCOUNTS = [SubaccountRef(f"maker-{number}") for number in range(100)]
TAKER = SubaccountRef("taker")
SIZES = (100, 1_000, 10_000, 100_000, 1_000_000)
MEASURED = 5_000
STEP_US = 1_000
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


def rate(exchange: Exchange, wanted: list[Command]) -> float:
    """Return how many of the commands are carried out per second of processor time."""
    gc.collect()
    gc.disable()
    began = process_time()
    execute_all(exchange, wanted)
    elapsed_s = process_time() - began
    gc.enable()
    return len(wanted) / elapsed_s


def rates(resting: int) -> dict[str, float]:
    """Return the rates of each kind of order with this many orders that rest."""
    exchange = exchange_with(resting)
    measured = min(MEASURED, max(100, resting // 2))
    names = [f"mine {number}" for number in range(measured)]
    return {
        "rest": rate(exchange, [resting_order(number, name) for number, name in enumerate(names)]),
        "amend": rate(exchange, [commands.AmendOrder(order=name, price_centicents=2_000) for name in names[::2]]),
        "decrease": rate(exchange, [commands.AmendOrder(order=name, count_centis=50) for name in names]),
        "cancel": rate(exchange, [commands.CancelOrder(order=name) for name in names]),
        "match": rate(exchange, [crossing_order(number) for number in range(min(measured, resting))]),
    }


def main() -> None:
    sizes = tuple(map(int, sys.argv[1:])) or SIZES
    sys.stdout.write("   resting       rest      amend   decrease     cancel      match   (per second)\n")
    for resting in sizes:
        found = rates(resting)
        sys.stdout.write(f"{resting:>10,}" + "".join(f"{each:>11,.0f}" for each in found.values()) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
