"""Protocols of derivative arithmetic, implemented by one module for each form (inverse, linear, option).

The worth of a size at a price is a number whose change is the profit: profit = worth now - worth at entry. Worths of
trades at several prices add up.
"""

from decimal import Decimal
from typing import Protocol


class Instrument(Protocol):
    """Computes the worth of a size, from which profits follow, and the average price of trades.

    Sizes are signed, prices above 0 (unless size is 0), money in settlement currency.
    """

    def worth(self, size: Decimal, price: Decimal) -> Decimal:
        """Return the worth of `size` at `price`, up to a constant; a long position's worth rises with the price."""
        ...

    def price_of(self, size: Decimal, worth: Decimal) -> Decimal:
        """Return the price at which `size`, which is not 0, has the worth `worth`.

        For several trades together this is their average price.
        """
        ...


class Future(Instrument, Protocol):
    """Computes also the value of a position, to which the rates of margins, funding and fees apply."""

    def value(self, size: Decimal, mark: Decimal) -> Decimal:
        """Return the absolute value of a position at the mark price."""
        ...
