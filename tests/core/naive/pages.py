"""Pages the slow way: every row is looked at, every list sorted, every sum taken anew."""

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

from msgspec.structs import asdict, replace

from mockexchange.core.model.positions import NONZERO_QUANTITY, NONZERO_RESTING, NONZERO_TRADED, Position
from mockexchange.core.model.subaccounts import Subaccount
from mockexchange.core.queries.positions import EventRow, Page, PositionQuery, find_positions

PAGES_MAX = 1_000

T = TypeVar("T")


class Row(NamedTuple):
    """What a reader sees of a position, in the units of the core."""

    market: str
    event: str
    exchange_index: int
    quantity_centis: int
    cost_micros: int
    realized_micros: int
    traded_micros: int
    shares_centis: int
    fees_micros: int
    held_fees_micros: int
    resting_centis: int
    settled: bool
    archived: bool
    updated_at: int


class Sums(NamedTuple):
    """What a reader sees of an event."""

    event: str
    cost_micros: int
    realized_micros: int
    traded_micros: int
    shares_centis: int
    fees_micros: int
    resting_centis: int


class Seen(NamedTuple):
    rows: list[Row]
    events: list[Sums]


def naive_pages(rows: Sequence[Row], query: PositionQuery) -> list[Seen]:
    """Every page of the walk, from the first to the last."""
    ranked = sorted((row for row in rows if _passes(row, query)), key=lambda row: (-row.updated_at, row.market))
    if query.whole_events and query.ticker is None:
        ranked_events = [event for event in _newest_first(rows) if any(row.event == event for row in ranked)]
        return [_of_events(rows, ranked, events, query) for events in _chunks(ranked_events, query.limit)]
    return [_seen(rows, page, _named(page), query) for page in _chunks(ranked, query.limit)]


def real_pages(subaccount: Subaccount, query: PositionQuery) -> list[Seen]:
    """The same walk over the real thing, page by page."""
    pages = [find_positions(subaccount, query)]
    while pages[-1].after is not None:
        assert len(pages) < PAGES_MAX, "the walk has no end"
        pages.append(find_positions(subaccount, replace(query, after=pages[-1].after)))
    return [_shown(page) for page in pages]


def shown(position: Position) -> Row:
    return Row(
        market=position.market.ticker,
        event=position.market.event.ticker,
        exchange_index=position.market.event.exchange_index,
        **asdict(position.stake),
        fees_micros=position.fees_micros,
        held_fees_micros=position.held_fees_micros,
        resting_centis=position.resting_centis,
        settled=position.settled,
        archived=position.archived,
        updated_at=position.updated_at,
    )


def shown_event(row: EventRow) -> Sums:
    return Sums(row.event, *(getattr(row.totals, name) for name in Sums._fields[1:]))


def _shown(page: Page) -> Seen:
    return Seen([shown(row) for row in page.rows], [shown_event(row) for row in page.events])


def _passes(row: Row, query: PositionQuery) -> bool:
    counts = {
        NONZERO_QUANTITY: row.quantity_centis,
        NONZERO_TRADED: row.traded_micros,
        NONZERO_RESTING: row.resting_centis,
    }
    return (
        query.settled in (None, row.settled)
        and query.archived in (None, row.archived)
        and query.ticker in (None, row.market)
        and query.exchange_index in (None, row.exchange_index)
        and (not query.events or row.event in query.events)
        and (not query.nonzero or any(count for bit, count in counts.items() if bit & query.nonzero))
    )


def _newest_first(rows: Sequence[Row]) -> list[str]:
    """Events by their newest row, whether it passes the filters or not; ties by name."""
    newest = {event: max(row.updated_at for row in rows if row.event == event) for event in _named(rows)}
    return sorted(newest, key=lambda event: (-newest[event], event))


def _named(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(row.event for row in rows))


def _of_events(rows: Sequence[Row], ranked: Sequence[Row], events: Sequence[str], query: PositionQuery) -> Seen:
    chosen = [row for event in events for row in ranked if row.event == event]
    return _seen(rows, chosen, events, query)


def _seen(rows: Sequence[Row], page: Sequence[Row], events: Sequence[str], query: PositionQuery) -> Seen:
    return Seen(list(page), [_sums(rows, event, query) for event in events])


def _sums(rows: Sequence[Row], event: str, query: PositionQuery) -> Sums:
    seen = [row for row in rows if query.settled in (None, row.settled) and query.archived in (None, row.archived)]
    of_event = [row for row in seen if row.event == event]
    return Sums(event, *(sum(getattr(row, name) for row in of_event) for name in Sums._fields[1:]))


def _chunks(items: Sequence[T], size: int) -> list[Sequence[T]]:
    """At least one, if an empty one: a walk has a first page."""
    return [items[start : start + size] for start in range(0, len(items), size)] or [items]
