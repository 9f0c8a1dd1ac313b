"""Milestones and structured targets, such as a game and its players."""

import json
from typing import Any

from mockexchange.venues.data_tables import DataRow
from mockexchange.venues.kalshi.resources.parameters import CURSOR, Parameter
from mockexchange.venues.kalshi.resources.scenario_reads import (
    Asked,
    Objects,
    always,
    equal,
    limit,
    maybe,
    not_before,
    nullable,
    one,
    page,
    texts,
)

SOURCE_IDS_ADDED = "2026-03-02"
ITEMS_MAX = 2_000
COMPETITION_KEYS = ("competition", "league", "conference", "division", "tour")
"""Keys in a milestone's details that may name its competition; the list `leagues` may do so too."""


def is_of_competition(call: Asked, row: DataRow, competition: Any) -> bool:
    """Return whether the details of a milestone or a structured target name a competition."""
    details = json.loads(row.details)
    leagues = details.get("leagues")
    named = leagues if isinstance(leagues, list) else []
    return competition in [*(details.get(key) for key in COMPETITION_KEYS), *named]


MILESTONES = Objects(
    "milestones",
    "Milestone",
    (
        always("id", "text"),
        always("category", "text"),
        always("type", "text"),
        always("title", "text"),
        always("start_date", "instant"),
        nullable("end_date", "instant"),
        always("notification_message", "text", default=""),
        always("related_event_tickers", "texts", default=()),
        always("primary_event_tickers", "texts", default=()),
        nullable("source_id", "text"),
        maybe("source_ids", "object", since=SOURCE_IDS_ADDED, source="docs-daily"),
        always("details", "object", default="{}"),
        always("last_updated_ts", "instant"),
    ),
    key=("id",),
)
STRUCTURED_TARGETS = Objects(
    "structured_targets",
    "StructuredTarget",
    (
        always("id", "text"),
        always("name", "text"),
        always("type", "text"),
        always("details", "object", default="{}"),
        maybe("source_id", "text"),
        maybe("source_ids", "object", since=SOURCE_IDS_ADDED, source="docs-daily"),
        always("last_updated_ts", "instant"),
    ),
    key=("id",),
)
TABLES = (MILESTONES, STRUCTURED_TARGETS)
READS = (
    page(
        "GetMilestones",
        "/milestones",
        MILESTONES,
        "milestones",
        Parameter(name="limit", kind="integer", minimum=1, maximum=500, required=True, source="docs-2025-11"),
        CURSOR,
        *texts("minimum_start_date", kind="instant"),
        *texts("category", "competition", "source_id", "type", "related_event_ticker"),
        Parameter(name="min_updated_ts", kind="integer", since="2026-02-25", source="docs-daily"),
        filters={
            **equal("category", "source_id", "type"),
            "competition": is_of_competition,
            "related_event_ticker": lambda call, row, ticker: ticker in row.related_event_tickers,
            "minimum_start_date": lambda call, row, at: row.start_date >= at,
            "min_updated_ts": not_before("last_updated_ts"),
        },
    ),
    one("GetMilestone", "/milestones/{milestone_id}", MILESTONES, "milestone"),
    page(
        "GetStructuredTargets",
        "/structured_targets",
        STRUCTURED_TARGETS,
        "structured_targets",
        Parameter(name="ids", kind="repeated", items_max=ITEMS_MAX, since="2026-03-31", source="docs-daily"),
        *texts("type", "competition"),
        limit(ITEMS_MAX, name="page_size"),
        CURSOR,
        limit="page_size",
        filters={
            "ids": lambda call, row, ids: row.id in ids,
            **equal("type"),
            "competition": is_of_competition,
        },
    ),
    one("GetStructuredTarget", "/structured_targets/{structured_target_id}", STRUCTURED_TARGETS, "structured_target"),
)
