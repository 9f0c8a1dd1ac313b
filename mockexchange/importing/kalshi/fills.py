"""Completes the fills of a recording: those that only rows of orders show, and fees of dates with whole cents."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from mockexchange.core.fees import charge, exact_fee_attos
from mockexchange.core.instants import format_instant
from mockexchange.core.vocabulary import CENTICENTS_PER_DOLLAR, MICROS_PER_CENT, FeeRounding, FeeType, Side
from mockexchange.importing.kalshi.amounts import (
    MICROS,
    Row,
    centis_of,
    contracts,
    dollars,
    fee_of,
    instant_of,
    is_exact,
    micros_of,
    price_of,
    trimmed,
)
from mockexchange.importing.kalshi.facts import Facts
from mockexchange.importing.kalshi.step import ticker_of
from mockexchange.importing.recorded_answers import Problem
from mockexchange.venues.dated_fields import ApiDate
from mockexchange.venues.registry import venue_of

# Fills that only rows of orders show, because the recording does not have the oldest fills, or none
# The row of an order has the count, the cost and the fees of its fills. What the recorded fills of the order do not
# give of them is a fill of its own, which is reported as assumed.


MAKER, TAKER = "maker", "taker"
CENT_MICROS = 10_000
OTHER = {Side.YES: Side.NO, Side.NO: Side.YES}


class Missing(NamedTuple):
    """What the recorded fills do not give of an order, in one role. The fee is None if the row has it in cents only."""

    role: str
    count_centis: int
    cost_micros: int
    fee_micros: int | None
    is_exact: bool
    """Whether the cost has all its decimals."""


def add_assumed_fills(facts: Facts) -> None:
    """Add the fills that only orders show. An order whose list of fills was recorded to its end has none."""
    fills: dict[str, list[Row]] = defaultdict(list)
    for (_, order_id), fill in facts.fills.items():
        fills[order_id].append(fill)
    for order_id, order in facts.orders.items():
        number = int(order["subaccount_number"] or 0)
        if {None, number} & facts.whole_lists.keys():
            continue
        # The latest instant of a fill of an order that was not recorded. It is not after the recorded fills of its
        # subaccount's lists, and not after the last change of its position.
        changed = instant_of(order, "last_update_time")
        listed = [facts.oldest_listed[key] for key in (None, number) if key in facts.oldest_listed]
        held = facts.positions.get((number, ticker_of(order)))
        moved = [instant_of(held.row, "last_updated_ts")] if held is not None and held.at >= changed else []
        latest = min([changed, *listed, *moved])
        for missing in _missing(order, fills[order_id]):
            at = _instant(missing, order, fills[order_id], latest)
            _add(facts, order, missing, at)


def _missing(order: Row, fills: Sequence[Row]) -> list[Missing]:
    """Return what the fills do not give of an order, as taker and then as maker; nothing if that is not certain.

    If both are missing, the maker's count follows from the order's own price.
    """
    count_centis = centis_of(order, "fill_count") - sum(centis_of(one, "count") for one in fills)
    costs = {role: _cost_missing(order, fills, role) for role in (TAKER, MAKER)}
    roles = [role for role in (TAKER, MAKER) if costs[role] > 0] or [MAKER]
    if count_centis <= 0 or min(costs.values()) < 0:
        return []
    counts = {roles[0]: count_centis}
    if len(roles) > 1:
        maker_centis, rest = divmod(costs[MAKER], _own_centicents(order))
        if rest or not 0 < maker_centis < count_centis:
            return []
        counts = {TAKER: count_centis - maker_centis, MAKER: maker_centis}
    exact = is_exact(str(order.get("maker_fill_cost_dollars") or ""))
    return [Missing(role, counts[role], costs[role], _fee_missing(order, fills, role), exact) for role in roles]


def _cost_missing(order: Row, fills: Sequence[Row], role: str) -> int:
    """Return the cost, in micro-dollars, that the fills of a role do not give; 0 if it is less than a cent's rest."""
    cost = micros_of(order, f"{role}_fill_cost") or 0
    known = sum(centis_of(one, "count") * _centicents(one, _gained(order)) for one in _of_role(fills, role))
    exact = is_exact(str(order.get(f"{role}_fill_cost_dollars") or ""))
    return cost - known if exact or abs(cost - known) >= CENT_MICROS else 0


def _fee_missing(order: Row, fills: Sequence[Row], role: str) -> int | None:
    """Return the fee that the fills of a role do not give; None if the row has no exact one.

    While nothing was paid, the field was left out for some months of 2026.
    """
    fee = order.get(f"{role}_fees_dollars")
    if not is_exact(str(fee or order.get(f"{role}_fill_cost_dollars") or "")):
        return None
    known = sum(micros_of({"fee_dollars": fee_of(one)}, "fee") or 0 for one in _of_role(fills, role))
    return max(0, (micros_of(order, f"{role}_fees") or 0) - known)


def _of_role(fills: Sequence[Row], role: str) -> Iterator[Row]:
    return (one for one in fills if bool(one["is_taker"]) is (role == TAKER))


def _instant(missing: Missing, order: Row, fills: Sequence[Row], latest: int) -> int:
    """Return the instant of an assumed fill: the order's beginning if it took, else as late as the rows allow."""
    created, known = instant_of(order, "created_time"), [instant_of(one, "created_time") for one in fills]
    return created if missing.role == TAKER else max(created, min([*known, latest]))


def _add(facts: Facts, order: Row, missing: Missing, at: int) -> None:
    order_id, side = str(order["order_id"]), Side(order["side"])
    is_gained = _gained(order) is side
    found = _parts(order, missing)
    made = [(count, gained if is_gained else CENTICENTS_PER_DOLLAR - gained) for count, gained in found]
    for place, (count_centis, centicents) in enumerate(made):
        fill_id = f"assumed-{missing.role}-{order_id}" + (f"-{place}" if place else "")
        fee = None if missing.fee_micros is None else missing.fee_micros if not place else 0
        facts.fills[fill_id, order_id] = {
            **{name: order[name] for name in ("order_id", "ticker", "side", "action", "subaccount_number")},
            "fill_id": fill_id,
            "created_time": format_instant(at),
            "count_fp": contracts(count_centis),
            "is_taker": missing.role == TAKER,
            "fee_cost": None if fee is None else f"{Decimal(fee).scaleb(-6):f}",
            **prices(Decimal(centicents) / CENTICENTS_PER_DOLLAR, side),
        }
    shown = " and ".join(f"{contracts(count)} at {dollars(cents * 100)}" for count, cents in made)
    why = (
        f"order {order_id}: {shown}, filled as {missing.role} at {format_instant(at)}, since no such fill was recorded"
    )
    facts.assumed.append(Problem(facts.lines[order_id], why))


def _parts(order: Row, missing: Missing) -> Iterator[tuple[int, int]]:
    """Yield the counts of what is missing and prices of the side gained.

    It is one fill, or two at neighbouring prices if one has no price.
    """
    count, cost, own = missing.count_centis, missing.cost_micros, _own_centicents(order)
    if not missing.is_exact:
        whole = cost // CENT_MICROS == count * own // CENT_MICROS
        yield count, own if whole or missing.role == MAKER else round(Decimal(cost) / count)
        return
    low, above = divmod(cost, count)
    yield from ((part, centicents) for part, centicents in ((count - above, low), (above, low + 1)) if part)


def _own_centicents(order: Row) -> int:
    return _centicents(order, _gained(order))


def _gained(order: Row) -> Side:
    """Return the side whose price an order's cost counts: that of the contracts that its fills gain."""
    side = Side(order["side"])
    return side if order["action"] == "buy" else OTHER[side]


def _centicents(row: Row, side: Any) -> int:
    return int(price_of(row, side) * CENTICENTS_PER_DOLLAR)


def prices(price: Decimal, side: Side) -> dict[str, str]:
    """Return the prices of both sides of a trade in dollars, from that of one side."""
    return {f"{side.value}_price_dollars": trimmed(price), f"{OTHER[side].value}_price_dollars": trimmed(1 - price)}


# Fees of fills at dates before March 2026, whose rows have whole cents of them or none
# The fees of 2025 were whole cents, so that a row has all of a fee; those of 2026 were cut. Where the formula gives
# what was recorded, a step has no fee. Else it has the recorded cents: the formula is not that of the fill's series.


MICROS_PER_CENTICENT = 100
MULTIPLIER = 10_000
"""The usual multiplier of a series, 1, in ten-thousandths."""
FillKey = tuple[str, str]


def rounding_at(instant: int) -> FeeRounding:
    """Return how the venue rounded fees on the day of an instant, in microseconds."""
    day = format_instant(instant)[: len("2026-01-01")]
    return venue_of("kalshi").fee_rounding(ApiDate(day, day))


def cent_fees(facts: Facts) -> dict[FillKey, str]:
    """Return the fees of fills that the formula does not give, in dollars, by the ids of the fill and of its order."""
    first = min((instant_of(fill, "created_time") for fill in facts.fills.values()), default=0)
    rounding = rounding_at(first)
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
