"""Events of accounts, subaccounts, keys and restrictions of subtraders."""

from msgspec import Struct

from mockexchange.core.vocabulary import AccountKind, SubaccountRef


class AccountOpened(Struct, frozen=True, kw_only=True):
    """An account was opened, with its primary subaccount."""

    account: str
    kind: AccountKind


class SubaccountOpened(Struct, frozen=True, kw_only=True):
    """A subaccount or a subtrader was opened."""

    subaccount_ref: SubaccountRef


class KeyAdded(Struct, frozen=True, kw_only=True):
    """An API key was added to an account."""

    account: str
    key: str
    key_id: str


class KeyRemoved(Struct, frozen=True, kw_only=True):
    """An API key was removed from an account."""

    account: str
    key: str
    key_id: str


class TierSet(Struct, frozen=True, kw_only=True):
    """The usage tier of an account was set."""

    account: str
    tier: str


class SubtraderRestricted(Struct, frozen=True, kw_only=True):
    """An FCM set the categories that a subtrader may not trade, or blocked the subtrader."""

    subaccount_ref: SubaccountRef
    categories: tuple[str, ...]
    blocked: bool


class SubtraderCapped(Struct, frozen=True, kw_only=True):
    """An FCM set the daily spending cap of a subtrader; None means that it lifted the cap."""

    subaccount_ref: SubaccountRef
    limit_micros: int | None
