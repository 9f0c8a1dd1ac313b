"""The state of the exchange. Only handlers change it, while `Exchange.execute` runs one of them."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from difflib import get_close_matches
from itertools import islice

from msgspec import Struct

from mockexchange.core.derivatives.derivative import Derivative
from mockexchange.core.derivatives.holdings import Cash, Holding
from mockexchange.core.derivatives.order_book import DerivativeBook
from mockexchange.core.derivatives.orders import NO_ORDERS, DerivativeOrder, DerivativeTrade, OpenOrders
from mockexchange.core.ids import id_of
from mockexchange.core.model.accounts import Account, Key
from mockexchange.core.model.ledgers import Payment, ShardTransfer, TransferRow
from mockexchange.core.model.markets import EventDetails, EventListing, Market, Series
from mockexchange.core.model.order_book import OrderBook
from mockexchange.core.model.order_rules import OrderRules
from mockexchange.core.model.orders import Order, OrderGroup, OrderTable, Trade
from mockexchange.core.model.paged_history import History
from mockexchange.core.model.positions import Position
from mockexchange.core.model.rfqs import BlockTrade, Quote, Rfq
from mockexchange.core.model.subaccounts import Repricings, Subaccount
from mockexchange.core.refusals import RefusalCode, Refused
from mockexchange.core.vocabulary import FeeRounding, Severity, SubaccountRef


class Service(Struct):
    """The status of the exchange: whether it is up and whether it trades. `resume_at` is None if no time is known."""

    is_active: bool = True
    is_trading: bool = True
    resume_at: int | None = None


class Announcement(Struct, frozen=True):
    """A message of the exchange to all its users."""

    message: str
    severity: Severity
    is_active: bool
    delivered_at: int


NAMES_SHOWN_MAX = 5
ORDERS_COMPARED_MAX = 200
"""Number of the newest orders that are searched for an id similar to an unknown one, which takes a few milliseconds."""
COMPARED_MAX = 300
"""Largest number of names that are compared with an unknown name. If there are more, no similar name is suggested."""


@dataclass(slots=True)
class Derivatives:
    """The state of derivatives: derivatives and indexes by name, positions and cash by subaccount, and trades."""

    listed: dict[str, Derivative] = field(default_factory=dict)
    indexes: dict[str, Decimal] = field(default_factory=dict)
    holdings: dict[SubaccountRef, dict[str, Holding]] = field(default_factory=dict)
    """Positions by subaccount and derivative.

    A flat one stays until the next settlement, to show its realized profit.
    """
    cash: dict[SubaccountRef, dict[str, Cash]] = field(default_factory=dict)
    trades: History[DerivativeTrade] = field(default_factory=History)
    trade_ids: set[str] = field(default_factory=set)
    orders: dict[str, DerivativeOrder] = field(default_factory=dict)
    """Every order, open or done, by id."""
    order_history: History[DerivativeOrder] = field(default_factory=History)
    order_books: dict[str, DerivativeBook] = field(default_factory=dict)
    open_orders: dict[SubaccountRef, dict[str, OpenOrders]] = field(default_factory=dict)
    """Open orders by subaccount and derivative. A derivative without open orders of the subaccount has no entry."""
    waiting: dict[str, DerivativeOrder] = field(default_factory=dict)
    """Orders that wait for their trigger, in the order in which they were placed."""

    def open_orders_of(self, subaccount_ref: SubaccountRef, derivative: str) -> OpenOrders:
        """Return the open orders of a subaccount in a derivative; an empty, shared value if there are none."""
        return self.open_orders.get(subaccount_ref, {}).get(derivative, NO_ORDERS)

    def order(self, order_id: str) -> DerivativeOrder:
        """Return an order of a derivative by its id. Raises Refused if it is unknown."""
        order = self.orders.get(order_id)
        if order is None:
            raise Refused(RefusalCode.UNKNOWN_ORDER, f"no order {order_id!r}; known: {some_of(self.orders)}")
        return order


@dataclass(slots=True)
class State:
    """All accounts, markets, orders and derivatives of one exchange."""

    seed: int
    rounding: FeeRounding
    sequence: int = 0
    """Number of commands executed so far, including refused ones."""
    revision: int = 0
    archived_before: int = 0
    """Fills, done orders and settled positions last changed before this instant are listed in the historical reads."""
    rules: OrderRules = field(default_factory=OrderRules)
    accounts: dict[str, Account] = field(default_factory=dict)
    keys: dict[str, Key] = field(default_factory=dict)
    """API keys with a key pair, by id; keys with a shared secret are in `secret_keys`."""
    secret_keys: dict[str, Key] = field(default_factory=dict)
    key_owners: dict[str, str] = field(default_factory=dict)
    """The account of each public key or secret; two accounts never share one."""
    subaccounts: dict[SubaccountRef, Subaccount] = field(default_factory=dict)
    market_positions: dict[str, Position | list[Position]] = field(default_factory=dict)
    """Every position ever opened in a market, by the market's ticker, in the order of opening: for `as_list`."""
    series: dict[str, Series] = field(default_factory=dict)
    repricings: Repricings = field(default_factory=Repricings)
    events: dict[str, EventListing] = field(default_factory=dict)
    described: dict[str, EventDetails] = field(default_factory=dict)
    """Details given for events that are not listed yet, by ticker."""
    markets: dict[str, Market] = field(default_factory=dict)
    listed_events: History[EventListing] = field(default_factory=History)
    listed_markets: History[Market] = field(default_factory=History)
    tape: History[Trade] = field(default_factory=History)
    """Every trade in event contracts, newest last."""
    orders: OrderTable = field(default_factory=OrderTable)
    groups: dict[str, OrderGroup] = field(default_factory=dict)
    groups_opened: int = 0
    """Number of order groups ever opened, including deleted ones."""
    rfqs: dict[str, Rfq] = field(default_factory=dict)
    """Requests for quotes, open and closed, by id."""
    quotes: dict[str, Quote] = field(default_factory=dict)
    """Quotes for them, by id."""
    block_trades: dict[str, BlockTrade] = field(default_factory=dict)
    """Proposed block trades, by id."""
    payments: dict[str, Payment] = field(default_factory=dict)
    transfers: dict[str, TransferRow] = field(default_factory=dict)
    shard_transfers: dict[str, ShardTransfer] = field(default_factory=dict)
    service: Service = field(default_factory=Service)
    announcements: list[Announcement] = field(default_factory=list)
    order_books: dict[str, OrderBook] = field(default_factory=dict)
    """Order books with the accounts' resting orders, by market ticker."""
    named_trades: dict[str, Trade] = field(default_factory=dict)
    """Trades whose id a command gave; only these can clash with another."""
    derivatives: Derivatives = field(default_factory=Derivatives)

    def __del__(self) -> None:
        """Break the reference cycles of rows, so that the memory is freed at once and not by the garbage collector."""
        for order in self.orders.in_any_order():
            for fill in order.fills:
                fill.trade.maker = fill.trade.taker = None
            order.filled = None
        for group in self.groups.values():
            group.orders = {}
        for event in self.events.values():
            event.markets = []

    def next_revision(self) -> int:
        """Return a new number for a revision or a serial; it is higher than all earlier ones."""
        self.revision += 1
        return self.revision

    def new_id(self, kind: str) -> str:
        """Return an id that depends only on the exchange's seed, the number of the current command and `kind`."""
        return id_of(f"{self.seed}\x1f{self.sequence}\x1f{kind}")

    def account(self, name: str) -> Account:
        """Return an account by name. Raises Refused if it is unknown."""
        account = self.accounts.get(name)
        if account is None:
            raise Refused(RefusalCode.UNKNOWN_ACCOUNT, f"no account {name!r}{_known(name, self.accounts)}")
        return account

    def dollar_subaccount(self, subaccount_ref: SubaccountRef) -> Subaccount:
        """Return a subaccount of the default venue, which has dollars and event contracts. Raises Refused otherwise."""
        subaccount = self.subaccounts.get(subaccount_ref) or self.subaccount(subaccount_ref)
        venue = self.accounts[subaccount_ref.account].venue
        if venue:
            message = f"account {subaccount_ref.account} is of {venue}, which has currencies and instruments"
            raise Refused(RefusalCode.WRONG_KIND, f"{message}: expected an account with dollars and event contracts")
        return subaccount

    def subaccount(self, subaccount_ref: SubaccountRef) -> Subaccount:
        """Return a subaccount. Raises Refused, with the known subaccounts, if it is unknown."""
        subaccount = self.subaccounts.get(subaccount_ref)
        if subaccount is None:
            account, name = subaccount_ref
            known = some_of(self.account(account).subaccounts)
            message = f"account {account} has no book {name!r}; known: {known}"
            raise Refused(RefusalCode.UNKNOWN_SUBACCOUNT, message)
        return subaccount

    def market(self, ticker: str) -> Market:
        """Return a market by ticker. Raises Refused if it is unknown."""
        market = self.markets.get(ticker)
        if market is None:
            raise Refused(RefusalCode.UNKNOWN_MARKET, f"no market {ticker!r}{_known(ticker, self.markets)}")
        return market

    def order(self, order_id: str) -> Order:
        """Return an order by id. Raises Refused if it is unknown, with the most similar id among the newest orders."""
        order = self.orders.find(order_id)
        if order is None:
            near = get_close_matches(order_id, islice(reversed(self.orders), ORDERS_COMPARED_MAX), n=1)
            advice = f": did you mean {near[0]!r}?" if near else f"; known: {some_of(self.orders)}"
            raise Refused(RefusalCode.UNKNOWN_ORDER, f"no order {order_id!r}{advice}")
        return order

    def group(self, group_id: str) -> OrderGroup:
        """Return an order group by its id. Raises Refused if it is unknown."""
        group = self.groups.get(group_id)
        if group is None:
            raise Refused(RefusalCode.UNKNOWN_GROUP, f"no group {group_id!r}; known: {some_of(self.groups)}")
        return group

    def rfq(self, rfq_id: str) -> Rfq:
        """Return a request for quotes by its id. Raises Refused if it is unknown."""
        rfq = self.rfqs.get(rfq_id)
        if rfq is None:
            raise Refused(RefusalCode.UNKNOWN_RFQ, f"no RFQ {rfq_id!r}; known: {some_of(self.rfqs)}")
        return rfq

    def quote(self, quote_id: str) -> Quote:
        """Return a quote for an RFQ by its id. Raises Refused if it is unknown."""
        quote = self.quotes.get(quote_id)
        if quote is None:
            raise Refused(RefusalCode.UNKNOWN_QUOTE, f"no quote {quote_id!r}; known: {some_of(self.quotes)}")
        return quote

    def payment(self, payment_id: str) -> Payment:
        """Return a deposit or a withdrawal by its id. Raises Refused if it is unknown."""
        payment = self.payments.get(payment_id)
        if payment is None:
            message = f"no payment {payment_id!r}; known: {some_of(self.payments)}"
            raise Refused(RefusalCode.UNKNOWN_PAYMENT, message)
        return payment

    def shard_transfer(self, transfer_id: str) -> ShardTransfer:
        """Return a transfer between shards. Raises Refused if it is unknown."""
        transfer = self.shard_transfers.get(transfer_id)
        if transfer is None:
            message = f"no transfer {transfer_id!r} between shards; known: {some_of(self.shard_transfers)}"
            raise Refused(RefusalCode.UNKNOWN_TRANSFER, message)
        return transfer

    def subaccounts_of(self, account: str) -> Iterator[Subaccount]:
        """Iterate over the subaccounts of an account in the order of opening, the primary one first."""
        return (self.subaccounts[SubaccountRef(account, name)] for name in self.accounts[account].subaccounts)


def _known(name: str, names: Collection[str]) -> str:
    """Return the name nearest to an unknown one, and some of those that are known."""
    near = get_close_matches(name, names, 1) if len(names) <= COMPARED_MAX else []
    return f"{f': did you mean {near[0]!r}?' if near else ';'} known: {some_of(names)}"


def some_of(names: Collection[str], count_max: int = NAMES_SHOWN_MAX) -> str:
    """Return a text with the first names, and how many more there are; "none" if there are none."""
    shown = ", ".join(islice(names, count_max))
    more = len(names) - count_max
    return (shown or "none") + (f" and {more} more" if more > 0 else "")
