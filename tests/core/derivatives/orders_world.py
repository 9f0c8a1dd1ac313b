"""Orders of derivatives, written as a trader would say them."""

from decimal import Decimal
from typing import Any

from mockexchange.core.commands import ListDerivative, PlaceDerivativeOrder, QuoteDerivative
from mockexchange.core.derivatives.orders import DerivativeOrder
from mockexchange.core.derivatives.vocabulary import Direction, OptionType
from mockexchange.core.model.order_rules import OrderRules
from mockexchange.core.vocabulary import SubaccountRef
from tests.core.derivatives_world import DORA, MIRA, OPTION, PERPETUAL, DerivativesWorld, terms

OPTION_OF_TICKS = "BTC-17OCT25-125000-C"


class OrdersWorld(DerivativesWorld):
    """dora and mira have 1 BTC each; there is an option with small ticks."""

    def __init__(self, rules: OrderRules | None = None) -> None:
        super().__init__()
        if rules is not None:
            self.exchange.state.rules = rules
        fine = terms(
            OPTION_OF_TICKS,
            **OPTION | {"tick": Decimal("0.0005")},
            strike=Decimal(125_000),
            option_type=OptionType.CALL,
        )
        self.do(ListDerivative(terms=fine, mark=Decimal("0.002")))
        self.credit("1")
        self.credit("1", subaccount_ref=MIRA)

    def place(self, text: str, subaccount_ref: SubaccountRef = DORA, **extra: Any) -> DerivativeOrder:
        """Place "buy 100 @ 113900" or "buy 100" (a market order); return the order after it."""
        self.do(order(text, subaccount_ref, **extra))
        return next(reversed(self.exchange.state.derivatives.orders.values()))

    def quote(self, *, bids: str = "", asks: str = "", derivative: str = PERPETUAL) -> None:
        """Quote levels such as "100 @ 113800, 50 @ 113700"."""
        self.do(QuoteDerivative(derivative=derivative, bids=levels(bids), asks=levels(asks)))


def order(text: str, subaccount_ref: SubaccountRef = DORA, **extra: Any) -> PlaceDerivativeOrder:
    direction, amount, *rest = text.split()
    return PlaceDerivativeOrder(
        **{"derivative": PERPETUAL} | extra,
        subaccount_ref=subaccount_ref,
        direction=Direction(direction),
        amount=Decimal(amount),
        price=Decimal(rest[1]) if rest else None,
    )


def levels(text: str) -> tuple[tuple[Decimal, Decimal], ...]:
    parts = [part.split(" @ ") for part in text.split(", ") if part]
    return tuple((Decimal(price), Decimal(amount)) for amount, price in parts)
