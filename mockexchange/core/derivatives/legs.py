"""The fills of a trade: one of the derivative itself, or one of each leg of a combo."""

from decimal import Decimal
from typing import NamedTuple

from mockexchange.core.commands import TradeDerivative
from mockexchange.core.derivatives.derivative import Derivative
from mockexchange.core.derivatives.lookup import open_derivative_of
from mockexchange.core.derivatives.precision import quotient
from mockexchange.core.derivatives.vocabulary import COMBOS, Direction
from mockexchange.core.model.state import State
from mockexchange.core.refusals import RefusalCode, Refused


class Fill(NamedTuple):
    """One traded derivative. `size` is signed from the view of the command's account."""

    derivative: Derivative
    size: Decimal
    price: Decimal
    is_first: bool = True

    @property
    def amount(self) -> Decimal:
        return abs(self.size)


def fills_of(state: State, derivative: Derivative, command: TradeDerivative) -> list[Fill]:
    """The legs of a combo trade at their marks, but for the first: it makes up what the combo's price differs by."""
    size = command.amount if command.direction is Direction.BUY else -command.amount
    if derivative.terms.kind not in COMBOS:
        return [Fill(derivative, size, command.price)]
    (first, ratio), *others = [(open_derivative_of(state, name), ratio) for name, ratio in derivative.terms.legs]
    marked = sum((leg.mark * ratio for leg, ratio in others), Decimal(0))
    price = quotient(command.price - marked, Decimal(ratio))
    if price <= 0:
        message = f"{derivative.name} at {command.price} needs {first.name} at {price}: expected a price above 0"
        raise Refused(RefusalCode.PRICE_OUT_OF_RANGE, message)
    return [Fill(first, size * ratio, price), *(Fill(leg, size * ratio, leg.mark, False) for leg, ratio in others)]
