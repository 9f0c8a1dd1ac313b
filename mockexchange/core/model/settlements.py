"""The settlement of a position: what a market paid to one subaccount."""

from typing import NamedTuple

from msgspec import Struct

from mockexchange.core.model.history import EVERYTHING, Partition, Selector
from mockexchange.core.model.markets import Market
from mockexchange.core.vocabulary import Result, SubaccountRef


class Bought(NamedTuple):
    """The contracts of one side (YES or NO) that a subaccount acquired in a market: their count and cost.

    A sale acquires the other side at 1 dollar - price.
    """

    count_centis: int = 0
    cost_micros: int = 0


class Settlement(Struct, frozen=True, eq=False):
    """The settlement of one subaccount's position in a market."""

    subaccount_ref: SubaccountRef
    market: Market
    result: Result
    value_centicents: int | None
    """Payout of one YES contract; None for a void market."""
    yes: Bought
    no: Bought
    held_centis: int
    """The position that was paid, negative for NO."""
    held_cost_micros: int
    revenue_micros: int
    """Amount paid out, without the part of a cent that a scalar result keeps back as a fee."""
    fees_micros: int
    """All fees of the subaccount in this market, including the part of a cent that was kept back."""
    created_at: int
    serial: int

    @property
    def revision(self) -> int:
        """The cache key of the settlement: its serial, because a settlement never changes."""
        return self.serial

    @property
    def selectors(self) -> tuple[Selector, ...]:
        return EVERYTHING, self.market.ticker

    @property
    def partition(self) -> Partition:
        """The values by which lists filter the settlement: (subaccount,)."""
        return (self.subaccount_ref.subaccount,)
