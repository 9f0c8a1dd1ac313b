"""What the forms of derivatives have in common: the arithmetic that holdings are kept by, a module for each form.

`worth` is additive: what trades at several prices were worth adds up, and profit is worth now less worth then.
"""

from decimal import Decimal
from typing import Protocol


class Instrument(Protocol):
    """Sizes are signed, prices above 0 where the size is not 0, amounts of money in settlement currency."""

    def worth(self, size: Decimal, price: Decimal) -> Decimal:
        """What `size` is worth at `price`, up to a constant: the higher the price, the more a long one is."""
        ...

    def price_of(self, size: Decimal, worth: Decimal) -> Decimal:
        """The price at which `size` is worth that much: the average, for a sum of trades. `size` is not 0."""
        ...


class Future(Instrument, Protocol):
    """`worth` and `price_of`, and what margins, funding and fees are rates of."""

    def value(self, size: Decimal, mark: Decimal) -> Decimal:
        """How much a position is of, without a sign."""
        ...
