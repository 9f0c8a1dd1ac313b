"""Functions that write numbers, instants and enumerations as JSON text.

Amounts are JSON numbers of at most 9 decimals, rounded half even, and always with a point, like the venue's floats.
"""

from decimal import ROUND_HALF_EVEN, Context, Decimal

from mockexchange.venues.dated_fields import Spelling
from mockexchange.venues.jsonrpc.envelope import spell

MICROSECONDS_PER_MILLISECOND = 1_000
DECIMALS = Decimal("1e-9")
DIGITS_MAX = 400
"""Precision of rounding: far more digits than any amount of the core has, so that rounding never fails."""
CONTEXT = Context(prec=DIGITS_MAX, rounding=ROUND_HALF_EVEN)
FOREVER_MS = 32_503_708_800_000
"""Expiration time of a perpetual, a time in the year 3000 in milliseconds [wire]."""


def number(value: Decimal) -> str:
    written = f"{CONTEXT.quantize(value, DECIMALS):f}".rstrip("0")
    written = f"{written}0" if written.endswith(".") else written
    return "0.0" if written == "-0.0" else written


def number_or_zero(value: Decimal | None) -> str:
    return "0.0" if value is None else number(value)


def whole_number(value: Decimal) -> str:
    """Return a number as JSON without a trailing ".0": 10, but 0.001."""
    return number(value).removesuffix(".0")


def milliseconds(at: int) -> str:
    return str(at // MICROSECONDS_PER_MILLISECOND)


def expiration(at: int | None) -> str:
    return str(FOREVER_MS) if at is None else milliseconds(at)


def direction(size: Decimal) -> str:
    """Return the direction of a position with this size: buy, sell or zero."""
    if not size:
        return '"zero"'
    return '"buy"' if size > 0 else '"sell"'


def one_of(*choices: str) -> Spelling:
    """Return the JSON form of an enumeration whose words are the same in the core and in JSON."""
    return Spelling(" or ".join(choices), lambda value: f'"{value}"', choices)


def constant(written: str) -> Spelling:
    """Return the JSON form of a constant, which `written` gives as JSON text."""
    return Spelling(f"always {written}", lambda value: written)


NUMBER = Spelling("number, at most 9 decimals", number)
NUMBER_OR_ZERO = Spelling("number, at most 9 decimals; 0 where there is none", number_or_zero)
WHOLE_NUMBER = Spelling("integer, where it is whole", whole_number)
WHOLE_OR_ZERO = Spelling("integer; 0 where there is none", lambda value: str(value or 0))
INTEGER = Spelling("integer", str)
MILLISECONDS = Spelling("integer Unix milliseconds", milliseconds)
EXPIRATION = Spelling("integer Unix milliseconds; in the year 3000 where there is none", expiration)
DIRECTION = Spelling("buy, sell or zero", direction, ("buy", "sell", "zero"))
TEXT = Spelling("string", spell)
BOOLEAN = Spelling("boolean", lambda value: "true" if value else "false")
NULL = constant("null")
