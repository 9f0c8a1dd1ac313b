"""Checks what an FCM reads of its subtraders: sides and fees of its trades, and that a bound key sees no other one."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import partial
from operator import itemgetter
from typing import Any

from mockexchange.kit.checks import Check
from mockexchange.kit.findings import Finding
from mockexchange.kit.kalshi.amounts import dollars
from mockexchange.kit.kalshi.applicability import applies_to
from mockexchange.kit.kalshi.checks.keys import bound_subtrader, refused
from mockexchange.kit.rules.finding_format import finding
from mockexchange.kit.target import BOUND, FCM, NotJudged, Target

BOUND_ROWS, BOUND_ITEMS, SIDES, FEES, NAMED = (
    f"fcm.{name}" for name in ("bound_rows", "bound_items", "sides", "fees", "named_orders")
)
ROLES = ("maker", "taker")
LISTS = ("ListFCMSubtraders", "GetFCMFills", "GetFCMOrders", "GetFCMPositions", "GetOrders", "GetFills")
"""The lists that a key bound to a subtrader may read."""
IDS_MAX = 3
Row = Mapping[str, Any]


def _orders(target: Target) -> dict[str, list[Row]]:
    """Return the orders of each subtrader of the FCM, by its id."""
    subtraders = [str(row["subtrader_id"]) for row in target.whole("ListFCMSubtraders", role=FCM).rows]
    return {one: list(target.whole("GetFCMOrders", {"subtrader_id": one}, role=FCM).rows) for one in subtraders}


def _orders_of_others(target: Target) -> dict[str, list[Row]]:
    """Return the orders of the subtraders that the bound key must not see. Raises NotJudged if there are none."""
    own = bound_subtrader(target)
    others = {name: rows for name, rows in _orders(target).items() if name != own}
    if not any(others.values()):
        raise NotJudged("no other subtrader of the FCM has an order")
    return others


def judge_bound_rows(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that no row of a bound key names another subtrader or its order, on either side, filtered or not."""
    others = _orders_of_others(target)
    orders = [str(row["order_id"]) for rows in others.values() for row in rows]
    foreign = {*others, *orders}
    queries: list[dict[str, str]] = [{}]
    if "order_id" in target.operations[operation_id].query:
        queries += [{"order_id": order_id} for order_id in orders[:IDS_MAX]]
    for query in queries:
        read = target.whole(operation_id, query, role=BOUND)
        for row in read.rows:
            for name, value in row.items():
                if isinstance(value, str) and value in foreign:
                    where, seen = f"{read.where} by the bound key", f"{name} {value}, which is another subtrader's"
                    yield finding(target, BOUND_ROWS, where, seen, "rows and sides of its own", operation_id)


def judge_bound_items(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that a bound key does not find another subtrader's order by its id."""
    path = target.operations[operation_id].path
    for rows in _orders_of_others(target).values():
        for row in rows[:IDS_MAX]:
            answer = target.ask(path, names={"order_id": row["order_id"]}, signer=target.key(BOUND))
            yield from refused(target, BOUND_ITEMS, operation_id, answer, 404)


def judge_sides(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that each trade has a side of the FCM, whole, and that the order of a side is that subtrader's."""
    owners = {row["order_id"]: owner for owner, rows in _orders(target).items() for row in rows}
    read = target.whole(operation_id, role=FCM)
    report = partial(finding, target, SIDES, read.where, operation_id=operation_id)
    for row in read.rows:
        named = {role: [name for name in _parts(role) if row.get(name) is not None] for role in ROLES}
        for role, names in named.items():
            if names and len(names) < len(_parts(role)):
                yield report(f"{row['fill_id']} has only {', '.join(names)}", f"all of {', '.join(_parts(role))}")
            order_id, owner = row.get(f"{role}_order_id"), row.get(f"{role}_subtrader_id")
            if order_id is not None and owners.get(order_id, owner) != owner:
                yield report(f"{role} {order_id} of {owner}", f"of {owners[order_id]}, whose order it is")
        if not any(named.values()):
            yield report(f"{row['fill_id']} has neither maker nor taker", "a side that is of the FCM")


def _parts(role: str) -> tuple[str, ...]:
    return f"{role}_order_id", f"{role}_subtrader_id", f"{role}_fee_cost"


def judge_fees(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that the fees of each order are those of its trades, as maker and as taker."""
    read = target.whole(operation_id, role=FCM)
    if not read.is_complete:
        raise NotJudged("there are more trades than are read")
    fees: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in read.rows:
        for role in ROLES:
            if row.get(f"{role}_order_id") is not None:
                fees[row[f"{role}_order_id"], role] += Decimal(row[f"{role}_fee_cost"])
    for rows in _orders(target).values():
        for row in rows:
            for role in ROLES:
                shown, paid = dollars(row, f"{role}_fees"), fees[row["order_id"], role]
                if not shown.matches(paid):
                    where, seen = f"GET {target.operations['GetFCMOrders'].path}", f"{role} fees {shown.value}"
                    yield finding(target, FEES, where, f"{row['order_id']}: {seen}", f"{paid}, of its trades")


def judge_named(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that the newest order of each subtrader is found by its client order id, and no others.

    Orders of the last day are found: those that are older than one that is found need not be.
    """
    newest = {
        max(named, key=itemgetter("created_time"))["client_order_id"]: max(row["created_time"] for row in named)
        for rows in _orders(target).values()
        if (named := [row for row in rows if row["client_order_id"]])
    }
    if not newest:
        raise NotJudged("no order of a subtrader has a client order id")
    path = target.operations[operation_id].path
    read = target.ask(path, query={"client_order_ids": ",".join(newest)}, signer=target.key(FCM))
    found = {row["client_order_id"] for row in read.json().get("orders", [])}
    if not found & newest.keys():
        raise NotJudged("no order of a subtrader is of the last day")
    oldest = min(newest[name] for name in found & newest.keys())
    expected = {name for name, created in newest.items() if created >= oldest}
    if not expected <= found or not found <= newest.keys():
        yield finding(target, NAMED, read.where, f"{sorted(found)}", f"{sorted(expected)}", operation_id)


PLACE = "contracts/kalshi/README.md"


def _bound_lists(target: Target) -> list[str]:
    return applies_to(*LISTS)(target) if "ListFCMSubtraders" in target.operations else []


def _fills(target: Target) -> list[str]:
    return applies_to("GetFCMFills")(target) if "ListFCMSubtraders" in target.operations else []


def _named(target: Target) -> list[str]:
    operation = target.operations.get("GetFCMOrders")
    return ["GetFCMOrders"] if operation and "client_order_ids" in operation.query else []


CHECKS: tuple[Check[Target], ...] = (
    Check(BOUND_ROWS, "A bound key's rows name no other subtrader.", PLACE, _bound_lists, judge_bound_rows),
    Check(
        BOUND_ITEMS,
        "A bound key finds no other subtrader's order.",
        PLACE,
        lambda target: ["GetOrder"] if _bound_lists(target) else [],
        judge_bound_items,
    ),
    Check(SIDES, "A trade of an FCM has whole sides of its owners.", PLACE, _fills, judge_sides),
    Check(FEES, "Fees of an FCM's orders are those of its trades.", PLACE, _fills, judge_fees),
    Check(NAMED, "Client order ids find orders of all subtraders.", PLACE, _named, judge_named),
)
