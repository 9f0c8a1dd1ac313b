"""Defines the fields of messages of the channel order_group_updates, which was added in January 2026.

The keys are in the order of the frames of June 2026.
"""

from typing import NamedTuple

from mockexchange.venues.dated_fields import Field
from mockexchange.venues.kalshi.formatting import COUNT_2, TEXT, UNIX_MILLISECONDS, one_of
from mockexchange.venues.kalshi.frames.rows import GROUP_TIMES_ADDED, ORDER_GROUPS_ADDED, row

EVENT_TYPE = one_of("created", "triggered", "reset", "deleted", "limit_updated")

ORDER_GROUP_UPDATES: tuple[Field, ...] = (
    row("event_type", EVENT_TYPE, "event_type", ORDER_GROUPS_ADDED, source="stream-2026-06"),
    row("order_group_id", TEXT, "group", ORDER_GROUPS_ADDED, source="stream-2026-06"),
    # Only in the two types with a limit (recorded).
    row("contracts_limit_fp", COUNT_2, "limit_centis", ORDER_GROUPS_ADDED, source="stream-2026-06", empty="absent"),
    row("ts_ms", UNIX_MILLISECONDS, "at", GROUP_TIMES_ADDED, source="changelog"),
)

# --- what they show


class GroupView(NamedTuple):
    event_type: str
    group: str
    limit_centis: int | None
    at: int
