"""Finds the subaccount whose data a call reads or changes: one of a member, all of them, or an FCM's subtrader."""

from collections.abc import Mapping
from typing import Any

from mockexchange.core.model.accounts import Account, Key
from mockexchange.core.model.state import some_of
from mockexchange.core.model.subaccounts import Subaccount
from mockexchange.core.vocabulary import PRIMARY_SUBACCOUNT, AccountKind, SubaccountRef
from mockexchange.venues.dated_fields import ALWAYS, ApiDate
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.named_days import SUBACCOUNTS_ADDED
from mockexchange.venues.kalshi.resources.call import AccountCall

NAMES_SHOWN_MAX = 20
SHOWN_CHARS_MAX = 80


def only_subaccount(key: Key, account: Account, api_date: ApiDate, shown_since: str) -> str | None:
    """Return the only subaccount that a key is shown; None if it is shown all.

    It is the one that the key is restricted to. Before the day `shown_since`, from which a row or a frame says whose it
    is, members had no other than the primary one: two rows or frames of a market could not be told apart.
    """
    if key.subaccount is None and account.kind is AccountKind.MEMBER and api_date.is_day_from(ALWAYS, shown_since):
        return PRIMARY_SUBACCOUNT
    return key.subaccount


def requested_subaccount(call: AccountCall) -> str | None:
    """Return the subaccount that the parameter names, else the only one that the key is shown, else None.

    Raises Rejected if the parameter names another one than the key may use.
    """
    asked = call.params.get("subaccount")
    if asked is None:
        return only_subaccount(call.key, call.account, call.api_date, SUBACCOUNTS_ADDED)
    return _numbered_subaccount(call, asked)


def written_subaccount(call: AccountCall, fields: Mapping[str, Any] | None = None) -> SubaccountRef:
    """Return the subaccount that a request changes: the one named in its body or query.

    Without a name it is the key's subaccount, else the primary one. `fields` is an item of the body, if the request has
    several. Raises Rejected if the key is restricted to another subaccount.
    """
    named = (call.body if fields is None else fields).get("subaccount")
    name = requested_subaccount(call) if named is None else _numbered_subaccount(call, named)
    return SubaccountRef(call.account.name, name or PRIMARY_SUBACCOUNT)


def _numbered_subaccount(call: AccountCall, asked: int) -> str:
    """Return the name of the subaccount with a number. Raises Rejected if the key may use only another one.

    A subtrader has no number, even if its name is one: then the result is a name that no subaccount can have.
    """
    bound = call.key.subaccount
    is_subaccount = call.account.kind is AccountKind.MEMBER or str(asked) == PRIMARY_SUBACCOUNT
    name = str(asked) if is_subaccount else f"subaccount/{asked}"
    if bound not in (None, name):
        message = f"key {call.key.name} of {call.account.name} is restricted to subaccount {bound}, asked for {asked}"
        raise Rejected(Situation.FORBIDDEN, message)
    return name


def requested_or_primary(call: AccountCall) -> Subaccount | None:
    """Return the requested subaccount, else the primary one (documented); None if the account does not have it."""
    name = requested_subaccount(call) or PRIMARY_SUBACCOUNT
    subaccount = call.state.subaccounts.get(SubaccountRef(call.account.name, name))
    if subaccount is None:
        note_unknown_subaccount(call, name)
    return subaccount


def requested_or_all(call: AccountCall) -> str | None:
    """Return the requested subaccount; None, which means all subaccounts, if none is requested (documented)."""
    name = requested_subaccount(call)
    if name is not None and name not in call.account.subaccounts:
        note_unknown_subaccount(call, name)
    return name


def note_unknown_subaccount(call: AccountCall, name: str) -> None:
    number = name.rpartition("/")[2]
    message = f"{call.account.name} has no subaccount {number}: answered as an empty one"
    call.findings.append(f"{message}; {own_names(call.account)}")


def requested_subtrader(call: AccountCall, fields: Mapping[str, Any] | None = None) -> str | None:
    """Return the subaccount named by `subtrader_id`, else the one that the key is bound to, else None.

    `fields` are those of the body, if the name is there. Raises Rejected if the two differ, or if the FCM has no such
    subtrader.
    """
    asked, bound = (call.params if fields is None else fields).get("subtrader_id"), call.key.subaccount
    if not asked:
        return bound
    name = _subaccount_of(call.account, asked)
    if bound is not None and name != bound:
        message = f"key {call.key.name} of {call.account.name} is bound to subtrader {bound}, asked for {asked!r}"
        raise Rejected(Situation.FORBIDDEN, message)
    if name is None:
        message = f"{call.account.name} has no subtrader {asked[:SHOWN_CHARS_MAX]!r}; {own_names(call.account)}"
        raise Rejected(Situation.NOT_FOUND, message)
    return name


def required_subtrader(call: AccountCall) -> str:
    """Return the subaccount of the named subtrader as `requested_subtrader` does. Raises Rejected if none is named."""
    name = requested_subtrader(call)
    if name is None:
        message = f"name a subtrader_id: key {call.key.name} of {call.account.name} is not bound to one"
        raise Rejected(Situation.MISSING, f"{message}; {own_names(call.account)}", parameter="subtrader_id")
    return name


def own_names(account: Account) -> str:
    """Return a text that lists the subtraders of an FCM by their ids, or the subaccounts of a member."""
    if account.kind is AccountKind.FCM:
        return f"its subtraders: {some_of(subtrader_ids(account).values(), NAMES_SHOWN_MAX)}"
    return f"its subaccounts: {some_of(account.subaccounts, NAMES_SHOWN_MAX)}"


def subtrader_ids(account: Account) -> dict[str, str]:
    """Return an FCM's subtrader ids as clients see them, by subaccount; empty for other accounts."""
    if account.kind is not AccountKind.FCM:
        return {}
    return {
        name: subaccount_id or f"{account.account_id}_{name}"
        for name, subaccount_id in account.subaccounts.items()
        if name != PRIMARY_SUBACCOUNT
    }


def _subaccount_of(account: Account, subtrader_id: str) -> str | None:
    return next((name for name, known in subtrader_ids(account).items() if known == subtrader_id), None)
