"""Checks of every subaccount against its positions: conservation of money, sums, indexes and resting orders."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from operator import attrgetter
from typing import TypeVar

from mockexchange.core.model.orders import Order
from mockexchange.core.model.positions import ANY_COUNT, EventTotals, Position
from mockexchange.core.model.ranking import Ranking, T, by_rank
from mockexchange.core.model.state import State
from mockexchange.core.model.subaccounts import Subaccount
from mockexchange.core.vocabulary import SubaccountRef

K = TypeVar("K", bound=Hashable)

SUMMED = ("cost_micros", "realized_micros", "fees_micros")


def violations(state: State) -> Iterator[str]:
    """Yield one line of text per broken invariant of the subaccounts."""
    resting: dict[SubaccountRef, list[Order]] = {}
    for order in (order for order_book in state.order_books.values() for order in order_book):
        resting.setdefault(order.subaccount_ref, []).append(order)
    for subaccount_ref, subaccount in state.subaccounts.items():
        yield from _conservation(subaccount)
        yield from _event_sums(subaccount)
        yield from _indexes(subaccount)
        yield from _resting(subaccount, resting.get(subaccount_ref, []))


def _conservation(subaccount: Subaccount) -> Iterator[str]:
    total = EventTotals()
    for row in subaccount.positions.values():
        total.add(row, 1)
    for name in SUMMED:
        if getattr(total, name) != getattr(subaccount, name):
            yield f"{subaccount.ref}: {name} is {getattr(subaccount, name)}, its rows sum to {getattr(total, name)}"
    held_micros = subaccount.cash_micros + total.cost_micros - total.realized_micros + total.fees_micros
    if held_micros != subaccount.contributed_micros:
        yield f"{subaccount.ref}: holds {held_micros} micro-dollars, contributed {subaccount.contributed_micros}"
    value_micros = sum(row.value_micros for row in subaccount.positions.values())
    if value_micros != sum(subaccount.values_micros.values()):
        yield f"{subaccount.ref}: value {sum(subaccount.values_micros.values())}, its rows are worth {value_micros}"


def _event_sums(subaccount: Subaccount) -> Iterator[str]:
    sums: dict[str, EventTotals] = {}
    for row in subaccount.positions.values():
        sums.setdefault(row.market.event.ticker, EventTotals()).add(row, 1)
    for ticker, event in subaccount.events.items():
        for name in EventTotals.__slots__:
            kept, summed = getattr(event.totals(None), name), getattr(sums[ticker], name)
            if name != "revision" and kept != summed:
                yield f"{subaccount.ref}: event {ticker} keeps {name} {kept}, its markets sum to {summed}"


def _indexes(subaccount: Subaccount) -> Iterator[str]:
    """Check that every index has every row in the partition where its filter looks for it, newest first."""
    rows, events = subaccount.positions.values(), subaccount.events.values()
    partition: Callable[[Position], int] = attrgetter("partition")
    yield from _misfiled(f"{subaccount.ref}: rows", subaccount.rows, rows, partition)
    yield from _misfiled(
        f"{subaccount.ref}: uncounted rows", subaccount.rows_uncounted, rows, lambda row: row.partition & ~ANY_COUNT
    )
    yield from _misfiled(
        f"{subaccount.ref}: events", subaccount.event_classes, events, lambda event: frozenset(event.rows)
    )
    for event in events:
        of_event = [row for row in rows if row.market.event.ticker == event.event]
        yield from _misfiled(f"{subaccount.ref}: rows of {event.event}", event.rows, of_event, partition)
        if event.updated_at != max(row.updated_at for row in of_event):
            yield f"{subaccount.ref}: event {event.event} changed at {event.updated_at}, which is not its newest row"


def _misfiled(where: str, index: Mapping[K, Ranking[T]], items: Iterable[T], key_of: Callable[[T], K]) -> Iterator[str]:
    expected: dict[K, list[T]] = {}
    for item in sorted(items, key=by_rank):
        expected.setdefault(key_of(item), []).append(item)
    filed = {key: list(ranking.after(None)) for key, ranking in index.items() if len(ranking)}
    if filed != expected:
        yield f"{where} are filed otherwise than their filters look for them"


def _resting(subaccount: Subaccount, orders: list[Order]) -> Iterator[str]:
    reserved_micros = sum(order.needs_micros() for order in orders)
    if reserved_micros != subaccount.reserved_micros:
        yield f"{subaccount.ref}: {subaccount.reserved_micros} reserved, its orders need {reserved_micros}"
    shards_micros: Counter[int] = Counter()
    for order in orders:
        shards_micros[order.market.event.exchange_index] += order.needs_micros()
    kept = {shard: micros for shard, micros in shards_micros.items() if shard and micros}
    if kept != subaccount.shards_reserved_micros:
        yield f"{subaccount.ref}: reserved on shards {subaccount.shards_reserved_micros}, its orders need {kept}"
    covered = {ticker: count for ticker, count in subaccount.covered_centis.items() if count}
    offered: dict[str, int] = {}
    for order in orders:
        if covered_centis := order.covers_centis(order.remaining_centis):
            offered[order.market.ticker] = offered.get(order.market.ticker, 0) + covered_centis
    if covered != offered:
        yield f"{subaccount.ref}: {covered} promised to orders, its orders sell {offered} of what is held"
    for ticker, row in subaccount.positions.items():
        resting_centis = sum(order.remaining_centis for order in orders if order.market.ticker == ticker)
        if resting_centis != row.resting_centis:
            yield f"{subaccount.ref}: row {ticker} rests {row.resting_centis}, its orders {resting_centis}"
