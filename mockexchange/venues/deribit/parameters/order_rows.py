"""Defines the parameters of the operations that place, edit and cancel orders."""

from msgspec.structs import replace

from mockexchange.core.derivatives.vocabulary import OrderLife
from mockexchange.venues.deribit.enumerations import (
    CANCEL_TYPES,
    CURRENCIES,
    LINKED_TYPES,
    ORDER_TYPES,
    TRADE_KINDS,
    TRIGGERS,
)
from mockexchange.venues.deribit.parameters.rows import (
    CURRENCY,
    INSTRUMENT_NAME,
    ORDER_ID,
    choice,
    currency,
    flag,
    integer,
    kind,
    label,
    number,
)

AMOUNTS = (number("amount"), number("contracts"), number("price"))
SHOWN_AMOUNTS = (number("max_show"), number("display_amount"))
FLAGS = (flag("post_only"), flag("reject_post_only"), flag("reduce_only"))
OPTIONS = (flag("mmp"), integer("valid_until"), choice("advanced", ("usd", "implv")))
CLOSE_TYPES = ("limit", "market")
DETAILED = (flag("detailed"),)
CANCEL_TYPE = choice("type", tuple(CANCEL_TYPES))
TRIGGER_PRICE = number("trigger_price")

PLACE = (
    INSTRUMENT_NAME,
    *AMOUNTS,
    choice("type", ORDER_TYPES, default="limit"),
    choice("time_in_force", tuple(map(str, OrderLife)), default=OrderLife.GOOD_TIL_CANCELLED),
    label(),
    *FLAGS,
    *SHOWN_AMOUNTS,
    choice("trigger", TRIGGERS),
    TRIGGER_PRICE,
    *OPTIONS,
    choice("linked_order_type", LINKED_TYPES),
)
CLOSE = (INSTRUMENT_NAME, replace(choice("type", CLOSE_TYPES), required=True), number("price"))
EDIT = (ORDER_ID, *AMOUNTS, *FLAGS, TRIGGER_PRICE, *OPTIONS)
EDIT_BY_LABEL = (label(required=True), INSTRUMENT_NAME, *AMOUNTS, *FLAGS, TRIGGER_PRICE, *OPTIONS)
CANCEL = (ORDER_ID,)
CANCEL_ALL = DETAILED
CANCEL_ALL_BY_CURRENCY = (CURRENCY, kind(TRADE_KINDS), CANCEL_TYPE, *DETAILED)
CANCEL_ALL_BY_INSTRUMENT = (INSTRUMENT_NAME, CANCEL_TYPE, *DETAILED)
CANCEL_BY_LABEL = (label(required=True), currency(*CURRENCIES))
