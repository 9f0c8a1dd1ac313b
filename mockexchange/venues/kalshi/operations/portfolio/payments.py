"""Implements the operations that read an account's deposits and withdrawals."""

from mockexchange.core.model.history import History, HistoryPage
from mockexchange.core.model.ledgers import Payment
from mockexchange.venues.kalshi.operations.call import AccountCall, AccountOperation
from mockexchange.venues.kalshi.operations.lists import ListTable, answer_list

DEPOSITS = ListTable("deposits", "Deposit")
WITHDRAWALS = ListTable("withdrawals", "Withdrawal")


def get_deposits(call: AccountCall) -> bytes:
    return _answer(call, DEPOSITS, call.account.ledger.deposits)


def get_withdrawals(call: AccountCall) -> bytes:
    return _answer(call, WITHDRAWALS, call.account.ledger.withdrawals)


def _answer(call: AccountCall, table: ListTable, payments: History[Payment]) -> bytes:
    """Return payments of all subaccounts: the venue has payments of accounts only."""

    def find(limit: int, after: int | None) -> HistoryPage[Payment]:
        return payments.find(limit, after=after)

    return answer_list(call, table, payments.revision, find)


OPERATIONS = (
    AccountOperation(
        name="GetDeposits", path="/portfolio/deposits", answer=get_deposits, answer_table="GetDepositsResponse"
    ),
    AccountOperation(
        name="GetWithdrawals",
        path="/portfolio/withdrawals",
        answer=get_withdrawals,
        answer_table="GetWithdrawalsResponse",
    ),
)
