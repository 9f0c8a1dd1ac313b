"""Functions that choose the formulas of a derivative (profit, average price, value) by its kind and its form.

The kinds are futures, options and combos; the forms are inverse and linear.
"""

from decimal import Decimal

from mockexchange.core.derivatives.derivative import Terms
from mockexchange.core.derivatives.precision import quotient
from mockexchange.core.derivatives.vocabulary import DerivativeKind, Form
from mockexchange.core.instruments import inverse, linear, option
from mockexchange.core.instruments.instrument import Future, Instrument

OPTIONS = frozenset((DerivativeKind.OPTION, DerivativeKind.OPTION_COMBO))
FUTURES: dict[Form, Future] = {Form.INVERSE: inverse, Form.LINEAR: linear}


def form_of(terms: Terms) -> Instrument:
    """Return the formulas for profit and average price of a derivative of any kind."""
    return option if terms.kind in OPTIONS else future_of(terms)


def future_of(terms: Terms) -> Future:
    """Return the formulas for profit, average price and value of a future or a perpetual: inverse or linear."""
    return FUTURES[terms.form]


def is_option(terms: Terms) -> bool:
    """Return whether the derivative is an option; a combo of options is not."""
    return terms.kind is DerivativeKind.OPTION


def unit_usd(terms: Terms, index: Decimal) -> Decimal:
    """Return the value of one unit of the settlement currency in dollars: the index price for coins, 1 for dollars."""
    return index if terms.form is Form.INVERSE else Decimal(1)


def coins(terms: Terms, size: Decimal, mark: Decimal) -> Decimal:
    """Return the signed size of a future's position in the base coin."""
    return quotient(size, mark) if terms.form is Form.INVERSE and size else size
