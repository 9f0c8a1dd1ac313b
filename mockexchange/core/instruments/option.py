"""The arithmetic of an option: paid for when it is traded, and worth its payoff when it expires.

Prices and payoffs of inverse options are in the base coin, those of linear options in the quote currency.
"""

from decimal import Decimal

from mockexchange.core.derivatives.precision import quotient
from mockexchange.core.derivatives.vocabulary import OptionType

FEE_CAP = Decimal("0.125")
"""Upper limit of a fee as a fraction of the option's price [doc, the venue's page on fees]."""
INITIAL_RATE, INITIAL_RATE_MIN, MAINTENANCE_RATE = Decimal("0.15"), Decimal("0.1"), Decimal("0.075")
"""Margin rates of short options as fractions of the underlying's price [doc]."""


def worth(size: Decimal, price: Decimal) -> Decimal:
    return size * price


def price_of(size: Decimal, worth: Decimal) -> Decimal:
    return quotient(worth, size)


def moneyness(option_type: OptionType, strike: Decimal, underlying: Decimal) -> Decimal:
    """Return how far the option is in the money, in dollars; negative if it is out of the money."""
    return underlying - strike if option_type is OptionType.CALL else strike - underlying


def payoff(option_type: OptionType, strike: Decimal, underlying: Decimal, coin: Decimal) -> Decimal:
    """Return the payoff of one option at expiry in settlement currency.

    `coin` is the price in dollars of one unit of that currency.
    """
    return quotient(max(moneyness(option_type, strike, underlying), Decimal(0)), coin)


def short_margins(
    option_type: OptionType, strike: Decimal, underlying: Decimal, mark: Decimal, unit: Decimal
) -> tuple[Decimal, Decimal]:
    """Return the initial and the maintenance margin of a short option [doc]; a long one is paid for and needs none.

    `unit` is the price of the underlying in settlement currency: 1 for an inverse option, else the index.
    """
    out_of_money = quotient(max(-moneyness(option_type, strike, underlying), Decimal(0)), underlying)
    maintenance = MAINTENANCE_RATE * unit + mark
    if option_type is OptionType.PUT:
        maintenance = max(MAINTENANCE_RATE * unit, MAINTENANCE_RATE * mark) + mark
    initial = max(INITIAL_RATE - out_of_money, INITIAL_RATE_MIN) * unit + mark
    return max(initial, maintenance), maintenance
