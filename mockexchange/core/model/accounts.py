"""Accounts and their keys."""

from dataclasses import dataclass, field

from msgspec import Struct

from mockexchange.core.model.ledgers import Ledger
from mockexchange.core.vocabulary import AccountKind, Reservation

WHOLLY_ON_FIRST = ((0, 100),)


class Key(Struct, frozen=True):
    """An API key as the exchange knows it, of a key pair or of a shared secret; the core parses neither."""

    account: str
    name: str
    key_id: str
    public_key: str
    scopes: tuple[str, ...]
    subaccount: str | None
    api_date: str | None
    secret: str = ""
    """"" where there is a public key, as that is where there is a secret."""


class SubtraderRules(Struct):
    """What an FCM forbids a subtrader."""

    blocked: bool = False
    categories: tuple[str, ...] = ()
    cap_micros: int | None = None


@dataclass(slots=True, eq=False)
class Account:
    name: str
    kind: AccountKind
    account_id: str
    user_id: str
    tier: str
    subaccounts: dict[str, str] = field(default_factory=dict)
    """Book name to the venue's id of it, "" where the venue derives one; in the order of opening."""
    keys: dict[str, Key] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    subtrader_rules: dict[str, SubtraderRules] = field(default_factory=dict)
    """By book; one that is not here is free."""
    netted_subaccounts: set[str] = field(default_factory=set)
    allocations: tuple[tuple[int, int], ...] = WHOLLY_ON_FIRST
    """How its cash is to be spread over the shards: (exchange index, percent)."""
    reservation: Reservation = Reservation.NONE
    venue: str = ""
    """Where the account is; "" is the default venue. The core never knows what the word means."""
