"""Whose rows a call is about: the account's book, all of its books, or an FCM's subtrader."""

from mockexchange.core.model.accounts import Account
from mockexchange.core.model.subaccounts import Holdings
from mockexchange.core.vocabulary import PRIMARY_BOOK, AccountKind, BookRef
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.operations.call import AccountCall


def asked_book(call: AccountCall) -> str | None:
    """The one book asked for, by `subaccount` or by the key that is restricted to it; None where neither says."""
    asked, bound = call.params.get("subaccount"), call.key.book
    if asked is None:
        return bound
    book = _book_numbered(call.account, asked)
    if bound not in (None, book):
        words = f"key {call.key.name} of {call.account.name} is restricted to subaccount {bound}, asked for {asked}"
        raise Rejected(Situation.FORBIDDEN, words)
    return book


def primary_or_asked(call: AccountCall) -> Holdings | None:
    """The book asked for, else the primary one (documented); None where the account has no such subaccount."""
    book = asked_book(call) or PRIMARY_BOOK
    holdings = call.state.holdings.get(BookRef(call.account.name, book))
    if holdings is None:
        tell_no_book(call, book)
    return holdings


def all_or_asked(call: AccountCall) -> str | None:
    """The book asked for, else None: the rows of all of them (documented)."""
    book = asked_book(call)
    if book is not None and book not in call.account.books:
        tell_no_book(call, book)
    return book


def tell_no_book(call: AccountCall, book: str) -> None:
    number = book.rpartition("/")[2]
    call.findings.append(f"{call.account.name} has no subaccount {number}: answered as an empty one")


def asked_subtrader(call: AccountCall) -> str | None:
    """The book of `subtrader_id`, or the one that the key is bound to; None where neither says.

    Raises Rejected where the two differ, and where the FCM has no such subtrader.
    """
    asked, bound = call.params.get("subtrader_id"), call.key.book
    if not asked:
        return bound
    book = _book_of(call.account, asked)
    if bound is not None and book != bound:
        words = f"key {call.key.name} of {call.account.name} is bound to subtrader {bound}, asked for {asked!r}"
        raise Rejected(Situation.FORBIDDEN, words)
    if book is None:
        known = ", ".join(subtrader_ids(call.account).values()) or "none"
        raise Rejected(Situation.NOT_FOUND, f"{call.account.name} has no subtrader {asked!r}; its own: {known}")
    return book


def subtrader(call: AccountCall) -> str:
    """As `asked_subtrader`; a call that names none is refused."""
    book = asked_subtrader(call)
    if book is None:
        words = f"name a subtrader_id: key {call.key.name} of {call.account.name} is not bound to one"
        raise Rejected(Situation.MISSING, words, parameter="subtrader_id")
    return book


def subtrader_ids(account: Account) -> dict[str, str]:
    """Book name to the id on the wire, verbatim where the scenario gives one; only an FCM has subtraders."""
    if account.kind is not AccountKind.FCM:
        return {}
    return {
        book: book_id or f"{account.account_id}_{book}"
        for book, book_id in account.books.items()
        if book != PRIMARY_BOOK
    }


def _book_numbered(account: Account, number: int) -> str:
    """A subtrader has no number, even where its name is one: then a name that no book can have."""
    is_subaccount = account.kind is AccountKind.MEMBER or str(number) == PRIMARY_BOOK
    return str(number) if is_subaccount else f"subaccount/{number}"


def _book_of(account: Account, subtrader_id: str) -> str | None:
    return next((book for book, known in subtrader_ids(account).items() if known == subtrader_id), None)
