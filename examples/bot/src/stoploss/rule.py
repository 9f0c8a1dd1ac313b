"""When a position is closed, and how: no network, no clock, exact amounts."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

CHEAPEST, DEAREST = Decimal("0.01"), Decimal("0.99")


@dataclass(frozen=True, kw_only=True)
class Holding:
    """Contracts of one market: of YES where `count` is positive, of NO where it is negative.

    `paid` is dollars, for all that is held.
    """

    ticker: str
    count: Decimal
    paid: Decimal

    def worth(self, yes_price: Decimal) -> Decimal:
        """Return what it is worth in dollars at a price of YES."""
        return abs(self.count) * (yes_price if self.count > 0 else 1 - yes_price)


@dataclass(frozen=True, kw_only=True)
class Order:
    """At the venue everything is an order for YES: who holds NO and wants out buys YES."""

    ticker: str
    side: Literal["bid", "ask"]
    count: Decimal
    price: Decimal


def closing(holding: Holding) -> Order:
    """Return the order that closes a holding at any price."""
    is_yes = holding.count > 0
    return Order(
        ticker=holding.ticker,
        side="ask" if is_yes else "bid",
        count=abs(holding.count),
        price=CHEAPEST if is_yes else DEAREST,
    )


def stop(holding: Holding, yes_price: Decimal, loss_max: Decimal) -> Order | None:
    """Return the order that closes a holding which has lost more than `loss_max` of what was paid; None otherwise."""
    if not holding.count or holding.worth(yes_price) >= holding.paid * (1 - loss_max):
        return None
    return closing(holding)
