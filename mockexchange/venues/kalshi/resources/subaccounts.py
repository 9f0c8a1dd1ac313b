"""A member's subaccounts: their cash, the transfers between them, and the netting of YES and NO.

An FCM has subtraders instead, and only the primary subaccount. Keys restricted to a subaccount may call none of the
writes.
"""

from typing import NamedTuple

from mockexchange.core.commands import OpenSubaccount, SetNetting, Transfer
from mockexchange.core.model.ledgers import TransferRow
from mockexchange.core.model.paged_history import HistoryPage
from mockexchange.core.vocabulary import (
    EXCHANGE_INDEX_MAX,
    MICROS_PER_CENT,
    PRIMARY_SUBACCOUNT,
    SUBACCOUNTS_MAX,
    AccountKind,
    SubaccountRef,
)
from mockexchange.venues.dated_fields import Field
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.formatting import (
    BOOLEAN,
    CENTS,
    DOLLARS_4,
    DOLLARS_OF_CENTS,
    INTEGER,
    TEXT,
    UNIX_SECONDS,
)
from mockexchange.venues.kalshi.named_days import EXCHANGE_INDEX_ADDED, SIX_DECIMALS
from mockexchange.venues.kalshi.rate_limits import DEFAULT_TIER
from mockexchange.venues.kalshi.resources import bodies, parameters
from mockexchange.venues.kalshi.resources.balances import free_by_index
from mockexchange.venues.kalshi.resources.bodies import Body, BodyField
from mockexchange.venues.kalshi.resources.call import (
    AccountCall,
    AccountOperation,
    Write,
    WriteOperation,
    undocumented_body,
    write,
)
from mockexchange.venues.kalshi.resources.fields import CURSOR, exchange_index, list_of, table
from mockexchange.venues.kalshi.resources.lists import ListTable, answer_list
from mockexchange.venues.kalshi.resources.parameters import Parameter
from mockexchange.venues.kalshi.resources.refusals import invalid, require_uuid, submit

# --- fields of answers

SUBACCOUNT_BALANCE = table(
    "SubaccountBalance",
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

SUBACCOUNT_TRANSFER = table(
    "SubaccountTransfer",
    Field(name="amount_cents", spelling=CENTS, read="row.amount_micros", source="openapi-3.13"),
    Field(name="created_ts", spelling=UNIX_SECONDS, read="row.created_at", source="openapi-3.13"),
    exchange_index("exchange_index"),
    Field(name="from_subaccount", spelling=INTEGER, read="row.source.subaccount", source="openapi-3.13"),
    Field(name="to_subaccount", spelling=INTEGER, read="row.target.subaccount", source="openapi-3.13"),
    Field(name="transfer_id", spelling=TEXT, read="row.transfer_id", source="openapi-3.13"),
)

SUBACCOUNT_NETTING_CONFIG = table(
    "SubaccountNettingConfig",
    Field(name="enabled", spelling=BOOLEAN, read="enabled", source="openapi-3.13"),
    exchange_index("exchange_index"),
    Field(name="subaccount_number", spelling=INTEGER, read="number", source="openapi-3.13"),
)

CREATE_SUBACCOUNT_RESPONSE = table(
    "CreateSubaccountResponse",
    Field(name="subaccount_number", spelling=INTEGER, read="number", source="openapi-3.13"),
)
GET_SUBACCOUNT_BALANCES_RESPONSE = table(
    "GetSubaccountBalancesResponse",
    list_of("subaccount_balances", "SubaccountBalance", SUBACCOUNT_BALANCE, source="openapi-3.13"),
)
GET_SUBACCOUNT_TRANSFERS_RESPONSE = table(
    "GetSubaccountTransfersResponse",
    CURSOR,
    list_of("transfers", "SubaccountTransfer", SUBACCOUNT_TRANSFER, source="openapi-3.13"),
)
GET_SUBACCOUNT_NETTING_RESPONSE = table(
    "GetSubaccountNettingResponse",
    list_of(
        "netting_configs",
        "SubaccountNettingConfig",
        SUBACCOUNT_NETTING_CONFIG,
        source="openapi-3.13",
    ),
)

# --- parameters of queries

GET_SUBACCOUNT_TRANSFERS: tuple[Parameter, ...] = (parameters.CURSOR, parameters.LIMIT)

# --- bodies of requests

CREATE_SUBACCOUNT = Body(struct="CreateSubaccountRequest", fields=(bodies.exchange_index(EXCHANGE_INDEX_ADDED),))
APPLY_SUBACCOUNT_TRANSFER = Body(
    struct="ApplySubaccountTransferRequest",
    fields=(
        bodies.required("client_transfer_id", "text"),
        bodies.number("from_subaccount"),
        bodies.number("to_subaccount"),
        BodyField(
            name="amount_cents",
            kind="integer",
            minimum=1,
            maximum=bodies.INT64_MAX // 10_000,
            required=True,
            source="openapi-3.13",
        ),
        bodies.number(
            "exchange_index", EXCHANGE_INDEX_MAX, is_required=False, since=EXCHANGE_INDEX_ADDED, source="sdk-3.34"
        ),
    ),
)
UPDATE_SUBACCOUNT_NETTING = Body(
    struct="UpdateSubaccountNettingRequest",
    fields=(bodies.number("subaccount_number"), bodies.required("enabled", "boolean")),
)

# --- reads

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
    balances = []
    for name in _subaccounts(call):
        subaccount = call.state.subaccounts[SubaccountRef(call.account.name, name)]
        cash_micros = free_by_index(subaccount, call.state.rules.balance)
        if not call.api_date.holds(EXCHANGE_INDEX_ADDED):
            cash_micros = {0: sum(cash_micros.values())}
        for index, amount_micros in sorted(cash_micros.items()):
            balances.append(SubaccountBalance(name, amount_micros, subaccount.updated_at, index))
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


# --- writes

EMPTY = b"{}"
TRANSFER = ("write", "write::transfer")


class NewSubaccount(NamedTuple):
    number: int


def create_subaccount(call: AccountCall) -> Write:
    """Open a subaccount with the next free number."""
    require_member(call)
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
    require_member(call)
    transfer_id = client_transfer_id(call)
    source, target = named_subaccount(call, "from_subaccount"), named_subaccount(call, "to_subaccount")
    if source == target:
        raise invalid("ToSubaccount", f"from_subaccount and to_subaccount are both {source.subaccount}")
    amount_micros = call.body["amount_cents"] * MICROS_PER_CENT
    shard = call.body.get("exchange_index") or 0
    yield from submit(
        Transfer(source=source, target=target, amount_micros=amount_micros, transfer=transfer_id, shard=shard)
    )
    return EMPTY


def update_subaccount_netting(call: AccountCall) -> Write:
    require_member(call)
    subaccount_ref = named_subaccount(call, "subaccount_number")
    yield from submit(SetNetting(subaccount_ref=subaccount_ref, enabled=call.body["enabled"]))
    return undocumented_body(call)


def require_member(call: AccountCall) -> None:
    if call.account.kind is not AccountKind.MEMBER:
        message = f"{call.account.name} is an {call.account.kind}: it has subtraders, no subaccounts"
        raise Rejected(Situation.FORBIDDEN, message)


def named_subaccount(call: AccountCall, field: str) -> SubaccountRef:
    """Return the subaccount whose number is in a field of the body. Raises Rejected if the account lacks it."""
    number = str(call.body[field])
    if number not in call.account.subaccounts:
        known = ", ".join(sorted(call.account.subaccounts, key=int))
        message = f"{field}={number}: {call.account.name} has the subaccounts {known}"
        raise Rejected(Situation.NOT_FOUND_IN_WRITE, message)
    return SubaccountRef(call.account.name, number)


def client_transfer_id(call: AccountCall) -> str:
    """Return the client's id of a transfer. Raises Rejected if it is no UUID, or was used before."""
    transfer_id: str = call.body["client_transfer_id"]
    require_uuid("client_transfer_id", transfer_id)
    if transfer_id in call.state.transfers or transfer_id in call.state.shard_transfers:
        message = f"client_transfer_id {transfer_id} was applied before: this request moved nothing"
        raise Rejected(Situation.TRANSFER_APPLIED, message)
    return transfer_id


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
        parameters=GET_SUBACCOUNT_TRANSFERS,
    ),
    AccountOperation(
        name="GetSubaccountNetting",
        path="/portfolio/subaccounts/netting",
        answer=get_subaccount_netting,
        answer_table="GetSubaccountNettingResponse",
    ),
    WriteOperation(
        name="CreateSubaccount",
        method="POST",
        path="/portfolio/subaccounts",
        scopes=TRANSFER,
        carry_out=create_subaccount,
        status=201,
        answer_table="CreateSubaccountResponse",
        body=CREATE_SUBACCOUNT,
    ),
    WriteOperation(
        name="ApplySubaccountTransfer",
        method="POST",
        path="/portfolio/subaccounts/transfer",
        scopes=TRANSFER,
        carry_out=apply_subaccount_transfer,
        body=APPLY_SUBACCOUNT_TRANSFER,
    ),
    WriteOperation(
        name="UpdateSubaccountNetting",
        method="PUT",
        path="/portfolio/subaccounts/netting",
        scopes=TRANSFER,
        carry_out=update_subaccount_netting,
        body=UPDATE_SUBACCOUNT_NETTING,
    ),
)
