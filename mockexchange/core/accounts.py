"""Accounts and their keys."""

from dataclasses import dataclass, field

from mockexchange.core.vocabulary import AccountKind


@dataclass(frozen=True, slots=True)
class Key:
    """An API key as the exchange knows it; `public_key` is PEM text that the core never parses."""

    account: str
    name: str
    key_id: str
    public_key: str
    scopes: tuple[str, ...]
    book: str | None
    api_date: str | None


@dataclass(slots=True)
class Account:
    name: str
    kind: AccountKind
    account_id: str
    books: dict[str, str] = field(default_factory=dict)
    """Book name to the venue's id of it, "" where the venue derives one; in the order of opening."""
    keys: dict[str, Key] = field(default_factory=dict)
