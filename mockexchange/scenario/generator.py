"""Generates scenarios of any size, as JSON lines. The same sizes, seed and Faker version give the same bytes.

The generator writes day by day: it lists the day's events, trades their markets, and then drops them, so its memory
does not depend on the number of fills or markets.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from importlib import import_module
from itertools import islice
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from mockexchange.core.vocabulary import MICROS_PER_DOLLAR
from mockexchange.scenario.generated_accounts import GeneratedAccounts, Line, Market
from mockexchange.version import install_command

if TYPE_CHECKING:
    from faker import Faker

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
    faker = _load_faker()
    source = faker.Faker("en_US")
    source.seed_instance(size.seed)
    encode = msgspec.json.Encoder().encode
    writer = _ScenarioWriter(size, source, faker.VERSION)
    return (encode(line) + b"\n" for line in writer.lines(progress))


def _load_faker() -> Any:
    try:
        return import_module("faker")
    except ImportError:
        raise FakerMissing from None


class _ScenarioWriter:
    """A generated scenario while it is written."""

    def __init__(self, size: Size, faker: "Faker", faker_version: str) -> None:
        self.size, self.faker_version = size, faker_version
        self.random: Random = faker.random
        names = [_unique_name(faker.first_name().lower(), number, size.accounts) for number in range(size.accounts)]
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
            "accounts": {name: self._account(number) for number, name in enumerate(self.accounts.names)},
        }

    def _account(self, number: int) -> Line:
        account: Line = {"cash": str(self.accounts.cash_micros[number] // MICROS_PER_DOLLAR)}
        if number >= RSA_ACCOUNTS_MAX:
            account["keys"] = {"main": {"algorithm": "ed25519"}}
        return account

    def _event_sizes(self) -> Iterator[int]:
        """Split the markets into events of 5 to 20; fewer than 5 are one event."""
        left = self.size.markets
        while left > EVENT_MARKETS_MAX:
            size = self.random.randint(EVENT_MARKETS_MIN, min(EVENT_MARKETS_MAX, left - EVENT_MARKETS_MIN))
            yield size
            left -= size
        yield left

    def _list_markets(self, day: int, sizes: Iterator[int], listed: list[Market]) -> Iterator[Line]:
        """Yield the listings of a day's events and add their markets to `listed`."""
        for series, size in zip(self.series, sizes, strict=False):
            at = {"after": "0s"} if listed else {"at": f"{FIRST_DAY + timedelta(days=day)}T00:00:00Z"}
            event = f"{series.ticker}-{FIRST_DAY + timedelta(days=day + 1):%y%b%d}".upper()
            markets = self._markets(event, series.strike, size)
            for market in markets:
                yield {**at, "market": self._listing(market, event, series)}
                at = {"after": "0s"}
            listed += markets
            self._select_for_settlement(markets)

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

    def _listing(self, market: Market, event: str, series: Series) -> Line:
        low = int(market.ticker.rpartition(series.strike)[2])
        title = series.title.format(city=series.city, low=low, high=low + 1)
        return {"market": market.ticker, "event": event, "series": series.ticker, "title": title}

    def _select_for_settlement(self, markets: list[Market]) -> None:
        """Select every fourth event for settlement at the end, up to SETTLED_EVENTS_MAX."""
        self.events += 1
        if self.events % 4 == 2 and len(self.settling) < SETTLED_EVENTS_MAX:
            self.settling.append([market.ticker for market in markets])

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


def _unique_name(name: str, number: int, accounts: int) -> str:
    """Return the name with a number that makes it unique, if there are several accounts."""
    return name if accounts == 1 else f"{name}-{number + 1}"


def _series(faker: "Faker", number: int) -> Series:
    """Return a series of markets in a city; its number in base 26 makes the ticker unique."""
    prefix, strike, title = KINDS[number % len(KINDS)]
    city = faker.city()
    letters = "".join(islice((char for char in city.upper() if "A" <= char <= "Z"), 2))
    tail = "".join(chr(65 + number // power % 26) for power in (26, 1))
    return Series(f"{prefix}{letters}{tail}", strike, title, city)
