"""The arithmetic of a future that pays the base coin for a size in quote currency.

Its worth depends on one over the price: total = size * (1 / average - 1 / mark), so the average of several trades is
harmonic [formulas recomputed for 4 real positions; the average is inferred from them].
"""

from decimal import Decimal

from mockexchange.core.derivatives.precision import quotient


def worth(size: Decimal, price: Decimal) -> Decimal:
    return -quotient(size, price) if size else size


def price_of(size: Decimal, worth: Decimal) -> Decimal:
    return -quotient(size, worth)


def value(size: Decimal, mark: Decimal) -> Decimal:
    return abs(worth(size, mark))
