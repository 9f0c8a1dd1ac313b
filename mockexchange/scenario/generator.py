"""Generates scenarios of any size, as JSON lines. The same sizes, seed and Faker version give the same bytes.

Accounts have positions and cash, and plausible next trades and orders.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from importlib import import_module
from itertools import islice
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from mockexchange.core.position_cost import Stake, trade
from mockexchange.core.vocabulary import (
    CENTICENTS_PER_DOLLAR,
    CENTIS_PER_CONTRACT,
    MICROS_PER_DOLLAR,
    Action,
    Side,
)
from mockexchange.version import install_command

if TYPE_CHECKING:
    from faker import Faker


# Accounts with positions and cash, and plausible next trades and orders for them
#
# Trades go through the exchange's own arithmetic, so accounts sell only what they hold, except for a few deliberate
# flips of a position, and cash is deposited before it runs out.


FEE_MICROS_PER_CENTI_MAX = 175
"""The highest taker's fee for 0.01 contracts, in microdollars: 0.07 x 0.25 dollars a contract."""
FEE_ROUNDING_MICROS_MAX = 10_000
"""The most by which rounding raises a fee, in microdollars: a cent."""
CENTICENTS_PER_CENT = 100
CENTICENTS_PER_HALF_CENT = 50
PRICE_CENTS = (2, 98)
PRICE_STEP_CENTS_MAX = 3
COUNT_CONTRACTS_MAX = 60
TOP_UP_MICROS = 1_000 * MICROS_PER_DOLLAR

Line = dict[str, Any]


@dataclass(slots=True)
class Market:
    """A market during generation: its last YES price, the numbers of its trading accounts, and the position of each."""

    ticker: str
    price_cents: int
    traders: tuple[int, ...]
    stakes: dict[int, Stake] = field(default_factory=dict)


class Deal(NamedTuple):
    side: Side
    action: Action
    count_centis: int
    price_centicents: int

    def line(self) -> Line:
        return {
            "side": self.side,
            "action": self.action,
            "count": _decimal(self.count_centis, CENTIS_PER_CONTRACT, 2),
            "price": _decimal(self.price_centicents, CENTICENTS_PER_DOLLAR, 4),
        }

    def mirrored(self) -> "Deal":
        return self._replace(action=Action.SELL if self.action is Action.BUY else Action.BUY)


class GeneratedAccounts:
    """The accounts of a generated scenario, by number, with a lower bound of the cash that each has."""

    def __init__(self, random: Random, names: list[str], cash_micros: list[int]) -> None:
        self.random, self.names, self.cash_micros = random, names, cash_micros
        self.orders = 0

    def fill(self, market: Market, after: str) -> Iterator[Line]:
        """Yield the lines for one fill, after deposits if it needs cash.

        One fill in twenty is against another generated account.
        """
        account = self.random.choice(market.traders)
        deal = self._next_deal(market, market.stakes.get(account, Stake()).quantity_centis)
        values = {"account": self.names[account], "market": market.ticker, **deal.line(), "taker": self._happens(60)}
        yield from self._apply(market, account, deal)
        against = self.random.choice(market.traders) if self._happens(5) else account
        if against != account:
            values["against"] = self.names[against]
            yield from self._apply(market, against, deal.mirrored())
        yield {"after": after, "fill": values}

    def rest(self, market: Market) -> Iterator[Line]:
        """Yield the line of an order that rests in the order book; for one order in three, also its cancellation."""
        self.orders += 1
        order, account = f"rest-{self.orders}", self.random.choice(market.traders)
        deal = Deal(self._side(), Action.BUY, self._count(), CENTICENTS_PER_CENT)
        values = {"account": self.names[account], "market": market.ticker, **deal.line(), "order": order}
        yield {"after": "0s", "rest": values}
        if self._happens(33):
            yield {"after": "0s", "cancel": {"order": order}}

    def _next_deal(self, market: Market, held_centis: int) -> Deal:
        """Return a sale of a part of the position, sometimes of more than it, or a purchase of either side."""
        side, action, count_centis = self._side(), Action.BUY, self._count()
        if held_centis and self._happens(40):
            side, action = Side.YES if held_centis > 0 else Side.NO, Action.SELL
            count_centis = min(count_centis, abs(held_centis))
            if self._happens(5):
                count_centis = abs(held_centis) + self._count()
        return Deal(side, action, count_centis, self._next_price(market, side))

    def _next_price(self, market: Market, side: Side) -> int:
        least, most = PRICE_CENTS
        moved = market.price_cents + self.below(2 * PRICE_STEP_CENTS_MAX + 1) - PRICE_STEP_CENTS_MAX
        market.price_cents = min(max(moved, least), most)
        cents = market.price_cents if side is Side.YES else 100 - market.price_cents
        return cents * CENTICENTS_PER_CENT + (CENTICENTS_PER_HALF_CENT if self._happens(3) else 0)

    def _apply(self, market: Market, account: int, deal: Deal) -> Iterator[Line]:
        """Apply a trade to its account; yield the deposit that it needs, if any."""
        market.stakes[account], change_micros = trade(market.stakes.get(account, Stake()), *deal)
        fee_micros_max = deal.count_centis * FEE_MICROS_PER_CENTI_MAX + FEE_ROUNDING_MICROS_MAX
        self.cash_micros[account] += change_micros - fee_micros_max
        if self.cash_micros[account] < 0:
            amount_micros = -(self.cash_micros[account] // TOP_UP_MICROS) * TOP_UP_MICROS
            self.cash_micros[account] += amount_micros
            dollars = str(amount_micros // MICROS_PER_DOLLAR)
            yield {"after": "0s", "deposit": {"account": self.names[account], "amount": dollars}}

    def _side(self) -> Side:
        return Side.YES if self._happens(60) else Side.NO

    def _count(self) -> int:
        """Return a whole number of contracts, in one case of twenty a fraction."""
        if self._happens(5):
            return 1 + self.below(COUNT_CONTRACTS_MAX * CENTIS_PER_CONTRACT)
        return (1 + self.below(COUNT_CONTRACTS_MAX)) * CENTIS_PER_CONTRACT

    def _happens(self, percent: int) -> bool:
        return self.random.random() * 100 < percent

    def below(self, limit: int) -> int:
        """Return a pseudo-random whole number from 0 to `limit` - 1."""
        return int(self.random.random() * limit)


def _decimal(value: int, unit: int, decimals: int) -> str:
    """Return a positive scaled integer as a decimal of at least 2 digits: 0.56, 0.575, 1.37, or 10 if whole."""
    whole, fraction = divmod(value, unit)
    digits = f"{fraction:0{decimals}d}".rstrip("0")
    return f"{whole}.{digits.ljust(2, '0')}" if digits else str(whole)


# The scenario, as JSON lines
#
# The generator writes day by day: it lists the day's events, trades their markets, and then drops them, so its memory
# does not depend on the number of fills or markets.


ACCOUNTS_MAX = 10_000
MARKETS_MAX = 1_000_000
FILLS_MAX = 100_000_000
EVENT_MARKETS_MIN = 5
EVENT_MARKETS_MAX = 20
EVENTS_PER_DAY_MIN = 24
DAYS_MAX = 1_000
EVENT_TRADERS_MIN = 8
CASH_THOUSANDS_MAX = 50
RSA_ACCOUNTS_MAX = 100
"""The number of accounts with RSA keys. Further accounts use Ed25519, as generating an RSA key is slow."""
SETTLED_EVENTS_MAX = 200
FIRST_DAY = date(2025, 11, 3)
TRADING_US = 80_000_000_000
"""The time of a day in which fills are placed, a little under 24 hours, in microseconds."""
PROGRESS_EVERY = 1_000

KINDS = (
    ("KXHIGH", "B", "Highest temperature in {city}: {low} to {high} degrees"),
    ("KXLOW", "B", "Lowest temperature in {city}: {low} to {high} degrees"),
    ("KXRAIN", "T", "{city}: more than {low} millimetres of rain"),
    ("KXWIND", "T", "{city}: gusts above {low} miles an hour"),
)

Progress = Callable[[int], None]


class FakerMissing(RuntimeError):
    """Raised if the package Faker, an extra, is not installed; the message has the command that installs it."""

    def __init__(self) -> None:
        super().__init__(f"generating needs Faker: {install_command('mockexchange[generate]')}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """The size of a generated scenario.

    `fills` counts fills only; listings, deposits, orders and settlements are added.
    """

    accounts: int = 3
    markets: int = 50
    fills: int = 1_000
    seed: int = 0

    @property
    def events_about(self) -> int:
        return max(1, self.markets * 2 // (EVENT_MARKETS_MIN + EVENT_MARKETS_MAX))


class Series(NamedTuple):
    ticker: str
    strike: str
    title: str
    city: str


def generate(size: Size, progress: Progress | None = None) -> Iterator[bytes]:
    """Return an iterator over the lines of a scenario, made one at a time. Raises FakerMissing.

    `progress` is called with the number of fills every PROGRESS_EVERY fills.
    """
    try:
        faker = import_module("faker")
    except ImportError:
        raise FakerMissing from None
    source = faker.Faker("en_US")
    source.seed_instance(size.seed)
    encode = msgspec.json.Encoder().encode
    writer = _ScenarioWriter(size, source, faker.VERSION)
    return (encode(line) + b"\n" for line in writer.lines(progress))


class _ScenarioWriter:
    """A generated scenario while it is written."""

    def __init__(self, size: Size, faker: "Faker", faker_version: str) -> None:
        self.size, self.faker_version = size, faker_version
        self.random: Random = faker.random
        names = [faker.first_name().lower() for _ in range(size.accounts)]
        if size.accounts > 1:  # first names may be equal
            names = [f"{name}-{number}" for number, name in enumerate(names, start=1)]
        thousands = [1 + self.random.randrange(CASH_THOUSANDS_MAX) for _ in names]
        self.accounts = GeneratedAccounts(self.random, names, [1_000 * each * MICROS_PER_DOLLAR for each in thousands])
        per_day = max(EVENTS_PER_DAY_MIN, -(-size.events_about // DAYS_MAX))
        self.series = [_series(faker, number) for number in range(min(size.events_about, per_day))]
        self.settling: list[list[str]] = []
        self.events = self.listed = self.filled = 0

    def lines(self, progress: Progress | None) -> Iterator[Line]:
        yield self._header()
        sizes = self._event_sizes()
        day = 0
        while self.listed < self.size.markets:
            markets: list[Market] = []
            yield from self._list_markets(day, sizes, markets)
            yield from self._trade(markets, progress)
            day += 1
        yield from self._settle()

    def _header(self) -> Line:
        size = self.size
        numbers = f"{size.accounts} accounts, {size.markets} markets, {size.fills} fills"
        return {
            "scenario": f"generated-{size.accounts}-{size.markets}-{size.fills}-{size.seed}",
            "title": f"{numbers}; seed {size.seed}, Faker {self.faker_version}",
            "seed": size.seed,
            "start": f"{FIRST_DAY}T00:00:00Z",
            "accounts": {
                name: {
                    "cash": str(self.accounts.cash_micros[number] // MICROS_PER_DOLLAR),
                    **({"keys": {"main": {"algorithm": "ed25519"}}} if number >= RSA_ACCOUNTS_MAX else {}),
                }
                for number, name in enumerate(self.accounts.names)
            },
        }

    def _event_sizes(self) -> Iterator[int]:
        """Split the markets into events of 5 to 20; fewer than 5 are one event."""
        left = self.size.markets
        while left > EVENT_MARKETS_MAX:
            size = self.random.randint(EVENT_MARKETS_MIN, min(EVENT_MARKETS_MAX, left - EVENT_MARKETS_MIN))
            yield size
            left -= size
        yield left

    def _list_markets(self, day: int, sizes: Iterator[int], listed: list[Market]) -> Iterator[Line]:
        """Yield the listings of a day's events and add their markets to `listed`.

        Every fourth event settles at the end.
        """
        for series, size in zip(self.series, sizes, strict=False):
            at = {"after": "0s"} if listed else {"at": f"{FIRST_DAY + timedelta(days=day)}T00:00:00Z"}
            event = f"{series.ticker}-{FIRST_DAY + timedelta(days=day + 1):%y%b%d}".upper()
            markets = self._markets(event, series.strike, size)
            for market in markets:
                low = int(market.ticker.rpartition(series.strike)[2])
                title = series.title.format(city=series.city, low=low, high=low + 1)
                listing = {"market": market.ticker, "event": event, "series": series.ticker, "title": title}
                yield {**at, "market": listing}
                at = {"after": "0s"}
            listed += markets
            self.events += 1
            if self.events % 4 == 2 and len(self.settling) < SETTLED_EVENTS_MAX:
                self.settling.append([market.ticker for market in markets])

    def _markets(self, event: str, strike: str, size: int) -> list[Market]:
        """Return an event's markets, two degrees apart; their traders are the next few accounts in turn."""
        accounts = len(self.accounts.names)
        traders = min(accounts, max(EVENT_TRADERS_MIN, -(-accounts // self.size.events_about)))
        first = self.events * traders
        chosen = tuple((first + place) % accounts for place in range(traders))
        lowest = 20 + self.random.randrange(60)
        return [
            Market(f"{event}-{strike}{low}", 5 + self.random.randrange(91), chosen)
            for low in range(lowest, lowest + 2 * size, 2)
        ]

    def _trade(self, markets: list[Market], progress: Progress | None) -> Iterator[Line]:
        """Yield the day's share of the fills: one in each market first, the others in random markets."""
        self.listed += len(markets)
        share = self.size.fills * self.listed // self.size.markets - self.filled
        gap_us_max = TRADING_US // max(share, 1)
        for place in range(share):
            market = markets[place] if place < len(markets) else self.random.choice(markets)
            yield from self.accounts.fill(market, f"{1 + self.accounts.below(gap_us_max)}us")
            if not self.accounts.below(20):
                yield from self.accounts.rest(market)
            self.filled += 1
            if progress and self.filled % PROGRESS_EVERY == 0:
                progress(self.filled)

    def _settle(self) -> Iterator[Line]:
        """Yield the settlements: one market of each selected event ends in yes, the others in no."""
        for tickers in self.settling:
            winner = self.random.choice(tickers)
            for ticker in tickers:
                yield {"settle": {"market": ticker, "result": "yes" if ticker == winner else "no"}}


def _series(faker: "Faker", number: int) -> Series:
    """Return a series of markets in a city; its number in base 26 makes the ticker unique."""
    prefix, strike, title = KINDS[number % len(KINDS)]
    city = faker.city()
    letters = "".join(islice((char for char in city.upper() if "A" <= char <= "Z"), 2))
    tail = "".join(chr(65 + number // power % 26) for power in (26, 1))
    return Series(f"{prefix}{letters}{tail}", strike, title, city)
