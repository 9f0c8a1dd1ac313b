"""The cash and positions of a subaccount, indexed so that every filtered page costs O(log n + limit).

A position that changes leaves the indexes, and the next read puts it back: a position that changes many times between
two reads is sorted in only once. Values follow the markets' prices in the same way: a trade changes the value of every
position in its market, and adding the change to each holder would make a trade as slow as its market has holders, so a
subaccount revalues its positions when its values are read, each market once.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from mockexchange.core.model.positions import ANY_COUNT, EventHolding, Position
from mockexchange.core.model.ranking import Ranking
from mockexchange.core.position_cost import Stake
from mockexchange.core.vocabulary import SubaccountRef


class Repricings:
    """The markets whose price has ever changed, ordered by the number of their last change."""

    __slots__ = ("_numbers", "latest")

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self.latest = 0
        """Number of the last change."""

    def add(self, ticker: str, number: int) -> None:
        """Record that the price of the market `ticker` changed; numbers rise, such as revisions of markets."""
        self.latest = number
        self._numbers.pop(ticker, None)
        self._numbers[ticker] = number

    def since(self, last: int) -> Iterator[str]:
        """Iterate over the tickers of the markets whose price changed after the change with the number `last`."""
        for ticker, number in reversed(self._numbers.items()):
            if number <= last:
                return
            yield ticker


UNFILED_MAX = 256
"""Largest number of positions that wait to be filed; more are filed at once, so that no read has to file many."""


class Subaccount:
    """One subaccount of an account: its cash and its positions, which change only by `change` and `change_resting`."""

    __slots__ = (
        "_event_classes",
        "_events",
        "_repriced",
        "_repricings",
        "_rows",
        "_rows_uncounted",
        "_unfiled",
        "_unfiled_events",
        "_values_micros",
        "cash_micros",
        "contributed_micros",
        "cost_micros",
        "covered_centis",
        "fees_micros",
        "number",
        "opened_cash_micros",
        "positions",
        "realized_micros",
        "ref",
        "reserved_micros",
        "revision",
        "shards_micros",
        "shards_reserved_micros",
        "updated_at",
    )

    def __init__(self, ref: SubaccountRef, repricings: Repricings) -> None:
        self.ref = ref
        self.number: int | None = None
        """Number of a member's subaccount, 0 for the primary one; None for a subtrader."""
        self.revision = self.cash_micros = 0
        """The newest revision of its rows, a cache key of every page; and its cash."""
        self.shards_micros: dict[int, int] = {}
        """Cash on exchange indexes above 0, a part of `cash_micros`; the rest is on index 0."""
        self.contributed_micros = self.reserved_micros = 0
        """Net deposits, withdrawals and transfers, and the value of opening balances; and cash held back for resting
        orders that buy: part of `cash_micros`, not free for trading."""
        self.opened_cash_micros: dict[int, int] = {}
        """The sum of opening balances of cash, by shard: what no payment or transfer explains."""
        self.shards_reserved_micros: dict[int, int] = {}
        """The part of `reserved_micros` that is for orders on exchange indexes above 0."""
        self.covered_centis: defaultdict[str, int] = defaultdict(int)
        """Contracts held that its resting orders would sell, by market."""
        self.updated_at = 0
        """Instant of the last change of its cash."""
        self.cost_micros = self.realized_micros = self.fees_micros = 0
        self.positions: dict[str, Position] = {}
        self._values_micros: defaultdict[int, int] = defaultdict(int)
        self._repricings, self._repriced = repricings, repricings.latest
        """The changes of prices, and the number of the last one that the values contain."""
        self._events: dict[str, EventHolding] = {}
        self._rows: defaultdict[int, Ranking[Position]] = defaultdict(Ranking)
        self._rows_uncounted: defaultdict[int, Ranking[Position]] = defaultdict(Ranking)
        self._event_classes: defaultdict[frozenset[int], Ranking[EventHolding]] = defaultdict(Ranking)
        self._unfiled: dict[str, Position] = {}
        """Rows that changed since the indexes were read, by market; they are in none of them."""
        self._unfiled_events: dict[str, EventHolding] = {}
        """Their events, which are in no class."""

    @property
    def values_micros(self) -> defaultdict[int, int]:
        """The value of the positions at their markets' last prices, by shard, in micro-dollars."""
        self._file()
        for ticker in self._repricings.since(self._repriced):
            position = self.positions.get(ticker)
            if position is not None:
                self._value(position, -1)
                position.valued_centicents = position.market.price_centicents
                self._value(position, 1)
        self._repriced = self._repricings.latest
        return self._values_micros

    @property
    def rows(self) -> Mapping[int, Ranking[Position]]:
        """The positions by partition (the values that filters compare), the newest change first."""
        self._file()
        return self._rows

    @property
    def rows_uncounted(self) -> Mapping[int, Ranking[Position]]:
        """The positions by partition, where the partition does not depend on which counts are zero.

        A page without the filter `nonzero` then reads one tree instead of eight.
        """
        self._file()
        return self._rows_uncounted

    @property
    def events(self) -> Mapping[str, EventHolding]:
        """The subaccount's positions by event, with their totals."""
        self._file()
        return self._events

    @property
    def event_classes(self) -> Mapping[frozenset[int], Ranking[EventHolding]]:
        """The events in which the subaccount has positions, keyed by the exact set of these positions' partitions."""
        self._file()
        return self._event_classes

    def change(self, position: Position, revision: int, stake: Stake, fees_micros: int) -> None:
        """Change the contracts, costs (`stake`) and fees of a position, and the sums that contain them.

        The position leaves the indexes until the next read, so the caller may change its other fields afterwards.
        """
        position.revision = self.revision = revision
        if position.market.ticker not in self._unfiled:
            self._unfile(position)
        before = position.stake
        self.cost_micros += stake.cost_micros - before.cost_micros
        self.realized_micros += stake.realized_micros - before.realized_micros
        self.fees_micros += fees_micros - position.fees_micros
        position.stake, position.fees_micros = stake, fees_micros

    def change_resting(self, position: Position, revision: int, change_centis: int) -> None:
        """Add `change_centis` to the resting contracts of a position; most changes leave its place in every index."""
        position.revision = self.revision = revision
        ticker, resting_centis = position.market.ticker, position.resting_centis
        if ticker not in self._unfiled:
            if ticker in self.positions and resting_centis and resting_centis + change_centis:
                self._events[position.market.event.ticker].add_resting(position, change_centis)
            else:
                self._unfile(position)
        position.resting_centis += change_centis

    def pay(self, amount_micros: int, at: int, shard: int) -> None:
        """Add cash on a shard, or deduct it if the amount is negative."""
        self.cash_micros += amount_micros
        self.updated_at = at
        if shard:
            _add(self.shards_micros, shard, amount_micros)

    def reserve(self, amount_micros: int, shard: int) -> None:
        """Hold back cash on a shard for resting orders, or release it if the amount is negative."""
        self.reserved_micros += amount_micros
        if shard:
            _add(self.shards_reserved_micros, shard, amount_micros)

    def cash_on(self, shard: int) -> int:
        """Return the cash on a shard in micro-dollars, including cash that is held back."""
        if shard:
            return self.shards_micros.get(shard, 0)
        return self.cash_micros - sum(self.shards_micros.values())

    def reserved_on(self, shard: int) -> int:
        """Return the cash on a shard that is held back for resting orders, in micro-dollars."""
        if shard:
            return self.shards_reserved_micros.get(shard, 0)
        return self.reserved_micros - sum(self.shards_reserved_micros.values())

    def free_on(self, shard: int) -> int:
        """Return the cash on a shard that is not held back, in micro-dollars.

        It is negative if recorded fills took more than there was.
        """
        if not (shard or self.shards_micros or self.shards_reserved_micros):
            return self.cash_micros - self.reserved_micros
        return self.cash_on(shard) - self.reserved_on(shard)

    def assert_conserved(self) -> None:
        """Assert that no money was created or lost: cash + exposure - realized + fees = net contributions."""
        held_micros = self.cash_micros + self.cost_micros - self.realized_micros + self.fees_micros
        assert held_micros == self.contributed_micros, (
            f"{self.ref}: cash {self.cash_micros} + exposure {self.cost_micros} - realized {self.realized_micros}"
            f" + fees {self.fees_micros} = {held_micros} micro-dollars, contributed {self.contributed_micros}"
        )

    def _value(self, position: Position, sign: int) -> None:
        """Add the value of a position to the values, or subtract it."""
        value_micros = position.value_at(position.valued_centicents)
        self._values_micros[position.market.event.exchange_index] += sign * value_micros

    def _unfile(self, position: Position) -> None:
        """Take a row that is about to change out of the indexes, until one of them is read."""
        if len(self._unfiled) == UNFILED_MAX:
            self._file()
        ticker, event_ticker = position.market.ticker, position.market.event.ticker
        event = self._events.get(event_ticker)
        if event is None:
            event = self._events[event_ticker] = EventHolding(event_ticker)
        if event.event not in self._unfiled_events:
            self._unfiled_events[event.event] = event
            if partitions := event.partitions:
                self._event_classes[partitions].remove(event)
        if ticker in self.positions:
            partition = position.partition
            self._rows[partition].remove(position)
            self._rows_uncounted[partition & ~ANY_COUNT].remove(position)
            event.remove(position, partition)
            self._value(position, -1)
        self.positions[ticker] = self._unfiled[ticker] = position

    def _file(self) -> None:
        """Put the rows that changed since the last read into the indexes."""
        for position in self._unfiled.values():
            partition = position.partition
            self._events[position.market.event.ticker].add(position, partition)
            self._rows[partition].add(position)
            self._rows_uncounted[partition & ~ANY_COUNT].add(position)
            position.valued_centicents = position.market.price_centicents
            self._value(position, 1)
        self._unfiled.clear()
        for event in self._unfiled_events.values():
            self._event_classes[event.partitions].add(event)
        self._unfiled_events.clear()


def _add(amounts_micros: dict[int, int], shard: int, amount_micros: int) -> None:
    """Add to the amount of an exchange index; one without an amount is not kept."""
    amounts_micros[shard] = amounts_micros.get(shard, 0) + amount_micros
    if not amounts_micros[shard]:
        del amounts_micros[shard]
