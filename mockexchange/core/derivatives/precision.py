"""The decimal context of all arithmetic of derivatives, independent of the decimal context of the thread.

Sums and products of amounts on the wire are exact in 50 digits. Quotients, which are frequent with inverse derivatives,
have an error of at most one part in 10**50. Errors do not accumulate: a full close takes the whole rest of the cost.
"""

from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Context, Decimal, DivisionByZero, InvalidOperation, Overflow, localcontext
from functools import wraps
from typing import ParamSpec, TypeVar

PRECISION_DIGITS = 50
CONTEXT = Context(
    prec=PRECISION_DIGITS,
    rounding=ROUND_HALF_EVEN,
    Emin=-999_999,
    Emax=999_999,
    capitals=1,
    clamp=0,
    flags=[],
    traps=[InvalidOperation, DivisionByZero, Overflow],
)

WIDE = Context(prec=1_000, rounding=ROUND_HALF_EVEN)
"""A decimal context with enough digits to round any amount to nine decimals."""
NINE_DECIMALS = Decimal("1e-9")
ZERO = Decimal(0)

P = ParamSpec("P")
R = TypeVar("R")


def precise(function: Callable[P, R]) -> Callable[P, R]:
    """Wrap a function so that it runs in the decimal context of derivatives.

    Generators cannot be wrapped, because they would lose the context at their first yield.
    """

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with localcontext(CONTEXT):
            return function(*args, **kwargs)

    return run


def in_nine_decimals(amount: Decimal) -> Decimal:
    """Return an amount rounded to nine decimals, half even, independent of the current decimal context."""
    return amount.quantize(NINE_DECIMALS, context=WIDE)


def quotient(dividend: Decimal, divisor: Decimal) -> Decimal:
    """Divide in the decimal context of derivatives, independent of the context of the thread."""
    return CONTEXT.divide(dividend, divisor)
