"""Computes the Greeks of a European option from its implied volatility by Black's formula of 1976 without interest.

Delta is in coins, gamma in coins per dollar, vega in dollars per point of volatility, theta in dollars per day: the
units in which venues show them. The price of the index is used as the forward.
"""

from decimal import Decimal

from mockexchange.core.derivatives.derivative import Greeks
from mockexchange.core.derivatives.precision import precise, quotient
from mockexchange.core.derivatives.vocabulary import OptionType
from mockexchange.core.instants import MICROSECONDS_PER_DAY

PI = Decimal("3.1415926535897932384626433832795028841971693993751")
DAYS_A_YEAR = Decimal(365)
PERCENT = Decimal(100)
FAR = 12
"""Distance from the mean in standard deviations beyond which the tail of the normal distribution is 0 in 32 digits."""
TERM_MIN = Decimal("1e-40")


@precise
def greeks_of(option_type: OptionType, forward: Decimal, strike: Decimal, left_us: int, iv_percent: Decimal) -> Greeks:
    """Return the Greeks of one long option, `left_us` microseconds before expiry; at expiry all except delta are 0."""
    is_call = option_type is OptionType.CALL
    days = quotient(Decimal(max(left_us, 0)), Decimal(MICROSECONDS_PER_DAY))
    volatility = quotient(iv_percent, PERCENT)
    deviation = volatility * quotient(days, DAYS_A_YEAR).sqrt()
    if not deviation:
        return Greeks(delta=_delta(Decimal(forward > strike), is_call))
    distance = quotient(quotient(forward, strike).ln(), deviation) + quotient(deviation, Decimal(2))
    peak = forward * density(distance)
    return Greeks(
        delta=_delta(normal(distance), is_call),
        gamma=quotient(density(distance), forward * deviation),
        vega=quotient(peak * quotient(deviation, volatility), PERCENT),
        theta=-quotient(peak * deviation, 2 * days),
    )


def _delta(probability: Decimal, is_call: bool) -> Decimal:
    return probability if is_call else probability - 1


def density(x: Decimal) -> Decimal:
    """Return the density of the standard normal distribution at `x`."""
    return quotient((-quotient(x * x, Decimal(2))).exp(), (2 * PI).sqrt())


def normal(x: Decimal) -> Decimal:
    """Return the standard normal distribution function at `x`.

    It is the series 1/2 + density(x) * (x + x**3 / 3 + x**5 / (3 * 5) + ...).
    """
    if abs(x) > FAR:
        return Decimal(x > 0)
    term = total = x
    odd = 1
    while abs(term) > TERM_MIN:
        odd += 2
        term = quotient(term * x * x, Decimal(odd))
        total += term
    return Decimal("0.5") + density(x) * total
