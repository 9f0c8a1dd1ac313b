"""Makes the steps of recorded orders and order groups: rest, amend, reduce, cancel, trigger.

Orders and groups come from the rows of lists and from frames; orders also from rows of positions, if there is no list.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from mockexchange.core.instants import parse_instant
from mockexchange.core.model.order_rules import GROUP_WINDOW_US
from mockexchange.core.model.orders import OrderGroup
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.importing.kalshi.amounts import (
    CENTIS,
    MICROS,
    Row,
    centis_of,
    contracts,
    instant_of,
    price_of,
    trimmed,
)
from mockexchange.importing.kalshi.facts import Dated, Facts, GroupEvent
from mockexchange.importing.kalshi.step import ACCOUNT, Step, fills_in_order, holder, ticker_of, trade_of
from mockexchange.importing.recorded_answers import Problem

# Order groups: of the rows of lists, of the orders that name them, and of frames
# A group of which the limit is known triggers itself in the mock, by a fill or by a new limit. Then neither the trigger
# nor the ends of its orders are steps.


LIMIT_UNKNOWN = "1000000"
"""The limit given to a group whose limit no answer has, too high to ever trigger the group."""
CREATED, LIMITED, TRIGGERED, RESET = "created", "limit_updated", "triggered", "reset"
EVENT_STEPS = {LIMITED: "limit_group", TRIGGERED: "trigger_group", RESET: "reset_group", "deleted": "delete_group"}
"""The steps of a group, by the types of its events in frames."""
FIRST, LAST = 0, 4
"""The order of steps at the same instant: a group begins before its orders, and changes after them."""
SOON_US = MICROS
"""The time after a group's trigger within which an order's end or a frame belongs to it."""


def group_steps(facts: Facts, start: int) -> Iterator[Step]:
    """Yield the steps of order groups: those that were listed, those that orders name, and those of frames."""
    for group_id, row in _rows(facts).items():
        events = facts.group_events.get(group_id, [])
        index = int(row.get("exchange_index") or 0)
        at, limit = _beginning(row, events, start)
        body = {"account": holder(int(row["subaccount_number"] or 0)), "group": group_id, "limit": limit}
        yield Step(at, FIRST, {"group": body | ({"exchange_index": index} if index else {})})
        yield from _event_steps(group_id, events, _own_triggers(facts, group_id, row))
        if row.get("is_auto_cancel_enabled") and not events:
            # The instant of the last change of a group's orders, after which it may be closed to new ones.
            changes = (instant_of(order, "last_update_time") for order in _members(facts, group_id))
            yield Step(max(changes, default=start), LAST, {"trigger_group": {"group": group_id}})


def ended_by_groups(facts: Facts) -> set[str]:
    """Return the orders that their groups cancel in the mock, when a fill or a new limit triggers them."""
    found: set[str] = set()
    for group_id, row in _rows(facts).items():
        triggers = _own_triggers(facts, group_id, row)
        for order in _members(facts, group_id):
            if _is_soon(instant_of(order, "last_update_time"), triggers):
                found.add(str(order["order_id"]))
    return found


def _rows(facts: Facts) -> dict[str, Row]:
    named = {order["order_group_id"]: order for order in facts.orders.values() if order.get("order_group_id")}
    unknown = {group_id: {"subaccount_number": 0} for group_id in facts.group_events}
    return {**unknown, **named, **facts.groups}


def _members(facts: Facts, group_id: str) -> list[Row]:
    return [order for order in facts.orders.values() if order.get("order_group_id") == group_id]


def _beginning(row: Row, events: Sequence[GroupEvent], start: int) -> tuple[int, str]:
    """Return the instant and the limit with which a group begins: of a frame, else the start and the last limit."""
    created = next((one for one in events if one.kind == CREATED), None)
    if created is not None and created.limit_centis is not None:
        return created.at, contracts(created.limit_centis)
    is_known = ("contracts_limit_fp" in row or row.get("contracts_limit") is not None) and not any(
        one.kind == LIMITED for one in events
    )
    return start, contracts(centis_of(row, "contracts_limit")) if is_known else LIMIT_UNKNOWN


def _own_triggers(facts: Facts, group_id: str, row: Row) -> list[int]:
    """Return the instants at which the mock triggers a group by itself."""
    events = facts.group_events.get(group_id, [])
    _, limit = _beginning(row, events, 0)
    group = OrderGroup(
        group_id=group_id, serial=0, subaccount_ref=SubaccountRef(ACCOUNT), exchange_index=0, limit_centis=None
    )
    group.limit_centis = int(Decimal(limit) * CENTIS)
    members = {order["order_id"] for order in _members(facts, group_id)}
    fills = ((instant_of(one, "created_time"), one) for (_, order), one in facts.fills.items() if order in members)
    changes: list[tuple[int, int, Any]] = [(at, 0, centis_of(one, "count")) for at, one in fills]
    changes += [(one.at, 1, one) for one in events]
    return [at for at, is_event, change in sorted(changes, key=lambda one: one[:2]) if _triggers(group, at, change)]


def _triggers(group: OrderGroup, at: int, change: int | GroupEvent) -> bool:
    """Carry out a fill or an event of a group, and return whether it triggers the group."""
    if isinstance(change, GroupEvent) and change.kind == RESET:
        group.reset()
    elif isinstance(change, GroupEvent) and change.kind == LIMITED:
        group.limit_centis = change.limit_centis
    if isinstance(change, GroupEvent) and change.kind != LIMITED:
        group.is_triggered |= change.kind == TRIGGERED
        return False
    was_triggered = isinstance(change, GroupEvent) and group.is_triggered
    group.count(0 if isinstance(change, GroupEvent) else change, at, GROUP_WINDOW_US)
    is_reached = group.limit_centis is not None and group.filled_centis >= group.limit_centis and not was_triggered
    group.is_triggered |= is_reached
    return is_reached


def _event_steps(group_id: str, events: Sequence[GroupEvent], own_triggers: Sequence[int]) -> Iterator[Step]:
    """Yield the steps of what frames show of a group, except for the triggers that are the group's own."""
    for one in events:
        if one.kind not in EVENT_STEPS or (one.kind == TRIGGERED and _is_soon(one.at, own_triggers)):
            continue
        limit = {} if one.limit_centis is None or one.kind != LIMITED else {"limit": contracts(one.limit_centis)}
        yield Step(one.at, LAST, {EVENT_STEPS[one.kind]: {"group": group_id, **limit}})


def _is_soon(at: int, triggers: Iterable[int]) -> bool:
    return any(trigger <= at < trigger + SOON_US for trigger in triggers)


# Recorded orders: rest, amend, reduce, cancel
# The row of an order has only its last state. Earlier states show in earlier answers with the same order, and in the
# prices of its maker fills, which are the order's own: each difference becomes an amendment.


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


# Orders that only rows of positions show, if the recording has no list of orders
# A position has the number of its resting contracts, and an order that was canceled leaves a row of a flat position.
# Such a row gets an order at the lowest price, and the assumption is reported.


LOWEST_PRICE = "0.01"
AMOUNTS = ("market_exposure", "realized_pnl", "total_traded", "fees_paid")


def assumed_order_steps(facts: Facts) -> Iterator[Step]:
    """Yield the steps of orders that rows of positions show; none for subaccounts whose orders were recorded."""
    known = {(int(row["subaccount_number"] or 0), ticker_of(row)) for row in facts.orders.values()}
    traded = {(int(row["subaccount_number"] or 0), ticker_of(row)) for row in facts.fills.values()}
    for key, held in facts.positions.items():
        if key in known or key[0] in facts.listed_orders or held.row["ticker"] in facts.settlements:
            continue
        count_centis = int(held.row.get("resting_orders_count") or 0) * CENTIS
        if count_centis:
            yield _rest(key, held, count_centis)
            _assume(facts, held, f"an order for {contracts(count_centis)} rests at {LOWEST_PRICE}")
        elif key not in traded and _is_empty(held.row):
            rest = _rest(key, held, CENTIS)
            order = f"assumed-{key[0]}-{key[1]}"
            yield rest._replace(body={"rest": {**rest.body["rest"], "order": order}})
            yield Step(rest.at, ENDS, {"cancel": {"order": order}})
            _assume(facts, held, f"an order at {LOWEST_PRICE} was canceled")


def _rest(key: tuple[int, str], held: Dated, count_centis: int) -> Step:
    subaccount, ticker = key
    body = {"account": holder(subaccount), "market": ticker, "side": "yes", "action": "buy"}
    body |= {"count": contracts(count_centis), "price": LOWEST_PRICE}
    return Step(instant_of(held.row, "last_updated_ts"), RESTS, {"rest": body})


def _assume(facts: Facts, held: Dated, what: str) -> None:
    why = f"{held.row['ticker']}: {what}, since no list of orders was recorded"
    facts.assumed.append(Problem(held.line, why))


def _is_empty(row: Row) -> bool:
    """Return whether a row has no position, and nothing that was ever traded."""
    values = [row.get(name) or row.get(f"{name}_dollars") for name in AMOUNTS]
    size = row.get("position_fp") or row.get("position")
    return not any(float(value or 0) for value in [size, *values])
