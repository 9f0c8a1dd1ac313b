"""The formulas of derivatives: worth, average price and value by form, and the payoff and the margins of options.

The worth of a size at a price is a number whose change is the profit: profit = worth now - worth at entry. Worths of
trades at several prices add up. Sizes are signed, prices above 0 (unless the size is 0), amounts of money in settlement
currency.
"""

from decimal import Decimal
from typing import Protocol

from mockexchange.core.derivatives.derivative import Terms
from mockexchange.core.derivatives.precision import quotient
from mockexchange.core.derivatives.vocabulary import DerivativeKind, Form, OptionType

OPTIONS = frozenset((DerivativeKind.OPTION, DerivativeKind.OPTION_COMBO))


class Formulas(Protocol):
    """The formulas of one form of derivatives."""

    def worth(self, size: Decimal, price: Decimal) -> Decimal:
        """Return the worth of `size` at `price`, up to a constant; a long position's worth rises with the price."""
        ...

    def price_of(self, size: Decimal, worth: Decimal) -> Decimal:
        """Return the price at which `size`, which is not 0, has the worth `worth`.

        For several trades together this is their average price.
        """
        ...

    def value(self, size: Decimal, mark: Decimal) -> Decimal:
        """Return the absolute value of a future's position, to which the rates of margins, funding and fees apply."""
        ...


class Inverse:
    """The formulas of inverse futures: sizes are in quote currency, and profit is paid in the base coin.

    profit = size * (1 / average - 1 / mark), so the average price of several trades is their harmonic mean [formulas
    recomputed for 4 real positions; the average is inferred from them].
    """

    def worth(self, size: Decimal, price: Decimal) -> Decimal:
        return -quotient(size, price) if size else size

    def price_of(self, size: Decimal, worth: Decimal) -> Decimal:
        return -quotient(size, worth)

    def value(self, size: Decimal, mark: Decimal) -> Decimal:
        return abs(self.worth(size, mark))


class Linear:
    """The formulas of linear futures, with sizes in base coin and profit in quote currency, and of all options.

    profit = size * (mark - average) [infer]. The prices of an inverse option are in the base coin, so its profit is
    linear too.
    """

    def worth(self, size: Decimal, price: Decimal) -> Decimal:
        return size * price

    def price_of(self, size: Decimal, worth: Decimal) -> Decimal:
        return quotient(worth, size)

    def value(self, size: Decimal, mark: Decimal) -> Decimal:
        return abs(size * mark)


INVERSE, LINEAR = Inverse(), Linear()


def form_of(terms: Terms) -> Formulas:
    """Return the formulas of a derivative."""
    return INVERSE if terms.form is Form.INVERSE and terms.kind not in OPTIONS else LINEAR


def is_option(terms: Terms) -> bool:
    """Return whether the derivative is an option; a combo of options is not."""
    return terms.kind is DerivativeKind.OPTION


def unit_usd(terms: Terms, index: Decimal) -> Decimal:
    """Return the value of one unit of the settlement currency in dollars: the index price for coins, 1 for dollars."""
    return index if terms.form is Form.INVERSE else Decimal(1)


def coins(terms: Terms, size: Decimal, mark: Decimal) -> Decimal:
    """Return the signed size of a future's position in the base coin."""
    return quotient(size, mark) if terms.form is Form.INVERSE and size else size


# Options: paid for when they trade, and worth their payoff when they expire.

OPTION_FEE_CAP = Decimal("0.125")
"""Upper limit of a fee as a fraction of the option's price [doc, the venue's page on fees]."""
INITIAL_RATE, INITIAL_RATE_MIN, MAINTENANCE_RATE = Decimal("0.15"), Decimal("0.1"), Decimal("0.075")
"""Margin rates of short options as fractions of the underlying's price [doc]."""


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


def option_fee(terms: Terms, rate: Decimal, price: Decimal, index: Decimal) -> Decimal:
    """Return the fee per unit of an option: `rate` of the underlying, at most `OPTION_FEE_CAP` of the price."""
    underlying = Decimal(1) if terms.form is Form.INVERSE else index
    return min(rate * underlying, OPTION_FEE_CAP * price)
