"""Implements the operations that change subaccounts and their cash.

A client opens a subaccount, transfers cash between subaccounts or between the exchange's shards, sets netting, and sets
the share of its cash that each shard shall hold. Keys restricted to a subaccount may call none of these operations.
"""

from typing import NamedTuple

from mockexchange.core.commands import AllocateBalance, OpenSubaccount, SetNetting, Transfer, TransferShard
from mockexchange.core.events import ShardTransferred
from mockexchange.core.vocabulary import (
    MICROS_PER_CENT,
    PRIMARY_SUBACCOUNT,
    SUBACCOUNTS_MAX,
    AccountKind,
    Instance,
    Reservation,
    SubaccountRef,
)
from mockexchange.venues.kalshi.bodies.cash import PERCENT_MAX
from mockexchange.venues.kalshi.bodies.decoding import invalid
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.operations.call import AccountCall, Write, WriteOperation, undocumented_body, write
from mockexchange.venues.kalshi.operations.refusals import require_uuid, submit
from mockexchange.venues.kalshi.rate_limits import DEFAULT_TIER

MICROS_PER_CENTICENT = 100
ALLOCATIONS_MAX = 101
EMPTY = b"{}"
TRANSFER = ("write", "write::transfer")


class NewSubaccount(NamedTuple):
    number: int


def create_subaccount(call: AccountCall) -> Write:
    """Open a subaccount with the next free number."""
    _require_member(call)
    account = call.account
    if account.tier == DEFAULT_TIER:
        message = f"{account.name} has the tier {account.tier}: subaccounts need `tier: advanced` or a higher one"
        raise Rejected(Situation.NEEDS_ADVANCED, message)
    number = max(map(int, account.subaccounts)) + 1
    if number > SUBACCOUNTS_MAX:
        raise invalid("SubaccountNumber", f"{account.name} has all {SUBACCOUNTS_MAX} subaccounts already")
    yield from submit(OpenSubaccount(account=account.name, subaccount=str(number)))
    return write(call, NewSubaccount(number))


def apply_subaccount_transfer(call: AccountCall) -> Write:
    """Move cash between two subaccounts; the id that the client sends becomes the id of the transfer."""
    _require_member(call)
    transfer_id = _client_transfer_id(call)
    source, target = _subaccount(call, "from_subaccount"), _subaccount(call, "to_subaccount")
    if source == target:
        raise invalid("ToSubaccount", f"from_subaccount and to_subaccount are both {source.subaccount}")
    amount_micros = call.body["amount_cents"] * MICROS_PER_CENT
    shard = call.body.get("exchange_index") or 0
    yield from submit(
        Transfer(source=source, target=target, amount_micros=amount_micros, transfer=transfer_id, shard=shard)
    )
    return EMPTY


def update_subaccount_netting(call: AccountCall) -> Write:
    _require_member(call)
    subaccount_ref = _subaccount(call, "subaccount_number")
    yield from submit(SetNetting(subaccount_ref=subaccount_ref, enabled=call.body["enabled"]))
    return undocumented_body(call)


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
        transfer=_client_transfer_id(call) if body.get("client_transfer_id") else None,
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
    _require_member(call)
    if instance is not Instance.EVENT_CONTRACT:
        raise invalid(f"{end.capitalize()}Subaccount", f"{end}_subaccount: the instance {instance} has none")
    return instance, shard, _subaccount(call, f"{end}_subaccount").subaccount


def _require_member(call: AccountCall) -> None:
    if call.account.kind is not AccountKind.MEMBER:
        message = f"{call.account.name} is an {call.account.kind}: it has subtraders, no subaccounts"
        raise Rejected(Situation.FORBIDDEN, message)


def _subaccount(call: AccountCall, field: str) -> SubaccountRef:
    """Return the subaccount whose number is in a field of the body. Raises Rejected if the account lacks it."""
    number = str(call.body[field])
    if number not in call.account.subaccounts:
        known = ", ".join(sorted(call.account.subaccounts, key=int))
        message = f"{field}={number}: {call.account.name} has the subaccounts {known}"
        raise Rejected(Situation.NOT_FOUND_IN_WRITE, message)
    return SubaccountRef(call.account.name, number)


def _client_transfer_id(call: AccountCall) -> str:
    """Return the client's id of a transfer. Raises Rejected if it is no UUID, or was used before."""
    transfer_id: str = call.body["client_transfer_id"]
    require_uuid("client_transfer_id", transfer_id)
    if transfer_id in call.state.transfers or transfer_id in call.state.shard_transfers:
        message = f"client_transfer_id {transfer_id} was applied before: this request moved nothing"
        raise Rejected(Situation.TRANSFER_APPLIED, message)
    return transfer_id


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
    WriteOperation(
        name="CreateSubaccount",
        method="POST",
        path="/portfolio/subaccounts",
        scopes=TRANSFER,
        carry_out=create_subaccount,
        status=201,
        answer_table="CreateSubaccountResponse",
    ),
    WriteOperation(
        name="ApplySubaccountTransfer",
        method="POST",
        path="/portfolio/subaccounts/transfer",
        scopes=TRANSFER,
        carry_out=apply_subaccount_transfer,
    ),
    WriteOperation(
        name="UpdateSubaccountNetting",
        method="PUT",
        path="/portfolio/subaccounts/netting",
        scopes=TRANSFER,
        carry_out=update_subaccount_netting,
    ),
    WriteOperation(
        name="IntraExchangeInstanceTransfer",
        method="POST",
        path="/portfolio/intra_exchange_instance_transfer",
        scopes=TRANSFER,
        carry_out=transfer_between_instances,
        answer_table="IntraExchangeInstanceTransferResponse",
    ),
    WriteOperation(
        name="SetTargetBalanceAllocation",
        method="POST",
        path="/portfolio/target_balance_allocation",
        scopes=TRANSFER,
        carry_out=set_target_balance_allocation,
    ),
)
