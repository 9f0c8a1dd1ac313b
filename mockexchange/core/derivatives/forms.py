"""Which arithmetic a contract is kept by."""

from decimal import Decimal

from mockexchange.core.derivatives.derivative import Terms
from mockexchange.core.derivatives.precision import quotient
from mockexchange.core.derivatives.vocabulary import DerivativeKind, Form
from mockexchange.core.instruments import inverse, linear, option
from mockexchange.core.instruments.instrument import Future, Instrument

OPTIONS = frozenset((DerivativeKind.OPTION, DerivativeKind.OPTION_COMBO))
FUTURES: dict[Form, Future] = {Form.INVERSE: inverse, Form.LINEAR: linear}


def form_of(terms: Terms) -> Instrument:
    return option if terms.kind in OPTIONS else future_of(terms)


def future_of(terms: Terms) -> Future:
    return FUTURES[terms.form]


def is_option(terms: Terms) -> bool:
    return terms.kind is DerivativeKind.OPTION


def unit_usd(terms: Terms, index: Decimal) -> Decimal:
    """How many dollars one of the settlement currency is: coins are worth their index, and dollars a dollar."""
    return index if terms.form is Form.INVERSE else Decimal(1)


def coins(terms: Terms, size: Decimal, mark: Decimal) -> Decimal:
    """What a future is of the base coin, signed."""
    return quotient(size, mark) if terms.form is Form.INVERSE and size else size
