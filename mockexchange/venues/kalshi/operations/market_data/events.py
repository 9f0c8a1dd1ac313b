"""Implements the operations that read events: filtered lists, and one event by its ticker."""

from collections.abc import Callable, Iterator

from mockexchange.core.model.history import ALWAYS, EVERYTHING, HistoryPage, Selector, page_of
from mockexchange.core.model.markets import EventListing
from mockexchange.venues.data_tables import DataRow
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.objects.rows import NULLS_LEFT_OUT
from mockexchange.venues.kalshi.operations.call import Call, PublicOperation, write_parts
from mockexchange.venues.kalshi.operations.filters import Test, all_of, bounds, is_between, named
from mockexchange.venues.kalshi.operations.lists import ListTable, answer_list, encode_rows
from mockexchange.venues.kalshi.operations.market_data.market_views import (
    EventView,
    aged_serial,
    close_at,
    page_revision,
    status_of_event,
)
from mockexchange.venues.kalshi.operations.market_data.markets import encode_markets

EVENTS = ListTable("events", "EventData")
LEFT_OUT, NOTHING = b'""', b"[]"


def get_events(call: Call) -> bytes:
    """Return a page of events; if requested, the answer also has the milestones of all events."""
    look, view = _finder(call), viewer(call)

    def find(limit: int, after: int | None) -> HistoryPage[EventView]:
        page = look(limit, after)
        return HistoryPage([view(event) for event in page.rows], page.after)

    milestones = LEFT_OUT if call.api_date.holds(NULLS_LEFT_OUT) else NOTHING
    if call.params["with_milestones"]:
        milestones = encode_rows(call, "Milestone", _milestones(call))
    table = EVENTS._replace(more=(("milestones", milestones),))
    return answer_list(call, table, page_revision(call.state, call.at), find)


def _milestones(call: Call) -> list[DataRow]:
    """Return the scenario's milestones that belong to an event, in its order."""
    return [row for row in reversed(call.data.rows("milestones")) if row.related_event_tickers]


def get_event(call: Call) -> bytes:
    """Return an event. The answer also has its markets, inside the event only if requested (documented)."""
    event = event_of(call)
    row = encode_rows(call, EVENTS.row, [viewer(call)(event)])[1:-1]
    return write_parts(call, {"event": row, "markets": encode_markets(call, event.markets)})


def event_of(call: Call) -> EventListing:
    """Return the event that the path names. Raises Rejected if there is no such event."""
    ticker = call.path_params["event_ticker"]
    event = call.state.events.get(ticker)
    if event is None:
        raise Rejected(Situation.NOT_FOUND, f"there is no event {ticker!r}: tickers are spelt as in the scenario")
    return event


def event_of_series(call: Call) -> EventListing:
    """Return the event that the path names by `ticker`. Raises Rejected if it is not in the series of the path."""
    ticker, series = call.path_params["ticker"], call.path_params["series_ticker"]
    event = call.state.events.get(ticker)
    if event is None or event.series.ticker != series:
        raise Rejected(Situation.NOT_FOUND, f"there is no event {ticker!r} in series {series!r}")
    return event


def viewer(call: Call) -> Callable[[EventListing], EventView]:
    aged, is_nested = aged_serial(call.state, call.at), call.params["with_nested_markets"]
    return lambda event: EventView(call.state, event, call.at, aged, is_nested)


def _finder(call: Call) -> Callable[[int, int | None], HistoryPage[EventListing]]:
    tickers, series = call.params.get("tickers"), call.params["series_ticker"]
    keeps = all_of(list(_tests(call)))
    if tickers:
        rows = named(call.state.events, tickers)
        return lambda limit, after: page_of([rows], limit, ALWAYS, after, keeps)
    selectors: list[Selector] = [("series", series) if series else EVERYTHING]
    return lambda limit, after: call.state.listed_events.find(limit, selectors, after=after, keeps=keeps)


def _tests(call: Call) -> Iterator[Test[EventListing]]:
    params, combined = call.params, call.data.rows("multivariate_events")
    if combined:
        tickers = {row.event_ticker for row in combined}
        yield lambda event: event.ticker not in tickers
    status, series = params["status"], params["series_ticker"]
    if status:
        yield lambda event: status_of_event(event) == status
    if params.get("tickers") and series:
        yield lambda event: event.series.ticker == series
    closing, updated = bounds(params, "close"), bounds(params, "updated")
    if closing != (None, None):
        yield lambda event: any(is_between(close_at(market), *closing) for market in event.markets)
    if updated != (None, None):
        yield lambda event: is_between(event.updated_at, *updated)


OPERATIONS = (
    PublicOperation(name="GetEvents", path="/events", answer=get_events, answer_table="GetEventsResponse"),
    PublicOperation(name="GetEvent", path="/events/{event_ticker}", answer=get_event, answer_table="GetEventResponse"),
)
