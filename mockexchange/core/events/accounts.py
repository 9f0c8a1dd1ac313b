"""Events: accounts, books, keys, and what a merchant forbids its subtraders."""

from msgspec import Struct

from mockexchange.core.vocabulary import AccountKind, SubaccountRef


class AccountOpened(Struct, frozen=True, kw_only=True):
    account: str
    kind: AccountKind


class SubaccountOpened(Struct, frozen=True, kw_only=True):
    subaccount_ref: SubaccountRef


class KeyAdded(Struct, frozen=True, kw_only=True):
    account: str
    key: str
    key_id: str


class SubtraderRestricted(Struct, frozen=True, kw_only=True):
    subaccount_ref: SubaccountRef
    categories: tuple[str, ...]
    blocked: bool


class SubtraderCapped(Struct, frozen=True, kw_only=True):
    subaccount_ref: SubaccountRef
    limit_micros: int | None
