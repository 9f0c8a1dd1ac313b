"""Implements the operations that read transfers between instances and shards, and target allocations."""

from typing import NamedTuple

from mockexchange.core.model.history import HistoryPage
from mockexchange.core.model.ledgers import ShardTransfer
from mockexchange.core.vocabulary import Reservation
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.operations.call import AccountCall, AccountOperation, write
from mockexchange.venues.kalshi.operations.lists import ListTable, answer_list

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


OPERATIONS = (
    AccountOperation(
        name="GetIntraExchangeInstanceTransfers",
        path="/portfolio/intra_exchange_instance_transfers",
        answer=get_transfers,
        answer_table="GetIntraExchangeInstanceTransfersResponse",
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
)
