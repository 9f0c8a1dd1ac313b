"""Finds the fees of fills at dates before March 2026, whose rows have whole cents of them or none.

The fees of 2025 were whole cents, so that a row has all of a fee; those of 2026 were cut. Where the formula gives what
was recorded, a step has no fee. Else it has the recorded cents: the formula is not that of the fill's series.
"""

from collections import defaultdict
from decimal import Decimal

from mockexchange.core.fees import charge, exact_fee_attos
from mockexchange.core.instants import parse_instant
from mockexchange.core.vocabulary import CENTICENTS_PER_DOLLAR, MICROS_PER_CENT, FeeRounding, FeeType
from mockexchange.importing.kalshi.amounts import (
    MICROS,
    Row,
    centis_of,
    dollars,
    fee_of,
    instant_of,
    micros_of,
    price_of,
)
from mockexchange.importing.kalshi.facts import Facts

FEES_OF_2026 = "2026-01-01T00:00:00Z"
MICROS_PER_CENTICENT = 100
MULTIPLIER = 10_000
"""The usual multiplier of a series, 1, in ten-thousandths."""
FillKey = tuple[str, str]


def cent_fees(facts: Facts) -> dict[FillKey, str]:
    """Return the fees of fills that the formula does not give, in dollars, by the ids of the fill and of its order."""
    first = min((instant_of(fill, "created_time") for fill in facts.fills.values()), default=0)
    rounding = FeeRounding.CENT if first < parse_instant(FEES_OF_2026) else FeeRounding.GRID
    of_order: dict[tuple[str, bool], list[FillKey]] = defaultdict(list)
    for key, fill in facts.fills.items():
        of_order[key[1], bool(fill["is_taker"])].append(key)
    found = {}
    for (order_id, is_taker), keys in of_order.items():
        for key in keys:
            order = facts.orders.get(order_id, {}) if len(keys) == 1 else {}
            cents = _recorded_micros(facts.fills[key], order, "taker" if is_taker else "maker")
            if cents is not None and cents != _formula_micros(facts.fills[key], rounding):
                found[key] = dollars(cents)
    return found


def _recorded_micros(fill: Row, order: Row, role: str) -> int | None:
    """Return the fee in cents of a fill's row, else of its order's row if that has no other fill in the role."""
    if fee_of(fill) is not None:
        return None
    if fill.get("fee_cost") is not None:
        return int(Decimal(fill["fee_cost"]) * MICROS)
    is_whole = bool(order) and centis_of(order, "fill_count") == centis_of(fill, "count")
    return micros_of({"fees": order.get(f"{role}_fees")}, "fees") if is_whole else None


def _formula_micros(fill: Row, rounding: FeeRounding) -> int:
    """Return the fee by the usual formula, cut to cents as rows have it."""
    price = int(price_of(fill, fill["side"]) * CENTICENTS_PER_DOLLAR)
    count_centis = centis_of(fill, "count")
    attos = exact_fee_attos(FeeType.QUADRATIC, MULTIPLIER, bool(fill["is_taker"]), count_centis, price) or 0
    fee_micros = charge(attos, 0, rounding, MICROS_PER_CENTICENT, 0).fee_micros
    return fee_micros // MICROS_PER_CENT * MICROS_PER_CENT
