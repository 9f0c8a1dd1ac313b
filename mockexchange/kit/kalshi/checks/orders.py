"""Orders: their counts, their fills, what rests, and each of them alone as in the list."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from mockexchange.kit.checks import Check, NotJudged
from mockexchange.kit.findings import Finding
from mockexchange.kit.kalshi.amounts import CENT, Amount, contract_count, dollars, price
from mockexchange.kit.kalshi.applicability import applies_if_all, applies_if_subaccounts_shown, applies_to
from mockexchange.kit.rules.finding_format import finding
from mockexchange.kit.target import Target

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
"""Looked at one by one."""
Row = Mapping[str, Any]
ZERO = Decimal(0)


def judge_counts(target: Target, operation_id: str) -> Iterator[Finding]:
    """What was filled and what remains is at most what was ordered; only what rests has anything left."""
    whole = target.whole(operation_id)
    for row in whole.rows:
        filled, left, ordered = (contract_count(row, f"{name}_count") for name in ("fill", "remaining", "initial"))
        where, slack = f"{whole.where}: {row['order_id']}", filled.step + left.step
        together = filled.value + left.value
        seen = f"{row['status']}, {filled.value} filled and {left.value} left of {ordered.value}"
        if together > ordered.value:
            yield finding(target, COUNTS, where, seen, "no more than was ordered", operation_id)
        if row["status"] == "resting" and ordered.value - together > slack:
            yield finding(target, COUNTS, where, seen, "all of it, while it rests", operation_id)
        if row["status"] != "resting" and left.value:
            yield finding(target, COUNTS, where, seen, "nothing left, as it does not rest", operation_id)
        if row["status"] == "executed" and ordered.value - together > slack:
            yield finding(target, COUNTS, where, seen, "all of it filled", operation_id)
    if not whole.rows:
        raise NotJudged("there is no order")


def judge_fills(target: Target, operation_id: str) -> Iterator[Finding]:
    """The fills that name an order make up what it says was filled, and at what cost."""
    filled = [row for row in target.rows(operation_id) if contract_count(row, "fill_count").value]
    if not filled:
        raise NotJudged("no order was filled")
    for row in filled[:ORDERS_MAX]:
        whole = target.whole("GetFills", {"order_id": row["order_id"]})
        if not whole.rows:
            continue  # its fills are in the archive
        for name, told, exact, slack in _made_of(row, whole.rows):
            if not told.matches(exact, slack):
                expected = f"{exact}, as its {len(whole.rows)} fills"
                yield finding(target, FILLS, whole.where, f"{name} {told.value}", expected, operation_id)


def _made_of(row: Row, fills: Sequence[Row]) -> Iterator[tuple[str, Amount, Decimal, Decimal]]:
    rough = ZERO if all("count_fp" in fill for fill in fills) else Decimal(len(fills))
    count = sum((contract_count(fill, "count").value for fill in fills), ZERO)
    yield "fill_count", contract_count(row, "fill_count"), count, rough
    for name, is_taker in (("taker_fill_cost", True), ("maker_fill_cost", False)):
        parts = [
            contract_count(fill, "count").value * price(fill, fill["side"])
            for fill in fills
            if fill["is_taker"] is is_taker
        ]
        yield name, dollars(row, name), sum(parts, ZERO), rough
    if all(isinstance(row.get(f"{name}_fees_dollars"), str) and "fee_cost" in fills[0] for name in ("taker", "maker")):
        fees = sum((Decimal(fill["fee_cost"]) for fill in fills), ZERO)
        told = Amount(
            dollars(row, "taker_fees").value + dollars(row, "maker_fees").value, dollars(row, "taker_fees").step
        )
        yield "fees", told, fees, CENT if told.step else Decimal("0.0001") * len(fills)


def _resting(target: Target) -> list[Row]:
    """What rests in the primary book."""
    whole = target.whole("GetOrders", {"status": "resting"})
    if not whole.is_complete:
        raise NotJudged("more orders rest than are read")
    return [row for row in whole.rows if row.get("subaccount_number") in (0, None)]


def judge_resting(target: Target, operation_id: str) -> Iterator[Finding]:
    """A position tells how many contracts rest in its market."""
    whole, resting = target.whole(operation_id), _resting(target)
    for row in whole.rows:
        orders = [order for order in resting if order["ticker"] == row["ticker"]]
        left = sum((contract_count(order, "remaining_count").value for order in orders), ZERO)
        told = contract_count(row, "resting_orders_count")
        rough = Decimal(len(orders)) if any("remaining_count_fp" not in order for order in orders) else ZERO
        if not told.matches(left, rough):
            where, expected = f"{whole.where}: {row['ticker']}", f"{left}, what is left of its {len(orders)} orders"
            yield finding(target, RESTING, where, f"resting_orders_count {told.value}", expected, operation_id)
    if not whole.rows:
        raise NotJudged("there is no position")


def judge_queue(target: Target, operation_id: str) -> Iterator[Finding]:
    """Every resting order of the book has a place in a queue, and no other; of which book, not every date tells."""
    whole = target.whole(operation_id)
    listed, resting = {row["order_id"]: row for row in whole.rows}, {row["order_id"]: row for row in _resting(target)}
    books_are_told = "subaccount_number" in target.row_schema("GetOrders")["properties"]
    for order_id in resting.keys() - listed.keys() if books_are_told else ():
        yield finding(target, QUEUE, whole.where, f"no row of {order_id}", "each order that rests", operation_id)
    for order_id in listed.keys() - resting.keys():
        yield finding(target, QUEUE, whole.where, f"a row of {order_id}", "orders that rest only", operation_id)
    for order_id in listed.keys() & resting.keys():
        if listed[order_id]["market_ticker"] != resting[order_id]["ticker"]:
            seen, expected = listed[order_id]["market_ticker"], resting[order_id]["ticker"]
            yield finding(target, QUEUE, f"{whole.where}: {order_id}", seen, expected, operation_id)
    if not resting and not listed:
        raise NotJudged("no order rests")


def judge_queue_of_one(target: Target, operation_id: str) -> Iterator[Finding]:
    """The place of one order is that of the list; an order that does not rest has none."""
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
    """Ahead of an order is no more than what others bid as much as it does, or more."""
    places = target.whole(operation_id)
    ahead = {row["order_id"]: contract_count(row, "queue_position") for row in places.rows}
    bought = [row for row in _resting(target) if row["action"] == "buy" and row["order_id"] in ahead]
    for order in bought[:ORDERS_MAX]:
        others = _bid_as_much(target, order) - contract_count(order, "remaining_count").value
        told = ahead[order["order_id"]]
        if told.value > others + told.step:
            where, seen = f"{places.where}: {order['order_id']}", f"{told.value} contracts ahead"
            yield finding(target, QUEUE_PLACE, where, seen, f"at most the {others} of others", operation_id)
    if not bought:
        raise NotJudged("no order rests that buys")


def _bid_as_much(target: Target, order: Row) -> Decimal:
    body = target.body("GetMarketOrderbook", None, {"ticker": order["ticker"]})
    book, side = body.get("orderbook_fp") or body["orderbook"], order["side"]
    levels = book[f"{side}_dollars"] or []
    return sum((Decimal(level[1]) for level in levels if Decimal(level[0]) >= price(order, side)), ZERO)


def judge_value(target: Target, operation_id: str) -> Iterator[Finding]:
    """What all resting orders of an FCM's subtraders would cost."""
    total = ZERO
    for subtrader in target.rows("ListFCMSubtraders"):
        query = {"subtrader_id": subtrader["subtrader_id"], "status": "resting"}
        for row in target.rows("GetFCMOrders", query):
            if row["action"] != "buy":
                raise NotJudged("an order that sells rests, and what that costs is not documented")
            total += contract_count(row, "remaining_count").value * price(row, row["side"])
    told = Amount(Decimal(target.body(operation_id)["total_resting_order_value"]) * CENT, CENT)
    if not told.matches(total):
        where = f"GET {target.operations[operation_id].path}"
        yield finding(target, VALUE, where, told.value, f"{total}, what resting orders cost", operation_id)


def _counting(target: Target) -> list[str]:
    """Where positions count what rests, and orders tell of which book they are."""
    is_there = "resting_orders_count" in target.row_schema("GetPositions")["properties"]
    return applies_if_subaccounts_shown("GetPositions")(target) if is_there else []


PLACE = "contracts/kalshi/README.md"
LISTS = ("GetOrders", "GetFCMOrders", "GetHistoricalOrders")
CHECKS: tuple[Check[Target], ...] = (
    Check(COUNTS, "An order's counts add up.", PLACE, applies_to(*LISTS), judge_counts),
    Check(FILLS, "An order was filled by its fills.", PLACE, applies_to("GetOrders"), judge_fills),
    Check(
        RESTING,
        "A position counts what rests in its market.",
        PLACE,
        _counting,
        judge_resting,
    ),
    Check(QUEUE, "What rests has a place in a queue.", PLACE, applies_to("GetOrderQueuePositions"), judge_queue),
    Check(
        QUEUE_PLACE,
        "Nobody waits behind more than others bid.",
        PLACE,
        applies_if_all("GetOrderQueuePositions", "GetMarketOrderbook"),
        judge_queue_place,
    ),
    Check(QUEUE_ONE, "One place is that of the list.", PLACE, applies_to("GetOrderQueuePosition"), judge_queue_of_one),
    Check(
        VALUE,
        "The value of resting orders is what they would cost.",
        PLACE,
        applies_if_all("GetPortfolioRestingOrderTotalValue", "ListFCMSubtraders"),
        judge_value,
    ),
)
