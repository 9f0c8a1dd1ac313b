"""Defines the columns of milestones and structured targets, such as a game and its players, in a scenario."""

from mockexchange.venues.data_tables import DataTable
from mockexchange.venues.dated import Field, Nested
from mockexchange.venues.kalshi.objects.rows import CURSOR, list_of
from mockexchange.venues.kalshi.objects.scenario_data.columns import Column, always, fields_of, maybe, nullable

SOURCE_IDS_ADDED = "2026-03-02"

_MILESTONE: tuple[Column, ...] = (
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
)
MILESTONES = DataTable(_MILESTONE, ("id",))
MILESTONE: tuple[Field, ...] = fields_of(_MILESTONE)
GET_MILESTONES_RESPONSE: tuple[Field, ...] = (CURSOR, list_of("milestones", "Milestone", MILESTONE))
GET_MILESTONE_RESPONSE: tuple[Field, ...] = (
    Field(name="milestone", spelling=Nested("Milestone", MILESTONE), read="row", source="docs-2025-11"),
)

_TARGET: tuple[Column, ...] = (
    always("id", "text"),
    always("name", "text"),
    always("type", "text"),
    always("details", "object", default="{}"),
    maybe("source_id", "text"),
    maybe("source_ids", "object", since=SOURCE_IDS_ADDED, source="docs-daily"),
    always("last_updated_ts", "instant"),
)
STRUCTURED_TARGETS = DataTable(_TARGET, ("id",))
STRUCTURED_TARGET: tuple[Field, ...] = fields_of(_TARGET)
GET_STRUCTURED_TARGETS_RESPONSE: tuple[Field, ...] = (
    CURSOR,
    list_of("structured_targets", "StructuredTarget", STRUCTURED_TARGET),
)
GET_STRUCTURED_TARGET_RESPONSE: tuple[Field, ...] = (
    Field(
        name="structured_target",
        spelling=Nested("StructuredTarget", STRUCTURED_TARGET),
        read="row",
        source="docs-2025-11",
    ),
)
