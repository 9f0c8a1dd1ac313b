"""Pages of the positions of a subaccount: filters, sort order, totals of events, and the start of the next page.

Rows are in the order of their last update, newest first, ties by ticker (recorded 2025-11-03). A page also has a row
for each event of its positions, in the same order. The totals of an event row sum all positions of the subaccount in
the event that pass the filters `settled` and `archived`; the other filters do not affect them.
"""

from collections.abc import Iterable
from itertools import chain, islice, product
from operator import attrgetter
from typing import NamedTuple

from msgspec import Struct

from mockexchange.core.model.positions import (
    ANY_COUNT,
    ARCHIVED,
    EXCHANGE_INDEX_SHIFT,
    NO_TOTALS,
    SETTLED,
    EventHolding,
    EventTotals,
    Position,
)
from mockexchange.core.model.ranking import Rank, T, by_rank, merge_after
from mockexchange.core.model.subaccounts import Subaccount

event_of = attrgetter("market.event")
VIEWS = {seen: number for number, seen in enumerate(product((False, True, None), repeat=2))}
"""Numbers of all combinations of the filters (settled, archived).

Each combination has its own event row, with its own revision.
"""


class PositionQuery(Struct, frozen=True, kw_only=True):
    """The filters of a page of positions; a row has to pass all of them.

    `settled` and `archived`: only rows with this value, or None for all rows. `nonzero`: bits `positions.NONZERO_*`, of
    which at least one count must not be zero; 0 means no filter. `after`: the rank at which the previous page ended.
    `limit` counts rows, or events if `whole_events` is set.
    """

    limit: int
    settled: bool | None = False
    archived: bool | None = None
    nonzero: int = 0
    ticker: str | None = None
    events: tuple[str, ...] = ()
    exchange_index: int | None = None
    after: Rank | None = None
    whole_events: bool = False

    def admits(self, partition: int) -> bool:
        """Return whether rows of this partition pass the filters by settlement, archive, count and shard."""
        if self.settled is not None and bool(partition & SETTLED) is not self.settled:
            return False
        if self.archived is not None and bool(partition & ARCHIVED) is not self.archived:
            return False
        if self.nonzero and not partition & self.nonzero & ANY_COUNT:
            return False
        return self.exchange_index is None or partition >> EXCHANGE_INDEX_SHIFT == self.exchange_index


class EventRow(Struct, frozen=True):
    """A row for an event in a page of positions, with sums over the positions that pass `settled` and `archived`."""

    event: str
    totals: EventTotals
    revision: int
    """A cache key: no other content of any event row has the same number."""


class Page(NamedTuple):
    """A page of positions, with a row for each event to which they belong."""

    rows: list[Position]
    events: list[EventRow]
    after: Rank | None
    """The rank after which the next page starts; None on the last page."""


def find_positions(subaccount: Subaccount, query: PositionQuery) -> Page:
    """Return one page of a subaccount's positions. Cost: O(log n + limit) with any filter."""
    events = subaccount.events
    named = [events[ticker] for ticker in dict.fromkeys(query.events) if ticker in events]
    if query.whole_events and query.ticker is None:
        held, after = _cut(_find_events(subaccount, query, named), query.limit)
        rows: list[Position] = []
        for event in held:
            rankings = [ranking for partition, ranking in event.rows.items() if query.admits(partition)]
            rows += merge_after(rankings, None, sum(map(len, rankings)))
        return Page(rows, _event_rows(held, query), after)
    # One row more than the page has shows that the page is not the last.
    if query.ticker is not None:
        row = subaccount.positions.get(query.ticker)
        is_found = (
            row is not None
            and query.admits(row.partition)
            and (not query.events or row.market.event.ticker in query.events)
            and (query.after is None or row.rank > query.after)
        )
        found = [row] if row is not None and is_found else []
    else:
        # The smallest indexes that contain all rows of the query.
        indexes = [subaccount.rows if query.nonzero else subaccount.rows_uncounted]
        if query.events:
            indexes = [event.rows for event in named]
        filed = chain.from_iterable(index.items() for index in indexes)
        rankings = [ranking for partition, ranking in filed if query.admits(partition)]
        found = merge_after(rankings, query.after, query.limit + 1)
    rows, after = _cut(found, query.limit)
    held = [events[listing.ticker] for listing in dict.fromkeys(map(event_of, rows))]
    return Page(rows, _event_rows(held, query), after)


def _find_events(subaccount: Subaccount, query: PositionQuery, named: list[EventHolding]) -> list[EventHolding]:
    """Return the events of a page of whole events and, if there is one, the event after it."""
    if query.events:
        later = [event for event in named if query.after is None or event.rank > query.after]
        admitted = (event for event in sorted(later, key=by_rank) if any(map(query.admits, event.rows)))
        return list(islice(admitted, query.limit + 1))
    rankings = [events for parts, events in subaccount.event_classes.items() if any(map(query.admits, parts))]
    return merge_after(rankings, query.after, query.limit + 1)


def _event_rows(events: Iterable[EventHolding], query: PositionQuery) -> list[EventRow]:
    settled, archived = query.settled, query.archived
    views, view = len(VIEWS), VIEWS[settled, archived]
    if settled is False and not archived:  # as most pages; a call for each event would take as long as its row
        totals = [(event.event, event.unsettled_totals or NO_TOTALS) for event in events]
    else:
        totals = [(event.event, event.totals(settled, archived)) for event in events]
    return [EventRow(name, sums, sums.revision * views + view) for name, sums in totals]


def _cut(items: list[T], limit: int) -> tuple[list[T], Rank | None]:
    if len(items) <= limit:
        return items, None
    return items[:limit], items[limit - 1].rank
