"""Quotes as a function of the order book and the position: no network, no clock, exact amounts.

At the venue every order is an order for YES: a `bid` buys YES, an `ask` sells it, which is the same as buying NO.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Side = Literal["bid", "ask"]
TICK = Decimal("0.01")
CHEAPEST, DEAREST = Decimal("0.01"), Decimal("0.99")


@dataclass(frozen=True, kw_only=True)
class Quote:
    """One order that should rest."""

    side: Side
    price: Decimal
    count: Decimal


@dataclass(frozen=True, kw_only=True)
class Rules:
    """`position_max`: contracts; beyond it the bot hedges. `skew`: price shift per contract held, in dollars."""

    half_spread: Decimal = Decimal("0.02")
    count: Decimal = Decimal(5)
    position_max: Decimal = Decimal(20)
    skew: Decimal = Decimal("0.001")


def desired_quotes(rules: Rules, best_bid: Decimal, best_ask: Decimal, position: Decimal) -> dict[Side, Quote]:
    """Return a quote for each side around the middle, lowered while the position is long, raised while it is short.

    A quote never crosses the market, and a side that would grow a position beyond its maximum is left out.
    """
    middle = (best_bid + best_ask) / 2 - rules.skew * position
    prices: dict[Side, Decimal] = {
        "bid": min(_on_grid(middle - rules.half_spread), best_ask - TICK),
        "ask": max(_on_grid(middle + rules.half_spread), best_bid + TICK),
    }
    grows: dict[Side, bool] = {"bid": position >= rules.position_max, "ask": position <= -rules.position_max}
    return {
        side: Quote(side=side, price=price, count=rules.count)
        for side, price in prices.items()
        if CHEAPEST <= price <= DEAREST and not grows[side]
    }


def hedge(rules: Rules, best_bid: Decimal, best_ask: Decimal, position: Decimal) -> Quote | None:
    """Return the order that brings a position beyond its maximum back to half of it; None within the maximum."""
    if abs(position) <= rules.position_max:
        return None
    count = abs(position) - rules.position_max / 2
    return (
        Quote(side="ask", price=best_bid, count=count)
        if position > 0
        else Quote(side="bid", price=best_ask, count=count)
    )


def _on_grid(price: Decimal) -> Decimal:
    return price.quantize(TICK)
