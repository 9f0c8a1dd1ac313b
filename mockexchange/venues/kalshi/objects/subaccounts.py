"""Defines the JSON fields of a member's subaccounts for each API date: cash, transfers and netting of YES and NO."""

from mockexchange.venues.dated import Field
from mockexchange.venues.kalshi.dates import SIX_DECIMALS
from mockexchange.venues.kalshi.formatting import (
    BOOLEAN,
    CENTS,
    DOLLARS_4,
    DOLLARS_OF_CENTS,
    INTEGER,
    TEXT,
    UNIX_SECONDS,
)
from mockexchange.venues.kalshi.objects.rows import CURSOR, exchange_index, list_of

SUBACCOUNT_BALANCE: tuple[Field, ...] = (
    Field(
        name="balance",
        spelling=DOLLARS_OF_CENTS,
        read="cash_micros",
        until=SIX_DECIMALS,
        source="choice",
    ),
    Field(name="balance", spelling=DOLLARS_4, read="cash_micros", since=SIX_DECIMALS, source="openapi-3.13"),
    exchange_index("exchange_index"),
    Field(name="subaccount_number", spelling=INTEGER, read="number", source="openapi-3.13"),
    Field(name="updated_ts", spelling=UNIX_SECONDS, read="updated_at", source="openapi-3.13"),
)

SUBACCOUNT_TRANSFER: tuple[Field, ...] = (
    Field(name="amount_cents", spelling=CENTS, read="row.amount_micros", source="openapi-3.13"),
    Field(name="created_ts", spelling=UNIX_SECONDS, read="row.created_at", source="openapi-3.13"),
    exchange_index("exchange_index"),
    Field(name="from_subaccount", spelling=INTEGER, read="row.source.subaccount", source="openapi-3.13"),
    Field(name="to_subaccount", spelling=INTEGER, read="row.target.subaccount", source="openapi-3.13"),
    Field(name="transfer_id", spelling=TEXT, read="row.transfer_id", source="openapi-3.13"),
)

SUBACCOUNT_NETTING_CONFIG: tuple[Field, ...] = (
    Field(name="enabled", spelling=BOOLEAN, read="enabled", source="openapi-3.13"),
    exchange_index("exchange_index"),
    Field(name="subaccount_number", spelling=INTEGER, read="number", source="openapi-3.13"),
)

CREATE_SUBACCOUNT_RESPONSE: tuple[Field, ...] = (
    Field(name="subaccount_number", spelling=INTEGER, read="number", source="openapi-3.13"),
)
GET_SUBACCOUNT_BALANCES_RESPONSE: tuple[Field, ...] = (
    list_of("subaccount_balances", "SubaccountBalance", SUBACCOUNT_BALANCE, source="openapi-3.13"),
)
GET_SUBACCOUNT_TRANSFERS_RESPONSE: tuple[Field, ...] = (
    CURSOR,
    list_of("transfers", "SubaccountTransfer", SUBACCOUNT_TRANSFER, source="openapi-3.13"),
)
GET_SUBACCOUNT_NETTING_RESPONSE: tuple[Field, ...] = (
    list_of(
        "netting_configs",
        "SubaccountNettingConfig",
        SUBACCOUNT_NETTING_CONFIG,
        source="openapi-3.13",
    ),
)
