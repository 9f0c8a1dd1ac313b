"""The exchange's status, schedule and announcements, and the cutoff: the time before which rows are historical."""

from typing import NamedTuple

from mockexchange.core.instants import parse_instant
from mockexchange.core.model.state import Announcement, Service
from mockexchange.core.vocabulary import Severity
from mockexchange.venues.dated_fields import ALWAYS, Field, Nested
from mockexchange.venues.kalshi.formatting import BOOLEAN, INSTANT, INTEGER, TEXT, one_of
from mockexchange.venues.kalshi.resources.call import Call, PublicOperation, cached_answer, exchange_indexes, write
from mockexchange.venues.kalshi.resources.fields import list_of, optional, table

# --- fields of answers

SHARD_STATUS_ADDED = "2026-07-02"
SHARDS_DESCRIBED = "2026-08-13"
ARCHIVED_POSITIONS_ADDED = "2026-07-23"
DAYS = ("friday", "monday", "saturday", "sunday", "thursday", "tuesday", "wednesday")


def _flag(name: str, read: str, since: str = ALWAYS, source: str = "wire-2025-11") -> Field:
    return Field(name=name, spelling=BOOLEAN, read=read, since=since, source=source)


EXCHANGE_INDEX_STATUS = table(
    "ExchangeIndexStatus",
    Field(name="description", spelling=TEXT, read="description", since=SHARDS_DESCRIBED, source="client-report"),
    _flag("exchange_active", "service.is_active", SHARD_STATUS_ADDED, "client-report"),
    Field(
        name="exchange_index",
        spelling=INTEGER,
        read="exchange_index",
        since=SHARD_STATUS_ADDED,
        source="client-report",
    ),
    _flag("intra_exchange_transfers_active", "service.is_active", SHARD_STATUS_ADDED, "client-report"),
    _flag("trading_active", "service.is_trading", SHARD_STATUS_ADDED, "client-report"),
)

EXCHANGE_STATUS = table(
    "ExchangeStatus",
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

DAILY_SCHEDULE = table(
    "DailySchedule",
    Field(name="close_time", spelling=TEXT, read="close_time", source="docs-2025-11"),
    Field(name="open_time", spelling=TEXT, read="open_time", source="docs-2025-11"),
)
WEEKLY_SCHEDULE = table(
    "WeeklySchedule",
    Field(name="end_time", spelling=INSTANT, read="end_at", source="docs-2025-11"),
    *(list_of(day, "DailySchedule", DAILY_SCHEDULE, read="hours") for day in DAYS),
    Field(name="start_time", spelling=INSTANT, read="start_at", source="docs-2025-11"),
)
MAINTENANCE_WINDOW = table(
    "MaintenanceWindow",
    Field(name="end_datetime", spelling=INSTANT, read="end_at", source="docs-2025-11"),
    Field(name="start_datetime", spelling=INSTANT, read="start_at", source="docs-2025-11"),
)
SCHEDULE = table(
    "Schedule",
    list_of("maintenance_windows", "MaintenanceWindow", MAINTENANCE_WINDOW, read="windows"),
    list_of("standard_hours", "WeeklySchedule", WEEKLY_SCHEDULE, read="weeks"),
)
GET_EXCHANGE_SCHEDULE_RESPONSE = table(
    "GetExchangeScheduleResponse",
    Field(name="schedule", spelling=Nested("Schedule", SCHEDULE), read="schedule", source="docs-2025-11"),
)

ANNOUNCEMENT = table(
    "Announcement",
    Field(name="delivery_time", spelling=INSTANT, read="announcement.delivered_at", source="docs-2025-11"),
    Field(name="message", spelling=TEXT, read="announcement.message", source="docs-2025-11"),
    Field(name="status", spelling=one_of("active", "inactive"), read="status", source="docs-2025-11"),
    Field(name="type", spelling=one_of(*Severity), read="announcement.severity", source="docs-2025-11"),
)
GET_EXCHANGE_ANNOUNCEMENTS_RESPONSE = table(
    "GetExchangeAnnouncementsResponse", list_of("announcements", "Announcement", ANNOUNCEMENT)
)

GET_USER_DATA_TIMESTAMP_RESPONSE = table(
    "GetUserDataTimestampResponse", Field(name="as_of_time", spelling=INSTANT, read="at", source="docs-2025-11")
)

GET_HISTORICAL_CUTOFF_RESPONSE = table(
    "GetHistoricalCutoffResponse",
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

# --- operations

CACHE_CONTROL = (b"cache-control", b"public, max-age=1")
"""Header of the answer to one operation (recorded in November 2025, and on no other operation)."""


class Shard(NamedTuple):
    exchange_index: int
    service: Service

    @property
    def description(self) -> str:
        return f"Exchange index {self.exchange_index}" if self.exchange_index else "Default"


class Status(NamedTuple):
    """The status of the exchange and of its shards, which open and halt only together."""

    service: Service
    shards: tuple[Shard, ...]


class Hours(NamedTuple):
    open_time: str = "00:00"
    close_time: str = "24:00"


class Week(NamedTuple):
    start_at: int
    end_at: int
    hours: tuple[Hours, ...] = (Hours(),)


class Schedule(NamedTuple):
    """The trading schedule: the exchange is always open, like the sandbox."""

    weeks: tuple[Week, ...] = (Week(parse_instant("2025-01-01"), parse_instant("2030-01-01")),)
    windows: tuple[()] = ()


class ScheduleAnswer(NamedTuple):
    schedule: Schedule


class AnnouncementView(NamedTuple):
    announcement: Announcement

    @property
    def status(self) -> str:
        return "active" if self.announcement.is_active else "inactive"


class Announcements(NamedTuple):
    announcements: list[AnnouncementView]


def get_exchange_status(call: Call) -> bytes:
    """Return the status of the exchange and its shards.

    The answer is cached until an event is listed, since that can add a shard.
    """
    service = call.state.service
    shown = (service.is_active, service.is_trading, service.resume_at)
    return cached_answer(call, len(call.state.events), lambda: write(call, _status(call)), *shown)


def get_exchange_schedule(call: Call) -> bytes:
    return write(call, ScheduleAnswer(Schedule()))


def get_exchange_announcements(call: Call) -> bytes:
    """Return announcements, newest first; with the same delivery time, the one announced last comes first."""
    oldest_first = sorted(call.state.announcements, key=lambda one: one.delivered_at)
    return write(call, Announcements([AnnouncementView(one) for one in reversed(oldest_first)]))


def get_user_data_timestamp(call: Call) -> bytes:
    """Return the time of the data that reads show: now, or an earlier time if a fault makes reads late."""
    return write(call, call)


def _status(call: Call) -> Status:
    service = call.state.service
    return Status(service, tuple(Shard(index, service) for index in exchange_indexes(call)))


def get_historical_cutoff(call: Call) -> bytes:
    return write(call, call.state)


OPERATIONS = (
    PublicOperation(
        name="GetExchangeStatus",
        path="/exchange/status",
        answer=get_exchange_status,
        answer_table="ExchangeStatus",
        headers=(CACHE_CONTROL,),
    ),
    PublicOperation(
        name="GetExchangeSchedule",
        path="/exchange/schedule",
        answer=get_exchange_schedule,
        answer_table="GetExchangeScheduleResponse",
    ),
    PublicOperation(
        name="GetExchangeAnnouncements",
        path="/exchange/announcements",
        answer=get_exchange_announcements,
        answer_table="GetExchangeAnnouncementsResponse",
    ),
    PublicOperation(
        name="GetUserDataTimestamp",
        path="/exchange/user_data_timestamp",
        answer=get_user_data_timestamp,
        answer_table="GetUserDataTimestampResponse",
    ),
    PublicOperation(
        name="GetHistoricalCutoff",
        path="/historical/cutoff",
        answer=get_historical_cutoff,
        answer_table="GetHistoricalCutoffResponse",
    ),
)
