"""Defines the request bodies of the newer order operations, below /portfolio/events/orders (the second generation)."""

from mockexchange.venues.dated import ALWAYS, FOREVER
from mockexchange.venues.kalshi.bodies.rows import (
    EXCHANGE_INDEX_IN_BODIES,
    Body,
    BodyField,
    Kind,
    exchange_index,
    expiry,
    optional,
    subaccount,
)
from mockexchange.venues.kalshi.dates import AUTUMN_2026

TIMES_IN_FORCE = ("fill_or_kill", "good_till_canceled", "immediate_or_cancel")
SELF_TRADE_PREVENTIONS = ("taker_at_cross", "maker")
CLIENT_ID_MADE_OPTIONAL = "2026-06-03"
ROUTED_BY_TICKER = "2026-06-22"
REDUCE_BY_ADDED = "2026-05-12"
SOURCE = "openapi-3.21"


def required(
    name: str, kind: Kind, *choices: str, since: str = ALWAYS, until: str = FOREVER, source: str = SOURCE
) -> BodyField:
    return BodyField(name=name, kind=kind, choices=choices, required=True, since=since, until=until, source=source)


EXCHANGE_INDEX = (
    BodyField(
        name="exchange_index",
        kind="integer",
        minimum=0,
        maximum=2**31 - 1,
        since=EXCHANGE_INDEX_IN_BODIES,
        until=ROUTED_BY_TICKER,
        source="changelog",
    ),
    exchange_index(ROUTED_BY_TICKER, minimum=-1),
)

CREATE_ORDER = Body(
    struct="CreateOrderV2Request",
    fields=(
        required("ticker", "text"),
        required("side", "choice", "bid", "ask"),
        required("count", "count"),
        required("price", "price"),
        required("time_in_force", "choice", *TIMES_IN_FORCE),
        required("self_trade_prevention_type", "choice", *SELF_TRADE_PREVENTIONS),
        required("client_order_id", "client_id", until=CLIENT_ID_MADE_OPTIONAL, source="changelog"),
        optional("client_order_id", "client_id", since=CLIENT_ID_MADE_OPTIONAL, source="changelog"),
        expiry("expiration_time", SOURCE),
        optional("post_only", "boolean", source=SOURCE),
        optional("cancel_order_on_pause", "boolean", source=SOURCE),
        optional("reduce_only", "boolean", source=SOURCE),
        optional("order_group_id", "text", source=SOURCE),
        subaccount(),
        *EXCHANGE_INDEX,
    ),
)

AMEND_ORDER = Body(
    struct="AmendOrderV2Request",
    fields=(
        required("ticker", "text"),
        required("side", "choice", "bid", "ask"),
        required("price", "price"),
        required("count", "count"),
        optional("client_order_id", "client_id", source=SOURCE),
        optional("updated_client_order_id", "client_id", source=SOURCE),
        expiry("expiration_time", "changelog", since=AUTUMN_2026, minimum=0),
        *EXCHANGE_INDEX,
    ),
)

DECREASE_ORDER = Body(
    struct="DecreaseOrderV2Request",
    fields=(
        required("reduce_to", "count", until=REDUCE_BY_ADDED, source="changelog"),
        optional("reduce_to", "count", since=REDUCE_BY_ADDED, source="changelog"),
        optional("reduce_by", "count", since=REDUCE_BY_ADDED, source="changelog"),
        optional("market_ticker", "text", since="2026-07-30", source="changelog"),
        *EXCHANGE_INDEX,
    ),
)

CREATE_ORDERS = Body(
    struct="BatchCreateOrdersV2Request",
    fields=(BodyField(name="orders", kind="objects", required=True, body=CREATE_ORDER, source=SOURCE),),
)

_CANCELED_ORDER = Body(
    struct="BatchCancelOrdersV2RequestOrdersInner",
    fields=(
        required("order_id", "text"),
        subaccount(),
        optional("market_ticker", "text", since=ROUTED_BY_TICKER, source="changelog"),
        *EXCHANGE_INDEX,
    ),
)

CANCEL_ORDERS = Body(
    struct="BatchCancelOrdersV2Request",
    fields=(BodyField(name="orders", kind="objects", required=True, body=_CANCELED_ORDER, source=SOURCE),),
)
