"""Defines the JSON fields of objects for FCM members, for each API date: fills and rules of subtraders."""

from mockexchange.venues.dated import Field, Spelling
from mockexchange.venues.kalshi.formatting import (
    BOOLEAN,
    COUNT_2,
    DAY,
    DOLLARS_4,
    DOLLARS_6,
    INSTANT,
    INTEGER,
    INTEGERS,
    PRICE_4,
    SIDE,
    TEXT,
    TEXTS,
)
from mockexchange.venues.kalshi.objects.rows import CURSOR, list_of


def _field(name: str, spelling: Spelling, read: str = "") -> Field:
    return Field(name=name, spelling=spelling, read=read or name, source="sdk-3.34")


def _side(role: str) -> tuple[Field, ...]:
    """Return the rows of one side of a trade; its keys are left out unless that side belongs to the FCM."""
    parts = (("fee_cost", DOLLARS_6), ("order_id", TEXT), ("subtrader_id", TEXT))
    return tuple(
        Field(name=f"{role}_{name}", spelling=spelling, read=f"{role}_{name}", empty="absent", source="sdk-3.34")
        for name, spelling in parts
    )


FCM_FILL: tuple[Field, ...] = (
    _field("count_fp", COUNT_2, "trade.count_centis"),
    _field("created_time", INSTANT, "trade.created_at"),
    _field("exchange_index", INTEGER, "trade.market.event.exchange_index"),
    _field("fill_id", TEXT, "trade.trade_id"),
    *_side("maker"),
    *_side("taker"),
    _field("taker_outcome_side", SIDE, "trade.taker_side"),
    _field("ticker", TEXT, "trade.market.ticker"),
    _field("yes_price_dollars", PRICE_4, "trade.yes_centicents"),
)

GET_FCM_FILLS_RESPONSE: tuple[Field, ...] = (CURSOR, list_of("fills", "FcmFill", FCM_FILL, source="sdk-3.34"))

FCM_SUBTRADER: tuple[Field, ...] = (
    _field("exchange_indices", INTEGERS),
    _field("fcm_trading_blocked", BOOLEAN),
    _field("propagation_pending", BOOLEAN),
    _field("subtrader_id", TEXT),
    _field("trading_blocked", BOOLEAN),
)

LIST_FCM_SUBTRADERS_RESPONSE: tuple[Field, ...] = (
    list_of("subtraders", "FCMSubtrader", FCM_SUBTRADER, source="sdk-3.34"),
)

GET_FCM_SUBTRADER_BLOCKED_CATEGORIES_RESPONSE: tuple[Field, ...] = (_field("categories", TEXTS),)

GET_FCM_EVENT_CONTRACT_DAILY_CAP_RESPONSE: tuple[Field, ...] = (
    _field("cap_date", DAY),
    _field("executed_utilization", DOLLARS_4),
    _field("limit", DOLLARS_4),
    _field("pending_order_utilization", DOLLARS_4),
    _field("resting_order_utilization", DOLLARS_4),
    _field("subtrader_id", TEXT),
)

CREATE_FCM_SUBTRADER_RESPONSE: tuple[Field, ...] = (_field("subtrader_id", TEXT),)
CREATE_FCM_POSITION_TRANSFER_RESPONSE: tuple[Field, ...] = (_field("position_transfer_id", TEXT),)
