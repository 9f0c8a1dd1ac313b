"""Functions that write amounts, counts and instants as the venue's JSON text.

Cents are truncated toward zero (98.0186 dollars is 9801, recorded 2026-06-11). Before 2026-03-07 a dollar string was
those cents over 100 with four decimals; after, it is exact with six, or four where the field has four.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from json.encoder import encode_basestring

from mockexchange.core.decimal_text import exact
from mockexchange.core.instants import MICROSECONDS_PER_SECOND, format_instant
from mockexchange.core.queries.order_books import Level
from mockexchange.core.vocabulary import (
    CENTICENTS_PER_DOLLAR,
    CENTIS_PER_CONTRACT,
    MICROS_PER_CENT,
    FeeType,
    MarketStatus,
    Result,
    Side,
)
from mockexchange.venues.dated_fields import Spelling
from mockexchange.venues.kalshi import enumerations

MICROS_PER_CENTICENT = 100
CENTICENTS_PER_CENT = 100
DAY_CHARS = len("2025-11-03")


def truncate(value: int, unit: int) -> int:
    """Divide an integer and round the quotient toward zero: -137 in units of 100 is -1, not -2."""
    return value // unit if value >= 0 else -(-value // unit)


def yes_price(side: Side, price_centicents: int) -> int:
    """Convert a price of `side` to the price of YES.

    The same calculation converts a price of YES to a price of `side`.
    """
    return price_centicents if side is Side.YES else CENTICENTS_PER_DOLLAR - price_centicents


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


def unix_milliseconds(at: int) -> str:
    return str(at // 1_000)


def centicents(micros: int) -> str:
    return str(truncate(micros, MICROS_PER_CENTICENT))


def text(value: str) -> str:
    """Return a string as JSON, 40 times faster than `json.dumps(value, ensure_ascii=False)`."""
    return encode_basestring(value)


def price_4(centicents: int) -> str:
    return f'"{exact(centicents, 4)}"'


def price_cents(centicents: int) -> str:
    return str(centicents // CENTICENTS_PER_CENT)


def price_number(centicents: int) -> str:
    """Return dollars as a JSON number without trailing zeros: 0.01, 0.5, 0.555."""
    return exact(centicents, 4).rstrip("0").rstrip(".")


def day(at: int) -> str:
    return f'"{format_instant(at)[:DAY_CHARS]}"'


def price_cents_number(centicents: int) -> str:
    """Return cents as a JSON number without trailing zeros: 1, 55.5."""
    return exact(centicents, 2).rstrip("0").rstrip(".")


def subaccount(name: str) -> str:
    """Return the number of a subaccount as JSON; null for a subtrader, which has no number."""
    return name if name.isdigit() else "null"


class _QuotedWords(dict[str, str]):
    """The words of an enumeration as JSON, each made when it is first written."""

    def __missing__(self, word: str) -> str:
        quoted = self[word] = f'"{word}"'
        return quoted


def one_of(*choices: str) -> Spelling:
    """Return the JSON form of an enumeration whose words are the same in the core and in JSON."""
    return Spelling(" or ".join(choices), _QuotedWords().__getitem__, choices)


CENTS = Spelling("integer cents, truncated", cents)
DOLLARS_OF_CENTS = Spelling("dollar string, whole cents with 4 decimals", dollars_of_cents)
DOLLARS_6 = Spelling("dollar string, exact with 6 decimals", dollars_6)
DOLLARS_4 = Spelling("dollar string, truncated to 4 decimals", dollars_4)
COUNT_2 = Spelling("count string, 2 decimals", count_2)
CONTRACTS = Spelling("integer contracts, truncated", whole_contracts)
INSTANT = Spelling("RFC 3339 UTC, at most 6 fractional digits, trailing zeros trimmed", instant)
UNIX_SECONDS = Spelling("integer Unix seconds", unix_seconds)
UNIX_MILLISECONDS = Spelling("integer Unix milliseconds", unix_milliseconds)
CENTICENTS = Spelling("integer hundredths of a cent, truncated", centicents)
INTEGER = Spelling("integer", str)
TEXT = Spelling("string", encode_basestring)
BOOLEAN = Spelling("boolean", lambda value: "true" if value else "false")
PRICE_4 = Spelling("dollar string, 4 decimals", price_4)
PRICE_CENTS = Spelling("integer cents, truncated", price_cents)
PRICE_CENTS_NUMBER = Spelling("number of cents", price_cents_number)
PRICE_NUMBER = Spelling("number of dollars", price_number)
SIDE = one_of("yes", "no")
ACTION = one_of("buy", "sell")
BOOK_SIDE = Spelling("bid or ask", lambda outcome: '"bid"' if outcome == "yes" else '"ask"', ("bid", "ask"))
TEXTS = Spelling("list of strings", lambda values: json.dumps(list(values), ensure_ascii=False, separators=(",", ":")))
INTEGERS = Spelling("list of integers", lambda values: json.dumps(list(values), separators=(",", ":")))
DAY = Spelling("day, UTC", day)
SUBACCOUNT = Spelling("integer", subaccount)


# --- values of markets, order books, events and series


PAUSED = "paused"
"""Status of an open market in which trading is paused; before April 2026 no document has a word for it."""
OLD_STATUSES: dict[str, str] = {
    MarketStatus.OPEN: "open",
    MarketStatus.CLOSED: "closed",
    MarketStatus.DETERMINED: "closed",
    MarketStatus.DISPUTED: "closed",
    MarketStatus.FINALIZED: "settled",
}
WINTER_STATUSES: dict[str, str] = {
    MarketStatus.OPEN: "active",
    MarketStatus.CLOSED: "closed",
    MarketStatus.DETERMINED: "determined",
    MarketStatus.DISPUTED: "determined",
    MarketStatus.FINALIZED: "settled",
}
STATUSES: dict[str, str] = {
    PAUSED: "inactive",
    MarketStatus.OPEN: "active",
    MarketStatus.CLOSED: "closed",
    MarketStatus.DETERMINED: "determined",
    MarketStatus.DISPUTED: "disputed",
    MarketStatus.FINALIZED: "finalized",
}
OLD_RESULTS = {Result.YES: "yes", Result.NO: "no"}
RESULTS = {**OLD_RESULTS, Result.SCALAR: "scalar"}
LATE_RESULTS = {**RESULTS, Result.VOID: "scalar"}
"""Results as written later. No document has a value for a void market; the mock shows scalar, as in its settlements."""


def status_of(names: Mapping[str, str], choices: tuple[str, ...]) -> Spelling:
    return Spelling(" or ".join(choices), lambda status: f'"{names.get(status) or names[MarketStatus.OPEN]}"', choices)


def result_of(names: Mapping[Result, str]) -> Spelling:
    choices = (*dict.fromkeys(names.values()), "")
    return Spelling(f"{' or '.join(choices[:-1])}, or empty", lambda result: f'"{names.get(result, "")}"', choices)


def decimal_number(text: str) -> str:
    """Return decimal text as a JSON number, which has no leading zeros and no plus: "007.50" is 7.50."""
    return format(Decimal(text), "f")


def old_fee_type(fee_type: FeeType) -> str:
    """Return a fee type as answers before 2026-08-20 spelled it, as JSON text.

    Combination markets with fees for makers had no name of their own then, but that of other markets with such fees.
    """
    if fee_type is FeeType.QUADRATIC_WITH_COMBO_MAKER_FEES:
        return f'"{FeeType.QUADRATIC_WITH_MAKER_FEES}"'
    return f'"{fee_type}"'


def old_structure(name: str) -> str:
    """Return a price structure as answers before October 2026 spelled it.

    Structures with steps below a tenth of a cent had no name then.
    """
    return text("deci_cent" if name.startswith("center_") else name)


def list_of_levels(price: Callable[[int], str], count: Callable[[int], str]) -> Callable[[Iterable[Level]], str]:
    def write(levels: Iterable[Level]) -> str:
        return f"[{','.join([f'[{price(level[0])},{count(level[1])}]' for level in levels])}]"

    return write


OLD_STATUS = status_of(OLD_STATUSES, ("unopened", "open", "closed", "settled"))
WINTER_STATUS = status_of(WINTER_STATUSES, ("initialized", "active", "closed", "determined", "settled"))
STATUS = status_of(
    STATUSES, ("initialized", "inactive", "active", "closed", "determined", "disputed", "amended", "finalized")
)
OLD_RESULT = result_of(OLD_RESULTS)
RESULT = result_of(RESULTS)
LATE_RESULT = result_of(LATE_RESULTS)
STRIKE_TYPE = one_of(*enumerations.STRIKE_TYPES)
OLD_FEE_TYPES = (FeeType.QUADRATIC, FeeType.QUADRATIC_WITH_MAKER_FEES, FeeType.FLAT)
OLD_FEE_TYPE = Spelling(" or ".join(OLD_FEE_TYPES), old_fee_type, OLD_FEE_TYPES)
FEE_TYPE = one_of(*FeeType)
OLD_STRUCTURE = Spelling("string", old_structure)
DECIMAL = Spelling("number", decimal_number)
MULTIPLIER = Spelling("number", price_number)
FREE_OBJECT = Spelling("JSON object", lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":")))
CENT_LEVELS = Spelling("list of [integer cents, integer contracts]", list_of_levels(price_cents, whole_contracts))
DOLLAR_LEVELS = Spelling("list of [dollar string, integer contracts]", list_of_levels(price_4, whole_contracts))
EXACT_LEVELS = Spelling("list of [dollar string, count string]", list_of_levels(price_4, count_2))
