"""Generates accounts with positions and cash, and plausible next trades and orders for them.

Trades go through the exchange's own arithmetic, so accounts sell only what they hold, except for a few deliberate flips
of a position, and cash is deposited before it runs out.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple

from mockexchange.core.position_arithmetic import Stake, trade
from mockexchange.core.vocabulary import (
    CENTICENTS_PER_DOLLAR,
    CENTIS_PER_CONTRACT,
    MICROS_PER_DOLLAR,
    Action,
    Side,
)

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
