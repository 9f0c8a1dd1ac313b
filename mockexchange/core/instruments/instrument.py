"""Protocols of derivative arithmetic; each form is a module.

`worth` is additive: what trades at several prices were worth adds up, and profit is worth now less worth then.
"""

from decimal import Decimal
from typing import Protocol


class Instrument(Protocol):
    """Sizes are signed, prices above 0 where the size is not 0, amounts of money in settlement currency."""

    def worth(self, size: Decimal, price: Decimal) -> Decimal:
        """Worth of `size` at `price`, up to a constant; a long position's worth rises with the price."""
        ...

    def price_of(self, size: Decimal, worth: Decimal) -> Decimal:
        """The price at which `size` is worth that much: the average, for a sum of trades. `size` is not 0."""
        ...


class Future(Instrument, Protocol):
    """The arithmetic of a future, with the value that margins, funding and fees are rates of."""

    def value(self, size: Decimal, mark: Decimal) -> Decimal:
        """Absolute value of a position."""
        ...
