"""The values that messages show, copied where a later command would overwrite them in the state."""

from collections.abc import Sequence
from typing import NamedTuple

from mockexchange.core.events import Filled, LevelChanged, OrderChanged, PositionChanged, Traded
from mockexchange.core.model.markets import EventListing, Market
from mockexchange.core.model.orders import Order, outcome_side
from mockexchange.core.queries.order_books import Level
from mockexchange.core.vocabulary import CENTICENTS_PER_DOLLAR, OrderReason, Side
from mockexchange.venues.kalshi.resources.market_views import PriceRange

REASONS = {
    OrderReason.DECREASE: "Decrease",
    OrderReason.AMEND: "Amend",
    OrderReason.EXPIRY: "ExpiryCancel",
    OrderReason.CLOSE: "CloseCancel",
    OrderReason.HALT: "HaltCancel",
    OrderReason.TRADE: "Trade",
    OrderReason.SELF_TRADE: "SelfTradeCancel",
    OrderReason.POST_ONLY: "PostOnlyCrossCancel",
    OrderReason.REDUCE_ONLY: "ReduceOnlyCancel",
}
"""The venue's words for the reasons of order changes.

It has none for an order that was placed, or canceled by its owner or group.
"""


class PositionView(NamedTuple):
    user_id: str
    change: PositionChanged
    subaccount: int | None
    fee_cost_micros: int


class FillView(NamedTuple):
    """A fill as its message shows it. It reads only those fields of its order that never change."""

    filled: Filled
    order: Order
    at: int

    @property
    def client_order_id(self) -> str | None:
        return self.order.client_order_id or None

    @property
    def exchange_index(self) -> int:
        return self.order.market.event.exchange_index

    @property
    def yes_centicents(self) -> int:
        return yes_price(self.filled.side, self.filled.price_centicents)

    @property
    def outcome_side(self) -> Side:
        return outcome_side(self.filled.side, self.filled.action)

    @property
    def subaccount(self) -> int | None:
        return self.order.subaccount.number


class OrderView(NamedTuple):
    """An order as its message shows it: values that can change are those right after `change`."""

    change: OrderChanged
    order: Order
    user_id: str

    @property
    def is_yes(self) -> bool:
        return self.order.side is Side.YES

    @property
    def yes_centicents(self) -> int:
        return yes_price(self.order.side, self.change.price_centicents)

    @property
    def group_id(self) -> str | None:
        return self.order.group.group_id if self.order.group else None

    @property
    def taker_fees_paid_micros(self) -> int | None:
        return self.change.taker_fees_micros or None

    @property
    def maker_fees_paid_micros(self) -> int | None:
        return self.change.maker_fees_micros or None

    @property
    def reason(self) -> str | None:
        return REASONS.get(self.change.reason)


class GroupView(NamedTuple):
    event_type: str
    group: str
    limit_centis: int | None
    at: int


class TradeView(NamedTuple):
    traded: Traded
    at: int

    @property
    def no_centicents(self) -> int:
        return CENTICENTS_PER_DOLLAR - self.traded.yes_centicents


class TickerView(NamedTuple):
    market: Market
    market_id: str
    price_centicents: int
    yes_bid: Level
    no_bid: Level
    volume_centis: int
    open_interest_centis: int
    last_trade_centis: int
    at: int

    @property
    def yes_ask_centicents(self) -> int:
        """Best offer of YES in hundredths of a cent: a dollar less the best bid for NO."""
        return CENTICENTS_PER_DOLLAR - self.no_bid.price_centicents


class DeltaView(NamedTuple):
    """A change of the count at one price of an order book, as its message shows it.

    `price_centicents` is a price of the level's side. `client_order_id` and `subaccount` are set only for the order's
    owner.
    """

    level: LevelChanged
    market_id: str
    price_centicents: int
    at: int
    clock: int
    """Number in the log of the command that changed the level."""
    client_order_id: str | None = None
    subaccount: int | None = None

    def in_yes_price(self) -> "DeltaView":
        return self._replace(price_centicents=yes_price(self.level.side, self.price_centicents))


class SnapshotView(NamedTuple):
    """An order book as its message shows it: the bids of each side, ascending in price; None leaves a side out."""

    market: Market
    market_id: str
    yes: Sequence[Level] | None
    no: Sequence[Level] | None

    def in_yes_price(self) -> "SnapshotView":
        """Return the view with the levels of NO in prices of YES (0.48 becomes 0.52), ascending in these prices."""
        if not self.no:
            return self
        return self._replace(no=[Level(yes_price(Side.NO, price), count) for price, count in reversed(self.no)])


class MetadataView:
    """The metadata in the message about a market that is created."""

    nothing = None

    def __init__(self, market: Market, name: str, title: str, expected_expiration_at: int) -> None:
        self.market = market
        self.name, self.title = name, title
        self.yes_title = market.details.yes_title or title
        self.no_title = market.details.no_title or self.yes_title
        self.expected_expiration_at = expected_expiration_at


class LifecycleView:
    """A change of a market's state as its message shows it.

    `event_type` determines which keys have values; the others are None.
    """

    nothing = None
    exchange_index: int | None = None
    open_at: int | None = None
    close_at: int | None = None
    result: str | None = None
    determined_at: int | None = None
    value_centicents: int | None = None
    settled_at: int | None = None
    is_deactivated: bool | None = None
    is_fractional: bool | None = None
    price_level_structure: str | None = None
    price_ranges: tuple[PriceRange, ...] | None = None
    metadata: MetadataView | None = None

    def __init__(self, event_type: str, market: Market) -> None:
        self.event_type = event_type
        self.market = market


class EventLifecycleView(NamedTuple):
    event: EventListing
    title: str
    strike_period: str | None
    collateral_return_type: str


def yes_price(side: Side, price_centicents: int) -> int:
    """Return the price of YES for a price of `side`."""
    return price_centicents if side is Side.YES else CENTICENTS_PER_DOLLAR - price_centicents
