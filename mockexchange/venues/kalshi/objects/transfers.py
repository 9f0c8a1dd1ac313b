"""Defines the JSON fields of transfers between instances and shards, and of target allocations, for each API date."""

from mockexchange.venues.dated import Field, Nested, Spelling
from mockexchange.venues.kalshi.formatting import DOLLARS_4, INTEGER, TEXT, UNIX_SECONDS, one_of
from mockexchange.venues.kalshi.objects.rows import CURSOR, list_of

INSTANCE = one_of("event_contract", "margined")


def _field(name: str, spelling: Spelling, read: str) -> Field:
    return Field(name=name, spelling=spelling, read=read, source="sdk-3.34")


INTRA_EXCHANGE_INSTANCE_TRANSFER: tuple[Field, ...] = (
    _field("amount", DOLLARS_4, "amount_micros"),
    _field("created_ts", UNIX_SECONDS, "created_at"),
    _field("destination", INSTANCE, "target"),
    _field("destination_exchange_shard", INTEGER, "target_shard"),
    _field("source", INSTANCE, "source"),
    _field("source_exchange_shard", INTEGER, "source_shard"),
    _field("status", one_of("pending", "complete"), "status"),
    _field("transfer_id", TEXT, "transfer_id"),
)

INTRA_EXCHANGE_INSTANCE_TRANSFER_RESPONSE: tuple[Field, ...] = (_field("transfer_id", TEXT, "transfer"),)
GET_INTRA_EXCHANGE_INSTANCE_TRANSFERS_RESPONSE: tuple[Field, ...] = (
    CURSOR,
    list_of(
        "transfers",
        "IntraExchangeInstanceTransfer",
        INTRA_EXCHANGE_INSTANCE_TRANSFER,
        source="sdk-3.34",
    ),
)
GET_INTRA_EXCHANGE_INSTANCE_TRANSFER_RESPONSE: tuple[Field, ...] = (
    Field(
        name="transfer",
        spelling=Nested("IntraExchangeInstanceTransfer", INTRA_EXCHANGE_INSTANCE_TRANSFER),
        read="transfer",
        source="sdk-3.34",
    ),
)

TARGET_BALANCE_ALLOCATION: tuple[Field, ...] = (
    _field("exchange_index", INTEGER, "exchange_index"),
    _field("percent", INTEGER, "percent"),
)
GET_TARGET_BALANCE_ALLOCATION_RESPONSE: tuple[Field, ...] = (
    list_of(
        "allocations",
        "TargetBalanceAllocation",
        TARGET_BALANCE_ALLOCATION,
        source="sdk-3.34",
    ),
    _field("resting_margin_reservation", one_of("none", "max", "sum"), "reservation"),
)
