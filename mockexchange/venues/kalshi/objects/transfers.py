"""Cash between the venue's instances and their shards, and how it is to be spread."""

from mockexchange.venues.dated import Field, Nested, Spelling
from mockexchange.venues.kalshi.objects.spans import CURSOR, EXCHANGE_INDEX_ADDED, list_of
from mockexchange.venues.kalshi.spelling import DOLLARS_4, INTEGER, TEXT, UNIX_SECONDS, one_of

INSTANCE = one_of("event_contract", "margined")


def _added(name: str, spelling: Spelling, read: str) -> Field:
    return Field(name=name, spelling=spelling, read=read, since=EXCHANGE_INDEX_ADDED, source="sdk-3.34")


INTRA_EXCHANGE_INSTANCE_TRANSFER: tuple[Field, ...] = (
    _added("amount", DOLLARS_4, "amount_micros"),
    _added("created_ts", UNIX_SECONDS, "created_at"),
    _added("destination", INSTANCE, "target"),
    _added("destination_exchange_shard", INTEGER, "target_shard"),
    _added("source", INSTANCE, "source"),
    _added("source_exchange_shard", INTEGER, "source_shard"),
    _added("status", one_of("pending", "complete"), "status"),
    _added("transfer_id", TEXT, "transfer_id"),
)

GET_INTRA_EXCHANGE_INSTANCE_TRANSFERS_RESPONSE: tuple[Field, ...] = (
    CURSOR,
    list_of(
        "transfers",
        "IntraExchangeInstanceTransfer",
        INTRA_EXCHANGE_INSTANCE_TRANSFER,
        since=EXCHANGE_INDEX_ADDED,
        source="sdk-3.34",
    ),
)
GET_INTRA_EXCHANGE_INSTANCE_TRANSFER_RESPONSE: tuple[Field, ...] = (
    Field(
        name="transfer",
        spelling=Nested("IntraExchangeInstanceTransfer", INTRA_EXCHANGE_INSTANCE_TRANSFER),
        read="transfer",
        since=EXCHANGE_INDEX_ADDED,
        source="sdk-3.34",
    ),
)

TARGET_BALANCE_ALLOCATION: tuple[Field, ...] = (
    _added("exchange_index", INTEGER, "exchange_index"),
    _added("percent", INTEGER, "percent"),
)
GET_TARGET_BALANCE_ALLOCATION_RESPONSE: tuple[Field, ...] = (
    list_of(
        "allocations",
        "TargetBalanceAllocation",
        TARGET_BALANCE_ALLOCATION,
        since=EXCHANGE_INDEX_ADDED,
        source="sdk-3.34",
    ),
    _added("resting_margin_reservation", one_of("none", "max", "sum"), "reservation"),
)
