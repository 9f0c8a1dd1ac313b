"""Incentive programs, and scheduled fee changes of series and events."""

from typing import Any

from mockexchange.core.vocabulary import FeeType
from mockexchange.venues.data_tables import DataRow
from mockexchange.venues.dated_fields import Field, Spelling
from mockexchange.venues.kalshi.formatting import TEXT, text
from mockexchange.venues.kalshi.market_ids import market_id
from mockexchange.venues.kalshi.resources.parameters import CURSOR, Parameter
from mockexchange.venues.kalshi.resources.scenario_reads import (
    Asked,
    Column,
    Objects,
    always,
    choice,
    count,
    equal,
    flag,
    limit,
    maybe,
    nullable,
    page,
    rows,
    texts,
)

MARKET_IDS_ADDED = "2026-02-06"
DESCRIPTIONS_ADDED = "2026-04-29"
CAPS_ADDED = "2026-08-22"
FEE_TYPES = tuple(FeeType)
MARKET_ID = Spelling("string", lambda ticker: text(market_id(ticker)))
EVERYTHING = "all"
TYPES_ASKED = (EVERYTHING, "liquidity", "volume")


def status_of(row: DataRow, at: int) -> str:
    """Return the status of an incentive program at the time `at`."""
    if row.paid_out:
        return "paid_out"
    if at < row.start_date:
        return "upcoming"
    return "active" if at < row.end_date else "closed"


def is_shown(call: Asked, row: DataRow, shows_past: Any) -> bool:
    """Return whether an answer shows a fee change: it is in the future, or the request asks for past changes too."""
    return bool(shows_past or row.scheduled_ts > call.at)


INCENTIVE_PROGRAMS = Objects(
    "incentive_programs",
    "IncentiveProgram",
    (
        always("id", "text"),
        Column(
            name="market_ticker",
            kind="text",
            is_required=True,
            wire=(
                Field(
                    name="market_id",
                    spelling=MARKET_ID,
                    read="market_ticker",
                    since=MARKET_IDS_ADDED,
                    source="docs-daily",
                ),
                Field(name="market_ticker", spelling=TEXT, read="market_ticker", source="docs-2025-11"),
            ),
        ),
        always("incentive_type", "text", choices=("liquidity", "volume", "margin_maker_volume", "margin_taker_volume")),
        always("incentive_description", "text", default="", since=DESCRIPTIONS_ADDED, source="docs-daily"),
        always("start_date", "instant"),
        always("end_date", "instant"),
        always("period_reward", "integer"),
        always("paid_out", "boolean", default=False),
        nullable("discount_factor_bps", "integer"),
        count("target_size", is_nullable=True),
        nullable("max_reward_per_account", "integer", since=CAPS_ADDED, source="docs-daily"),
    ),
    ("id",),
)
SERIES_FEE_CHANGES = Objects(
    "series_fee_changes",
    "SeriesFeeChange",
    (
        always("id", "text"),
        always("series_ticker", "text"),
        always("fee_type", "text", choices=FEE_TYPES),
        always("fee_multiplier", "number"),
        always("scheduled_ts", "instant"),
    ),
    ("id",),
)
EVENT_FEE_CHANGES = Objects(
    "event_fee_changes",
    "EventFeeChange",
    (
        always("id", "text", source="docs-daily"),
        always("event_ticker", "text", source="docs-daily"),
        always("series_ticker", "text", source="docs-daily"),
        maybe("fee_type_override", "text", choices=FEE_TYPES, empty="null", source="docs-daily"),
        maybe("fee_multiplier_override", "number", empty="null", source="docs-daily"),
        always("scheduled_ts", "instant", source="docs-daily"),
    ),
    ("id",),
)
TABLES = (INCENTIVE_PROGRAMS, SERIES_FEE_CHANGES, EVENT_FEE_CHANGES)
READS = (
    page(
        "GetIncentivePrograms",
        "/incentive_programs",
        INCENTIVE_PROGRAMS,
        "incentive_programs",
        choice("status", EVERYTHING, "active", "upcoming", "closed", "paid_out"),
        Parameter(name="type", kind="choice", choices=TYPES_ASKED, until=CAPS_ADDED, source="docs-2025-11"),
        choice("type", *TYPES_ASKED, "margin_maker_volume", since=CAPS_ADDED, source="docs-daily"),
        *texts("incentive_description", since=DESCRIPTIONS_ADDED, source="docs-daily"),
        limit(10_000),
        CURSOR,
        cursor="next_cursor",
        filters={
            "status": lambda call, row, status: status in (EVERYTHING, status_of(row, call.at)),
            "type": lambda call, row, kind: kind in (EVERYTHING, row.incentive_type),
            **equal("incentive_description"),
        },
    ),
    rows(
        "GetSeriesFeeChanges",
        "/series/fee_changes",
        SERIES_FEE_CHANGES,
        "series_fee_change_arr",
        *texts("series_ticker"),
        flag("show_historical"),
        filters={**equal("series_ticker"), "show_historical": is_shown},
    ),
    page(
        "GetEventFeeChanges",
        "/events/fee_changes",
        EVENT_FEE_CHANGES,
        "event_fee_changes",
        *texts("event_ticker", source="docs-daily"),
        limit(1_000, source="docs-daily"),
        CURSOR,
        source="docs-daily",
        filters=equal("event_ticker"),
    ),
)
