"""The arithmetic of a linear future, with sizes in base coin and profit in quote currency: size * (mark - average).

The formula is inferred [infer].
"""

from decimal import Decimal

from mockexchange.core.derivatives.precision import quotient


def worth(size: Decimal, price: Decimal) -> Decimal:
    return size * price


def price_of(size: Decimal, worth: Decimal) -> Decimal:
    return quotient(worth, size)


def value(size: Decimal, mark: Decimal) -> Decimal:
    return abs(size * mark)
