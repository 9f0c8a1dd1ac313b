"""Implements the operations that read the scenario's event images, sources, forecasts, and multivariate events.

It also has the operations for tags and search filters.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mockexchange.core.instants import MICROSECONDS_PER_SECOND
from mockexchange.core.model.history import ALWAYS, HistoryPage, page_of
from mockexchange.venues.data_tables import DataRow
from mockexchange.venues.kalshi.operations.call import AccountOperation, Call, PublicOperation, write
from mockexchange.venues.kalshi.operations.filters import named
from mockexchange.venues.kalshi.operations.lists import ListTable, answer_list, write_rows
from mockexchange.venues.kalshi.operations.market_data.events import EVENTS, event_of, event_of_series, viewer
from mockexchange.venues.kalshi.operations.market_data.market_views import EventView
from mockexchange.venues.kalshi.operations.scenario_data.answers import filtered

FORECASTS = ListTable("forecast_history", "ForecastPercentilesPoint")


class MarketMetadata(NamedTuple):
    market_ticker: str
    image_url: str = ""
    color_code: str = ""


class Metadata(NamedTuple):
    """Images and sources of an event; empty where the scenario gives none."""

    market_details: Sequence[MarketMetadata | DataRow]
    image_url: str = ""
    featured_image_url: str | None = None
    settlement_sources: Sequence[DataRow] = ()
    competition: str | None = None
    competition_scope: str | None = None


class Tags(NamedTuple):
    tags: Mapping[str, Sequence[str]]


class Sports(NamedTuple):
    filters: Mapping[str, object]
    ordering: Sequence[str]


def get_event_metadata(call: Call) -> bytes:
    """Return the metadata of an event. Each of its markets has an entry, empty unless the scenario gives one."""
    event = event_of(call)
    markets = [MarketMetadata(market.ticker) for market in event.markets]
    given = call.data.find("event_metadata", event.ticker)
    if given is None:
        return write(call, Metadata(markets))
    return write(call, given.replaced(market_details=given.market_details or markets))


def get_multivariate_events(call: Call) -> bytes:
    """Return a page of the events that the scenario puts into collections."""
    collection, series = call.params["collection_ticker"], call.params["series_ticker"]
    rows = call.data.rows("multivariate_events")
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
    rows = (
        _at_percentiles(row, params["percentiles"])
        for row in filtered(call, "forecasts", {"period_interval": _has_period})
        if row.event_ticker == ticker and earliest <= row.end_period_ts <= latest
    )
    return write_rows(call, FORECASTS._replace(is_shared=False), list(rows))


def get_tags(call: Call) -> bytes:
    """Return the tags of all series by category."""
    tags: dict[str, dict[str, None]] = {}
    for series in call.state.series.values():
        if series.details.category:
            tags.setdefault(series.details.category, {}).update(dict.fromkeys(series.details.tags))
    return write(call, Tags({category: list(names) for category, names in tags.items()}))


def get_filters(call: Call) -> bytes:
    sports = list(filtered(call, "sports", {}))
    return write(call, Sports({row.sport: _filters_of(row) for row in sports}, [row.sport for row in sports]))


def _has_period(call: Call, row: DataRow, minutes: Any) -> bool:
    return bool(row.period_interval == minutes)


def _at_percentiles(row: DataRow, percentiles: Sequence[int]) -> DataRow:
    return row.replaced(percentile_points=[one for one in row.percentile_points if one.percentile in percentiles])


def _filters_of(sport: DataRow) -> dict[str, object]:
    competitions = {row.name: {"scopes": list(row.scopes)} for row in sport.competitions}
    return {"competitions": competitions, "scopes": list(sport.scopes)}


OPERATIONS = (
    PublicOperation(
        name="GetMultivariateEvents",
        path="/events/multivariate",
        answer=get_multivariate_events,
        answer_table="GetMultivariateEventsResponse",
    ),
    PublicOperation(
        name="GetEventMetadata",
        path="/events/{event_ticker}/metadata",
        answer=get_event_metadata,
        answer_table="GetEventMetadataResponse",
    ),
    AccountOperation(
        name="GetEventForecastPercentilesHistory",
        path="/series/{series_ticker}/events/{ticker}/forecast_percentile_history",
        answer=get_forecast_history,
        answer_table="GetEventForecastPercentilesHistoryResponse",
        is_per_subaccount=True,
    ),
    PublicOperation(
        name="GetTagsForSeriesCategories",
        path="/search/tags_by_categories",
        answer=get_tags,
        answer_table="GetTagsForSeriesCategoriesResponse",
    ),
    PublicOperation(
        name="GetFiltersForSports",
        path="/search/filters_by_sport",
        answer=get_filters,
        answer_table="GetFiltersBySportsResponse",
    ),
)
