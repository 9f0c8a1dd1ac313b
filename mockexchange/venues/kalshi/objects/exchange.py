"""Defines the JSON fields of the exchange's status, schedule and announcements, for each API date.

It also has those of the cutoff: the time before which rows are historical.
"""

from mockexchange.core.vocabulary import Severity
from mockexchange.venues.dated import ALWAYS, Field, Nested
from mockexchange.venues.kalshi.formatting import BOOLEAN, INSTANT, INTEGER, TEXT, one_of
from mockexchange.venues.kalshi.objects.rows import list_of, optional

SHARD_STATUS_ADDED = "2026-07-02"
SHARDS_DESCRIBED = "2026-08-13"
ARCHIVED_POSITIONS_ADDED = "2026-07-23"
DAYS = ("friday", "monday", "saturday", "sunday", "thursday", "tuesday", "wednesday")


def _flag(name: str, read: str, since: str = ALWAYS, source: str = "wire-2025-11") -> Field:
    return Field(name=name, spelling=BOOLEAN, read=read, since=since, source=source)


EXCHANGE_INDEX_STATUS: tuple[Field, ...] = (
    Field(name="description", spelling=TEXT, read="description", since=SHARDS_DESCRIBED, source="client-report"),
    _flag("exchange_active", "service.is_active", SHARD_STATUS_ADDED, "client-report"),
    Field(
        name="exchange_index", spelling=INTEGER, read="exchange_index", since=SHARD_STATUS_ADDED, source="client-report"
    ),
    _flag("intra_exchange_transfers_active", "service.is_active", SHARD_STATUS_ADDED, "client-report"),
    _flag("trading_active", "service.is_trading", SHARD_STATUS_ADDED, "client-report"),
)

EXCHANGE_STATUS: tuple[Field, ...] = (
    _flag("exchange_active", "service.is_active"),
    *optional("exchange_estimated_resume_time", INSTANT, "service.resume_at", source="wire-2025-11"),
    list_of(
        "exchange_index_statuses",
        "ExchangeIndexStatus",
        EXCHANGE_INDEX_STATUS,
        read="shards",
        since=SHARD_STATUS_ADDED,
        source="client-report",
    ),
    _flag("intra_exchange_transfers_active", "service.is_active", SHARD_STATUS_ADDED, "client-report"),
    _flag("trading_active", "service.is_trading"),
)

DAILY_SCHEDULE: tuple[Field, ...] = (
    Field(name="close_time", spelling=TEXT, read="close_time", source="docs-2025-11"),
    Field(name="open_time", spelling=TEXT, read="open_time", source="docs-2025-11"),
)
WEEKLY_SCHEDULE: tuple[Field, ...] = (
    Field(name="end_time", spelling=INSTANT, read="end_at", source="docs-2025-11"),
    *(list_of(day, "DailySchedule", DAILY_SCHEDULE, read="hours") for day in DAYS),
    Field(name="start_time", spelling=INSTANT, read="start_at", source="docs-2025-11"),
)
MAINTENANCE_WINDOW: tuple[Field, ...] = (
    Field(name="end_datetime", spelling=INSTANT, read="end_at", source="docs-2025-11"),
    Field(name="start_datetime", spelling=INSTANT, read="start_at", source="docs-2025-11"),
)
SCHEDULE: tuple[Field, ...] = (
    list_of("maintenance_windows", "MaintenanceWindow", MAINTENANCE_WINDOW, read="windows"),
    list_of("standard_hours", "WeeklySchedule", WEEKLY_SCHEDULE, read="weeks"),
)
GET_EXCHANGE_SCHEDULE_RESPONSE: tuple[Field, ...] = (
    Field(name="schedule", spelling=Nested("Schedule", SCHEDULE), read="schedule", source="docs-2025-11"),
)

ANNOUNCEMENT: tuple[Field, ...] = (
    Field(name="delivery_time", spelling=INSTANT, read="announcement.delivered_at", source="docs-2025-11"),
    Field(name="message", spelling=TEXT, read="announcement.message", source="docs-2025-11"),
    Field(name="status", spelling=one_of("active", "inactive"), read="status", source="docs-2025-11"),
    Field(name="type", spelling=one_of(*Severity), read="announcement.severity", source="docs-2025-11"),
)
GET_EXCHANGE_ANNOUNCEMENTS_RESPONSE: tuple[Field, ...] = (list_of("announcements", "Announcement", ANNOUNCEMENT),)

GET_USER_DATA_TIMESTAMP_RESPONSE: tuple[Field, ...] = (
    Field(name="as_of_time", spelling=INSTANT, read="at", source="docs-2025-11"),
)

GET_HISTORICAL_CUTOFF_RESPONSE: tuple[Field, ...] = (
    Field(
        name="market_positions_last_updated_ts",
        spelling=INSTANT,
        read="archived_before",
        since=ARCHIVED_POSITIONS_ADDED,
        source="sdk-3.34",
    ),
    Field(name="market_settled_ts", spelling=INSTANT, read="archived_before", source="openapi-3.13"),
    Field(name="orders_updated_ts", spelling=INSTANT, read="archived_before", source="openapi-3.13"),
    Field(name="trades_created_ts", spelling=INSTANT, read="archived_before", source="openapi-3.13"),
)
