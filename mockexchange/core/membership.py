"""Handlers: accounts, books, keys, and cash that comes and goes other than by trading."""

from collections.abc import Iterator

from mockexchange.core.accounts import Account, Key
from mockexchange.core.commands import AddKey, Deposit, OpenAccount, OpenBook, Transfer, Withdraw
from mockexchange.core.events import AccountOpened, BookOpened, CashMoved, Event, KeyAdded
from mockexchange.core.holdings import Holdings
from mockexchange.core.refusals import RefusalCode, Refused
from mockexchange.core.state import State
from mockexchange.core.vocabulary import SUBACCOUNTS_MAX, AccountKind, BookRef

SUBACCOUNTS = {str(number) for number in range(1, SUBACCOUNTS_MAX + 1)}


def open_account(state: State, command: OpenAccount, at: int) -> Iterator[Event]:
    if command.account in state.accounts:
        raise Refused(RefusalCode.ALREADY_EXISTS, f"account {command.account} exists already")
    account_id = command.account_id or command.account
    state.accounts[command.account] = Account(command.account, command.kind, account_id)
    yield AccountOpened(account=command.account, kind=command.kind)
    yield _add_book(state, BookRef(command.account), "")


def open_book(state: State, command: OpenBook, at: int) -> Iterator[Event]:
    account = state.account(command.account)
    if command.book in account.books:
        raise Refused(RefusalCode.ALREADY_EXISTS, f"account {command.account} has a book {command.book!r} already")
    if account.kind is AccountKind.MEMBER and command.book not in SUBACCOUNTS:
        message = (
            f"account {account.name} is a member: expected a subaccount 1 to {SUBACCOUNTS_MAX}, got {command.book!r}"
        )
        raise Refused(RefusalCode.WRONG_KIND, message)
    yield _add_book(state, BookRef(command.account, command.book), command.book_id)


def add_key(state: State, command: AddKey, at: int) -> Iterator[Event]:
    account = state.account(command.account)
    if command.key in account.keys:
        raise Refused(RefusalCode.ALREADY_EXISTS, f"account {account.name} has a key {command.key!r} already")
    if command.book is not None:
        state.holdings_of(BookRef(account.name, command.book))
    _require_unshared(state, command)
    key = Key(
        account.name, command.key, command.key_id, command.public_key, command.scopes, command.book, command.api_date
    )
    account.keys[key.name] = state.keys[key.key_id] = key
    state.key_owners[key.public_key] = account.name
    yield KeyAdded(account=account.name, key=key.name, key_id=key.key_id)


def deposit(state: State, command: Deposit, at: int) -> Iterator[Event]:
    yield _move_cash(state.holdings_of(command.purse), command.amount_micros)


def withdraw(state: State, command: Withdraw, at: int) -> Iterator[Event]:
    yield _move_cash(_with_enough(state, command.purse, command.amount_micros), -command.amount_micros)


def transfer(state: State, command: Transfer, at: int) -> Iterator[Event]:
    source = _with_enough(state, command.source, command.amount_micros)
    target = state.holdings_of(command.target)
    yield _move_cash(source, -command.amount_micros)
    yield _move_cash(target, command.amount_micros)


def _add_book(state: State, purse: BookRef, book_id: str) -> Event:
    state.accounts[purse.account].books[purse.book] = book_id
    state.holdings[purse] = Holdings(purse)
    return BookOpened(purse=purse)


def _require_unshared(state: State, command: AddKey) -> None:
    if command.key_id in state.keys:
        raise Refused(RefusalCode.KEY_IN_USE, f"key id {command.key_id} exists already")
    owner = state.key_owners.get(command.public_key, command.account)
    if owner != command.account:
        message = f"accounts {owner} and {command.account} share a key pair: give each its own"
        raise Refused(RefusalCode.KEY_IN_USE, message)


def _with_enough(state: State, purse: BookRef, amount_micros: int) -> Holdings:
    holdings = state.holdings_of(purse)
    free_micros = holdings.cash_micros - holdings.reserved_micros
    if amount_micros > free_micros:
        message = f"{purse} has {free_micros} micro-dollars free, asked for {amount_micros}"
        raise Refused(RefusalCode.INSUFFICIENT_CASH, message)
    return holdings


def _move_cash(holdings: Holdings, amount_micros: int) -> Event:
    holdings.cash_micros += amount_micros
    holdings.contributed_micros += amount_micros
    holdings.assert_conserved()
    return CashMoved(purse=holdings.purse, amount_micros=amount_micros, cash_micros=holdings.cash_micros)
