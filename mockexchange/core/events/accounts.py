"""Events: accounts, books, keys, and what a merchant forbids its subtraders."""

from dataclasses import dataclass

from mockexchange.core.vocabulary import AccountKind, SubaccountRef


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountOpened:
    account: str
    kind: AccountKind


@dataclass(frozen=True, slots=True, kw_only=True)
class SubaccountOpened:
    subaccount_ref: SubaccountRef


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyAdded:
    account: str
    key: str
    key_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SubtraderRestricted:
    subaccount_ref: SubaccountRef
    categories: tuple[str, ...]
    blocked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SubtraderCapped:
    subaccount_ref: SubaccountRef
    limit_micros: int | None
