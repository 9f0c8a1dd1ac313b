"""Deposits and withdrawals."""

from mockexchange.venues.dated import Field
from mockexchange.venues.kalshi.objects.spans import CURSOR, list_of, optional
from mockexchange.venues.kalshi.spelling import CENTS, TEXT, UNIX_SECONDS, one_of

PAYMENTS_ADDED = "2026-05-05"
STATUS = one_of("pending", "applied", "failed", "returned")
METHOD = one_of("ach", "wire", "crypto", "debit", "apm")

DEPOSIT: tuple[Field, ...] = (
    Field(name="amount_cents", spelling=CENTS, read="amount_micros", since=PAYMENTS_ADDED, source="sdk-3.34"),
    Field(name="created_ts", spelling=UNIX_SECONDS, read="created_at", since=PAYMENTS_ADDED, source="sdk-3.34"),
    Field(name="fee_cents", spelling=CENTS, read="fee_micros", since=PAYMENTS_ADDED, source="sdk-3.34"),
    *optional("finalized_ts", UNIX_SECONDS, "finalized_at", since=PAYMENTS_ADDED, source="sdk-3.34"),
    Field(name="id", spelling=TEXT, read="payment_id", since=PAYMENTS_ADDED, source="sdk-3.34"),
    Field(name="status", spelling=STATUS, read="status", since=PAYMENTS_ADDED, source="sdk-3.34"),
    Field(name="type", spelling=METHOD, read="method", since=PAYMENTS_ADDED, source="sdk-3.34"),
)
WITHDRAWAL = DEPOSIT

GET_DEPOSITS_RESPONSE: tuple[Field, ...] = (
    CURSOR,
    list_of("deposits", "Deposit", DEPOSIT, since=PAYMENTS_ADDED, source="sdk-3.34"),
)
GET_WITHDRAWALS_RESPONSE: tuple[Field, ...] = (
    CURSOR,
    list_of("withdrawals", "Withdrawal", WITHDRAWAL, since=PAYMENTS_ADDED, source="sdk-3.34"),
)
