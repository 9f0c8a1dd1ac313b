"""Live data of milestones and events, and play-by-play game statistics."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mockexchange.venues.data_tables import DataRow
from mockexchange.venues.dated_fields import Field, Nested
from mockexchange.venues.kalshi.resources.fields import list_of
from mockexchange.venues.kalshi.resources.milestones import MILESTONES
from mockexchange.venues.kalshi.resources.parameters import Parameter
from mockexchange.venues.kalshi.resources.scenario_reads import (
    RAW_OBJECTS,
    Asked,
    Objects,
    Read,
    always,
    flag,
    maybe,
    one,
    rows,
    texts,
    unshown,
)

MILESTONE_IDS_ADDED = "2025-12-01"
PLAYER_STATS = flag("include_player_stats", "2026-03-31", "docs-daily")


class Stats(NamedTuple):
    """Statistics of a game; None for a milestone without statistics."""

    row: DataRow | None


def live_data_asked(call: Asked, found: Sequence[DataRow]) -> Sequence[DataRow]:
    """Return the live data of several milestones, in the order of the request; milestones without are left out."""
    by_milestone = {row.milestone_id: row for row in found}
    asked = dict.fromkeys(call.params["milestone_ids"])
    return [by_milestone[milestone] for milestone in asked if milestone in by_milestone]


def of_another_type(row: DataRow, path: Mapping[str, str]) -> str:
    if row.type == path["type"]:
        return ""
    return f"the live data of {row.milestone_id} are of type {row.type}, not {path['type']!r}"


def game_stats(call: Asked) -> Stats:
    """Return the statistics of a game: null for a milestone without statistics, as documented."""
    milestone = call.path_params["milestone_id"]
    stats = call.data.find(GAME_STATS.data, milestone)
    if stats is None:
        MILESTONES.row_of(call, milestone)
    return Stats(stats)


LIVE_DATA = Objects(
    "live_data",
    "LiveData",
    (
        always("milestone_id", "text", since=MILESTONE_IDS_ADDED, source="docs-daily"),
        always("type", "text"),
        always("details", "object", default="{}"),
    ),
    ("milestone_id",),
)
EVENT_LIVE_DATA = Objects(
    "event_live_data",
    "EventLiveData",
    (
        unshown("event_ticker", "text"),
        always("type", "text", source="docs-daily"),
        always("details", "object", default="{}", source="docs-daily"),
        maybe("is_historical", "boolean", source="docs-daily"),
        maybe("default_range", "text", source="docs-daily"),
        maybe("range_options", "texts", source="docs-daily"),
    ),
    ("event_ticker",),
)
GAME_STATS = Objects(
    "game_stats",
    "",
    (
        unshown("milestone_id", "text"),
        unshown("periods", "rows", columns=(always("events", "objects", default=(), source="docs-daily"),), default=()),
    ),
    ("milestone_id",),
)
_PERIOD = (Field(name="events", spelling=RAW_OBJECTS, read="events", source="docs-daily"),)
_PLAY_BY_PLAY = (list_of("periods", "PlayByPlayPeriod", _PERIOD, source="docs-daily"),)
TABLES = (LIVE_DATA, EVENT_LIVE_DATA, GAME_STATS)
READS = (
    rows(
        "GetLiveDatas",
        "/live_data/batch",
        LIVE_DATA,
        "live_datas",
        Parameter(name="milestone_ids", kind="repeated", items_max=100, required=True, source="docs-2025-11"),
        PLAYER_STATS,
        select=live_data_asked,
    ),
    one(
        "GetLiveDataByMilestone",
        "/live_data/milestone/{milestone_id}",
        LIVE_DATA,
        "live_data",
        flag("include_player_stats", source="docs-daily"),
        answer_table="GetLiveDataResponse",
    ),
    Read(
        name="GetGameStats",
        path="/live_data/milestone/{milestone_id}/game_stats",
        answer=(
            Field(
                name="pbp", spelling=Nested("PlayByPlay", _PLAY_BY_PLAY), read="row", empty="null", source="docs-daily"
            ),
        ),
        make=game_stats,
    ),
    one(
        "GetEventLiveData",
        "/live_data/events/{event_ticker}",
        EVENT_LIVE_DATA,
        "live_data",
        *texts("range", source="docs-daily"),
        source="docs-daily",
    ),
    one(
        "GetLiveData",
        "/live_data/{type}/milestone/{milestone_id}",
        LIVE_DATA,
        "live_data",
        PLAYER_STATS,
        misfit=of_another_type,
    ),
)
