"""Defines the JSON fields of answers to placing, canceling and amending orders, for each API date.

The first generation of these operations answers with the whole order, the second with counts and average prices.
"""

from mockexchange.venues.dated import ALWAYS, FOREVER, Empty, Field, Nested, Spelling
from mockexchange.venues.kalshi.dates import AUTUMN_2026, INTEGERS_REMOVED
from mockexchange.venues.kalshi.formatting import CONTRACTS, COUNT_2, DOLLARS_4, INTEGER, TEXT, unix_milliseconds
from mockexchange.venues.kalshi.objects.orders import ORDER
from mockexchange.venues.kalshi.objects.rows import list_of, maybe

TIMES_ADDED = "2026-05-05"
FEES_ADDED = "2026-04-29"
COUNTS_ADDED = "2026-01-22"
WIRE = "wire-2026-06"

IN_MILLISECONDS = Spelling(INTEGER.kind, unix_milliseconds)
_NESTED_ORDER = Nested("Order", ORDER)
_ORDER_ID = Field(name="order_id", spelling=TEXT, read="order.order_id", source=WIRE)
_TIME = Field(name="ts_ms", spelling=IN_MILLISECONDS, read="order.updated_at", since=TIMES_ADDED, source=WIRE)


def _reduced() -> tuple[Field, ...]:
    return (
        Field(
            name="reduced_by", spelling=CONTRACTS, read="reduced_centis", until=INTEGERS_REMOVED, source="demo-2026-01"
        ),
        Field(name="reduced_by_fp", spelling=COUNT_2, read="reduced_centis", since=COUNTS_ADDED, source=WIRE),
    )


# --- the first generation

CREATE_ORDER_RESPONSE: tuple[Field, ...] = (
    Field(name="order", spelling=_NESTED_ORDER, read="view", source="demo-2026-01"),
)
CANCEL_ORDER_RESPONSE: tuple[Field, ...] = (*CREATE_ORDER_RESPONSE, *_reduced())
DECREASE_ORDER_RESPONSE = CREATE_ORDER_RESPONSE
AMEND_ORDER_RESPONSE: tuple[Field, ...] = (
    Field(name="old_order", spelling=_NESTED_ORDER, read="old_view", source="demo-2026-01"),
    *CREATE_ORDER_RESPONSE,
)

# --- the second generation


def _fills(empty: Empty, since: str = ALWAYS, until: str = FOREVER) -> tuple[Field, ...]:
    """Return the averages of the contracts that the write filled."""
    rows = (
        ("average_fee_paid", "average_fee_micros", FEES_ADDED),
        ("average_fill_price", "average_price_micros", ALWAYS),
    )
    return tuple(
        Field(name=name, spelling=DOLLARS_4, read=read, empty=empty, since=max(since, added), until=until, source=WIRE)
        for name, read, added in rows
    )


def _changed(name: str, read: str) -> tuple[Field, ...]:
    """Return a count of an amendment: left out if nothing filled or changed size (recorded 2026-06-12), later null."""
    return (
        Field(name=name, spelling=COUNT_2, read=read, empty="absent", until=AUTUMN_2026, source=WIRE),
        Field(name=name, spelling=COUNT_2, read=read, empty="null", since=AUTUMN_2026, source="sdk-3.34"),
    )


CREATE_ORDER_V2_RESPONSE: tuple[Field, ...] = (
    *_fills("absent"),
    maybe("client_order_id", TEXT, "client_order_id", source=WIRE),
    Field(name="fill_count", spelling=COUNT_2, read="fill_centis", source=WIRE),
    _ORDER_ID,
    Field(name="remaining_count", spelling=COUNT_2, read="order.remaining_centis", source=WIRE),
    _TIME,
)
# The pages show client_order_id here too; the recorded answer about an order that had one was without it.
CANCEL_ORDER_V2_RESPONSE: tuple[Field, ...] = (
    _ORDER_ID,
    Field(name="reduced_by", spelling=COUNT_2, read="reduced_centis", source=WIRE),
    _TIME,
)
DECREASE_ORDER_V2_RESPONSE: tuple[Field, ...] = (
    _ORDER_ID,
    Field(name="remaining_count", spelling=COUNT_2, read="order.remaining_centis", source=WIRE),
    _TIME,
)
AMEND_ORDER_V2_RESPONSE: tuple[Field, ...] = (
    *_fills("absent", until=AUTUMN_2026),
    *_fills("null", since=AUTUMN_2026),
    *_changed("fill_count", "changed_fill_centis"),
    _ORDER_ID,
    *_changed("remaining_count", "changed_remaining_centis"),
    _TIME,
)

# --- batches: every key of an item is written, null where it has no value

RAW_ERROR = Spelling("error or null", lambda error: error)
_ERROR = Field(name="error", spelling=RAW_ERROR, read="error_json", empty="null", source="demo-2026-01")


def _item(name: str, spelling: Spelling | Nested, read: str, since: str = ALWAYS) -> Field:
    return Field(name=name, spelling=spelling, read=read, empty="null", since=since, source="openapi-3.21")


BATCH_CREATE_ITEM: tuple[Field, ...] = (
    # Null even in the recorded successes.
    Field(name="client_order_id", spelling=TEXT, read="nothing", empty="null", source="demo-2026-01"),
    _ERROR,
    Field(name="order", spelling=_NESTED_ORDER, read="view", empty="null", source="demo-2026-01"),
)
BATCH_CANCEL_ITEM: tuple[Field, ...] = (
    _ERROR,
    Field(name="order", spelling=_NESTED_ORDER, read="view", empty="null", source="demo-2026-01"),
    # Empty in the recorded successes.
    Field(name="order_id", spelling=TEXT, read="refused_id", source="demo-2026-01"),
    *_reduced(),
)
BATCH_CREATE_ITEM_V2: tuple[Field, ...] = (
    *_fills("null"),
    _item("client_order_id", TEXT, "client_order_id"),
    _ERROR,
    _item("fill_count", COUNT_2, "fill_centis_or_none"),
    maybe("order_id", TEXT, "order_id", source="openapi-3.21"),
    _item("remaining_count", COUNT_2, "remaining_centis_or_none"),
    _item("ts_ms", INTEGER, "ts_ms", TIMES_ADDED),
)
BATCH_CANCEL_ITEM_V2: tuple[Field, ...] = (
    _item("client_order_id", TEXT, "nothing"),
    _ERROR,
    Field(name="order_id", spelling=TEXT, read="order_id", source="openapi-3.21"),
    Field(name="reduced_by", spelling=COUNT_2, read="reduced_centis", source="openapi-3.21"),
    _item("ts_ms", INTEGER, "ts_ms", TIMES_ADDED),
)


def _orders_of(item: str, fields: tuple[Field, ...]) -> tuple[Field, ...]:
    return (list_of("orders", item, fields),)


OBJECTS: dict[str, tuple[Field, ...]] = {
    "CreateOrderResponse": CREATE_ORDER_RESPONSE,
    "CancelOrderResponse": CANCEL_ORDER_RESPONSE,
    "DecreaseOrderResponse": DECREASE_ORDER_RESPONSE,
    "AmendOrderResponse": AMEND_ORDER_RESPONSE,
    "BatchCreateOrdersResponse": _orders_of("BatchCreateOrdersIndividualResponse", BATCH_CREATE_ITEM),
    "BatchCreateOrdersIndividualResponse": BATCH_CREATE_ITEM,
    "BatchCancelOrdersResponse": _orders_of("BatchCancelOrdersIndividualResponse", BATCH_CANCEL_ITEM),
    "BatchCancelOrdersIndividualResponse": BATCH_CANCEL_ITEM,
    "CreateOrderV2Response": CREATE_ORDER_V2_RESPONSE,
    "CancelOrderV2Response": CANCEL_ORDER_V2_RESPONSE,
    "DecreaseOrderV2Response": DECREASE_ORDER_V2_RESPONSE,
    "AmendOrderV2Response": AMEND_ORDER_V2_RESPONSE,
    "BatchCreateOrdersV2Response": _orders_of("BatchCreateOrdersV2ResponseOrdersInner", BATCH_CREATE_ITEM_V2),
    "BatchCreateOrdersV2ResponseOrdersInner": BATCH_CREATE_ITEM_V2,
    "BatchCancelOrdersV2Response": _orders_of("BatchCancelOrdersV2ResponseOrdersInner", BATCH_CANCEL_ITEM_V2),
    "BatchCancelOrdersV2ResponseOrdersInner": BATCH_CANCEL_ITEM_V2,
}
