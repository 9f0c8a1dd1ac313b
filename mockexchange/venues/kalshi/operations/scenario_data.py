"""Implements the reads of what a scenario gives, each from its row (`objects/scenario_data`).

The reads of events whose answers need the exchange too are written out here: metadata, forecasts, multivariate events.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from mockexchange.core.instants import MICROSECONDS_PER_SECOND
from mockexchange.core.model.history import ALWAYS, HistoryPage, page_of
from mockexchange.venues.data_tables import DataRow
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.objects.scenario_data import READS
from mockexchange.venues.kalshi.objects.scenario_data.collections import EVENTS as COLLECTED
from mockexchange.venues.kalshi.objects.scenario_data.events import FORECASTS, METADATA, MarketMetadata, Metadata
from mockexchange.venues.kalshi.objects.scenario_data.reads import Filter, Read
from mockexchange.venues.kalshi.operations.call import (
    AccountCall,
    AccountOperation,
    Call,
    Operation,
    PublicOperation,
    write,
)
from mockexchange.venues.kalshi.operations.filters import all_of, named
from mockexchange.venues.kalshi.operations.lists import UNFILTERED, ListTable, answer_list, write_rows
from mockexchange.venues.kalshi.operations.market_data.events import EVENTS, event_of, event_of_series, viewer
from mockexchange.venues.kalshi.operations.market_data.market_views import EventView
from mockexchange.venues.kalshi.operations.row_owner import requested_or_all


class One(NamedTuple):
    """The content of an answer with one object."""

    row: object


def answer(read: Read, call: Call) -> bytes:
    """Return the answer to a read by its row. Raises Rejected."""
    if read.make is not None:
        return write(call, read.make(call))
    objects, privacy = read.objects, read.privacy
    assert objects is not None, "other reads are written by hand"
    user = call.account.user_id if isinstance(call, AccountCall) else ""
    if read.shows == "one":
        *_, key = call.path_params.values()
        row = objects.row_of(call, key)
        if read.misfit is not None and (message := read.misfit(row, call.path_params)):
            raise Rejected(Situation.NOT_FOUND, message)
        return write(call, One(row if privacy is None else privacy.seen_by(user, row)))
    asked = [(passes, call.params.get(name)) for name, passes in read.filters.items()]
    keeps = all_of([partial(_passes, call, passes, value) for passes, value in asked if value not in UNFILTERED])
    rows: Sequence[DataRow] = call.data.rows(objects.data)
    table = ListTable(read.list_key, objects.name, privacy is None, cursor=read.cursor, limit=read.limit)
    if read.shows == "rows":
        found = [row for row in reversed(rows) if keeps is None or keeps(row)]
        return write_rows(call, table, found if read.select is None else read.select(call, found))
    if privacy is not None:
        rows = [row for row in rows if privacy.may_see(user, row)]
    if read.is_per_subaccount:
        assert isinstance(call, AccountCall), "subaccounts are of accounts"
        subaccount = requested_or_all(call)
        rows = [row for row in rows if subaccount in (None, str(row.creator_subaccount))]

    def find(limit: int, after: int | None) -> HistoryPage[DataRow]:
        page = page_of([rows], limit, ALWAYS, after, keeps)
        return page if privacy is None else HistoryPage([privacy.seen_by(user, row) for row in page.rows], page.after)

    return answer_list(call, table, 0, find, is_kept=False)


def _passes(call: Call, passes: Filter, value: Any, row: DataRow) -> bool:
    return passes(call, row, value)


def get_event_metadata(call: Call) -> bytes:
    """Return the metadata of an event. Each of its markets has an entry, empty unless the scenario gives one."""
    event = event_of(call)
    markets = [MarketMetadata(market.ticker) for market in event.markets]
    given = call.data.find(METADATA.data, event.ticker)
    if given is None:
        return write(call, Metadata(markets))
    return write(call, given.replaced(market_details=given.market_details or markets))


def get_multivariate_events(call: Call) -> bytes:
    """Return a page of the events that the scenario puts into collections."""
    collection, series = call.params["collection_ticker"], call.params["series_ticker"]
    rows = call.data.rows(COLLECTED.data)
    tickers = [row.event_ticker for row in rows if collection in (None, row.collection_ticker)]
    events = [event for event in named(call.state.events, tickers) if series in (None, event.series.ticker)]
    view = viewer(call)

    def find(limit: int, after: int | None) -> HistoryPage[EventView]:
        page = page_of([events], limit, ALWAYS, after)
        return HistoryPage([view(event) for event in page.rows], page.after)

    return answer_list(call, EVENTS, 0, find, is_kept=False)


def get_forecast_history(call: Call) -> bytes:
    """Return forecasts of an event at the percentiles that are requested."""
    ticker, params = event_of_series(call).ticker, call.params
    earliest, latest = (params[name] * MICROSECONDS_PER_SECOND for name in ("start_ts", "end_ts"))
    asked, minutes = params["percentiles"], params["period_interval"]
    rows = [
        row.replaced(percentile_points=[one for one in row.percentile_points if one.percentile in asked])
        for row in reversed(call.data.rows(FORECASTS.data))
        if row.event_ticker == ticker and row.period_interval == minutes and earliest <= row.end_period_ts <= latest
    ]
    return write_rows(call, ListTable("forecast_history", FORECASTS.name, is_shared=False), rows)


BY_HAND: dict[str, Callable[[Any], bytes]] = {
    "GetEventMetadata": get_event_metadata,
    "GetEventForecastPercentilesHistory": get_forecast_history,
}
OF_ACCOUNTS = ("GetEventForecastPercentilesHistory",)
"""Reads that need a key although their answers are the same for every account."""


def _operation(read: Read) -> Operation:
    answers = BY_HAND.get(read.name) or partial(answer, read)
    if read.privacy is None and read.name not in OF_ACCOUNTS:
        return PublicOperation(name=read.name, path=read.path, answer=answers, answer_table=read.table_name)
    return AccountOperation(
        name=read.name,
        path=read.path,
        answer=answers,
        answer_table=read.table_name,
        is_per_subaccount=read.is_per_subaccount or read.name in OF_ACCOUNTS,
    )


MULTIVARIATE_EVENTS = PublicOperation(
    name="GetMultivariateEvents",
    path="/events/multivariate",
    answer=get_multivariate_events,
    answer_table="GetMultivariateEventsResponse",
)
_BEFORE = [read.name for read in READS].index("GetEventMetadata")
OPERATIONS: tuple[Operation, ...] = (
    *map(_operation, READS[:_BEFORE]),
    MULTIVARIATE_EVENTS,
    *map(_operation, READS[_BEFORE:]),
)
