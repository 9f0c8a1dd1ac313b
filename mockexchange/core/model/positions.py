"""Positions: a subaccount's stake in one market, and the sums over an event's positions."""

from collections.abc import Mapping
from functools import reduce

from mockexchange.core.model.markets import Market
from mockexchange.core.model.ranking import Rank, Ranking
from mockexchange.core.position_cost import Stake, value_micros
from mockexchange.core.vocabulary import SubaccountRef

NONZERO_QUANTITY = 1
NONZERO_TRADED = 2
NONZERO_RESTING = 4
ANY_COUNT = NONZERO_QUANTITY | NONZERO_TRADED | NONZERO_RESTING
SETTLED = 8
ARCHIVED = 16
EXCHANGE_INDEX_SHIFT = 5
FLAT = Stake()


class Position:
    """A subaccount's position in one market.

    `revision` is a cache key: no other content of any position has the same number.
    """

    __slots__ = (
        "archived",
        "fees_micros",
        "held_fees_micros",
        "market",
        "opened",
        "opened_fees_micros",
        "resting_centis",
        "revision",
        "settled",
        "stake",
        "subaccount_ref",
        "updated_at",
        "valued_centicents",
    )

    def __init__(self, subaccount_ref: SubaccountRef, market: Market, at: int) -> None:
        self.subaccount_ref = subaccount_ref
        self.market = market
        self.stake = self.opened = FLAT
        """`opened` is the opening balance: the part of the position that does not come from fills."""
        self.fees_micros = self.opened_fees_micros = 0
        self.held_fees_micros = 0
        """The part of `fees_micros` that belongs to the contracts still held."""
        self.resting_centis = 0
        self.settled = False
        self.archived = False
        """Whether the position was settled before the exchange's cutoff, so that it is listed with history."""
        self.updated_at = at
        self.revision = 0
        self.valued_centicents = market.price_centicents
        """The price at which the sums of its subaccount value it; they follow the market's price when they are read."""

    @property
    def rank(self) -> Rank:
        return -self.updated_at, self.market.ticker

    @property
    def partition(self) -> int:
        """The values by which lists filter the position, as bits.

        They are the shard, whether the position is settled, whether it is archived, and which of its counts are not
        zero.
        """
        return (
            self.market.event.exchange_index << EXCHANGE_INDEX_SHIFT
            | (SETTLED if self.settled else 0)
            | (ARCHIVED if self.archived else 0)
            | (NONZERO_QUANTITY if self.stake.quantity_centis else 0)
            | (NONZERO_TRADED if self.stake.traded_micros else 0)
            | (NONZERO_RESTING if self.resting_centis else 0)
        )

    @property
    def value_micros(self) -> int:
        """Value of the position at the market's last price, or its cost if the market has no price yet."""
        return self.value_at(self.market.price_centicents)

    def value_at(self, price_centicents: int | None) -> int:
        """Return the value of the position at a price of YES, or its cost without a price."""
        if price_centicents is None:
            return self.stake.cost_micros
        return value_micros(self.stake.quantity_centis, price_centicents)


class EventTotals:
    """Exact sums of fields of `Position` and its stake over some positions of an event, such as the unsettled ones."""

    __slots__ = (
        "cost_micros",
        "fees_micros",
        "realized_micros",
        "resting_centis",
        "revision",
        "shares_centis",
        "traded_micros",
    )

    def __init__(self) -> None:
        self.cost_micros = 0
        self.realized_micros = 0
        self.fees_micros = 0
        self.traded_micros = 0
        self.shares_centis = 0
        self.resting_centis = 0
        self.revision = 0

    def add(self, position: Position, sign: int) -> None:
        stake = position.stake
        self.cost_micros += sign * stake.cost_micros
        self.realized_micros += sign * stake.realized_micros
        self.traded_micros += sign * stake.traded_micros
        self.shares_centis += sign * stake.shares_centis
        self.fees_micros += sign * position.fees_micros
        self.resting_centis += sign * position.resting_centis
        self.revision = max(self.revision, position.revision)

    def plus(self, other: "EventTotals") -> "EventTotals":
        """Return the sum of two totals; its revision is the newer of both."""
        total = EventTotals()
        for name in self.__slots__:
            setattr(total, name, getattr(self, name) + getattr(other, name))
        total.revision = max(self.revision, other.revision)
        return total


NO_TOTALS = EventTotals()
"""For an event without positions; never added to."""


class EventHolding:
    """A subaccount's positions in one event by partition (the values that filters compare), with their totals."""

    __slots__ = (
        "_partition",
        "_rows",
        "archived_totals",
        "event",
        "settled_totals",
        "unsettled_totals",
        "updated_at",
    )

    def __init__(self, event: str) -> None:
        self.event = event
        self.updated_at = 0
        self._partition = 0
        """The partition of all its positions, if `_rows` is one ranking."""
        self._rows: dict[int, Ranking[Position]] | Ranking[Position] | None = None
        self.unsettled_totals: EventTotals | None = None
        self.settled_totals: EventTotals | None = None
        self.archived_totals: EventTotals | None = None

    @property
    def rank(self) -> Rank:
        return -self.updated_at, self.event

    @property
    def rows(self) -> Mapping[int, Ranking[Position]]:
        """The positions by partition; a partition without positions is not in it."""
        rows = self._rows
        if rows is None:
            return {}
        return rows if isinstance(rows, dict) else {self._partition: rows}

    @property
    def partitions(self) -> frozenset[int]:
        """The partitions of its positions."""
        rows = self._rows
        return frozenset((self._partition,)) if isinstance(rows, Ranking) else frozenset(rows or ())

    def add(self, position: Position, partition: int) -> None:
        rows = self._ranking_of(partition)
        rows.add(position)
        self._totals_with(position).add(position, 1)
        self.updated_at = rows.newest().updated_at
        if isinstance(self._rows, dict):
            self.updated_at = max([ranking.newest().updated_at for ranking in self._rows.values()])

    def remove(self, position: Position, partition: int) -> None:
        """Remove a position that is about to change. `updated_at` is not valid until the position is added again."""
        rows = self._ranking_of(partition)
        rows.remove(position)
        if not rows:
            if isinstance(self._rows, dict):
                del self._rows[partition]
            else:
                self._rows = None
        self._totals_with(position).add(position, -1)

    def _ranking_of(self, partition: int) -> Ranking[Position]:
        """Return the ranking of a partition, a new one if it has none. The first one is kept without a table."""
        rows = self._rows
        if rows is None:
            self._partition, self._rows = partition, Ranking()
            return self._rows
        if not isinstance(rows, dict):
            if partition == self._partition:
                return rows
            rows = self._rows = {self._partition: rows}
        ranking = rows.get(partition)
        if ranking is None:
            ranking = rows[partition] = Ranking()
        return ranking

    def add_resting(self, position: Position, change_centis: int) -> None:
        """Add a change of a position's resting contracts to the totals; the position keeps its partition."""
        totals = self._totals_with(position)
        totals.resting_centis += change_centis
        totals.revision = position.revision

    def totals(self, settled: bool | None, archived: bool | None = None) -> EventTotals:
        """Return the sums over positions with these values of `settled` and `archived`; None accepts both.

        Only settled positions are archived.
        """
        if settled is False:
            return NO_TOTALS if archived or self.unsettled_totals is None else self.unsettled_totals
        kinds = (
            None if settled or archived else self.unsettled_totals,
            None if archived else self.settled_totals,
            None if archived is False else self.archived_totals,
        )
        return reduce(EventTotals.plus, filter(None, kinds)) if any(kinds) else NO_TOTALS

    def _totals_with(self, position: Position) -> EventTotals:
        """Return the totals that count a position, made if they are the first."""
        if not position.settled:
            self.unsettled_totals = self.unsettled_totals or EventTotals()
            return self.unsettled_totals
        if position.archived:
            self.archived_totals = self.archived_totals or EventTotals()
            return self.archived_totals
        self.settled_totals = self.settled_totals or EventTotals()
        return self.settled_totals
