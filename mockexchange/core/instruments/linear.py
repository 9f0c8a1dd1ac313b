"""A future that pays in the quote currency for a size in base coin: total = size * (mark - average) [infer]."""

from decimal import Decimal

from mockexchange.core.derivatives.precision import quotient


def worth(size: Decimal, price: Decimal) -> Decimal:
    return size * price


def price_of(size: Decimal, worth: Decimal) -> Decimal:
    return quotient(worth, size)


def value(size: Decimal, mark: Decimal) -> Decimal:
    return abs(size * mark)
