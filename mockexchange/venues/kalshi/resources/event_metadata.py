"""Images, sources and forecasts of events, tags of series, and filters by sport."""

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mockexchange.core.instants import MICROSECONDS_PER_SECOND
from mockexchange.venues.data_tables import DataRow
from mockexchange.venues.dated_fields import Field, Spelling
from mockexchange.venues.kalshi.formatting import TEXTS, UNIX_SECONDS
from mockexchange.venues.kalshi.resources.call import Call
from mockexchange.venues.kalshi.resources.events import event_of, event_of_series
from mockexchange.venues.kalshi.resources.fields import list_of
from mockexchange.venues.kalshi.resources.parameters import Parameter
from mockexchange.venues.kalshi.resources.scenario_reads import (
    Asked,
    Column,
    Objects,
    Read,
    always,
    fields_of,
    maybe,
    nested,
    nullable,
    unshown,
)

MARKET_DETAILS_ADDED = "2025-11-21"
PERCENTILES_NARROWED = "2026-05-16"


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


class Forecasts(NamedTuple):
    forecast_history: Sequence[DataRow]


def metadata_of(call: Call) -> Metadata | DataRow:
    """Return the metadata of an event. Each of its markets has an entry, empty unless the scenario gives one."""
    event = event_of(call)
    markets = [MarketMetadata(market.ticker) for market in event.markets]
    given = call.data.find(METADATA.data, event.ticker)
    return Metadata(markets) if given is None else given.replaced(market_details=given.market_details or markets)


def forecasts_of(call: Call) -> Forecasts:
    """Return forecasts of an event at the percentiles that are requested."""
    ticker, params = event_of_series(call).ticker, call.params
    earliest, latest = (params[name] * MICROSECONDS_PER_SECOND for name in ("start_ts", "end_ts"))
    asked, minutes = params["percentiles"], params["period_interval"]
    rows = [
        row.replaced(percentile_points=[one for one in row.percentile_points if one.percentile in asked])
        for row in reversed(call.data.rows(FORECASTS.data))
        if row.event_ticker == ticker and row.period_interval == minutes and earliest <= row.end_period_ts <= latest
    ]
    return Forecasts(rows)


def tags_of(call: Asked) -> Tags:
    """Return the tags of all series by category."""
    tags: dict[str, dict[str, None]] = {}
    for series in call.state.series.values():
        if series.details.category:
            tags.setdefault(series.details.category, {}).update(dict.fromkeys(series.details.tags))
    return Tags({category: list(names) for category, names in tags.items()})


def sports_of(call: Asked) -> Sports:
    sports = call.data.rows(SPORTS.data)[::-1]
    return Sports({row.sport: _filters_of(row) for row in sports}, [row.sport for row in sports])


def _filters_of(sport: DataRow) -> dict[str, object]:
    competitions = {row.name: {"scopes": list(row.scopes)} for row in sport.competitions}
    return {"competitions": competitions, "scopes": list(sport.scopes)}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _tags(tags: Mapping[str, Sequence[str]]) -> str:
    return _json({category: list(tags[category]) for category in sorted(tags)})


_SOURCE: tuple[Column, ...] = (maybe("name", "text"), maybe("url", "text"))
_MARKET: tuple[Column, ...] = (
    always("market_ticker", "text", source="docs-daily"),
    always("image_url", "text", default="", source="docs-daily"),
    always("color_code", "text", default="", source="docs-daily"),
)
_PERCENTILE: tuple[Column, ...] = (
    always("percentile", "integer"),
    always("raw_numerical_forecast", "number"),
    always("numerical_forecast", "number"),
    always("formatted_forecast", "text"),
)
METADATA = Objects(
    "event_metadata",
    "",
    (
        unshown("event_ticker", "text"),
        always("image_url", "text", default=""),
        maybe("featured_image_url", "text", since=MARKET_DETAILS_ADDED, source="docs-daily"),
        nested("market_details", "MarketMetadata", _MARKET, since=MARKET_DETAILS_ADDED, source="docs-daily"),
        nested("settlement_sources", "SettlementSource", _SOURCE),
        nullable("competition", "text"),
        nullable("competition_scope", "text"),
    ),
    ("event_ticker",),
)
FORECASTS = Objects(
    "forecasts",
    "ForecastPercentilesPoint",
    (
        always("event_ticker", "text"),
        Column(
            name="end_period_ts",
            kind="instant",
            is_required=True,
            wire=(Field(name="end_period_ts", spelling=UNIX_SECONDS, read="end_period_ts", source="docs-2025-11"),),
        ),
        always("period_interval", "integer"),
        nested("percentile_points", "PercentilePoint", _PERCENTILE),
    ),
)
SPORTS = Objects(
    "sports",
    "",
    (
        unshown("sport", "text"),
        unshown("scopes", "texts", default=()),
        unshown(
            "competitions",
            "rows",
            columns=(unshown("name", "text"), unshown("scopes", "texts", default=())),
            default=(),
        ),
    ),
    ("sport",),
)
TABLES = (METADATA, FORECASTS, SPORTS)
READS = (
    Read(
        name="GetEventMetadata",
        path="/events/{event_ticker}/metadata",
        answer=fields_of(METADATA.columns),
        make=metadata_of,
    ),
    Read(
        name="GetEventForecastPercentilesHistory",
        path="/series/{series_ticker}/events/{ticker}/forecast_percentile_history",
        answer=(list_of("forecast_history", FORECASTS.name, FORECASTS.fields),),
        make=forecasts_of,
        needs_key=True,
        parameters=(
            Parameter(
                name="percentiles",
                kind="repeated",
                items_max=10,
                minimum=0,
                maximum=10_000,
                required=True,
                until=PERCENTILES_NARROWED,
                lenient=True,
                source="docs-2025-11",
            ),
            Parameter(
                name="percentiles",
                kind="repeated",
                items_max=10,
                minimum=0,
                maximum=9_999,
                required=True,
                since=PERCENTILES_NARROWED,
                source="docs-daily",
            ),
            Parameter(name="start_ts", kind="integer", required=True, source="docs-2025-11"),
            Parameter(name="end_ts", kind="integer", required=True, source="docs-2025-11"),
            Parameter(
                name="period_interval", kind="integer", numbers=(0, 1, 60, 1440), required=True, source="docs-2025-11"
            ),
        ),
    ),
    Read(
        name="GetTagsForSeriesCategories",
        path="/search/tags_by_categories",
        answer=(
            Field(
                name="tags_by_categories",
                spelling=Spelling("JSON object: lists of strings by category", _tags),
                read="tags",
                source="docs-2025-11",
            ),
        ),
        make=tags_of,
    ),
    Read(
        name="GetFiltersForSports",
        path="/search/filters_by_sport",
        answer=(
            Field(
                name="filters_by_sports",
                spelling=Spelling("JSON object: competitions and scopes by sport", _json),
                read="filters",
                source="docs-2025-11",
            ),
            Field(name="sport_ordering", spelling=TEXTS, read="ordering", source="docs-2025-11"),
        ),
        answer_table="GetFiltersBySportsResponse",
        make=sports_of,
    ),
)
