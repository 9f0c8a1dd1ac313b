"""Trades and the fills they are made of: one trade, and a fill for each of its sides that an account here has."""

from typing import TYPE_CHECKING

from mockexchange.core.model.history import EVERYTHING, Partition, Selector
from mockexchange.core.model.markets import Market
from mockexchange.core.vocabulary import CENTICENTS_PER_DOLLAR, Action, Side, SubaccountRef

if TYPE_CHECKING:
    from mockexchange.core.model.orders import Order

OTHER_SIDE = {Side.YES: Side.NO, Side.NO: Side.YES}


def outcome_side(side: Side, action: Action) -> Side:
    """The side a fill gains from: selling YES gains from NO."""
    return side if action is Action.BUY else OTHER_SIDE[side]


class Trade:
    """`taker_side` is the outcome the taker gains from; `market_volume_centis` what the market had traded before."""

    __slots__ = (
        "count_centis",
        "created_at",
        "maker",
        "market",
        "market_volume_centis",
        "serial",
        "taker",
        "taker_side",
        "trade_id",
        "yes_centicents",
    )

    def __init__(
        self,
        trade_id: str,
        market: Market,
        *,
        yes_centicents: int,
        count_centis: int,
        taker_side: Side,
        created_at: int,
        serial: int,
    ) -> None:
        self.trade_id = trade_id
        self.market = market
        self.yes_centicents = yes_centicents
        self.count_centis = count_centis
        self.taker_side = taker_side
        self.created_at = created_at
        self.serial = serial
        self.market_volume_centis = market.volume_centis
        self.maker: FillRow | None = None
        self.taker: FillRow | None = None

    @property
    def no_centicents(self) -> int:
        return CENTICENTS_PER_DOLLAR - self.yes_centicents

    @property
    def revision(self) -> int:
        """A trade never changes, so its serial is its one revision."""
        return self.serial

    @property
    def selectors(self) -> tuple[Selector, ...]:
        return EVERYTHING, ("ticker", self.market.ticker)

    @property
    def partition(self) -> Partition:
        return ()


class FillRow:
    """One account's side of a trade, which is always a part of an order."""

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
        """Of `side`."""
        return self.trade.yes_centicents if self.side is Side.YES else self.trade.no_centicents

    @property
    def outcome_side(self) -> Side:
        return outcome_side(self.side, self.action)

    @property
    def revision(self) -> int:
        """A fill never changes, so its serial is its one revision."""
        return self.serial

    @property
    def selectors(self) -> tuple[Selector, ...]:
        market = self.trade.market
        return EVERYTHING, ("ticker", market.ticker), ("index", market.event.exchange_index)

    @property
    def partition(self) -> Partition:
        """(book,)"""
        return (self.subaccount_ref.subaccount,)
