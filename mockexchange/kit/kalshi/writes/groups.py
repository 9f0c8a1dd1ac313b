"""Checks order groups, with a group of one small order."""

from collections.abc import Iterator
from contextlib import suppress

from mockexchange.kit.checks import Check
from mockexchange.kit.findings import Finding
from mockexchange.kit.kalshi.writes.order_placer import DONE, SECOND, OrderPlacer, open_placer
from mockexchange.kit.rules.finding_format import answer_text, finding
from mockexchange.kit.target import Answer, NotJudged, Target

LIFE, ORDERS = "groups.life", "groups.orders"
LIMIT = 10
REFUSED = (400, 404, 409)


def judge_life(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that a new group is listed, that each change of the group is answered, and that it is gone once deleted."""
    group_id = _create(target, operation_id)
    if group_id not in _listed(target):
        yield finding(
            target, LIFE, "POST /portfolio/order_groups/create", f"{group_id} is not listed", "a listed group"
        )
    for name in ("TriggerOrderGroup", "ResetOrderGroup", "DeleteOrderGroup"):
        if name in target.writes:
            yield from _answered(target, _change(target, name, group_id), 200)
    if group_id in _listed(target):
        yield finding(target, LIFE, "DELETE /portfolio/order_groups", f"{group_id} is listed", "no such group any more")
    yield from _answered(target, _change(target, "DeleteOrderGroup", group_id), 404)


def _answered(target: Target, answer: Answer, status: int) -> Iterator[Finding]:
    if answer.status != status:
        yield finding(target, LIFE, answer.where, answer_text(answer), f"status {status}")


def judge_orders(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that a triggered group cancels its orders and refuses new ones, until it is reset."""
    with open_placer(target, _newest(target)) as placer:
        group_id = _create(target, operation_id)
        try:
            yield from _trigger(placer, group_id)
        finally:
            with suppress(NotJudged):
                _change(target, "DeleteOrderGroup", group_id)


def _trigger(placer: OrderPlacer, group_id: str) -> Iterator[Finding]:
    target = placer.target
    order_id, answer = placer.place(order_group_id=group_id)
    _change(target, "TriggerOrderGroup", group_id)
    row = placer.read(order_id, lambda row: row.get("status") == "canceled")
    if row.get("status") != "canceled":
        yield finding(target, ORDERS, answer.where, f"{row.get('status')} after its group was triggered", "canceled")
    refused = placer.create(placer.body(order_group_id=group_id))
    if refused.status not in REFUSED:
        yield finding(target, ORDERS, refused.where, answer_text(refused), "a refusal, as its group was triggered")
    _change(target, "ResetOrderGroup", group_id)
    again = placer.create(placer.body(order_group_id=group_id))
    if again.status not in DONE:
        yield finding(target, ORDERS, again.where, answer_text(again), "status 201, as its group was reset")


def _create(target: Target, operation_id: str) -> str:
    answer = target.write(operation_id, {"contracts_limit": LIMIT})
    if answer.status not in DONE:
        raise NotJudged(f"{answer.where} was answered {answer.status} {answer.text[:200]}")
    group_id: str = answer.json()["order_group_id"]
    return group_id


def _change(target: Target, operation_id: str, group_id: str) -> Answer:
    body: dict[str, object] | None = {} if "requestBody" in target.writes[operation_id].node else None
    return target.write(operation_id, body, {"order_group_id": group_id})


def _listed(target: Target) -> set[str]:
    rows = target.ask("/portfolio/order_groups").json().get("order_groups", [])
    return {row["id"] for row in rows}


def _newest(target: Target) -> str:
    return SECOND.create if SECOND.create in target.writes else "CreateOrder"


def _groups(target: Target) -> list[str]:
    return [name for name in ("CreateOrderGroup",) if name in target.writes]


def _triggered_groups(target: Target) -> list[str]:
    return _groups(target) if "TriggerOrderGroup" in target.writes else []


PLACE = "contracts/kalshi/README.md"
CHECKS: tuple[Check[Target], ...] = (
    Check(LIFE, "A group is listed until it is deleted.", PLACE, _groups, judge_life),
    Check(ORDERS, "A triggered group holds no order until it is reset.", PLACE, _triggered_groups, judge_orders),
)
