"""Everything the exchange knows. Handlers change it, and only while `Exchange.execute` runs one."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from itertools import islice

from mockexchange.core.accounts import Account, Key
from mockexchange.core.holdings import Holdings
from mockexchange.core.ids import derived_id
from mockexchange.core.markets import EventListing, Market, Series
from mockexchange.core.orders import Order
from mockexchange.core.refusals import RefusalCode, Refused
from mockexchange.core.vocabulary import BookRef, FeeRounding

NAMES_SHOWN_MAX = 5


@dataclass(slots=True)
class State:
    seed: int
    rounding: FeeRounding
    sequence: int = 0
    """Commands executed so far, refused ones included."""
    revision: int = 0
    accounts: dict[str, Account] = field(default_factory=dict)
    keys: dict[str, Key] = field(default_factory=dict)
    key_owners: dict[str, str] = field(default_factory=dict)
    """Public key to the one account that uses it."""
    holdings: dict[BookRef, Holdings] = field(default_factory=dict)
    series: dict[str, Series] = field(default_factory=dict)
    events: dict[str, EventListing] = field(default_factory=dict)
    markets: dict[str, Market] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    resting: dict[str, dict[str, Order]] = field(default_factory=dict)
    """Orders that rest, by market."""
    accrued_attos: dict[tuple[BookRef, str], int] = field(default_factory=dict)
    """Fee rounding collected per named order of a book, in 1e-18 dollars."""

    def next_revision(self) -> int:
        self.revision += 1
        return self.revision

    def new_id(self, kind: str) -> str:
        """An id that is a function of the seed, the command's place in the log and `kind`."""
        return derived_id(self.seed, self.sequence, kind)

    def account(self, name: str) -> Account:
        account = self.accounts.get(name)
        if account is None:
            raise Refused(RefusalCode.UNKNOWN_ACCOUNT, f"no account {name!r}; known: {_some(self.accounts)}")
        return account

    def holdings_of(self, purse: BookRef) -> Holdings:
        holdings = self.holdings.get(purse)
        if holdings is None:
            books = self.account(purse.account).books
            message = f"account {purse.account} has no book {purse.book!r}; known: {_some(books)}"
            raise Refused(RefusalCode.UNKNOWN_BOOK, message)
        return holdings

    def market(self, ticker: str) -> Market:
        market = self.markets.get(ticker)
        if market is None:
            raise Refused(RefusalCode.UNKNOWN_MARKET, f"no market {ticker!r}; known: {_some(self.markets)}")
        return market

    def order(self, order_id: str) -> Order:
        order = self.orders.get(order_id)
        if order is None:
            raise Refused(RefusalCode.UNKNOWN_ORDER, f"no order {order_id!r}; known: {_some(self.orders)}")
        return order

    def books_of(self, account: str) -> Iterator[Holdings]:
        """The account's holdings, primary book first."""
        return (self.holdings[BookRef(account, book)] for book in self.accounts[account].books)


def _some(names: Collection[str]) -> str:
    shown = ", ".join(islice(names, NAMES_SHOWN_MAX))
    more = len(names) - NAMES_SHOWN_MAX
    return (shown or "none") + (f" and {more} more" if more > 0 else "")
