"""The arithmetic of a contract in exact fractions of dollars and contracts, written without a look at the core.

A book may hold piles of YES and NO at once; whatever can be paired is then paired. That is another way to the same
numbers than closing what is held and opening the rest.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor

from mockexchange.core.vocabulary import FeeRounding, FeeType, Result, Side

MICRO = Fraction(1, 1_000_000)
CENTICENT = Fraction(1, 10_000)
CENT = Fraction(1, 100)

TAKER = Fraction(7, 100)
MAKER = {
    FeeType.QUADRATIC: Fraction(0),
    FeeType.QUADRATIC_WITH_MAKER_FEES: TAKER / 4,
    FeeType.QUADRATIC_WITH_COMBO_MAKER_FEES: TAKER / 2,
}


def down(amount: Fraction, step: Fraction) -> Fraction:
    return floor(amount / step) * step


def up(amount: Fraction, step: Fraction) -> Fraction:
    return ceil(amount / step) * step


@dataclass
class Pile:
    """Contracts of one side, and what they cost."""

    count: Fraction = Fraction(0)
    cost: Fraction = Fraction(0)

    def take(self, count: Fraction) -> Fraction:
        """Remove contracts; return the part of the cost that goes with them, in whole micro-dollars."""
        share = self.cost if count == self.count else down(self.cost * count / self.count, MICRO)
        self.count -= count
        self.cost -= share
        return share


@dataclass
class Stake:
    piles: dict[Side, Pile] = field(default_factory=lambda: {side: Pile() for side in Side})
    realized: Fraction = Fraction(0)
    traded: Fraction = Fraction(0)
    bought: Fraction = Fraction(0)

    @property
    def position(self) -> Fraction:
        return self.piles[Side.YES].count - self.piles[Side.NO].count

    @property
    def cost(self) -> Fraction:
        return sum((pile.cost for pile in self.piles.values()), Fraction(0))

    def buy(self, side: Side, count: Fraction, price: Fraction) -> Fraction:
        """Return the change of cash."""
        self.piles[side].count += count
        self.piles[side].cost += count * price
        self.traded += count * price
        self.bought += count
        return self._pair() - count * price

    def sell(self, side: Side, count: Fraction, price: Fraction) -> Fraction:
        """Return the change of cash. What is sold and not held is the other side, bought."""
        held = min(count, self.piles[side].count)
        if held:
            self.realized += held * price - self.piles[side].take(held)
        other = Side.NO if side is Side.YES else Side.YES
        beyond = self.buy(other, count - held, 1 - price) if count > held else 0
        return held * price + beyond

    def settle(self, result: Result, value: Fraction | None) -> tuple[Fraction, Fraction]:
        """Return the payout and the part of it that is kept as a fee."""
        payout = self._payout(result, value)
        self.realized += payout - self.cost
        self.piles = {side: Pile() for side in Side}
        return payout, payout - down(payout, CENT) if result is Result.SCALAR else Fraction(0)

    def value(self, yes_price: Fraction) -> Fraction:
        return self.piles[Side.YES].count * yes_price + self.piles[Side.NO].count * (1 - yes_price)

    def _pair(self) -> Fraction:
        """A YES and a NO together are a dollar."""
        pairs = min(pile.count for pile in self.piles.values())
        if pairs:
            self.realized += pairs - sum(pile.take(pairs) for pile in self.piles.values())
        return pairs

    def _payout(self, result: Result, value: Fraction | None) -> Fraction:
        if result is Result.VOID:
            return self.cost
        worth = {Result.YES: Fraction(1), Result.NO: Fraction(0), Result.SCALAR: value}[result]
        assert worth is not None
        return self.value(worth)


def unrounded_fee(fee_type: FeeType, multiplier: Fraction, taker: bool, count: Fraction, price: Fraction) -> Fraction:
    rate = TAKER if taker else MAKER[fee_type]
    return multiplier * rate * count * price * (1 - price)


def rounded_fee(
    fee: Fraction, change: Fraction, rounding: FeeRounding, is_direct: bool, collected: Fraction
) -> tuple[Fraction, Fraction]:
    """Return the fee charged and what rounding has collected since, for a trade that changes cash by `change`."""
    if rounding is FeeRounding.CENT:
        return up(fee, CENT), collected
    balance_change = down(change - up(fee, CENTICENT), CENTICENT if is_direct else CENT)
    charged = change - balance_change
    collected += charged - fee
    while collected > CENT and charged >= CENT:
        collected -= CENT
        charged -= CENT
    return charged, collected
