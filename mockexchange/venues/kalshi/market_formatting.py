"""Functions that write values of markets, order books, events and series as JSON text.

`formatting` writes the plain amounts and texts.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from mockexchange.core.queries.order_books import Level
from mockexchange.core.vocabulary import FeeType, MarketStatus, Result
from mockexchange.venues.dated import Spelling
from mockexchange.venues.kalshi import enumerations
from mockexchange.venues.kalshi.formatting import (
    count_2,
    one_of,
    price_4,
    price_cents,
    price_number,
    text,
    whole_contracts,
)

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
