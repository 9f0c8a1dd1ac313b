"""Handlers of accounts, subaccounts, keys and restrictions of subtraders."""

from collections.abc import Iterator

from mockexchange.core.commands import (
    AddKey,
    CapSubtrader,
    OpenAccount,
    OpenSubaccount,
    RemoveKey,
    RestrictSubtrader,
    SetTier,
)
from mockexchange.core.events import (
    AccountOpened,
    Event,
    KeyAdded,
    KeyRemoved,
    SubaccountOpened,
    SubtraderCapped,
    SubtraderRestricted,
    TierSet,
)
from mockexchange.core.handlers import handler
from mockexchange.core.ids import derived_id
from mockexchange.core.model.accounts import Account, Key, SubtraderRules
from mockexchange.core.model.state import State
from mockexchange.core.model.subaccounts import Subaccount
from mockexchange.core.refusals import RefusalCode, Refused
from mockexchange.core.vocabulary import PRIMARY_SUBACCOUNT, SUBACCOUNTS_MAX, AccountKind, SubaccountRef

SUBACCOUNTS = {str(number) for number in range(1, SUBACCOUNTS_MAX + 1)}


@handler
def open_account(state: State, command: OpenAccount, at: int) -> Iterator[Event]:
    """Open an account with its primary subaccount."""
    if command.account in state.accounts:
        raise Refused(RefusalCode.ALREADY_EXISTS, f"account {command.account} exists already")
    account_id = command.account_id or command.account
    user_id = command.user_id or derived_id("user", command.account)
    state.accounts[command.account] = Account(
        command.account, command.kind, account_id, user_id, command.tier, venue=command.venue, opened_at=at
    )
    yield AccountOpened(account=command.account, kind=command.kind)
    yield _add_subaccount(state, SubaccountRef(command.account), "", at)


@handler
def open_subaccount(state: State, command: OpenSubaccount, at: int) -> Iterator[Event]:
    """Open a subaccount of a member or a subtrader of an FCM."""
    account = state.account(command.account)
    if command.subaccount in account.subaccounts:
        raise Refused(
            RefusalCode.ALREADY_EXISTS, f"account {command.account} has a book {command.subaccount!r} already"
        )
    if account.kind is AccountKind.MEMBER and command.subaccount not in SUBACCOUNTS:
        message = (
            f"account {account.name} is a member:"
            f" expected a subaccount 1 to {SUBACCOUNTS_MAX}, got {command.subaccount!r}"
        )
        raise Refused(RefusalCode.WRONG_KIND, message)
    yield _add_subaccount(state, SubaccountRef(command.account, command.subaccount), command.subaccount_id, at)


@handler
def add_key(state: State, command: AddKey, at: int) -> Iterator[Event]:
    """Add an API key. Raises Refused if its id, public key or secret is in use."""
    account = state.account(command.account)
    if command.key in account.keys:
        raise Refused(RefusalCode.ALREADY_EXISTS, f"account {account.name} has a key {command.key!r} already")
    if command.subaccount is not None:
        state.subaccount(SubaccountRef(account.name, command.subaccount))
    if command.key_id in state.keys or command.key_id in state.secret_keys:
        raise Refused(RefusalCode.KEY_IN_USE, f"key id {command.key_id} exists already")
    owner = state.key_owners.get(command.public_key or command.secret, command.account)
    if owner != command.account:
        shared = "secret" if command.secret else "key pair"
        message = f"accounts {owner} and {command.account} share a {shared}: give each its own"
        raise Refused(RefusalCode.KEY_IN_USE, message)
    key = Key(
        account=command.account,
        name=command.key,
        key_id=command.key_id,
        public_key=command.public_key,
        scopes=command.scopes,
        subaccount=command.subaccount,
        api_date=command.api_date,
        secret=command.secret,
    )
    known = state.secret_keys if key.secret else state.keys
    account.keys[key.name] = known[key.key_id] = key
    state.key_owners[key.public_key or key.secret] = account.name
    yield KeyAdded(account=account.name, key=key.name, key_id=key.key_id)


@handler
def remove_key(state: State, command: RemoveKey, at: int) -> Iterator[Event]:
    """Remove an API key. Its key pair or secret can never be used by another account."""
    account = state.account(command.account)
    key = state.keys.get(command.key_id) or state.secret_keys.get(command.key_id)
    if key is None or key.account != account.name:
        raise Refused(RefusalCode.UNKNOWN_KEY, f"account {account.name} has no key with the id {command.key_id}")
    known = state.secret_keys if key.secret else state.keys
    del account.keys[key.name], known[key.key_id]
    yield KeyRemoved(account=account.name, key=key.name, key_id=key.key_id)


@handler
def set_tier(state: State, command: SetTier, at: int) -> Iterator[Event]:
    """Set the usage tier of an account."""
    state.account(command.account).tier = command.tier
    yield TierSet(account=command.account, tier=command.tier)


@handler
def restrict_subtrader(state: State, command: RestrictSubtrader, at: int) -> Iterator[Event]:
    """Replace the restrictions of a subtrader: the categories it may not trade, and whether it is blocked."""
    rules = _rules_of(state, command.subaccount_ref)
    rules.categories, rules.blocked = command.categories, command.blocked
    yield SubtraderRestricted(
        subaccount_ref=command.subaccount_ref, categories=command.categories, blocked=command.blocked
    )


@handler
def cap_subtrader(state: State, command: CapSubtrader, at: int) -> Iterator[Event]:
    """Set or lift the daily spending cap of a subtrader."""
    _rules_of(state, command.subaccount_ref).cap_micros = command.limit_micros
    yield SubtraderCapped(subaccount_ref=command.subaccount_ref, limit_micros=command.limit_micros)


def _rules_of(state: State, subaccount_ref: SubaccountRef) -> SubtraderRules:
    state.subaccount(subaccount_ref)
    account = state.account(subaccount_ref.account)
    if account.kind is not AccountKind.FCM or subaccount_ref.subaccount == PRIMARY_SUBACCOUNT:
        message = f"{subaccount_ref} is no subtrader: expected ACCOUNT/SUBTRADER of an fcm account"
        raise Refused(RefusalCode.WRONG_KIND, message)
    return account.subtrader_rules.setdefault(subaccount_ref.subaccount, SubtraderRules())


def _add_subaccount(state: State, subaccount_ref: SubaccountRef, subaccount_id: str, at: int) -> Event:
    account = state.accounts[subaccount_ref.account]
    account.subaccounts[subaccount_ref.subaccount] = subaccount_id
    state.subaccounts[subaccount_ref] = subaccount = Subaccount(subaccount_ref, state.repricings)
    if account.kind is AccountKind.MEMBER or subaccount_ref.subaccount == PRIMARY_SUBACCOUNT:
        subaccount.number = int(subaccount_ref.subaccount)
    subaccount.updated_at = at
    return SubaccountOpened(subaccount_ref=subaccount_ref)
