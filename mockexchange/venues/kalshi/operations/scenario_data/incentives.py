"""Implements the operations that read the scenario's incentive programs and scheduled fee changes."""

from typing import Any

from mockexchange.venues.data_tables import DataRow
from mockexchange.venues.kalshi.operations.call import Call, PublicOperation
from mockexchange.venues.kalshi.operations.lists import ListTable
from mockexchange.venues.kalshi.operations.scenario_data.answers import answer_page, answer_rows, equal_to

PROGRAMS = ListTable("incentive_programs", "IncentiveProgram", cursor="next_cursor")
SERIES_CHANGES = ListTable("series_fee_change_arr", "SeriesFeeChange")
EVENT_CHANGES = ListTable("event_fee_changes", "EventFeeChange")
EVERYTHING = "all"


def status_of(row: DataRow, at: int) -> str:
    """Return the status of an incentive program at the time `at`."""
    if row.paid_out:
        return "paid_out"
    if at < row.start_date:
        return "upcoming"
    return "active" if at < row.end_date else "closed"


def is_in_status(call: Call, row: DataRow, status: Any) -> bool:
    return status in (EVERYTHING, status_of(row, call.at))


def is_of_type(call: Call, row: DataRow, kind: Any) -> bool:
    return kind in (EVERYTHING, row.incentive_type)


def is_shown(call: Call, row: DataRow, shows_past: Any) -> bool:
    """Return whether an answer shows a fee change: it is in the future, or the request asks for past changes too."""
    return bool(shows_past or row.scheduled_ts > call.at)


PROGRAM_FILTERS = {
    "status": is_in_status,
    "type": is_of_type,
    "incentive_description": equal_to("incentive_description"),
}
SERIES_FILTERS = {"series_ticker": equal_to("series_ticker"), "show_historical": is_shown}
EVENT_FILTERS = {"event_ticker": equal_to("event_ticker")}


def get_incentive_programs(call: Call) -> bytes:
    return answer_page(call, "incentive_programs", PROGRAMS, PROGRAM_FILTERS)


def get_series_fee_changes(call: Call) -> bytes:
    return answer_rows(call, "series_fee_changes", SERIES_CHANGES, SERIES_FILTERS)


def get_event_fee_changes(call: Call) -> bytes:
    return answer_page(call, "event_fee_changes", EVENT_CHANGES, EVENT_FILTERS)


OPERATIONS = (
    PublicOperation(
        name="GetIncentivePrograms",
        path="/incentive_programs",
        answer=get_incentive_programs,
        answer_table="GetIncentiveProgramsResponse",
    ),
    PublicOperation(
        name="GetSeriesFeeChanges",
        path="/series/fee_changes",
        answer=get_series_fee_changes,
        answer_table="GetSeriesFeeChangesResponse",
    ),
    PublicOperation(
        name="GetEventFeeChanges",
        path="/events/fee_changes",
        answer=get_event_fee_changes,
        answer_table="GetEventFeeChangesResponse",
    ),
)
