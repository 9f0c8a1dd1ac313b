"""Orders, order groups, trades and fills.

Every fill has an order: either one that rested before, or an executed one that was created with its first fill. A trade
has one fill or two: one for each side that has an account on this exchange.

The garbage collector does not visit orders and trades: `State` breaks their cycles with fills. Fills are plain objects,
so that pickle, which knows a plain object before its parts, does not go round for ever.
"""

from bisect import bisect_left
from collections import deque
from collections.abc import Iterator, Mapping
from heapq import merge
from itertools import chain

from msgspec import Struct, field

from mockexchange.core.ids import row_id, serial_in
from mockexchange.core.model.markets import Market
from mockexchange.core.model.one_or_more import OneOrMore, as_list
from mockexchange.core.model.paged_history import EVERYTHING, Partition, Selector, by_serial
from mockexchange.core.model.subaccounts import Subaccount
from mockexchange.core.vocabulary import (
    CENTICENTS_PER_DOLLAR,
    Action,
    OrderStatus,
    SelfTradePrevention,
    Side,
    SubaccountRef,
)

OTHER_SIDE = {Side.YES: Side.NO, Side.NO: Side.YES}


def outcome_side(side: Side, action: Action) -> Side:
    """Return the outcome whose contracts a fill gains: a sale of YES gains NO."""
    return side if action is Action.BUY else OTHER_SIDE[side]


# (status, how it ends): status after. Nothing else ends an order: one that is amended or reduced rests on, and one that
# is known only by its fills is executed from its first fill on.
ORDER_TRANSITIONS: dict[tuple[OrderStatus, str], OrderStatus] = {
    (OrderStatus.RESTING, "fill"): OrderStatus.EXECUTED,
    (OrderStatus.RESTING, "cancel"): OrderStatus.CANCELED,
}


class Trade(Struct, eq=False, gc=False):
    """A trade.

    `taker_side` is the outcome that the taker gains, `market_volume_centis` the market's volume before the trade.
    """

    given_id: str | None
    """The id that a command gave; other trades have one that is derived from their serial."""
    market: Market
    yes_centicents: int
    count_centis: int
    taker_side: Side
    created_at: int
    serial: int
    market_volume_centis: int
    maker: "FillRow | None" = None
    taker: "FillRow | None" = None
    is_block: bool = False
    """Whether two accounts agreed on the trade outside the order book."""

    @property
    def trade_id(self) -> str:
        return self.given_id or row_id(self.market.event.series.seed, "trade", self.serial)

    @property
    def no_centicents(self) -> int:
        return CENTICENTS_PER_DOLLAR - self.yes_centicents

    @property
    def revision(self) -> int:
        """The cache key of the trade: its serial, because a trade never changes."""
        return self.serial

    @property
    def selectors(self) -> tuple[Selector, ...]:
        return EVERYTHING, self.market.ticker

    @property
    def partition(self) -> Partition:
        """The values by which lists filter the trade: (whether it is a block trade,)."""
        return (self.is_block,)


class FillRow:
    """One account's side of a trade, as lists of fills show it. Every fill belongs to an order."""

    __slots__ = ("fee_micros", "is_taker", "order", "serial", "trade")

    def __init__(self, trade: Trade, order: "Order", *, is_taker: bool, fee_micros: int, serial: int) -> None:
        self.trade = trade
        self.order = order
        self.is_taker = is_taker
        self.fee_micros = fee_micros
        self.serial = serial

    @property
    def subaccount_ref(self) -> SubaccountRef:
        return self.order.subaccount_ref

    @property
    def side(self) -> Side:
        return self.order.side

    @property
    def action(self) -> Action:
        return self.order.action

    @property
    def client_order_id(self) -> str | None:
        return self.order.client_order_id or None

    @property
    def created_at(self) -> int:
        return self.trade.created_at

    @property
    def price_centicents(self) -> int:
        """Price of one contract of the side that the fill names, in hundredths of a cent."""
        return self.trade.yes_centicents if self.side is Side.YES else self.trade.no_centicents

    @property
    def outcome_side(self) -> Side:
        return outcome_side(self.side, self.action)

    @property
    def revision(self) -> int:
        """The cache key of the fill: its serial, because a fill never changes."""
        return self.serial

    @property
    def selectors(self) -> tuple[Selector, ...]:
        market = self.trade.market
        return EVERYTHING, market.ticker, ("index", market.event.exchange_index)

    @property
    def partition(self) -> Partition:
        """The values by which lists filter the fill: (subaccount,)."""
        return (self.order.subaccount.ref.subaccount,)


class Order(Struct, eq=False, gc=False):
    """An order of a subaccount, resting or done."""

    given_id: str
    """The id of an order that was placed, or that its first fill named; empty if the id is derived from the serial."""
    client_order_id: str
    subaccount: Subaccount
    market: Market
    side: Side
    action: Action
    price_centicents: int
    """Limit price of the contract of `side`."""
    initial_centis: int
    remaining_centis: int
    created_at: int
    updated_at: int
    serial: int
    revision: int
    status: OrderStatus = OrderStatus.RESTING
    is_placed: bool = True
    """Whether the order was placed. If not, the order is known only by its fills and grows with them."""
    is_archived: bool = False
    """Whether the order is done and last changed before the exchange's cutoff, so that historical reads list it."""
    group: "OrderGroup | None" = None
    expires_at: int | None = None
    self_trade_prevention: SelfTradePrevention | None = None
    cancel_on_pause: bool = False
    opening_centis: int = 0
    """Contracts of a sell order beyond those held when it was placed; they open a position on the other side."""
    filled: OneOrMore[FillRow] = None
    """The fills of the order, oldest first."""
    filled_centis: int = 0
    taker_cost_micros: int = 0
    maker_cost_micros: int = 0
    """Cost (count times price, without fees) of those fills in which the order was the maker."""
    taker_fees_micros: int = 0
    maker_fees_micros: int = 0
    accrued_attos: int = 0
    """Sum of rounded less exact fees that has not been given back yet, in 1e-18 dollars."""

    @property
    def order_id(self) -> str:
        return self.given_id or row_id(self.market.event.series.seed, "order", self.serial)

    @property
    def fills(self) -> list[FillRow]:
        """The fills of the order, oldest first; not to be changed."""
        return as_list(self.filled)

    @property
    def subaccount_ref(self) -> SubaccountRef:
        return self.subaccount.ref

    @property
    def yes_centicents(self) -> int:
        return self.price_centicents if self.side is Side.YES else CENTICENTS_PER_DOLLAR - self.price_centicents

    @property
    def no_centicents(self) -> int:
        return CENTICENTS_PER_DOLLAR - self.yes_centicents

    @property
    def outcome_side(self) -> Side:
        return outcome_side(self.side, self.action)

    @property
    def bid(self) -> tuple[Side, int]:
        """The side and the price of the order book at which the order rests: a sale of YES is a bid for NO."""
        if self.action is Action.BUY:
            return self.side, self.price_centicents
        return OTHER_SIDE[self.side], CENTICENTS_PER_DOLLAR - self.price_centicents

    @property
    def bid_side(self) -> Side:
        return self.side if self.action is Action.BUY else OTHER_SIDE[self.side]

    @property
    def bid_centicents(self) -> int:
        return self.price_centicents if self.action is Action.BUY else CENTICENTS_PER_DOLLAR - self.price_centicents

    @property
    def selectors(self) -> tuple[Selector, ...]:
        return EVERYTHING, self.market.ticker, ("index", self.market.event.exchange_index)

    @property
    def partition(self) -> Partition:
        """The values by which lists filter the order: (subaccount, status, archived)."""
        return self.subaccount.ref.subaccount, self.status, self.is_archived

    def needs_micros(self, count_centis: int | None = None) -> int:
        """Return the cash that contracts of the order hold back while it rests, in micro-dollars: of all that remain.

        With `count_centis` only of so many. A purchase holds back its cost at the limit price, a sale only the cost of
        contracts that it opens on the other side.
        """
        if count_centis is None:
            count_centis = self.remaining_centis
        if self.action is Action.BUY:
            return count_centis * self.price_centicents
        return min(count_centis, self.opening_centis) * (CENTICENTS_PER_DOLLAR - self.price_centicents)

    def end(self, how: str) -> None:
        """Give an order of which nothing rests the last status that the table of transitions has for its end."""
        self.status, self.remaining_centis = ORDER_TRANSITIONS[self.status, how], 0

    def covers_centis(self, count_centis: int) -> int:
        """Return how many of `count_centis` contracts of a sell order the account holds and would sell."""
        return max(0, count_centis - self.opening_centis) if self.action is Action.SELL else 0


class OrderGroup(Struct, eq=False):
    """Orders that are canceled together when `filled_centis` reaches the limit.

    Fills count since the last reset, and only for as long as `OrderRules.group_window_us`.
    """

    group_id: str
    serial: int
    """Number of the group in the order of opening, counting deleted groups."""
    subaccount_ref: SubaccountRef
    exchange_index: int
    limit_centis: int | None
    filled_centis: int = 0
    recent: deque[tuple[int, int]] = field(default_factory=deque)
    """The fills that count toward the limit: (instant, count)."""
    is_triggered: bool = False
    orders: dict[str, Order] = field(default_factory=dict)
    """Resting orders of the group by id, in the order in which they were placed."""

    def add(self, order: Order) -> None:
        """Add a resting order to the group. An amended order returns to its former place in the group.

        Cost: O(1) for the newest order.
        """
        newest = next(reversed(self.orders.values()), None)
        self.orders[order.given_id] = order
        if newest is not None and newest.serial > order.serial:
            self.orders = dict(sorted(self.orders.items(), key=lambda item: item[1].serial))

    def count(self, count_centis: int, at: int, window_us: int | None) -> None:
        """Add filled contracts to the group's count, and forget fills that are older than the window.

        `window_us` None means that no fill is forgotten before a reset.
        """
        if window_us is None:
            self.filled_centis += count_centis
            return
        self.recent.append((at, count_centis))
        self.filled_centis += count_centis
        while self.recent and self.recent[0][0] <= at - window_us:
            self.filled_centis -= self.recent.popleft()[1]

    def reset(self) -> None:
        """Let the group count its fills from zero again."""
        self.filled_centis, self.is_triggered = 0, False
        self.recent.clear()


class OrderTable(Mapping[str, Order]):
    """Every order of an exchange by id, oldest first. A look-up costs O(1), or O(log n) for a derived id.

    An order that was made by a fill without an order id has an id that is derived from its serial, and neither the id
    nor a place in a table of ids is stored: most orders of a long history are of this kind. The id contains the serial.
    """

    __slots__ = ("_derived", "_given")

    def __init__(self) -> None:
        self._given: dict[str, Order] = {}
        self._derived: list[Order] = []
        """Orders with a derived id, sorted by serial."""

    def add(self, order: Order) -> None:
        """Add an order, whose serial must be higher than all earlier ones."""
        if order.given_id:
            self._given[order.given_id] = order
        else:
            self._derived.append(order)

    def find(self, order_id: str) -> Order | None:
        """Return the order with an id; None if there is none."""
        given = self._given.get(order_id)
        if given is not None:
            return given
        serial = serial_in(order_id)
        if serial is None:
            return None
        place = bisect_left(self._derived, serial, key=by_serial)
        found = self._derived[place : place + 1]
        return found[0] if found and found[0].order_id == order_id else None

    def __getitem__(self, order_id: str) -> Order:
        order = self.find(order_id)
        if order is None:
            raise KeyError(order_id)
        return order

    def __len__(self) -> int:
        return len(self._given) + len(self._derived)

    def __iter__(self) -> Iterator[str]:
        return (order.order_id for order in self.oldest_first())

    def __reversed__(self) -> Iterator[str]:
        given, derived = reversed(self._given.values()), reversed(self._derived)
        return (order.order_id for order in merge(given, derived, key=by_serial, reverse=True))

    def oldest_first(self) -> Iterator[Order]:
        """Iterate over the orders."""
        return merge(self._given.values(), self._derived, key=by_serial)

    def in_any_order(self) -> Iterator[Order]:
        """Iterate over the orders without comparing them."""
        return chain(self._given.values(), self._derived)
