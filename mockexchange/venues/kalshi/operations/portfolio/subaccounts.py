"""Implements the operations that read a member's subaccounts.

An FCM has subtraders instead, and only the primary subaccount.
"""

from collections.abc import Iterator
from typing import NamedTuple

from mockexchange.core.model.history import HistoryPage
from mockexchange.core.model.ledgers import TransferRow
from mockexchange.core.vocabulary import PRIMARY_SUBACCOUNT, AccountKind, SubaccountRef
from mockexchange.venues.kalshi.dates import EXCHANGE_INDEX_ADDED
from mockexchange.venues.kalshi.operations.call import AccountCall, AccountOperation, write
from mockexchange.venues.kalshi.operations.lists import ListTable, answer_list
from mockexchange.venues.kalshi.operations.portfolio.balances import free_by_index

TRANSFERS = ListTable("transfers", "SubaccountTransfer")


class SubaccountBalance(NamedTuple):
    number: str
    cash_micros: int
    updated_at: int
    exchange_index: int = 0


class SubaccountTransfer(NamedTuple):
    """A transfer of cash between two subaccounts on one shard."""

    row: TransferRow

    @property
    def exchange_index(self) -> int:
        return self.row.shard

    @property
    def revision(self) -> int:
        return self.row.revision


class NettingConfig(NamedTuple):
    number: str
    enabled: bool
    exchange_index: int = 0


class Subaccounts(NamedTuple):
    subaccount_balances: list[SubaccountBalance]


class Netting(NamedTuple):
    netting_configs: list[NettingConfig]


def get_subaccount_balances(call: AccountCall) -> bytes:
    """Return a balance for each subaccount, or at later API dates for each subaccount and shard."""
    balances = [row for name in _subaccounts(call) for row in _balances_of(call, name)]
    return write(call, Subaccounts(balances))


def get_subaccount_transfers(call: AccountCall) -> bytes:
    transfers = call.account.ledger.transfers

    def find(limit: int, after: int | None) -> HistoryPage[SubaccountTransfer]:
        if _has_subtraders(call):
            return HistoryPage([], None)
        rows, last = transfers.find(limit, after=after)
        return HistoryPage([SubaccountTransfer(row) for row in rows], last)

    return answer_list(call, TRANSFERS, transfers.revision, find)


def get_subaccount_netting(call: AccountCall) -> bytes:
    netted = call.account.netted_subaccounts
    return write(call, Netting([NettingConfig(b, b in netted) for b in _subaccounts(call)]))


def _subaccounts(call: AccountCall) -> list[str]:
    return [PRIMARY_SUBACCOUNT] if _has_subtraders(call) else sorted(call.account.subaccounts, key=int)


def _has_subtraders(call: AccountCall) -> bool:
    return call.account.kind is AccountKind.FCM


def _balances_of(call: AccountCall, name: str) -> Iterator[SubaccountBalance]:
    subaccount = call.state.subaccounts[SubaccountRef(call.account.name, name)]
    cash_micros = free_by_index(subaccount, call.state.rules.balance)
    if not call.api_date.holds(EXCHANGE_INDEX_ADDED):
        cash_micros = {0: sum(cash_micros.values())}
    for index, amount_micros in sorted(cash_micros.items()):
        yield SubaccountBalance(name, amount_micros, subaccount.updated_at, index)


OPERATIONS = (
    AccountOperation(
        name="GetSubaccountBalances",
        path="/portfolio/subaccounts/balances",
        answer=get_subaccount_balances,
        answer_table="GetSubaccountBalancesResponse",
    ),
    AccountOperation(
        name="GetSubaccountTransfers",
        path="/portfolio/subaccounts/transfers",
        answer=get_subaccount_transfers,
        answer_table="GetSubaccountTransfersResponse",
    ),
    AccountOperation(
        name="GetSubaccountNetting",
        path="/portfolio/subaccounts/netting",
        answer=get_subaccount_netting,
        answer_table="GetSubaccountNettingResponse",
    ),
)
