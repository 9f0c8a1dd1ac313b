"""An account's deposits and withdrawals."""

from mockexchange.core.model.ledgers import Payment
from mockexchange.core.model.paged_history import History, HistoryPage
from mockexchange.venues.dated_fields import Field
from mockexchange.venues.kalshi.formatting import CENTS, TEXT, UNIX_SECONDS, one_of
from mockexchange.venues.kalshi.resources import parameters
from mockexchange.venues.kalshi.resources.call import AccountCall, AccountOperation
from mockexchange.venues.kalshi.resources.fields import CURSOR, list_of, optional, table
from mockexchange.venues.kalshi.resources.lists import ListTable, answer_list

# --- fields of answers

STATUS = one_of("pending", "applied", "failed", "returned")
METHOD = one_of("ach", "wire", "crypto", "debit", "apm")

DEPOSIT = table(
    "Deposit",
    Field(name="amount_cents", spelling=CENTS, read="amount_micros", source="sdk-3.34"),
    Field(name="created_ts", spelling=UNIX_SECONDS, read="created_at", source="sdk-3.34"),
    Field(name="fee_cents", spelling=CENTS, read="fee_micros", source="sdk-3.34"),
    *optional("finalized_ts", UNIX_SECONDS, "finalized_at", source="sdk-3.34"),
    Field(name="id", spelling=TEXT, read="payment_id", source="sdk-3.34"),
    Field(name="status", spelling=STATUS, read="status", source="sdk-3.34"),
    Field(name="type", spelling=METHOD, read="method", source="sdk-3.34"),
)
WITHDRAWAL = table("Withdrawal", *DEPOSIT)

GET_DEPOSITS_RESPONSE = table(
    "GetDepositsResponse",
    CURSOR,
    list_of("deposits", "Deposit", DEPOSIT, source="sdk-3.34"),
)
GET_WITHDRAWALS_RESPONSE = table(
    "GetWithdrawalsResponse",
    CURSOR,
    list_of("withdrawals", "Withdrawal", WITHDRAWAL, source="sdk-3.34"),
)

# --- operations

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
        name="GetDeposits",
        path="/portfolio/deposits",
        answer=get_deposits,
        answer_table="GetDepositsResponse",
        parameters=parameters.PAGE_OF_500,
    ),
    AccountOperation(
        name="GetWithdrawals",
        path="/portfolio/withdrawals",
        answer=get_withdrawals,
        answer_table="GetWithdrawalsResponse",
        parameters=parameters.PAGE_OF_500,
    ),
)
