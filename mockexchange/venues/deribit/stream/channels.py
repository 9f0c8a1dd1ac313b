"""The channels of streams: a table of channel families, and the parser of full channel names.

A client can subscribe to families that are not emulated; they send nothing, so that the client runs on. The answer
leaves out a channel with an unknown name, as at the venue [doc].
"""

from functools import lru_cache
from typing import NamedTuple

from mockexchange.venues.deribit.enumerations import ANY, CURRENCIES, KINDS

CHANGES, ORDERS, PORTFOLIO, TRADES = "user.changes", "user.orders", "user.portfolio", "user.trades"
RAW = "raw"
BOOK, QUOTE, TICKER = "book", "quote", "ticker"
INTERVALS = (RAW, "100ms", "agg2")
GROUPS = ("none", "1", "2", "5", "10", "25", "100", "250")
DEPTHS = ("1", "10", "20")
CHANNEL_KINDS = (*KINDS, "combo", ANY)
"""Kinds in the names of channels; `combo` stands for both kinds of combos [doc]."""
NAME_CHARS_MAX = 128
NAMES_CACHED_MAX = 4_096


class Family(NamedTuple):
    """A family of channels, such as user.orders.

    A key needs the scope `scope` to subscribe to it, "" for a public family. A family that is not emulated sends
    nothing.
    """

    name: str
    scope: str = ""
    is_emulated: bool = False


FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (
        Family(CHANGES, "trade:read", is_emulated=True),
        Family(ORDERS, "trade:read", is_emulated=True),
        Family(PORTFOLIO, "account:read", is_emulated=True),
        Family(TRADES, "trade:read", is_emulated=True),
        Family("user.access_log", "account:read"),
        Family("user.combo_trades", "trade:read"),
        Family("user.lock", "account:read"),
        Family("user.mmp_trigger", "trade:read"),
        Family("announcements"),
        Family(BOOK, is_emulated=True),
        Family("chart.trades"),
        Family("deribit_price_index"),
        Family("deribit_price_ranking"),
        Family("deribit_price_statistics"),
        Family("deribit_volatility_index"),
        Family("estimated_expiration_price"),
        Family("incremental_ticker"),
        Family("instrument.state"),
        Family("markprice.options"),
        Family("perpetual"),
        Family("platform_state"),
        Family(QUOTE, is_emulated=True),
        Family(TICKER, is_emulated=True),
        Family("trades"),
    )
}
CHANNELS = tuple(FAMILIES)
QUIET_CHANNELS = tuple(family.name for family in FAMILIES.values() if not family.is_emulated)


class Channel(NamedTuple):
    """One channel with its full name as the venue writes it.

    `instrument` is set for a channel of one instrument.
    """

    name: str
    family: Family
    instrument: str | None = None
    group: str | None = None
    """For a grouped order book, the rounding of its prices; otherwise None."""
    depth: int = 0

    @property
    def is_raw(self) -> bool:
        return is_raw(self.name)


def is_raw(name: str) -> bool:
    """Return whether the channel with this full name has the interval raw, which sends every change at once."""
    return name.rpartition(".")[2] == RAW


@lru_cache(maxsize=NAMES_CACHED_MAX)
def read_channel(name: str) -> Channel | None:
    """Return the channel that a client's text names; None for an unknown name.

    The venue sends the currency of a portfolio in lower case [code: ccxt's sample]; either case is accepted.
    """
    family = _family_of(name)
    if family is None:
        return None
    rest = name[len(family.name) + 1 :].split(".")
    if family.name == PORTFOLIO:
        return _portfolio(family, rest)
    if family.name in (BOOK, QUOTE, TICKER):
        return _of_market(name, family, rest)
    if family.is_emulated:
        return _of_instruments(name, family, rest)
    return Channel(name, family)


def _family_of(name: str) -> Family | None:
    if len(name) > NAME_CHARS_MAX or not name.isascii() or not name.isprintable():
        return None
    parts = name.split(".")
    return FAMILIES.get(".".join(parts[:2])) or FAMILIES.get(parts[0])


def _portfolio(family: Family, rest: list[str]) -> Channel | None:
    known = {ANY, *(currency.lower() for currency in CURRENCIES)}
    currency = rest[0].lower()
    return Channel(f"{family.name}.{currency}", family) if len(rest) == 1 and currency in known else None


def _of_instruments(name: str, family: Family, rest: list[str]) -> Channel | None:
    """Return a channel of one instrument, or of a kind and a currency; both end in an interval."""
    match rest:
        case [instrument, interval] if instrument and interval in INTERVALS:
            return Channel(name, family, instrument)
        case [kind, currency, interval] if interval in INTERVALS:
            return Channel(name, family) if kind in CHANNEL_KINDS and currency in (*CURRENCIES, ANY) else None
    return None


def _of_market(name: str, family: Family, rest: list[str]) -> Channel | None:
    """Return a channel of the prices or the order book of one instrument."""
    match family.name, rest:
        case "quote", [instrument]:
            return Channel(name, family, instrument)
        case (("ticker" | "book"), [instrument, interval]) if interval in INTERVALS:
            return Channel(name, family, instrument)
        case "book", [instrument, group, depth, interval] if group in GROUPS and depth in DEPTHS:
            return Channel(name, family, instrument, group, int(depth)) if interval in INTERVALS else None
    return None


@lru_cache(maxsize=NAMES_CACHED_MAX)
def market_names_of(instrument: str) -> tuple[str, ...]:
    """Return the full names of all channels of the prices and the order book of an instrument."""
    grouped = (
        f"{BOOK}.{instrument}.{group}.{depth}.{interval}"
        for group in GROUPS
        for depth in DEPTHS
        for interval in INTERVALS
    )
    plain = (f"{family}.{instrument}.{interval}" for family in (BOOK, TICKER) for interval in INTERVALS)
    return (*plain, *grouped, f"{QUOTE}.{instrument}")


def names_of(family: str, instrument: str, kinds: tuple[str, ...], currency: str) -> list[str]:
    """Return the full names of those channels of a family that report changes of an instrument."""
    narrow = [f"{family}.{instrument}.{interval}" for interval in INTERVALS]
    wide = [
        f"{family}.{kind}.{of}.{interval}" for kind in (*kinds, ANY) for of in (currency, ANY) for interval in INTERVALS
    ]
    return narrow + wide
