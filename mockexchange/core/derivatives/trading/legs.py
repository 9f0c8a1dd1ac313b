"""The fills of a trade: one fill of the derivative, or for a combo one fill of each leg."""

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
    """A fill of one derivative. `size` is positive if the account that the command names buys, negative if it sells."""

    derivative: Derivative
    size: Decimal
    price: Decimal
    is_first: bool = True

    @property
    def amount(self) -> Decimal:
        return abs(self.size)


def fills_of(state: State, derivative: Derivative, command: TradeDerivative) -> list[Fill]:
    """Return the fills of a trade.

    The legs of a combo trade at their mark prices, except the first leg, whose price makes up the difference to the
    combo's price.

    Raises Refused if that price of the first leg is not above 0.
    """
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
