"""Transfers of cash between the exchange's instances and shards, and the share of it that each shard is to hold.

Keys restricted to a subaccount may call none of these operations.
"""

from typing import NamedTuple

from mockexchange.core.commands import AllocateBalance, TransferShard
from mockexchange.core.events import ShardTransferred
from mockexchange.core.model.ledgers import ShardTransfer
from mockexchange.core.model.paged_history import HistoryPage
from mockexchange.core.vocabulary import EXCHANGE_INDEX_MAX, PRIMARY_SUBACCOUNT, Instance, Reservation
from mockexchange.venues.dated_fields import Field, Nested, Spelling
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.formatting import DOLLARS_4, INTEGER, TEXT, UNIX_SECONDS, one_of
from mockexchange.venues.kalshi.named_days import EXCHANGE_INDEX_ADDED
from mockexchange.venues.kalshi.resources import bodies, parameters
from mockexchange.venues.kalshi.resources.bodies import Body, BodyField
from mockexchange.venues.kalshi.resources.call import AccountCall, AccountOperation, Write, WriteOperation, write
from mockexchange.venues.kalshi.resources.fields import CURSOR, list_of, table
from mockexchange.venues.kalshi.resources.lists import ListTable, answer_list
from mockexchange.venues.kalshi.resources.refusals import invalid, submit
from mockexchange.venues.kalshi.resources.subaccounts import (
    EMPTY,
    TRANSFER,
    client_transfer_id,
    named_subaccount,
    require_member,
)

# --- fields of answers

INSTANCE = one_of("event_contract", "margined")


def _field(name: str, spelling: Spelling, read: str) -> Field:
    return Field(name=name, spelling=spelling, read=read, source="sdk-3.34")


INTRA_EXCHANGE_INSTANCE_TRANSFER = table(
    "IntraExchangeInstanceTransfer",
    _field("amount", DOLLARS_4, "amount_micros"),
    _field("created_ts", UNIX_SECONDS, "created_at"),
    _field("destination", INSTANCE, "target"),
    _field("destination_exchange_shard", INTEGER, "target_shard"),
    _field("source", INSTANCE, "source"),
    _field("source_exchange_shard", INTEGER, "source_shard"),
    _field("status", one_of("pending", "complete"), "status"),
    _field("transfer_id", TEXT, "transfer_id"),
)

INTRA_EXCHANGE_INSTANCE_TRANSFER_RESPONSE = table(
    "IntraExchangeInstanceTransferResponse", _field("transfer_id", TEXT, "transfer")
)
GET_INTRA_EXCHANGE_INSTANCE_TRANSFERS_RESPONSE = table(
    "GetIntraExchangeInstanceTransfersResponse",
    CURSOR,
    list_of(
        "transfers",
        "IntraExchangeInstanceTransfer",
        INTRA_EXCHANGE_INSTANCE_TRANSFER,
        source="sdk-3.34",
    ),
)
GET_INTRA_EXCHANGE_INSTANCE_TRANSFER_RESPONSE = table(
    "GetIntraExchangeInstanceTransferResponse",
    Field(
        name="transfer",
        spelling=Nested("IntraExchangeInstanceTransfer", INTRA_EXCHANGE_INSTANCE_TRANSFER),
        read="transfer",
        source="sdk-3.34",
    ),
)

TARGET_BALANCE_ALLOCATION = table(
    "TargetBalanceAllocation",
    _field("exchange_index", INTEGER, "exchange_index"),
    _field("percent", INTEGER, "percent"),
)
GET_TARGET_BALANCE_ALLOCATION_RESPONSE = table(
    "GetTargetBalanceAllocationResponse",
    list_of(
        "allocations",
        "TargetBalanceAllocation",
        TARGET_BALANCE_ALLOCATION,
        source="sdk-3.34",
    ),
    _field("resting_margin_reservation", one_of("none", "max", "sum"), "reservation"),
)

# --- bodies of requests

CLIENT_TRANSFER_ID_ADDED = "2026-10-15"
RESERVATION_ADDED = "2026-09-03"
PERCENT_MAX = 100
INSTANCES = tuple(Instance)

TRANSFER_BETWEEN_INSTANCES = Body(
    struct="IntraExchangeInstanceTransferRequest",
    fields=(
        BodyField(name="client_transfer_id", kind="text", since=CLIENT_TRANSFER_ID_ADDED, source="changelog"),
        bodies.required("source", "choice", *INSTANCES, source="sdk-3.34"),
        bodies.required("destination", "choice", *INSTANCES, source="sdk-3.34"),
        BodyField(
            name="amount", kind="integer", minimum=1, maximum=bodies.INT64_MAX // 100, required=True, source="sdk-3.34"
        ),
        bodies.number("source_exchange_shard", EXCHANGE_INDEX_MAX, is_required=False, source="sdk-3.34"),
        bodies.number("destination_exchange_shard", EXCHANGE_INDEX_MAX, is_required=False, source="sdk-3.34"),
        bodies.number("source_subaccount", is_required=False, since=EXCHANGE_INDEX_ADDED, source="changelog"),
        bodies.number("destination_subaccount", is_required=False, since=EXCHANGE_INDEX_ADDED, source="changelog"),
    ),
)
_ALLOCATION = Body(
    struct="TargetBalanceAllocationInput",
    fields=(
        bodies.number("exchange_index", EXCHANGE_INDEX_MAX, source="sdk-3.34"),
        bodies.number("percent", PERCENT_MAX, source="sdk-3.34"),
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

# --- reads

TRANSFERS = ListTable("transfers", "IntraExchangeInstanceTransfer")


class TransferAnswer(NamedTuple):
    transfer: ShardTransfer


class Allocation(NamedTuple):
    exchange_index: int
    percent: int


class Allocations(NamedTuple):
    allocations: list[Allocation]
    reservation: Reservation


def get_transfers(call: AccountCall) -> bytes:
    transfers = call.account.ledger.shard_transfers

    def find(limit: int, after: int | None) -> HistoryPage[ShardTransfer]:
        return transfers.find(limit, after=after)

    return answer_list(call, TRANSFERS, transfers.revision, find)


def get_transfer(call: AccountCall) -> bytes:
    transfer_id = call.path_params["transfer_id"]
    transfer = call.state.shard_transfers.get(transfer_id)
    if transfer is None or transfer.account != call.account.name:
        whose = f", it is of {transfer.account}" if transfer else ""
        raise Rejected(Situation.NOT_FOUND, f"{call.account.name} has no transfer {transfer_id!r}{whose}")
    return write(call, TransferAnswer(transfer))


def get_target_balance_allocation(call: AccountCall) -> bytes:
    account = call.account
    allocations = [Allocation(index, percent) for index, percent in sorted(account.allocations)]
    return write(call, Allocations(allocations, account.reservation))


# --- writes

MICROS_PER_CENTICENT = 100
ALLOCATIONS_MAX = 101


def transfer_between_instances(call: AccountCall) -> Write:
    """Move cash between instances, shards and subaccounts of the instance for event contracts."""
    body = call.body
    ends = [_end(call, end) for end in ("source", "destination")]
    (source, source_shard, source_subaccount), (target, target_shard, target_subaccount) = ends
    if ends[0] == ends[1]:
        raise invalid("Destination", f"source and destination are both {source}, shard {source_shard}")
    transfer = TransferShard(
        account=call.account.name,
        amount_micros=body["amount"] * MICROS_PER_CENTICENT,
        source=source,
        target=target,
        source_shard=source_shard,
        target_shard=target_shard,
        source_subaccount=source_subaccount,
        target_subaccount=target_subaccount,
        transfer=client_transfer_id(call) if body.get("client_transfer_id") else None,
    )
    events = yield from submit(transfer)
    made = next(event for event in events if isinstance(event, ShardTransferred))
    return write(call, made)


def set_target_balance_allocation(call: AccountCall) -> Write:
    allocations = tuple((row["exchange_index"], row["percent"]) for row in call.body["allocations"])
    _require_allocations(allocations)
    reservation = Reservation(call.body.get("resting_margin_reservation") or Reservation.SUM)
    yield from submit(AllocateBalance(account=call.account.name, allocations=allocations, reservation=reservation))
    return EMPTY


def _end(call: AccountCall, end: str) -> tuple[Instance, int, str]:
    """Return the instance, the shard and the subaccount of an end of a transfer. Raises Rejected."""
    instance, shard = Instance(call.body[end]), call.body[f"{end}_exchange_shard"] or 0
    if not call.body.get(f"{end}_subaccount"):
        return instance, shard, PRIMARY_SUBACCOUNT
    require_member(call)
    if instance is not Instance.EVENT_CONTRACT:
        raise invalid(f"{end.capitalize()}Subaccount", f"{end}_subaccount: the instance {instance} has none")
    return instance, shard, named_subaccount(call, f"{end}_subaccount").subaccount


def _require_allocations(allocations: tuple[tuple[int, int], ...]) -> None:
    """Refuse allocations that are not 100 percent in all; none at all turn rebalancing off."""
    total = sum(percent for _, percent in allocations)
    if len(allocations) > ALLOCATIONS_MAX:
        raise invalid("Allocations", f"{len(allocations)} allocations: expected at most {ALLOCATIONS_MAX}")
    if len({index for index, _ in allocations}) < len(allocations):
        raise invalid("Allocations", "allocations: expected each exchange_index once")
    if allocations and total != PERCENT_MAX:
        raise invalid("Allocations", f"allocations: expected {PERCENT_MAX} percent in all, got {total}")


OPERATIONS = (
    AccountOperation(
        name="GetIntraExchangeInstanceTransfers",
        path="/portfolio/intra_exchange_instance_transfers",
        answer=get_transfers,
        answer_table="GetIntraExchangeInstanceTransfersResponse",
        parameters=parameters.PAGE_OF_500,
    ),
    AccountOperation(
        name="GetIntraExchangeInstanceTransfer",
        path="/portfolio/intra_exchange_instance_transfers/{transfer_id}",
        answer=get_transfer,
        answer_table="GetIntraExchangeInstanceTransferResponse",
    ),
    AccountOperation(
        name="GetTargetBalanceAllocation",
        path="/portfolio/target_balance_allocation",
        answer=get_target_balance_allocation,
        answer_table="GetTargetBalanceAllocationResponse",
    ),
    WriteOperation(
        name="IntraExchangeInstanceTransfer",
        method="POST",
        path="/portfolio/intra_exchange_instance_transfer",
        scopes=TRANSFER,
        carry_out=transfer_between_instances,
        answer_table="IntraExchangeInstanceTransferResponse",
        body=TRANSFER_BETWEEN_INSTANCES,
    ),
    WriteOperation(
        name="SetTargetBalanceAllocation",
        method="POST",
        path="/portfolio/target_balance_allocation",
        scopes=TRANSFER,
        carry_out=set_target_balance_allocation,
        body=SET_TARGET_BALANCE_ALLOCATION,
    ),
)
