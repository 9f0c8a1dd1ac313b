"""Checks orders: their counts and fills, which ones rest, and their queue positions."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from mockexchange.kit.checks import Check
from mockexchange.kit.findings import Finding
from mockexchange.kit.kalshi.amounts import CENT, Amount, contract_count, dollars, price
from mockexchange.kit.kalshi.applicability import applies_if_all, applies_if_subaccounts_shown, applies_to
from mockexchange.kit.rules.finding_format import finding
from mockexchange.kit.target import NotJudged, Target

COUNTS, FILLS, RESTING, QUEUE, QUEUE_ONE, QUEUE_PLACE, VALUE = (
    f"kalshi.{name}"
    for name in (
        "order_counts",
        "order_fills",
        "resting_counts",
        "queue",
        "queue_of_one",
        "queue_place",
        "resting_value",
    )
)
ORDERS_MAX = 8
"""The most orders that are read one by one."""
Row = Mapping[str, Any]
ZERO = Decimal(0)


def judge_counts(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that the filled and the remaining count of an order fit its initial count.

    Only a resting order may have a remaining count above zero.
    """
    whole = target.whole(operation_id)
    for row in whole.rows:
        filled, left, ordered = (contract_count(row, f"{name}_count") for name in ("fill", "remaining", "initial"))
        where, slack = f"{whole.where}: {row['order_id']}", filled.step + left.step
        together = filled.value + left.value
        seen = f"{row['status']}, {filled.value} filled and {left.value} left of {ordered.value}"
        if together > ordered.value:
            yield finding(target, COUNTS, where, seen, "no more than was ordered", operation_id)
        if row["status"] == "resting" and ordered.value - together > slack:
            yield finding(target, COUNTS, where, seen, "filled and left add up while it rests", operation_id)
        if row["status"] != "resting" and left.value:
            yield finding(target, COUNTS, where, seen, "nothing left, as it does not rest", operation_id)
        if row["status"] == "executed" and ordered.value - together > slack:
            yield finding(target, COUNTS, where, seen, "all of it filled", operation_id)
    if not whole.rows:
        raise NotJudged("there is no order")


def judge_fills(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that count, cost and fees of an order are the sums of its fills."""
    filled = [row for row in target.rows(operation_id) if contract_count(row, "fill_count").value]
    if not filled:
        raise NotJudged("no order was filled")
    for row in filled[:ORDERS_MAX]:
        whole = target.whole("GetFills", {"order_id": row["order_id"]})
        if not whole.rows:
            continue  # its fills are in the archive
        for name, shown, exact, slack in _sums_of_fills(row, whole.rows):
            if not shown.matches(exact, slack):
                expected = f"{exact}, from its {len(whole.rows)} fills"
                yield finding(target, FILLS, whole.where, f"{name} {shown.value}", expected, operation_id)


def _sums_of_fills(row: Row, fills: Sequence[Row]) -> Iterator[tuple[str, Amount, Decimal, Decimal]]:
    rough = ZERO if all("count_fp" in fill for fill in fills) else Decimal(len(fills))
    count = sum((contract_count(fill, "count").value for fill in fills), ZERO)
    yield "fill_count", contract_count(row, "fill_count"), count, rough
    for name, is_taker in (("taker_fill_cost", True), ("maker_fill_cost", False)):
        parts = [
            (contract_count(fill, "count").value, price(fill, fill["side"]))
            for fill in fills
            if fill["is_taker"] is is_taker
        ]
        cost, shown = sum((each * paid for each, paid in parts), ZERO), dollars(row, name)
        # A sale counts the price of the side gained, or that of the side sold: no recorded order is one.
        turned = sum((each * (1 - paid) for each, paid in parts), ZERO)
        is_turned = row["action"] == "sell" and shown.matches(turned, rough)
        yield name, shown, turned if is_turned else cost, rough
    if all(isinstance(row.get(f"{name}_fees_dollars"), str) and "fee_cost" in fills[0] for name in ("taker", "maker")):
        fees = sum((Decimal(fill["fee_cost"]) for fill in fills), ZERO)
        fees_shown = Amount(
            dollars(row, "taker_fees").value + dollars(row, "maker_fees").value, dollars(row, "taker_fees").step
        )
        yield "fees", fees_shown, fees, CENT if fees_shown.step else Decimal("0.0001") * len(fills)


def _resting(target: Target) -> list[Row]:
    """Return the resting orders of the primary subaccount. Raises NotJudged if there are too many."""
    whole = target.whole("GetOrders", {"status": "resting"})
    if not whole.is_complete:
        raise NotJudged("more orders rest than are read")
    return [row for row in whole.rows if row.get("subaccount_number") in (0, None)]


def judge_resting(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that a position shows the number of contracts in the resting orders of its market."""
    whole, resting = target.whole(operation_id), _resting(target)
    for row in whole.rows:
        orders = [order for order in resting if order["ticker"] == row["ticker"]]
        left = sum((contract_count(order, "remaining_count").value for order in orders), ZERO)
        shown = contract_count(row, "resting_orders_count")
        rough = Decimal(len(orders)) if any("remaining_count_fp" not in order for order in orders) else ZERO
        if not shown.matches(left, rough):
            where, expected = f"{whole.where}: {row['ticker']}", f"{left}, what is left of its {len(orders)} orders"
            yield finding(target, RESTING, where, f"resting_orders_count {shown.value}", expected, operation_id)
    if not whole.rows:
        raise NotJudged("there is no position")


def judge_queue(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that the primary subaccount's resting orders, and no other orders, have a queue position.

    At API dates whose orders do not show their subaccount, a missing queue position is not a finding.
    """
    whole = target.whole(operation_id)
    listed, resting = {row["order_id"]: row for row in whole.rows}, {row["order_id"]: row for row in _resting(target)}
    has_subaccounts = "subaccount_number" in target.row_schema("GetOrders")["properties"]
    for order_id in resting.keys() - listed.keys() if has_subaccounts else ():
        yield finding(target, QUEUE, whole.where, f"no row of {order_id}", "each order that rests", operation_id)
    for order_id in listed.keys() - resting.keys():
        yield finding(target, QUEUE, whole.where, f"a row of {order_id}", "only orders that rest", operation_id)
    for order_id in listed.keys() & resting.keys():
        if listed[order_id]["market_ticker"] != resting[order_id]["ticker"]:
            seen, expected = listed[order_id]["market_ticker"], resting[order_id]["ticker"]
            yield finding(target, QUEUE, f"{whole.where}: {order_id}", seen, expected, operation_id)
    if not resting and not listed:
        raise NotJudged("no order rests")


def judge_queue_of_one(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that the queue position of one order equals its row in the list, and that a done order has none."""
    listed = target.whole("GetOrderQueuePositions")
    for row in listed.rows[:ORDERS_MAX]:
        body = target.body(operation_id, None, {"order_id": row["order_id"]})
        expected = {name: row[name] for name in body if name in row}
        if body != expected:
            where = f"GET {target.operations[operation_id].path}: {row['order_id']}"
            yield finding(target, QUEUE_ONE, where, body, expected, operation_id)
    done = next((row["order_id"] for row in target.rows("GetOrders") if row["status"] != "resting"), None)
    if done is not None:
        answer = target.ask(target.operations[operation_id].path, names={"order_id": done})
        if answer.status != 404:
            yield finding(target, QUEUE_ONE, answer.where, answer.status, "404, as it does not rest", operation_id)
    if not listed.rows and done is None:
        raise NotJudged("there is no order")


def judge_queue_place(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that a queue position is at most the count of the other contracts at the same or a better price."""
    places = target.whole(operation_id)
    ahead = {row["order_id"]: contract_count(row, "queue_position") for row in places.rows}
    bought = [row for row in _resting(target) if row["action"] == "buy" and row["order_id"] in ahead]
    for order in bought[:ORDERS_MAX]:
        others = _bid_at_or_above(target, order) - contract_count(order, "remaining_count").value
        shown = ahead[order["order_id"]]
        if shown.value > others + shown.step:
            where, seen = f"{places.where}: {order['order_id']}", f"{shown.value} contracts ahead"
            yield finding(target, QUEUE_PLACE, where, seen, f"at most the {others} of others", operation_id)
    if not bought:
        raise NotJudged("no buy order rests")


def _bid_at_or_above(target: Target, order: Row) -> Decimal:
    body = target.body("GetMarketOrderbook", None, {"ticker": order["ticker"]})
    book, side = body.get("orderbook_fp") or body["orderbook"], order["side"]
    levels = book[f"{side}_dollars"] or []
    return sum((Decimal(level[1]) for level in levels if Decimal(level[0]) >= price(order, side)), ZERO)


def judge_value(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that an FCM's total resting order value is the cost of the resting orders of all its subtraders."""
    total = ZERO
    for subtrader in target.rows("ListFCMSubtraders"):
        query = {"subtrader_id": subtrader["subtrader_id"], "status": "resting"}
        for row in target.rows("GetFCMOrders", query):
            if row["action"] != "buy":
                raise NotJudged("a sell order rests, and its cost is not documented")
            total += contract_count(row, "remaining_count").value * price(row, row["side"])
    shown = Amount(Decimal(target.body(operation_id)["total_resting_order_value"]) * CENT, CENT)
    if not shown.matches(total):
        where = f"GET {target.operations[operation_id].path}"
        yield finding(target, VALUE, where, shown.value, f"{total}, what resting orders cost", operation_id)


def _counting(target: Target) -> list[str]:
    """Return GetPositions if its rows count resting orders and orders show their subaccount, else nothing."""
    is_there = "resting_orders_count" in target.row_schema("GetPositions")["properties"]
    return applies_if_subaccounts_shown("GetPositions")(target) if is_there else []


PLACE = "contracts/kalshi/README.md"
LISTS = ("GetOrders", "GetFCMOrders", "GetHistoricalOrders")
CHECKS: tuple[Check[Target], ...] = (
    Check(COUNTS, "An order's counts add up.", PLACE, applies_to(*LISTS), judge_counts),
    Check(FILLS, "An order is the sum of its fills.", PLACE, applies_to("GetOrders"), judge_fills),
    Check(
        RESTING,
        "A position counts the resting contracts.",
        PLACE,
        _counting,
        judge_resting,
    ),
    Check(QUEUE, "Resting orders have a queue position.", PLACE, applies_to("GetOrderQueuePositions"), judge_queue),
    Check(
        QUEUE_PLACE,
        "A queue position is at most what others bid.",
        PLACE,
        applies_if_all("GetOrderQueuePositions", "GetMarketOrderbook"),
        judge_queue_place,
    ),
    Check(
        QUEUE_ONE,
        "A single queue position equals the list.",
        PLACE,
        applies_to("GetOrderQueuePosition"),
        judge_queue_of_one,
    ),
    Check(
        VALUE,
        "The value of resting orders is what they would cost.",
        PLACE,
        applies_if_all("GetPortfolioRestingOrderTotalValue", "ListFCMSubtraders"),
        judge_value,
    ),
)
