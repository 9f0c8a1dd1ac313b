"""Orders that rest, or did, and the groups they belong to.

Every fill has an order: one that rested before, or one that came into being, executed, with its first fill.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mockexchange.core.model.history import EVERYTHING, Partition, Selector
from mockexchange.core.model.markets import Market
from mockexchange.core.model.subaccounts import Subaccount
from mockexchange.core.model.trades import OTHER_SIDE, FillRow, outcome_side
from mockexchange.core.vocabulary import (
    CENTICENTS_PER_DOLLAR,
    Action,
    OrderStatus,
    SelfTradePrevention,
    Side,
    SubaccountRef,
)

if TYPE_CHECKING:
    from mockexchange.core.model.order_groups import OrderGroup


@dataclass(slots=True, eq=False, kw_only=True)
class Order:
    order_id: str
    client_order_id: str
    subaccount: Subaccount
    market: Market
    side: Side
    action: Action
    price_centicents: int
    """Of `side`."""
    initial_centis: int
    remaining_centis: int
    created_at: int
    updated_at: int
    serial: int
    revision: int
    status: OrderStatus = OrderStatus.RESTING
    has_rested: bool = True
    """Whether it was ever in the book; of one that was not its fills are all that is known, and it grows with them."""
    is_archived: bool = False
    """Done, and last touched before the exchange's cutoff: it is listed with history."""
    group: "OrderGroup | None" = None
    expires_at: int | None = None
    self_trade_prevention: SelfTradePrevention | None = None
    cancel_on_pause: bool = False
    fills: list[FillRow] = field(default_factory=list)
    filled_centis: int = 0
    taker_cost_micros: int = 0
    maker_cost_micros: int = 0
    """What its fills cost, fees apart: count times price, by the role it had."""
    taker_fees_micros: int = 0
    maker_fees_micros: int = 0
    accrued_attos: int = 0
    """Fee rounding collected on it and not given back yet, in 1e-18 dollars."""

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
    def bid_side(self) -> Side:
        """The side of the book on which it rests: a sale of YES is a bid for NO."""
        return self.side if self.action is Action.BUY else OTHER_SIDE[self.side]

    @property
    def bid_centicents(self) -> int:
        return self.yes_centicents if self.bid_side is Side.YES else self.no_centicents

    @property
    def selectors(self) -> tuple[Selector, ...]:
        event = self.market.event
        places = EVERYTHING, ("ticker", self.market.ticker), ("event", event.ticker), ("index", event.exchange_index)
        return (*places, ("client_order_id", self.client_order_id)) if self.client_order_id else places

    @property
    def partition(self) -> Partition:
        """(book, status, archived)"""
        return self.subaccount_ref.subaccount, self.status, self.is_archived

    def reserve_micros(self, count_centis: int) -> int:
        """Cash held back for `count_centis` of the order: only what it would spend buying."""
        return count_centis * self.price_centicents if self.action is Action.BUY else 0
