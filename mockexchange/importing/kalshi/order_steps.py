"""Makes steps from recorded orders: rest, amend, reduce, cancel.

The row of an order has only its last state. Earlier states show in earlier answers with the same order, and in the
prices of its maker fills, which are the order's own: each difference becomes an amendment.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from mockexchange.core.instants import parse_instant
from mockexchange.importing.kalshi.amounts import Row, centis_of, contracts, instant_of, price_of, trimmed
from mockexchange.importing.kalshi.facts import Facts
from mockexchange.importing.kalshi.group_steps import ended_by_groups
from mockexchange.importing.kalshi.step import Step, fills_in_order, trade_of

RESTING, CANCELED = "resting", "canceled"
RESTS, AMENDS, ENDS = 1, 1, 3
"""The order of steps at the same instant; fills have 2."""


class Terms(NamedTuple):
    """The terms of an order that changes of the order affect, as steps of a scenario write them."""

    price: str
    count_centis: int
    """The count of the whole order, in hundredths of a contract."""
    reduced_centis: int
    """The count taken off since the whole count was last set, in hundredths of a contract."""
    client_order_id: str
    expires: str


class Observation(NamedTuple):
    """The terms of an order from an instant on, as an answer shows them; a fill shows only the price."""

    at: int
    terms: Terms
    status: str = ""


def resting_orders(facts: Facts) -> Iterator[Row]:
    """Yield the orders that have rested in the order book: resting, canceled, and those older than their fills."""
    first_fills: dict[str, int] = {}
    for fill in fills_in_order(facts):
        first_fills.setdefault(fill["order_id"], instant_of(fill, "created_time"))
    for order_id, order in facts.orders.items():
        filled_at = first_fills.get(order_id)
        is_maker = filled_at is not None and filled_at > instant_of(order, "created_time")
        if is_maker or order["status"] in (RESTING, CANCELED):
            yield order


def order_steps(facts: Facts) -> Iterator[Step]:
    """Yield the steps of all orders that have rested in the order book, except their fills."""
    fills = defaultdict(list)
    for fill in fills_in_order(facts):
        fills[fill["order_id"]].append(fill)
    ended = ended_by_groups(facts)
    for order in resting_orders(facts):
        found = _steps_of(order, facts.versions[order["order_id"]], fills[order["order_id"]])
        yield from (step for step in found if order["order_id"] not in ended or "cancel" not in step.body)


def _steps_of(order: Row, versions: Sequence[Row], fills: Sequence[Row]) -> Iterator[Step]:
    """Yield the steps of an order: those that lead from each observation to the next one."""
    first, *later = _observations(versions, fills)
    created, body = instant_of(order, "created_time"), {"order": str(order["order_id"])}
    terms = first.terms._replace(reduced_centis=0)
    yield Step(created, RESTS, {"rest": _rest_body(versions[0], terms)})
    changed = max([created, *(instant_of(fill, "created_time") for fill in fills)])
    for seen in [first, *later]:
        at = max(seen.at, created)
        steps = list(_changes(body, terms, seen.terms))
        if seen.status == RESTING and not steps and at > changed:
            steps = [{"amend": {**body, "count": contracts(seen.terms.count_centis)}}]
        if seen.status == CANCELED:
            steps.append({"cancel": body})
        terms, changed = seen.terms, max(changed, at) if steps else changed
        for step in steps:
            yield Step(at, ENDS if "cancel" in step else AMENDS, step)


def _observations(versions: Sequence[Row], fills: Sequence[Row]) -> list[Observation]:
    """Return what answers and prices of fills show, the oldest first. The first has the terms of the first answer."""
    answered: list[Observation] = []
    for row in versions:
        terms = _terms_of(row, answered[-1].terms.reduced_centis if answered else 0)
        answered.append(Observation(instant_of(row, "last_update_time"), terms, row["status"]))
    makers = [(instant_of(one, "created_time"), _price_of(one)) for one in fills if not one["is_taker"]]
    first = answered[0].terms
    if answered[0].at > max((at for at, _ in makers), default=0):
        first = first._replace(reduced_centis=0)  # the last change was a reduction, after the fills
    found = []
    for at, price in makers:
        known = [one.terms for one in answered if one.at < at]
        found.append(Observation(at, (known[-1] if known else first)._replace(price=price)))
    return sorted([*found, *answered], key=lambda one: (one.at, bool(one.status)))


def _terms_of(row: Row, reduced_centis: int) -> Terms:
    """Return the terms of an answer; what was taken off does not show once the rest is canceled."""
    initial, *known = (centis_of(row, f"{name}_count") for name in ("initial", "fill", "remaining"))
    return Terms(
        _price_of(row),
        initial,
        reduced_centis if row["status"] == CANCELED else initial - sum(known),
        str(row.get("client_order_id") or ""),
        str(row.get("expiration_time") or ""),
    )


def _price_of(row: Row) -> str:
    return trimmed(price_of(row, row["side"]))


def _changes(body: dict[str, Any], before: Terms, after: Terms) -> Iterator[dict[str, Any]]:
    """Yield the amendment and the reduction between two observations; a count that is set makes up for reductions."""
    found: dict[str, Any] = {"price": after.price} if after.price != before.price else {}
    is_set = after.count_centis != before.count_centis or after.reduced_centis < before.reduced_centis
    if is_set:
        found["count"] = contracts(after.count_centis)
    if after.client_order_id and after.client_order_id != before.client_order_id:
        found["client_order_id"] = after.client_order_id
    if _is_other_instant(before.expires, after.expires):
        found |= {"expires": after.expires} if after.expires else {"clears_expiry": True}
    if found:
        yield {"amend": {**body, **found}}
    reduced = after.reduced_centis - (0 if is_set else before.reduced_centis)
    if reduced > 0:
        yield {"reduce": {**body, "count": contracts(reduced)}}


def _is_other_instant(before: str, after: str) -> bool:
    return bool(before) != bool(after) or (bool(after) and parse_instant(before) != parse_instant(after))


def _rest_body(order: Row, terms: Terms) -> dict[str, Any]:
    body = {**trade_of(order), "count": contracts(terms.count_centis), "price": terms.price, "order": order["order_id"]}
    kept = {"self_trade_prevention_type": "self_trade_prevention", "order_group_id": "group"}
    names = {"client_order_id": terms.client_order_id, "expires": terms.expires}
    body |= {name: value for name, value in names.items() if value}
    body |= {"cancel_on_pause": True} if order.get("cancel_order_on_pause") else {}
    return body | {step: order[name] for name, step in kept.items() if order.get(name)}
