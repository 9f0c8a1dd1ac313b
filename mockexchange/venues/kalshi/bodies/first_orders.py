"""Defines the request bodies of the older order operations, below /portfolio/orders (the first generation)."""

from mockexchange.venues.dated import ALWAYS, FOREVER
from mockexchange.venues.kalshi.bodies.orders import SELF_TRADE_PREVENTIONS, TIMES_IN_FORCE, required
from mockexchange.venues.kalshi.bodies.rows import (
    INT64_MAX,
    Body,
    BodyField,
    exchange_index,
    expiry,
    optional,
    subaccount,
)
from mockexchange.venues.kalshi.dates import FIXED_POINT_ADDED, SUBACCOUNTS_ADDED

OPTIONAL_SINCE = "2026-01-28"
"""Day from which counts may be strings, and the client order ids of an amendment may be left out."""
LONG_WORDS_SINCE = "2025-12-01"
SHORT_WORDS = ("FOK", "GTC", "IOC")
TYPE_REMOVED = "2026-02-11"
PAGES = "docs-2025-11"


def _cents(name: str) -> BodyField:
    return BodyField(name=name, kind="integer", minimum=1, maximum=99, source=PAGES)


def _count(
    name: str, minimum: int, *, is_required: bool = False, until: str = FOREVER, since: str = ALWAYS
) -> BodyField:
    return BodyField(
        name=name,
        kind="integer",
        minimum=minimum,
        maximum=INT64_MAX // 100,
        required=is_required,
        since=since,
        until=until,
        source=PAGES if since == ALWAYS else "changelog",
    )


_SIDES = (
    required("side", "choice", "yes", "no", source=PAGES),
    required("action", "choice", "buy", "sell", source=PAGES),
)
_PRICES = (
    _cents("yes_price"),
    _cents("no_price"),
    optional("yes_price_dollars", "price"),
    optional("no_price_dollars", "price"),
)
_COUNT_FP = optional("count_fp", "count", since=FIXED_POINT_ADDED, source="changelog")

CREATE_ORDER = Body(
    struct="CreateOrderRequest",
    fields=(
        required("ticker", "text", source=PAGES),
        *_SIDES,
        *_PRICES,
        _count("count", 1, is_required=True, until=OPTIONAL_SINCE),
        _count("count", 1, since=OPTIONAL_SINCE),
        _COUNT_FP,
        optional("client_order_id", "text"),
        BodyField(name="type", kind="choice", choices=("limit", "market"), until=TYPE_REMOVED, source="changelog"),
        # What the server took in November 2025 was not recorded: the short words are those of its pages.
        BodyField(
            name="time_in_force",
            kind="choice",
            choices=(*SHORT_WORDS, *TIMES_IN_FORCE),
            until=LONG_WORDS_SINCE,
            lenient=True,
            source="choice",
        ),
        BodyField(
            name="time_in_force", kind="choice", choices=TIMES_IN_FORCE, since=LONG_WORDS_SINCE, source="changelog"
        ),
        expiry("expiration_ts", "docs-2025-11"),
        _count("buy_max_cost", 1),
        optional("post_only", "boolean"),
        optional("reduce_only", "boolean"),
        optional("cancel_order_on_pause", "boolean"),
        optional("sell_position_floor", "integer"),
        BodyField(
            name="self_trade_prevention_type", kind="choice", choices=SELF_TRADE_PREVENTIONS, source="docs-2025-11"
        ),
        optional("order_group_id", "text"),
        subaccount(),
        exchange_index(),
    ),
)

AMEND_ORDER = Body(
    struct="AmendOrderRequest",
    fields=(
        required("ticker", "text", source=PAGES),
        *_SIDES,
        *_PRICES,
        required("client_order_id", "text", until=OPTIONAL_SINCE, source=PAGES),
        required("updated_client_order_id", "text", until=OPTIONAL_SINCE, source=PAGES),
        optional("client_order_id", "text", since=OPTIONAL_SINCE, source="changelog"),
        optional("updated_client_order_id", "text", since=OPTIONAL_SINCE, source="changelog"),
        _count("count", 1),
        _COUNT_FP,
        subaccount(),
        exchange_index(),
    ),
)

DECREASE_ORDER = Body(
    struct="DecreaseOrderRequest",
    fields=(
        _count("reduce_by", 1),
        _count("reduce_to", 0),
        optional("reduce_by_fp", "count", since="2026-01-22", source="changelog"),
        optional("reduce_to_fp", "count", since="2026-01-22", source="changelog"),
        subaccount(),
        exchange_index(),
    ),
)

CREATE_ORDERS = Body(
    struct="BatchCreateOrdersRequest",
    fields=(BodyField(name="orders", kind="objects", required=True, body=CREATE_ORDER, source=PAGES),),
)

_CANCELED_ORDER = Body(
    struct="BatchCancelOrdersRequestOrder",
    fields=(required("order_id", "text", source="openapi-3.13"), subaccount(), exchange_index()),
)

CANCEL_ORDERS = Body(
    struct="BatchCancelOrdersRequest",
    fields=(
        BodyField(name="ids", kind="texts", required=True, until=SUBACCOUNTS_ADDED, source=PAGES),
        BodyField(name="ids", kind="texts", since=SUBACCOUNTS_ADDED, source="changelog"),
        BodyField(name="orders", kind="objects", body=_CANCELED_ORDER, since=SUBACCOUNTS_ADDED, source="changelog"),
    ),
)
