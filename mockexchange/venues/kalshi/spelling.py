"""How this venue writes amounts, counts and instants as JSON text.

Cents are truncated toward zero (98.0186 dollars is 9801, recorded 2026-06-11). Before 2026-03-07 a dollar string was
those cents over 100 with four decimals; after, it is exact with six, or four where the field has four.
"""

import json

from mockexchange.core.decimals import exact
from mockexchange.core.instants import MICROSECONDS_PER_SECOND, format_instant
from mockexchange.core.vocabulary import CENTIS_PER_CONTRACT, MICROS_PER_CENT
from mockexchange.venues.dated import Spelling

MICROS_PER_CENTICENT = 100


def truncate(value: int, unit: int) -> int:
    """Divide toward zero: -137 hundredths are -1, not -2."""
    return value // unit if value >= 0 else -(-value // unit)


def cents(micros: int) -> str:
    return str(truncate(micros, MICROS_PER_CENT))


def dollars_of_cents(micros: int) -> str:
    return f'"{exact(truncate(micros, MICROS_PER_CENT), 2)}00"'


def dollars_6(micros: int) -> str:
    return f'"{exact(micros, 6)}"'


def dollars_4(micros: int) -> str:
    return f'"{exact(truncate(micros, MICROS_PER_CENTICENT), 4)}"'


def count_2(centis: int) -> str:
    return f'"{exact(centis, 2)}"'


def whole_contracts(centis: int) -> str:
    return str(truncate(centis, CENTIS_PER_CONTRACT))


def instant(at: int) -> str:
    return f'"{format_instant(at)}"'


def unix_seconds(at: int) -> str:
    return str(at // MICROSECONDS_PER_SECOND)


def text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


CENTS = Spelling("integer cents, truncated", cents)
DOLLARS_OF_CENTS = Spelling("dollar string, whole cents with 4 decimals", dollars_of_cents)
DOLLARS_6 = Spelling("dollar string, exact with 6 decimals", dollars_6)
DOLLARS_4 = Spelling("dollar string, truncated to 4 decimals", dollars_4)
COUNT_2 = Spelling("count string, 2 decimals", count_2)
CONTRACTS = Spelling("integer contracts, truncated", whole_contracts)
INSTANT = Spelling("RFC 3339 UTC, at most 6 fractional digits, trailing zeros trimmed", instant)
UNIX_SECONDS = Spelling("integer Unix seconds", unix_seconds)
INTEGER = Spelling("integer", str)
TEXT = Spelling("string", text)
