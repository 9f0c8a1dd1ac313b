"""Implements the operations that read the exchange's status, schedule and announcements."""

from typing import NamedTuple

from mockexchange.core.instants import parse_instant
from mockexchange.core.model.state import Announcement, Service
from mockexchange.venues.kalshi.operations.call import Call, PublicOperation, cached_answer, exchange_indexes, write

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
)
