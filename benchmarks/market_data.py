"""Market data in process: pages of markets and events and a month of candlesticks, by the size of all the rest.

Run: python -m benchmarks.rest market-data. Each exchange has that many trades, of as many markets, at most 100,000, 4
to an event, beside the trades of one market. Every answer is made anew, as its query is spelt in another way.
"""

import statistics
from collections.abc import Iterator
from time import process_time

from benchmarks.size import Size
from mockexchange.core import commands
from mockexchange.core.commands import Command
from mockexchange.core.exchange import Exchange
from mockexchange.core.instants import parse_instant
from mockexchange.core.refusals import Refusal
from mockexchange.core.vocabulary import Side
from mockexchange.venues.kalshi import rest
from mockexchange.venues.kalshi.context import KalshiContext
from mockexchange.venues.kalshi.named_days import api_date
from mockexchange.venues.request import Request

MARKETS_TO_AN_EVENT, MARKETS_MAX = 4, 100_000
BUSY, BUSY_TRADES = "KXBUSY-1-A", 5_000
START = parse_instant("2026-09-01T00:00:00Z")
MONTH_US = 30 * 86_400 * 1_000_000
SECONDS = START // 1_000_000, (START + MONTH_US) // 1_000_000
MONTH = f"start_ts={SECONDS[0]}&end_ts={SECONDS[1]}&period_interval=60"
CASES = {
    "page of 100 markets": ("/markets", "limit=100"),
    "page of 100 events with nested markets": ("/events", "limit=100&with_nested_markets=true"),
    "a month of hourly candlesticks": (f"/series/KXBUSY/markets/{BUSY}/candlesticks", MONTH),
}
ANSWERS = 30


def setup(size: int) -> Iterator[Command]:
    yield commands.ListMarket(market=BUSY, event="KXBUSY-1", series="KXBUSY")
    for number in range(min(size, MARKETS_MAX)):
        yield commands.ListMarket(market=name_of(number), event=event_of(number), series="KXREST")


def event_of(number: int) -> str:
    return f"KXREST-{number // MARKETS_TO_AN_EVENT}"


def name_of(number: int) -> str:
    return f"{event_of(number)}-{number % MARKETS_TO_AN_EVENT}"


def trades(size: int) -> Iterator[Command]:
    """Yield the trades of the busy market among those of the others, at even distances."""
    markets, every = min(size, MARKETS_MAX), max(size // BUSY_TRADES, 1)
    for number in range(size):
        yield trade(name_of(number % markets), number)
        if number % every == 0:
            yield from (trade(BUSY, number + more) for more in range(max(BUSY_TRADES // size, 1)))


def trade(market: str, number: int) -> Command:
    side, price = Side.YES if number % 2 else Side.NO, 100 * (number % 99 + 1)
    return commands.TradeMarket(market=market, side=side, count_centis=100, price_centicents=price)


def exchange_of(size: int) -> Exchange:
    exchange = Exchange()
    for command in setup(size):
        carry_out(exchange, command, START)
    wanted = list(trades(size))
    for place, command in enumerate(wanted):
        carry_out(exchange, command, START + (place + 1) * MONTH_US // (len(wanted) + 1))
    return exchange


def carry_out(exchange: Exchange, command: Command, at: int) -> None:
    outcome = exchange.execute(command, at)
    assert not isinstance(outcome, Refusal), outcome


def answer_us(exchange: Exchange, path: str, query: str) -> tuple[float, int]:
    """Return the median processor time of an answer in microseconds, and the bytes of its body."""
    context, at = KalshiContext(exchange.state, api_date("latest")), START + MONTH_US
    times, size = [], 0
    for number in range(ANSWERS):
        request = Request("GET", f"/trade-api/v2{path}", query + "&" * number)
        before = process_time()
        reply = rest.answer(context, request, at, at)
        times.append((process_time() - before) * 1e6)
        assert reply.status == 200, reply.body
        size = len(reply.body)
    return statistics.median(times[1:]), size


def market_data(size: Size) -> None:
    """Pages of markets and of events, and candlesticks, at each size."""
    print(f"\nMarket data in process, processor time of an answer, median of {ANSWERS}, against the first size")
    first: dict[str, float] = {}
    for rows in size.rows:
        exchange = exchange_of(rows)
        for name, (path, query) in CASES.items():
            time_us, body = answer_us(exchange, path, query)
            ratio = time_us / first.setdefault(name, time_us)
            print(f"  {rows:>9,} trades  {name:40} {time_us:9,.0f} us {body:9,} bytes  {ratio:5.2f}x")
