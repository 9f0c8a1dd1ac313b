"""Defines the request bodies of the operations on order groups."""

from mockexchange.venues.kalshi.bodies.rows import INT64_MAX, Body, BodyField, exchange_index, subaccount
from mockexchange.venues.kalshi.dates import SUBACCOUNTS_ADDED

LIMIT_MADE_OPTIONAL = "2026-01-28"

_LIMIT = (
    BodyField(
        name="contracts_limit",
        kind="integer",
        minimum=1,
        maximum=INT64_MAX,
        since=LIMIT_MADE_OPTIONAL,
        source="changelog",
    ),
    BodyField(name="contracts_limit_fp", kind="count", since=SUBACCOUNTS_ADDED, source="changelog"),
)

CREATE_ORDER_GROUP = Body(
    struct="CreateOrderGroupRequest",
    fields=(
        BodyField(
            name="contracts_limit",
            kind="integer",
            minimum=1,
            maximum=INT64_MAX,
            required=True,
            until=LIMIT_MADE_OPTIONAL,
            source="docs-2025-11",
        ),
        *_LIMIT,
        subaccount(),
        exchange_index(),
    ),
)
# Clients send {}; whether the venue refuses a PUT without a body is not known.
CHANGE_ORDER_GROUP = Body(struct="EmptyResponse", may_be_absent=True)
UPDATE_ORDER_GROUP_LIMIT = Body(struct="UpdateOrderGroupLimitRequest", fields=_LIMIT)
