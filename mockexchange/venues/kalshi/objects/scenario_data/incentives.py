"""Defines the columns of incentive programs, and of scheduled fee changes of series and events, in a scenario."""

from mockexchange.core.vocabulary import FeeType
from mockexchange.venues.data_tables import DataTable
from mockexchange.venues.dated import Field, Spelling
from mockexchange.venues.kalshi.formatting import TEXT, text
from mockexchange.venues.kalshi.market_ids import market_id
from mockexchange.venues.kalshi.objects.rows import CURSOR, list_of
from mockexchange.venues.kalshi.objects.scenario_data.columns import Column, always, count, fields_of, maybe, nullable

INCENTIVE_TYPES = ("liquidity", "volume", "margin_maker_volume", "margin_taker_volume")
MARKET_IDS_ADDED = "2026-02-06"
DESCRIPTIONS_ADDED = "2026-04-29"
CAPS_ADDED = "2026-08-22"
FEE_TYPES = tuple(FeeType)
MARKET_ID = Spelling("string", lambda ticker: text(market_id(ticker)))

_MARKET = Column(
    name="market_ticker",
    kind="text",
    is_required=True,
    wire=(
        Field(name="market_id", spelling=MARKET_ID, read="market_ticker", since=MARKET_IDS_ADDED, source="docs-daily"),
        Field(name="market_ticker", spelling=TEXT, read="market_ticker", source="docs-2025-11"),
    ),
)
_PROGRAM: tuple[Column, ...] = (
    always("id", "text"),
    _MARKET,
    always("incentive_type", "text", choices=INCENTIVE_TYPES),
    always("incentive_description", "text", default="", since=DESCRIPTIONS_ADDED, source="docs-daily"),
    always("start_date", "instant"),
    always("end_date", "instant"),
    always("period_reward", "integer"),
    always("paid_out", "boolean", default=False),
    nullable("discount_factor_bps", "integer"),
    count("target_size", is_nullable=True),
    nullable("max_reward_per_account", "integer", since=CAPS_ADDED, source="docs-daily"),
)
INCENTIVE_PROGRAMS = DataTable(_PROGRAM, ("id",))
INCENTIVE_PROGRAM: tuple[Field, ...] = fields_of(_PROGRAM)
GET_INCENTIVE_PROGRAMS_RESPONSE: tuple[Field, ...] = (
    list_of("incentive_programs", "IncentiveProgram", INCENTIVE_PROGRAM),
    Field(name="next_cursor", spelling=TEXT, read="next_cursor", source="docs-2025-11"),
)

_SERIES_CHANGE: tuple[Column, ...] = (
    always("id", "text"),
    always("series_ticker", "text"),
    always("fee_type", "text", choices=FEE_TYPES),
    always("fee_multiplier", "number"),
    always("scheduled_ts", "instant"),
)
SERIES_FEE_CHANGES = DataTable(_SERIES_CHANGE, ("id",))
SERIES_FEE_CHANGE: tuple[Field, ...] = fields_of(_SERIES_CHANGE)
GET_SERIES_FEE_CHANGES_RESPONSE: tuple[Field, ...] = (
    list_of("series_fee_change_arr", "SeriesFeeChange", SERIES_FEE_CHANGE),
)

_EVENT_CHANGE: tuple[Column, ...] = (
    always("id", "text", source="docs-daily"),
    always("event_ticker", "text", source="docs-daily"),
    always("series_ticker", "text", source="docs-daily"),
    maybe("fee_type_override", "text", choices=FEE_TYPES, empty="null", source="docs-daily"),
    maybe("fee_multiplier_override", "number", empty="null", source="docs-daily"),
    always("scheduled_ts", "instant", source="docs-daily"),
)
EVENT_FEE_CHANGES = DataTable(_EVENT_CHANGE, ("id",))
EVENT_FEE_CHANGE: tuple[Field, ...] = fields_of(_EVENT_CHANGE)
GET_EVENT_FEE_CHANGES_RESPONSE: tuple[Field, ...] = (
    CURSOR,
    list_of("event_fee_changes", "EventFeeChange", EVENT_FEE_CHANGE, source="docs-daily"),
)
