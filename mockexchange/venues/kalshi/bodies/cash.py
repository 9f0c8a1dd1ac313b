"""Defines the request bodies of the operations on subaccounts and their cash."""

from mockexchange.core.vocabulary import EXCHANGE_INDEX_MAX, Instance, Reservation
from mockexchange.venues.dated import ALWAYS
from mockexchange.venues.kalshi.bodies.rows import INT64_MAX, Body, BodyField, Kind, exchange_index
from mockexchange.venues.kalshi.dates import EXCHANGE_INDEX_ADDED

CLIENT_TRANSFER_ID_ADDED = "2026-10-15"
RESERVATION_ADDED = "2026-09-03"
PERCENT_MAX = 100
INSTANCES = tuple(Instance)


def _required(name: str, kind: Kind, *choices: str, source: str = "openapi-3.13") -> BodyField:
    return BodyField(name=name, kind=kind, choices=choices, required=True, source=source)


def _number(
    name: str, maximum: int = INT64_MAX, *, is_required: bool = True, since: str = ALWAYS, source: str = "openapi-3.13"
) -> BodyField:
    return BodyField(
        name=name, kind="integer", minimum=0, maximum=maximum, required=is_required, since=since, source=source
    )


CREATE_SUBACCOUNT = Body(struct="CreateSubaccountRequest", fields=(exchange_index(EXCHANGE_INDEX_ADDED),))
APPLY_SUBACCOUNT_TRANSFER = Body(
    struct="ApplySubaccountTransferRequest",
    fields=(
        _required("client_transfer_id", "text"),
        _number("from_subaccount"),
        _number("to_subaccount"),
        BodyField(
            name="amount_cents",
            kind="integer",
            minimum=1,
            maximum=INT64_MAX // 10_000,
            required=True,
            source="openapi-3.13",
        ),
        _number("exchange_index", EXCHANGE_INDEX_MAX, is_required=False, since=EXCHANGE_INDEX_ADDED, source="sdk-3.34"),
    ),
)
UPDATE_SUBACCOUNT_NETTING = Body(
    struct="UpdateSubaccountNettingRequest",
    fields=(_number("subaccount_number"), _required("enabled", "boolean")),
)
INTRA_EXCHANGE_INSTANCE_TRANSFER = Body(
    struct="IntraExchangeInstanceTransferRequest",
    fields=(
        BodyField(name="client_transfer_id", kind="text", since=CLIENT_TRANSFER_ID_ADDED, source="changelog"),
        _required("source", "choice", *INSTANCES, source="sdk-3.34"),
        _required("destination", "choice", *INSTANCES, source="sdk-3.34"),
        BodyField(name="amount", kind="integer", minimum=1, maximum=INT64_MAX // 100, required=True, source="sdk-3.34"),
        _number("source_exchange_shard", EXCHANGE_INDEX_MAX, is_required=False, source="sdk-3.34"),
        _number("destination_exchange_shard", EXCHANGE_INDEX_MAX, is_required=False, source="sdk-3.34"),
        _number("source_subaccount", is_required=False, since=EXCHANGE_INDEX_ADDED, source="changelog"),
        _number("destination_subaccount", is_required=False, since=EXCHANGE_INDEX_ADDED, source="changelog"),
    ),
)
_ALLOCATION = Body(
    struct="TargetBalanceAllocationInput",
    fields=(
        _number("exchange_index", EXCHANGE_INDEX_MAX, source="sdk-3.34"),
        _number("percent", PERCENT_MAX, source="sdk-3.34"),
    ),
)
SET_TARGET_BALANCE_ALLOCATION = Body(
    struct="SetTargetBalanceAllocationRequest",
    fields=(
        BodyField(name="allocations", kind="objects", body=_ALLOCATION, required=True, source="sdk-3.34"),
        BodyField(
            name="resting_margin_reservation",
            kind="choice",
            choices=tuple(Reservation),
            since=RESERVATION_ADDED,
            source="changelog",
        ),
    ),
)
