"""Implements the operations that read the scenario's milestones and structured targets."""

import json
from typing import Any

from mockexchange.core.instants import MICROSECONDS_PER_SECOND
from mockexchange.venues.data_tables import DataRow
from mockexchange.venues.kalshi.operations.call import Call, PublicOperation
from mockexchange.venues.kalshi.operations.lists import ListTable
from mockexchange.venues.kalshi.operations.scenario_data.answers import answer_one, answer_page, equal_to

MILESTONES = ListTable("milestones", "Milestone")
TARGETS = ListTable("structured_targets", "StructuredTarget", limit="page_size")
COMPETITION_KEYS = ("competition", "league", "conference", "division", "tour")
"""Keys in a milestone's details that may name its competition; the list `leagues` may do so too."""


def is_of_competition(call: Call, row: DataRow, competition: Any) -> bool:
    """Return whether the details of a milestone name a competition."""
    details = json.loads(row.details)
    leagues = details.get("leagues")
    named = leagues if isinstance(leagues, list) else []
    return competition in [*(details.get(key) for key in COMPETITION_KEYS), *named]


def is_updated_since(call: Call, row: DataRow, seconds: Any) -> bool:
    return bool(row.last_updated_ts >= seconds * MICROSECONDS_PER_SECOND)


MILESTONE_FILTERS = {
    **{name: equal_to(name) for name in ("category", "source_id", "type")},
    "competition": is_of_competition,
    "related_event_ticker": lambda call, row, ticker: ticker in row.related_event_tickers,
    "minimum_start_date": lambda call, row, at: row.start_date >= at,
    "min_updated_ts": is_updated_since,
}
TARGET_FILTERS = {
    "ids": lambda call, row, ids: row.id in ids,
    "type": equal_to("type"),
    "competition": is_of_competition,
}


def get_milestones(call: Call) -> bytes:
    return answer_page(call, "milestones", MILESTONES, MILESTONE_FILTERS)


def get_milestone(call: Call) -> bytes:
    return answer_one(call, "milestones", call.path_params["milestone_id"])


def get_structured_targets(call: Call) -> bytes:
    return answer_page(call, "structured_targets", TARGETS, TARGET_FILTERS)


def get_structured_target(call: Call) -> bytes:
    return answer_one(call, "structured_targets", call.path_params["structured_target_id"])


OPERATIONS = (
    PublicOperation(
        name="GetMilestones", path="/milestones", answer=get_milestones, answer_table="GetMilestonesResponse"
    ),
    PublicOperation(
        name="GetMilestone",
        path="/milestones/{milestone_id}",
        answer=get_milestone,
        answer_table="GetMilestoneResponse",
    ),
    PublicOperation(
        name="GetStructuredTargets",
        path="/structured_targets",
        answer=get_structured_targets,
        answer_table="GetStructuredTargetsResponse",
    ),
    PublicOperation(
        name="GetStructuredTarget",
        path="/structured_targets/{structured_target_id}",
        answer=get_structured_target,
        answer_table="GetStructuredTargetResponse",
    ),
)
