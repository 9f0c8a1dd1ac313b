"""Orders that rest, or did."""

from dataclasses import dataclass
from enum import StrEnum

from mockexchange.core.holdings import Holdings
from mockexchange.core.markets import Market
from mockexchange.core.vocabulary import Action, Side


class OrderStatus(StrEnum):
    RESTING = "resting"
    CANCELED = "canceled"
    EXECUTED = "executed"


@dataclass(slots=True, eq=False)
class Order:
    order_id: str
    holdings: Holdings
    market: Market
    side: Side
    action: Action
    price_centicents: int
    initial_centis: int
    remaining_centis: int
    created_at: int
    updated_at: int
    status: OrderStatus = OrderStatus.RESTING

    def reserve_micros(self, count_centis: int) -> int:
        """Cash held back for `count_centis` of the order: only what it would spend buying."""
        return count_centis * self.price_centicents if self.action is Action.BUY else 0
