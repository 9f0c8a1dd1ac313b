"""The decimal context of all arithmetic here: what the thread's own is never matters.

Sums and products of amounts on the wire stay exact in 50 digits; a quotient, of which inverse derivatives have many, is
off by one part in 10**50 at most, and a position that is closed takes what is left of its cost, so nothing piles up.
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
"""With room for the nine decimals of any amount."""
NINE_DECIMALS = Decimal("1e-9")

P = ParamSpec("P")
R = TypeVar("R")


def precise(function: Callable[P, R]) -> Callable[P, R]:
    """The same function under this context. It must not be a generator, which would leave the context at a yield."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with localcontext(CONTEXT):
            return function(*args, **kwargs)

    return run


def in_nine_decimals(amount: Decimal) -> Decimal:
    """Return an amount rounded half even, independent of the current decimal context."""
    return amount.quantize(NINE_DECIMALS, context=WIDE)


def quotient(dividend: Decimal, divisor: Decimal) -> Decimal:
    """Divide in the context of derivatives, independent of the thread's decimal context."""
    return CONTEXT.divide(dividend, divisor)
