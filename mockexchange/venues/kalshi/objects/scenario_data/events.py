"""Defines the columns of images, sources and forecasts of events, and of filters by sport, in a scenario."""

import json
from collections.abc import Mapping, Sequence

from mockexchange.venues.data_tables import DataTable
from mockexchange.venues.dated import Field, Spelling
from mockexchange.venues.kalshi.formatting import TEXT, TEXTS, UNIX_SECONDS
from mockexchange.venues.kalshi.objects.rows import list_of
from mockexchange.venues.kalshi.objects.scenario_data.columns import (
    Column,
    always,
    fields_of,
    maybe,
    nested,
    nullable,
    unshown,
)

MARKET_DETAILS_ADDED = "2025-11-21"

_SOURCE: tuple[Column, ...] = (maybe("name", "text"), maybe("url", "text"))
_MARKET: tuple[Column, ...] = (
    always("market_ticker", "text", source="docs-daily"),
    always("image_url", "text", default="", source="docs-daily"),
    always("color_code", "text", default="", source="docs-daily"),
)
MARKET_METADATA: tuple[Field, ...] = fields_of(_MARKET)
_METADATA: tuple[Column, ...] = (
    unshown("event_ticker", "text"),
    always("image_url", "text", default=""),
    maybe("featured_image_url", "text", since=MARKET_DETAILS_ADDED, source="docs-daily"),
    nested("market_details", "MarketMetadata", _MARKET, since=MARKET_DETAILS_ADDED, source="docs-daily"),
    nested("settlement_sources", "SettlementSource", _SOURCE),
    nullable("competition", "text"),
    nullable("competition_scope", "text"),
)
EVENT_METADATA = DataTable(_METADATA, ("event_ticker",))
GET_EVENT_METADATA_RESPONSE: tuple[Field, ...] = fields_of(_METADATA)

_PERCENTILE: tuple[Column, ...] = (
    always("percentile", "integer"),
    always("raw_numerical_forecast", "number"),
    always("numerical_forecast", "number"),
    always("formatted_forecast", "text"),
)
PERCENTILE_POINT: tuple[Field, ...] = fields_of(_PERCENTILE)
_FORECAST: tuple[Column, ...] = (
    always("event_ticker", "text"),
    Column(
        name="end_period_ts",
        kind="instant",
        is_required=True,
        wire=(Field(name="end_period_ts", spelling=UNIX_SECONDS, read="end_period_ts", source="docs-2025-11"),),
    ),
    always("period_interval", "integer"),
    nested("percentile_points", "PercentilePoint", _PERCENTILE),
)
FORECASTS = DataTable(_FORECAST)
FORECAST_PERCENTILES_POINT: tuple[Field, ...] = fields_of(_FORECAST)
GET_FORECAST_HISTORY_RESPONSE: tuple[Field, ...] = (
    list_of("forecast_history", "ForecastPercentilesPoint", FORECAST_PERCENTILES_POINT),
)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _tags(tags: Mapping[str, Sequence[str]]) -> str:
    return _json({category: list(tags[category]) for category in sorted(tags)})


_COMPETITION: tuple[Column, ...] = (unshown("name", "text"), unshown("scopes", "texts", default=()))
_SPORT: tuple[Column, ...] = (
    unshown("sport", "text"),
    unshown("scopes", "texts", default=()),
    unshown("competitions", "rows", columns=_COMPETITION, default=()),
)
SPORTS = DataTable(_SPORT, ("sport",))
GET_FILTERS_BY_SPORTS_RESPONSE: tuple[Field, ...] = (
    Field(
        name="filters_by_sports",
        spelling=Spelling("JSON object: competitions and scopes by sport", _json),
        read="filters",
        source="docs-2025-11",
    ),
    Field(name="sport_ordering", spelling=TEXTS, read="ordering", source="docs-2025-11"),
)
GET_TAGS_RESPONSE: tuple[Field, ...] = (
    Field(
        name="tags_by_categories",
        spelling=Spelling("JSON object: lists of strings by category", _tags),
        read="tags",
        source="docs-2025-11",
    ),
)
GET_COMMUNICATIONS_ID_RESPONSE: tuple[Field, ...] = (
    Field(name="communications_id", spelling=TEXT, read="communications_id", source="docs-2025-11"),
)
