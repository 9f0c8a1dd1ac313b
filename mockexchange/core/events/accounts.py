"""Events: accounts, books, keys, and what a merchant forbids its subtraders."""

from dataclasses import dataclass

from mockexchange.core.vocabulary import AccountKind, BookRef


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountOpened:
    account: str
    kind: AccountKind


@dataclass(frozen=True, slots=True, kw_only=True)
class BookOpened:
    purse: BookRef


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyAdded:
    account: str
    key: str
    key_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SubtraderRestricted:
    purse: BookRef
    categories: tuple[str, ...]
    blocked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SubtraderCapped:
    purse: BookRef
    limit_micros: int | None
