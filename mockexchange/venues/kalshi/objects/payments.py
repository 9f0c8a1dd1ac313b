"""Defines the JSON fields of deposits and withdrawals for each API date."""

from mockexchange.venues.dated import Field
from mockexchange.venues.kalshi.formatting import CENTS, TEXT, UNIX_SECONDS, one_of
from mockexchange.venues.kalshi.objects.rows import CURSOR, list_of, optional

STATUS = one_of("pending", "applied", "failed", "returned")
METHOD = one_of("ach", "wire", "crypto", "debit", "apm")

DEPOSIT: tuple[Field, ...] = (
    Field(name="amount_cents", spelling=CENTS, read="amount_micros", source="sdk-3.34"),
    Field(name="created_ts", spelling=UNIX_SECONDS, read="created_at", source="sdk-3.34"),
    Field(name="fee_cents", spelling=CENTS, read="fee_micros", source="sdk-3.34"),
    *optional("finalized_ts", UNIX_SECONDS, "finalized_at", source="sdk-3.34"),
    Field(name="id", spelling=TEXT, read="payment_id", source="sdk-3.34"),
    Field(name="status", spelling=STATUS, read="status", source="sdk-3.34"),
    Field(name="type", spelling=METHOD, read="method", source="sdk-3.34"),
)
WITHDRAWAL = DEPOSIT

GET_DEPOSITS_RESPONSE: tuple[Field, ...] = (
    CURSOR,
    list_of("deposits", "Deposit", DEPOSIT, source="sdk-3.34"),
)
GET_WITHDRAWALS_RESPONSE: tuple[Field, ...] = (
    CURSOR,
    list_of("withdrawals", "Withdrawal", WITHDRAWAL, source="sdk-3.34"),
)
