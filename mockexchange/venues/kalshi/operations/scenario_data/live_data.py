"""Implements the operations that read the scenario's live data and game statistics."""

from typing import NamedTuple

from mockexchange.venues.data_tables import DataRow
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.operations.call import Call, PublicOperation, write
from mockexchange.venues.kalshi.operations.lists import ListTable, write_rows
from mockexchange.venues.kalshi.operations.scenario_data.answers import answer_one, row_of

BATCH = ListTable("live_datas", "LiveData")


class Stats(NamedTuple):
    """Statistics of a game; None for a milestone without statistics."""

    row: DataRow | None


def get_live_data_by_milestone(call: Call) -> bytes:
    return answer_one(call, "live_data", call.path_params["milestone_id"])


def get_live_data(call: Call) -> bytes:
    """Return the live data of a milestone. Raises Rejected if its type is not the one in the path."""
    row, kind = row_of(call, "live_data", call.path_params["milestone_id"]), call.path_params["type"]
    if row.type != kind:
        raise Rejected(Situation.NOT_FOUND, f"the live data of {row.milestone_id} are of type {row.type}, not {kind!r}")
    return answer_one(call, "live_data", row.milestone_id)


def get_live_datas(call: Call) -> bytes:
    """Return the live data of several milestones; milestones without live data are left out."""
    asked = dict.fromkeys(call.params["milestone_ids"])
    found = (call.data.find("live_data", milestone) for milestone in asked)
    return write_rows(call, BATCH, [row for row in found if row is not None])


def get_event_live_data(call: Call) -> bytes:
    return answer_one(call, "event_live_data", call.path_params["event_ticker"])


def get_game_stats(call: Call) -> bytes:
    """Return the statistics of a game: null for a milestone without statistics, as documented."""
    milestone = call.path_params["milestone_id"]
    stats = call.data.find("game_stats", milestone)
    if stats is None:
        row_of(call, "milestones", milestone)
    return write(call, Stats(stats))


OPERATIONS = (
    PublicOperation(
        name="GetLiveDatas", path="/live_data/batch", answer=get_live_datas, answer_table="GetLiveDatasResponse"
    ),
    PublicOperation(
        name="GetLiveDataByMilestone",
        path="/live_data/milestone/{milestone_id}",
        answer=get_live_data_by_milestone,
        answer_table="GetLiveDataResponse",
    ),
    PublicOperation(
        name="GetGameStats",
        path="/live_data/milestone/{milestone_id}/game_stats",
        answer=get_game_stats,
        answer_table="GetGameStatsResponse",
    ),
    PublicOperation(
        name="GetEventLiveData",
        path="/live_data/events/{event_ticker}",
        answer=get_event_live_data,
        answer_table="GetEventLiveDataResponse",
    ),
    PublicOperation(
        name="GetLiveData",
        path="/live_data/{type}/milestone/{milestone_id}",
        answer=get_live_data,
        answer_table="GetLiveDataResponse",
    ),
)
