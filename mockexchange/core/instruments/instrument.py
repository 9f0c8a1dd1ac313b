"""Protocols of derivative arithmetic, implemented by one module for each form (inverse, linear, option).

`worth` is additive: the worths of trades at several prices add up, and profit is the worth now less the worth at entry.
"""

from decimal import Decimal
from typing import Protocol


class Instrument(Protocol):
    """Computes worths and average prices.

    Sizes are signed, prices above 0 (unless size is 0), money in settlement currency.
    """

    def worth(self, size: Decimal, price: Decimal) -> Decimal:
        """Return the worth of `size` at `price`, up to a constant; a long position's worth rises with the price."""
        ...

    def price_of(self, size: Decimal, worth: Decimal) -> Decimal:
        """Return the price at which `size`, which is not 0, has this worth: for several trades the average price."""
        ...


class Future(Instrument, Protocol):
    """Adds to `Instrument` the value of a position, to which the rates of margins, funding and fees apply."""

    def value(self, size: Decimal, mark: Decimal) -> Decimal:
        """Return the absolute value of a position at the mark price."""
        ...
