"""Pages of positions: filters, order, and where the next page begins.

Order is newest update first, ties by ticker (recorded 2025-11-03). A page's event rows are the events of its market
rows in the same order; their totals span the event's markets of the asked settlement status (and, where history is
asked for or left out, the same of those), independent of the other filters.
"""

from collections.abc import Iterable, Iterator
from itertools import islice, product
from typing import NamedTuple

from msgspec import Struct

from mockexchange.core.model.positions import (
    ANY_COUNT,
    ARCHIVED,
    EXCHANGE_INDEX_SHIFT,
    SETTLED,
    EventHolding,
    EventTotals,
    Position,
)
from mockexchange.core.model.ranking import Rank, Ranking, T, merge_after
from mockexchange.core.model.subaccounts import Subaccount

VIEWS = tuple(product((False, True, None), repeat=2))
"""The filters by settlement and archive; the same totals seen through others are another row."""


class PositionQuery(Struct, frozen=True, kw_only=True):
    """Which rows: every filter given must hold.

    `settled`: False, True, or None for both. `archived`: False leaves out what is listed with history, True gives
    nothing else, None makes no difference. `nonzero`: bits of `positions.NONZERO_*`, of which one must hold; 0 is no
    filter. `after`: the key the last page ended with. `limit` counts rows, or events when pages hold whole events.
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
        """Whether rows filed under `partition` pass the settlement, archive, count and exchange index filters."""
        if self.settled is not None and bool(partition & SETTLED) is not self.settled:
            return False
        if self.archived is not None and bool(partition & ARCHIVED) is not self.archived:
            return False
        if self.nonzero and not partition & self.nonzero & ANY_COUNT:
            return False
        return self.exchange_index is None or partition >> EXCHANGE_INDEX_SHIFT == self.exchange_index


class EventRow(NamedTuple):
    """An event's sums as seen through a settlement filter."""

    event: str
    totals: EventTotals
    revision: int
    """A number no other content of this or any event row has had."""


class Page(NamedTuple):
    """A page of positions and of their events."""

    rows: list[Position]
    events: list[EventRow]
    after: Rank | None
    """The key the next page starts after, or None on the last page."""


def find_positions(subaccount: Subaccount, query: PositionQuery) -> Page:
    """Return one page. Cost: O(log n + limit) with any filter."""
    if query.whole_events and query.ticker is None:
        return _page_of_events(subaccount, query)
    rows, after = _cut(_find_rows(subaccount, query), query.limit)
    tickers = dict.fromkeys([row.market.event.ticker for row in rows])
    return Page(rows, _event_rows((subaccount.events[ticker] for ticker in tickers), query), after)


def _find_rows(subaccount: Subaccount, query: PositionQuery) -> list[Position]:
    """One row more than the limit, if there is one: that is how a page knows it is not the last."""
    if query.ticker is not None:
        return _find_one(subaccount, query)
    rankings = [rows for partition, rows in _filed(subaccount, query) if query.admits(partition)]
    return merge_after(rankings, query.after, query.limit + 1)


def _filed(subaccount: Subaccount, query: PositionQuery) -> Iterable[tuple[int, Ranking[Position]]]:
    """The indexes that answer the query, with the partition each holds."""
    if query.events:
        return [(part, rows) for event in _named(subaccount, query) for part, rows in event.rows.items()]
    return subaccount.rows.items() if query.nonzero else subaccount.rows_uncounted.items()


def _find_one(subaccount: Subaccount, query: PositionQuery) -> list[Position]:
    row = subaccount.positions.get(query.ticker or "")
    if row is None or not query.admits(row.partition):
        return []
    if query.events and row.market.event.ticker not in query.events:
        return []
    return [row] if query.after is None or row.rank > query.after else []


def _page_of_events(subaccount: Subaccount, query: PositionQuery) -> Page:
    events, after = _cut(_find_events(subaccount, query), query.limit)
    rows = [row for event in events for row in _rows_of(event, query)]
    return Page(rows, _event_rows(events, query), after)


def _find_events(subaccount: Subaccount, query: PositionQuery) -> list[EventHolding]:
    if query.events:
        named = sorted(_named(subaccount, query), key=lambda event: event.rank)
        later = (event for event in named if query.after is None or event.rank > query.after)
        return list(islice((event for event in later if any(map(query.admits, event.rows))), query.limit + 1))
    rankings = [events for parts, events in subaccount.event_classes.items() if any(map(query.admits, parts))]
    return merge_after(rankings, query.after, query.limit + 1)


def _rows_of(event: EventHolding, query: PositionQuery) -> list[Position]:
    rankings = [rows for partition, rows in event.rows.items() if query.admits(partition)]
    return merge_after(rankings, None, sum(map(len, rankings)))


def _named(subaccount: Subaccount, query: PositionQuery) -> Iterator[EventHolding]:
    return (subaccount.events[ticker] for ticker in dict.fromkeys(query.events) if ticker in subaccount.events)


def _event_rows(events: Iterable[EventHolding], query: PositionQuery) -> list[EventRow]:
    seen = (query.settled, query.archived)
    view = VIEWS.index(seen)
    rows = ((event.event, event.totals(*seen)) for event in events)
    return [EventRow(name, totals, totals.revision * len(VIEWS) + view) for name, totals in rows]


def _cut(items: list[T], limit: int) -> tuple[list[T], Rank | None]:
    if len(items) <= limit:
        return items, None
    return items[:limit], items[limit - 1].rank
