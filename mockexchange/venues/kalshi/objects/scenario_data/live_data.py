"""Defines the columns of live data of milestones and events, and of play-by-play game statistics, in a scenario."""

from mockexchange.venues.data_tables import DataTable
from mockexchange.venues.dated import Field, Nested
from mockexchange.venues.kalshi.objects.rows import list_of
from mockexchange.venues.kalshi.objects.scenario_data.columns import (
    RAW_OBJECTS,
    Column,
    always,
    fields_of,
    maybe,
    unshown,
)

MILESTONE_IDS_ADDED = "2025-12-01"

_LIVE: tuple[Column, ...] = (
    always("milestone_id", "text", since=MILESTONE_IDS_ADDED, source="docs-daily"),
    always("type", "text"),
    always("details", "object", default="{}"),
)
LIVE_DATA = DataTable(_LIVE, ("milestone_id",))
LIVE_DATA_OBJECT: tuple[Field, ...] = fields_of(_LIVE)
GET_LIVE_DATA_RESPONSE: tuple[Field, ...] = (
    Field(name="live_data", spelling=Nested("LiveData", LIVE_DATA_OBJECT), read="row", source="docs-2025-11"),
)
GET_LIVE_DATAS_RESPONSE: tuple[Field, ...] = (list_of("live_datas", "LiveData", LIVE_DATA_OBJECT),)

_EVENT_LIVE: tuple[Column, ...] = (
    unshown("event_ticker", "text"),
    always("type", "text", source="docs-daily"),
    always("details", "object", default="{}", source="docs-daily"),
    maybe("is_historical", "boolean", source="docs-daily"),
    maybe("default_range", "text", source="docs-daily"),
    maybe("range_options", "texts", source="docs-daily"),
)
EVENT_LIVE_DATA = DataTable(_EVENT_LIVE, ("event_ticker",))
EVENT_LIVE_DATA_OBJECT: tuple[Field, ...] = fields_of(_EVENT_LIVE)
GET_EVENT_LIVE_DATA_RESPONSE: tuple[Field, ...] = (
    Field(name="live_data", spelling=Nested("EventLiveData", EVENT_LIVE_DATA_OBJECT), read="row", source="docs-daily"),
)

_PERIOD: tuple[Column, ...] = (always("events", "objects", default=(), source="docs-daily"),)
_STATS: tuple[Column, ...] = (
    unshown("milestone_id", "text"),
    unshown("periods", "rows", columns=_PERIOD, default=()),
)
GAME_STATS = DataTable(_STATS, ("milestone_id",))
PLAY_BY_PLAY_PERIOD: tuple[Field, ...] = (
    Field(name="events", spelling=RAW_OBJECTS, read="events", source="docs-daily"),
)
PLAY_BY_PLAY: tuple[Field, ...] = (list_of("periods", "PlayByPlayPeriod", PLAY_BY_PLAY_PERIOD, source="docs-daily"),)
GET_GAME_STATS_RESPONSE: tuple[Field, ...] = (
    Field(name="pbp", spelling=Nested("PlayByPlay", PLAY_BY_PLAY), read="row", empty="null", source="docs-daily"),
)
