"""Makes the steps of order groups: of the rows of lists, of the orders that name them, and of frames.

A group of which the limit is known triggers itself in the mock, by a fill or by a new limit. Then neither the trigger
nor the ends of its orders are steps.
"""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from mockexchange.core.model.order_rules import GROUP_WINDOW_US
from mockexchange.core.model.orders import OrderGroup
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.importing.kalshi.amounts import CENTIS, MICROS, Row, centis_of, contracts, instant_of
from mockexchange.importing.kalshi.facts import Facts, GroupEvent
from mockexchange.importing.kalshi.step import ACCOUNT, Step, holder

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
            yield Step(_last_of_group(facts, group_id, start), LAST, {"trigger_group": {"group": group_id}})


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
    is_known = _has_limit(row) and not any(one.kind == LIMITED for one in events)
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


def _last_of_group(facts: Facts, group_id: str, start: int) -> int:
    """Return the instant of the last change of a group's orders, after which it may be closed to new ones."""
    changes = (instant_of(order, "last_update_time") for order in _members(facts, group_id))
    return max(changes, default=start)


def _has_limit(row: Row) -> bool:
    return "contracts_limit_fp" in row or row.get("contracts_limit") is not None
