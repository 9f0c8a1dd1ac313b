"""An account with as many positions as wanted, a quarter of them settled; every filter finds more than one page."""

import asyncio
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from mockexchange.core import commands
from mockexchange.core.commands import Command
from mockexchange.core.exchange import Exchange
from mockexchange.core.refusals import Refusal
from mockexchange.core.vocabulary import Result, SubaccountRef

Timed = tuple[int, Command]
"""An instant in microseconds, and what happens then."""
SECOND = 1_000_000
START_S = 1_767_225_600
"""When every world begins: 2026-01-01."""
DATES = ("latest", "compat")
"""The API dates that are measured; also the ids of the keys that see them."""
PREFIX = "/trade-api/v2"
PATH = f"{PREFIX}/portfolio/positions"
ACCOUNT = "trader"
SUBACCOUNT_REF = SubaccountRef(ACCOUNT)
MARKETS_PER_EVENT = 4
SETTLED_EVERY = 4
FLAT_EVERY = 5


def market_name(number: int) -> str:
    return f"{event_name(number)}-{number % MARKETS_PER_EVENT}"


def event_name(number: int) -> str:
    return f"KXBENCH-{number // MARKETS_PER_EVENT:06d}"


def list_markets(count: int) -> Iterator[Command]:
    yield commands.OpenAccount(account=ACCOUNT)
    for number in range(count):
        yield commands.ListMarket(
            market=market_name(number), event=event_name(number), series="KXBENCH", price_centicents=5_600
        )


def open_positions(count: int) -> Iterator[Command]:
    for number in range(count):
        is_flat = number % FLAT_EVERY == 0
        quantity_centis = 0 if is_flat else 100 + number % 900
        yield commands.OpenPosition(
            subaccount_ref=SUBACCOUNT_REF,
            market=market_name(number),
            quantity_centis=quantity_centis,
            cost_micros=quantity_centis * 5_600,
            traded_micros=1_000_000 + quantity_centis * 5_600,
            fees_micros=17_500,
        )


def settle_some(count: int) -> Iterator[Command]:
    for number in range(0, count, SETTLED_EVERY):
        yield commands.SettleMarket(market=market_name(number), result=Result.YES)


def positions(count: int, start: int) -> Iterator[Timed]:
    """The whole world, a millisecond apart."""
    steps = chain(list_markets(count), open_positions(count), settle_some(count))
    return ((start + number * 1_000, command) for number, command in enumerate(steps))


def carry_out(exchange: Exchange, steps: Iterable[Timed]) -> None:
    """Execute the steps. Raises RuntimeError where one is refused: a world that lacks rows would only seem quick."""
    for at, command in steps:
        outcome = exchange.execute(command, at)
        if isinstance(outcome, Refusal):
            raise _incomplete(command, outcome)


def _incomplete(command: Command, refusal: Refusal) -> RuntimeError:
    return RuntimeError(f"{command}: {refusal.message}")


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """The fastest event loop there is."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


@contextmanager
def file_of(body: bytes) -> Iterator[str]:
    """A file with these bytes, until the block ends."""
    handle, name = tempfile.mkstemp()
    with os.fdopen(handle, "wb") as stream:
        stream.write(body)
    try:
        yield name
    finally:
        Path(name).unlink()
