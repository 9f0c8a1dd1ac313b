"""From the core's integers to fractions and back."""

from fractions import Fraction

from mockexchange.core import commands
from mockexchange.core.vocabulary import CENTICENTS_PER_DOLLAR, CENTIS_PER_CONTRACT, MICROS_PER_DOLLAR

Counted = commands.Fill | commands.RestOrder | commands.ReduceOrder
Priced = commands.Fill | commands.RestOrder | commands.PriceMarket | commands.ListMarket


def count(command: Counted) -> Fraction:
    return contracts(command.count_centis)


def price(command: Priced) -> Fraction:
    return Fraction(command.price_centicents or 0, CENTICENTS_PER_DOLLAR)


def contracts(centis: int) -> Fraction:
    return Fraction(centis, CENTIS_PER_CONTRACT)


def dollars(micros: int) -> Fraction:
    return Fraction(micros, MICROS_PER_DOLLAR)


def micros(amount: Fraction) -> int:
    return whole(amount * MICROS_PER_DOLLAR)


def centicents(amount: Fraction) -> int:
    return whole(amount * CENTICENTS_PER_DOLLAR)


def centis(number: Fraction) -> int:
    return whole(number * CENTIS_PER_CONTRACT)


def whole(number: Fraction) -> int:
    assert number.denominator == 1, f"{number} is no whole number"
    return number.numerator
