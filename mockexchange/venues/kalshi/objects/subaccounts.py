"""The books of one member: their cash, moves between them, and whether they hold YES and NO apart."""

from mockexchange.venues.dated import Field
from mockexchange.venues.kalshi.objects.spans import CURSOR, SIX_DECIMALS, exchange_index, list_of
from mockexchange.venues.kalshi.spelling import BOOLEAN, CENTS, DOLLARS_4, DOLLARS_OF_CENTS, INTEGER, TEXT, UNIX_SECONDS

BOOKS_ADDED = "2026-01-09"

SUBACCOUNT_BALANCE: tuple[Field, ...] = (
    Field(
        name="balance",
        spelling=DOLLARS_OF_CENTS,
        read="cash_micros",
        since=BOOKS_ADDED,
        until=SIX_DECIMALS,
        source="choice",
    ),
    Field(name="balance", spelling=DOLLARS_4, read="cash_micros", since=SIX_DECIMALS, source="openapi-3.13"),
    exchange_index("exchange_index"),
    Field(name="subaccount_number", spelling=INTEGER, read="number", since=BOOKS_ADDED, source="openapi-3.13"),
    Field(name="updated_ts", spelling=UNIX_SECONDS, read="updated_at", since=BOOKS_ADDED, source="openapi-3.13"),
)

SUBACCOUNT_TRANSFER: tuple[Field, ...] = (
    Field(name="amount_cents", spelling=CENTS, read="row.amount_micros", since=BOOKS_ADDED, source="openapi-3.13"),
    Field(name="created_ts", spelling=UNIX_SECONDS, read="row.created_at", since=BOOKS_ADDED, source="openapi-3.13"),
    exchange_index("exchange_index"),
    Field(name="from_subaccount", spelling=INTEGER, read="row.source.book", since=BOOKS_ADDED, source="openapi-3.13"),
    Field(name="to_subaccount", spelling=INTEGER, read="row.target.book", since=BOOKS_ADDED, source="openapi-3.13"),
    Field(name="transfer_id", spelling=TEXT, read="row.transfer_id", since=BOOKS_ADDED, source="openapi-3.13"),
)

SUBACCOUNT_NETTING_CONFIG: tuple[Field, ...] = (
    Field(name="enabled", spelling=BOOLEAN, read="enabled", since=BOOKS_ADDED, source="openapi-3.13"),
    exchange_index("exchange_index"),
    Field(name="subaccount_number", spelling=INTEGER, read="number", since=BOOKS_ADDED, source="openapi-3.13"),
)

GET_SUBACCOUNT_BALANCES_RESPONSE: tuple[Field, ...] = (
    list_of("subaccount_balances", "SubaccountBalance", SUBACCOUNT_BALANCE, since=BOOKS_ADDED, source="openapi-3.13"),
)
GET_SUBACCOUNT_TRANSFERS_RESPONSE: tuple[Field, ...] = (
    CURSOR,
    list_of("transfers", "SubaccountTransfer", SUBACCOUNT_TRANSFER, since=BOOKS_ADDED, source="openapi-3.13"),
)
GET_SUBACCOUNT_NETTING_RESPONSE: tuple[Field, ...] = (
    list_of(
        "netting_configs",
        "SubaccountNettingConfig",
        SUBACCOUNT_NETTING_CONFIG,
        since=BOOKS_ADDED,
        source="openapi-3.13",
    ),
)
