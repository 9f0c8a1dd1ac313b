"""The arithmetic of a future with sizes in base coin, paid in quote currency: size * (mark - average) [infer]."""

from decimal import Decimal

from mockexchange.core.derivatives.precision import quotient


def worth(size: Decimal, price: Decimal) -> Decimal:
    return size * price


def price_of(size: Decimal, worth: Decimal) -> Decimal:
    return quotient(worth, size)


def value(size: Decimal, mark: Decimal) -> Decimal:
    return abs(size * mark)
