"""The cash and positions of a subaccount, indexed so that every filtered page costs O(log n + limit)."""

from collections import defaultdict
from collections.abc import Callable

from mockexchange.core.model.positions import ANY_COUNT, EventHolding, Position
from mockexchange.core.model.ranking import Ranking
from mockexchange.core.vocabulary import SubaccountRef


class Subaccount:
    """One subaccount of an account. Position rows change only inside `change`, which updates every index."""

    __slots__ = (
        "cash_micros",
        "contributed_micros",
        "cost_micros",
        "covered_centis",
        "event_classes",
        "events",
        "fees_micros",
        "number",
        "positions",
        "realized_micros",
        "ref",
        "reserved_micros",
        "revision",
        "rows",
        "rows_uncounted",
        "shards_micros",
        "updated_at",
        "values_micros",
    )

    def __init__(self, ref: SubaccountRef) -> None:
        self.ref = ref
        self.number: int | None = None
        """Number of a member's subaccount, 0 for the primary one; None for a subtrader."""
        self.revision = 0
        """The newest revision of its rows: a cache key of every page."""
        self.cash_micros = 0
        self.contributed_micros = 0
        """Net deposits, withdrawals and transfers, and the value of opening balances."""
        self.reserved_micros = 0
        """Cash held back for resting orders that buy: part of `cash_micros`, not free for trading."""
        self.covered_centis: defaultdict[str, int] = defaultdict(int)
        """Contracts held that its resting orders would sell, by market."""
        self.shards_micros: dict[int, int] = {}
        """Cash on exchange indexes above 0, a part of `cash_micros`. Trading changes only the cash on index 0."""
        self.updated_at = 0
        """Instant of the last change of its cash."""
        self.cost_micros = 0
        self.realized_micros = 0
        self.fees_micros = 0
        self.values_micros: defaultdict[int, int] = defaultdict(int)
        """Value of the positions at their last prices, by exchange index."""
        self.positions: dict[str, Position] = {}
        self.events: dict[str, EventHolding] = {}
        self.rows: defaultdict[int, Ranking[Position]] = defaultdict(Ranking)
        self.rows_uncounted: defaultdict[int, Ranking[Position]] = defaultdict(Ranking)
        """The same rows filed without their counts: a page without `nonzero` reads one tree instead of eight."""
        self.event_classes: defaultdict[frozenset[int], Ranking[EventHolding]] = defaultdict(Ranking)
        """Events by the exact set of partitions in which they have rows."""

    def change(self, position: Position, revision: int, apply: Callable[[Position], None]) -> None:
        """Run `apply` on a position row and update the indexes and totals that contain the row."""
        position.revision = self.revision = revision
        event = self._event_of(position)
        self._unfile(event)
        if position.market.ticker in self.positions:
            self._take_out(position, event)
        apply(position)
        self._put_in(position, event)
        self._file(event)

    def change_resting(self, position: Position, revision: int, change_centis: int) -> None:
        """Change the resting contracts of a position row; most changes leave its place in every index."""
        ticker, resting_centis = position.market.ticker, position.resting_centis
        if ticker not in self.positions or not (resting_centis and resting_centis + change_centis):
            self.change(position, revision, lambda position: position.add_resting(change_centis))
            return
        position.revision = self.revision = revision
        position.add_resting(change_centis)
        self.events[position.market.event.ticker].add_resting(position, change_centis)

    def pay(self, amount_micros: int, at: int) -> None:
        """Add cash, or deduct it if the amount is negative."""
        self.cash_micros += amount_micros
        self.updated_at = at

    def assert_conserved(self) -> None:
        """Assert that no money is created or lost: cash + exposure - realized + fees = net contributions."""
        held_micros = self.cash_micros + self.cost_micros - self.realized_micros + self.fees_micros
        assert held_micros == self.contributed_micros, (
            f"{self.ref}: cash {self.cash_micros} + exposure {self.cost_micros} - realized {self.realized_micros}"
            f" + fees {self.fees_micros} = {held_micros} micro-dollars, contributed {self.contributed_micros}"
        )

    def _event_of(self, position: Position) -> EventHolding:
        ticker = position.market.event.ticker
        if ticker not in self.events:
            self.events[ticker] = EventHolding(ticker)
        return self.events[ticker]

    def _take_out(self, position: Position, event: EventHolding) -> None:
        partition = position.partition
        self.rows[partition].remove(position)
        self.rows_uncounted[partition & ~ANY_COUNT].remove(position)
        event.remove(position, partition)
        self._sum(position, -1)

    def _put_in(self, position: Position, event: EventHolding) -> None:
        partition = position.partition
        event.add(position, partition)
        self.rows[partition].add(position)
        self.rows_uncounted[partition & ~ANY_COUNT].add(position)
        self.positions[position.market.ticker] = position
        self._sum(position, 1)

    def _sum(self, position: Position, sign: int) -> None:
        self.cost_micros += sign * position.stake.cost_micros
        self.realized_micros += sign * position.stake.realized_micros
        self.fees_micros += sign * position.fees_micros
        self.values_micros[position.market.event.exchange_index] += sign * position.value_micros

    def _file(self, event: EventHolding) -> None:
        self.event_classes[frozenset(event.rows)].add(event)

    def _unfile(self, event: EventHolding) -> None:
        if event.rows:
            self.event_classes[frozenset(event.rows)].remove(event)
