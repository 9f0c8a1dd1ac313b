"""The arithmetic of an inverse future: sizes are in quote currency, and profit is paid in the base coin.

profit = size * (1 / average - 1 / mark), so the average price of several trades is their harmonic mean [formulas
recomputed for 4 real positions; the average is inferred from them].
"""

from decimal import Decimal

from mockexchange.core.derivatives.precision import quotient


def worth(size: Decimal, price: Decimal) -> Decimal:
    return -quotient(size, price) if size else size


def price_of(size: Decimal, worth: Decimal) -> Decimal:
    return -quotient(size, worth)


def value(size: Decimal, mark: Decimal) -> Decimal:
    return abs(worth(size, mark))
