"""Protocols of derivative arithmetic; a module for each form implements them.

`worth` is additive: the worths of trades at several prices add up, and profit is the worth now less the worth at entry.
"""

from decimal import Decimal
from typing import Protocol


class Instrument(Protocol):
    """The arithmetic of one form. Sizes are signed, prices above 0 (unless size is 0), money in settlement currency."""

    def worth(self, size: Decimal, price: Decimal) -> Decimal:
        """Worth of `size` at `price`, up to a constant; a long position's worth rises with the price."""
        ...

    def price_of(self, size: Decimal, worth: Decimal) -> Decimal:
        """Return the price at which `size` is worth `worth`: the average price, for several trades. `size` is not 0."""
        ...


class Future(Instrument, Protocol):
    """The arithmetic of a future, with the value to which the rates of margins, funding and fees apply."""

    def value(self, size: Decimal, mark: Decimal) -> Decimal:
        """Absolute value of a position."""
        ...
