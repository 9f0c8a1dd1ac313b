"""Writes amounts as JSON: strings of decimals, although the venue's page shows numbers [doc].

They have at most nine decimals, no trailing zeros, and at least one decimal: "0.974421544", "110970.0", "0.0".
"""

from decimal import ROUND_HALF_EVEN, Context, Decimal

from mockexchange.core.instants import MICROSECONDS_PER_SECOND
from mockexchange.venues.dated_fields import Spelling
from mockexchange.venues.jsonrpc.envelope import spell

NINE_DECIMALS = Decimal("1e-9")
EXACT = Context(prec=1_000, rounding=ROUND_HALF_EVEN)
"""Decimal context with room for the size of any command, independent of the thread's default."""
MICROSECONDS_PER_MILLISECOND = MICROSECONDS_PER_SECOND // 1_000


def decimal_9(value: Decimal) -> str:
    digits = format(value.quantize(NINE_DECIMALS, context=EXACT), "f").rstrip("0")
    shown = f"{digits}0" if digits.endswith(".") else digits
    return '"0.0"' if shown == "-0.0" else f'"{shown}"'


def side(size: Decimal) -> str:
    """Return the side of a signed size: buy, sell or zero. Deribit calls it direction."""
    return '"zero"' if not size else '"buy"' if size > 0 else '"sell"'


def milliseconds(at: int) -> str:
    return str(at // MICROSECONDS_PER_MILLISECOND)


DECIMAL = Spelling("decimal string, at most 9 decimals, at least one", decimal_9)
SIDE = Spelling("buy, sell or zero", side, ("buy", "sell", "zero"))
DIRECTION = Spelling("buy or sell", lambda direction: f'"{direction}"', ("buy", "sell"))
INTEGER = Spelling("integer", str)
TEXT = Spelling("string", spell)
BOOLEAN = Spelling("boolean", lambda value: "true" if value else "false")
MILLISECONDS = Spelling("integer Unix milliseconds", milliseconds)
