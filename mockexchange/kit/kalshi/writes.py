"""Checks placing and changing orders and order groups, for `verify server --writes` and the contract suites.

They go beyond the schemas, with small orders far from the market.
"""

import math
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from operator import eq
from typing import Any

from mockexchange.kit.checks import Check
from mockexchange.kit.findings import Finding
from mockexchange.kit.kalshi.amounts import contract_count
from mockexchange.kit.kalshi.order_placer import (
    DONE,
    FILL_OR_KILL,
    GENERATIONS,
    IMMEDIATE,
    SECOND,
    SIDES,
    OrderPlacer,
    OrderSide,
    Row,
    dollars,
    open_placer,
)
from mockexchange.kit.rules.finding_format import answer_text, finding
from mockexchange.kit.target import Answer, NotJudged, Target
from mockexchange.venues.json_comparison import differences

# Orders


READ_BACK, COUNTS, CANCELED, DUPLICATE, REFUSED, IMMEDIATE_RULE, AMENDED, BATCH, FILLED, CANCEL_ALL = (
    f"orders.{name}"
    for name in (
        "read_back",
        "counts",
        "canceled",
        "duplicate",
        "refused",
        "immediate",
        "amended",
        "batch",
        "filled",
        "cancel_all",
    )
)
POST_ONLY, PARTIAL = "orders.post_only", "orders.partial"
AVERAGES = ("average_fill_price", "average_fee_paid")
COUNTED = ("fill", "remaining", "initial")
AMENDED_COUNT = 2
ATTEMPTS = 3
MANY = 500
"""More contracts than a mock's best ask has: the rest of such an order finds nothing."""
NO_FILLS = "orders are never filled outside a mock"
ZERO = Decimal(0)
GONE = (404, 400)
"""Statuses for a change of an order that does not rest: recorded as 404 for cancels, else inferred."""
UNKNOWN_MARKET = "KXNOSUCHMARKET-00JAN01-X"


def judge_read_back(placer: OrderPlacer) -> Iterator[Finding]:
    """Check that the answer to placing an order equals the next read of the order."""
    target = placer.target
    for side in SIDES:
        order_id, answer = placer.place(side)
        row = placer.read(order_id)
        yield from _differences(target, READ_BACK, answer, _stated(placer, side, answer), row)
        if order_id not in placer.read_until(placer.resting, _has(order_id)):
            seen = f"{order_id} is not listed"
            yield finding(target, READ_BACK, answer.where, seen, "a resting order of the market")


def _has(order_id: str) -> Callable[[Mapping[str, Row]], bool]:
    return lambda rows: order_id in rows


def _stated(placer: OrderPlacer, side: OrderSide, answer: Answer) -> dict[str, Any]:
    """Return the values of an order in an answer, by the keys of the order's row."""
    body = answer.json()
    if placer.generation.is_first:
        return dict(body["order"])
    stated = {
        "order_id": body["order_id"],
        "ticker": placer.ticker,
        "outcome_side": side.outcome,
        "yes_price_dollars": dollars(side.cents),
        "no_price_dollars": dollars(100 - side.cents),
    }
    names = {
        "fill_count": "fill_count_fp",
        "remaining_count": "remaining_count_fp",
        "client_order_id": "client_order_id",
    }
    return {**stated, **{key: body[name] for name, key in names.items() if name in body}, **_instant(body)}


def _instant(body: Mapping[str, Any]) -> dict[str, Any]:
    return {"created_ms": body["ts_ms"]} if "ts_ms" in body else {}


def _differences(target: Target, rule: str, answer: Answer, stated: Mapping[str, Any], row: Row) -> Iterator[Finding]:
    if not row:
        yield finding(
            target, rule, answer.where, f"no order {stated['order_id']} can be read", "the order of the answer"
        )
        return
    shown = {**row, "created_ms": _milliseconds(row["created_time"])}
    for one in differences(dict(stated), {name: shown.get(name) for name in stated}, is_same=eq):
        seen = f"{one.path} {one.expected!r}, and {one.received!r} in the next read"
        yield finding(target, rule, answer.where, seen, "the same in both")


def _milliseconds(instant: str) -> int:
    parsed = datetime.fromisoformat(instant)
    return int(parsed.timestamp()) * 1000 + parsed.microsecond // 1000


def judge_counts(placer: OrderPlacer) -> Iterator[Finding]:
    """Check that counts add up while an order is placed, decreased and canceled, in the answers and in the reads."""
    target = placer.target
    for side in SIDES:
        order_id, answer = placer.place(side, count=2)
        yield from _counts(target, answer, _order_of(placer, answer, order_id), "resting", 2, 2)
        answer = placer.decrease(order_id, 1)
        yield from _counts(target, answer, _order_of(placer, answer, order_id, left=1), "resting", 1, 2)
        answer = placer.cancel(order_id)
        yield from _counts(target, answer, _order_of(placer, answer, order_id, left=0), "canceled", 0, 2)
        if answer.status in DONE:
            body = answer.json()
            reduced = Decimal(str(body.get("reduced_by_fp", body.get("reduced_by"))))
            if reduced != 1:
                yield finding(target, COUNTS, answer.where, f"reduced by {reduced}", "1, what was left")


def _order_of(placer: OrderPlacer, answer: Answer, order_id: str, left: int | None = None) -> Row:
    """Return the order in an answer of the first generation, else as it is read when as much as `left` is left."""
    if placer.generation.is_first and answer.status in DONE:
        found: Row = answer.json()["order"]
        return found
    return placer.read(order_id, lambda row: bool(row) and left in (None, contract_count(row, "remaining_count").value))


def _counts(target: Target, answer: Answer, row: Row, status: str, left: int, ordered: int) -> Iterator[Finding]:
    if answer.status not in DONE or not row:
        yield finding(target, COUNTS, answer.where, answer_text(answer), f"an order that is {status}")
        return
    yield from _of_state(target, COUNTS, answer, row, _state_text(status, 0, left, ordered))


def _of_state(target: Target, rule: str, answer: Answer, row: Row, expected: str) -> Iterator[Finding]:
    """Compare status and counts of an order with a text of `_state_text`."""
    if not row:
        yield finding(target, rule, answer.where, "no order can be read", expected)
        return
    seen = _state_text(row["status"], *(contract_count(row, f"{name}_count").value for name in COUNTED))
    if seen != expected:
        yield finding(target, rule, answer.where, seen, expected)


def _state_text(status: str, filled: Decimal | int, left: Decimal | int, ordered: Decimal | int) -> str:
    return f"{status}, {filled:.2f} filled and {left:.2f} left of {ordered:.2f}"


def judge_canceled(placer: OrderPlacer) -> Iterator[Finding]:
    """Check that a canceled order cannot be canceled, decreased or amended again."""
    target = placer.target
    body = placer.body(count=2)
    placer.create(body)
    order_id = _required(placer)
    first = placer.cancel(order_id)
    if first.status != 200:
        yield finding(target, CANCELED, first.where, answer_text(first), "status 200")
    again = [
        (placer.cancel(order_id), (404,)),
        (placer.decrease(order_id, 1), GONE),
        (placer.amend(order_id, body["client_order_id"], count=2), GONE),
    ]
    for answer, wanted in again:
        if answer.status not in wanted:
            expected = f"status {' or '.join(map(str, wanted))}: it does not rest"
            yield finding(target, CANCELED, answer.where, answer_text(answer), expected)
    row = placer.read(order_id, lambda row: row.get("status") == "canceled")
    if row.get("status") != "canceled":
        yield finding(target, CANCELED, first.where, f"{row.get('status')} in the next read", "canceled")


def _required(placer: OrderPlacer) -> str:
    if not placer.made:
        raise NotJudged("no order could be placed")
    return placer.made[-1]


def judge_duplicate(placer: OrderPlacer) -> Iterator[Finding]:
    """Check that a client order id that was used once is refused for ever.

    The refusal must leave nothing behind.
    """
    body = placer.body()
    placer.create(body)
    order_id = _required(placer)
    placer.read_until(placer.resting, lambda rows: order_id in rows)
    yield from _leaves_nothing(placer, DUPLICATE, body, 409)
    placer.cancel(order_id)
    placer.read_until(placer.resting, lambda rows: order_id not in rows)
    yield from _leaves_nothing(placer, DUPLICATE, body, 409)


def _leaves_nothing(placer: OrderPlacer, rule: str, body: Mapping[str, Any], *wanted: int) -> Iterator[Finding]:
    """Send a create that must be refused, and compare orders, positions and cash before and after.

    The account may trade meanwhile: a change counts if it comes with each of some refusals, and with nothing else.
    """
    for attempts_left in reversed(range(ATTEMPTS)):
        before = placer.footprint()
        named = body if rule == DUPLICATE else {**body, "client_order_id": str(uuid.uuid4())}
        answer = placer.require_judgeable(placer.create(named))
        if answer.status not in wanted:
            expected = f"status {' or '.join(map(str, wanted))}"
            yield finding(placer.target, rule, f"{answer.where} {dict(body)}", answer_text(answer), expected)
            return
        after = placer.footprint()
        if after == before:
            return
        if any(placer.footprint() != after for _ in range(ATTEMPTS)):
            raise NotJudged("the account changes by itself")
        if not attempts_left:
            for name in (name for name, was in before.items() if after[name] != was):
                seen = f"{name} {after[name]} after a {answer.status}"
                yield finding(placer.target, rule, answer.where, seen, f"{before[name]}, as before")


def judge_refused(placer: OrderPlacer) -> Iterator[Finding]:
    """Check that orders which cannot be executed are refused with their status, and leave nothing behind."""
    for change, wanted in _mistakes(placer):
        yield from _leaves_nothing(placer, REFUSED, {**placer.body(), **change}, *wanted)


def _mistakes(placer: OrderPlacer) -> Iterator[tuple[dict[str, Any], tuple[int, ...]]]:
    """Yield changes of an order, and the statuses that refuse it."""
    yield {"ticker": UNKNOWN_MARKET}, (404,)
    yield {"reduce_only": True}, (400,)
    yield {"time_in_force": placer.body(force=FILL_OR_KILL)["time_in_force"]}, (409,)
    if placer.generation.is_first:
        yield {"yes_price": 100}, (400,)
        yield {"no_price": 99}, (400,)
        yield {"sell_position_floor": 1}, (400,)
    else:
        yield {"price": "0.0000"}, (400,)
        yield {"price": "1.0000"}, (400,)
        yield {"price": "0.010001"}, (400,)
        yield {"count": 1}, (400,)
        yield {"count": "0.00"}, (400,)


def judge_immediate(placer: OrderPlacer) -> Iterator[Finding]:
    """Check that an immediate-or-cancel order that matches nothing is canceled without a fill."""
    target = placer.target
    for side in SIDES:
        order_id, answer = placer.place(side, force=IMMEDIATE)
        row = _order_of(placer, answer, order_id, left=0)
        yield from _of_state(target, IMMEDIATE_RULE, answer, row, _state_text("canceled", 0, 0, 1))
        yield from _second_answer(placer, IMMEDIATE_RULE, answer, ZERO)


def _second_answer(placer: OrderPlacer, rule: str, answer: Answer, filled: Decimal) -> Iterator[Finding]:
    """Check the counts of an answer of the second generation; averages are there if something was filled."""
    if placer.generation.is_first:
        return
    body = answer.json()
    counts = Decimal(body["fill_count"]), Decimal(body["remaining_count"])
    if counts != (filled, ZERO):
        yield finding(placer.target, rule, answer.where, f"{counts[0]} filled and {counts[1]} left", f"{filled} and 0")
    stated = [name for name in AVERAGES if name in body]
    wanted = list(AVERAGES) if filled else []
    if stated != wanted:
        yield finding(placer.target, rule, answer.where, f"{stated} of {filled} filled contracts", f"{wanted}")


def judge_amended(placer: OrderPlacer) -> Iterator[Finding]:
    """Check that an amended order keeps its id and has the new price, size and client order id."""
    for side in SIDES:
        yield from _amended(placer, side)


def _amended(placer: OrderPlacer, side: OrderSide) -> Iterator[Finding]:
    target, body, price = placer.target, placer.body(side), dollars(side.amended_cents)
    placer.create(body)
    order_id = _required(placer)
    before = placer.read(order_id)
    answer = placer.amend(order_id, body["client_order_id"], side, count=AMENDED_COUNT)
    if answer.status != 200:
        yield finding(target, AMENDED, answer.where, answer_text(answer), "status 200")
        return
    row = placer.read(order_id, lambda row: row.get("yes_price_dollars") == price)
    if row.get("yes_price_dollars") != price or row["client_order_id"] == body["client_order_id"]:
        seen = f"{row.get('yes_price_dollars')} by {row.get('client_order_id')}"
        yield finding(target, AMENDED, answer.where, seen, f"{price} by the new client order id")
    elif contract_count(row, "remaining_count").value != AMENDED_COUNT:
        yield finding(target, AMENDED, answer.where, f"{dict(row)}", f"{AMENDED_COUNT} contracts left")
    yield from _amend_answer(placer, answer, before, row)


def _amend_answer(placer: OrderPlacer, answer: Answer, before: Row, after: Row) -> Iterator[Finding]:
    body = answer.json()
    if placer.generation.is_first:
        yield from _differences(placer.target, AMENDED, answer, body["old_order"], before)
        yield from _differences(placer.target, AMENDED, answer, body["order"], after)
    elif body["order_id"] != after["order_id"]:
        yield finding(placer.target, AMENDED, answer.where, body["order_id"], after["order_id"])


def judge_batch(placer: OrderPlacer) -> Iterator[Finding]:
    """Check that the answer to a batch has an item for each order in its place, and that a failure stops no other."""
    target = placer.target
    sent = [placer.body(), {**placer.body(), "ticker": UNKNOWN_MARKET}, placer.body()]
    answer = placer.require_judgeable(target.write(placer.generation.create_batch, {"orders": sent}))
    if answer.status != 201:
        yield finding(target, BATCH, answer.where, answer_text(answer), "status 201")
        return
    items = answer.json()["orders"]
    made = [(item.get("order") or item if placer.generation.is_first else item).get("order_id") for item in items]
    placer.made.extend(one for one, item in zip(made, items, strict=True) if one and item.get("error") is None)
    failed = [item.get("error") is not None for item in items]
    if failed != [False, True, False]:
        yield finding(target, BATCH, answer.where, f"errors at {failed}", "an error at the second of three orders")
        return
    found = [placer.read(one) for one in placer.made]
    if [row.get("client_order_id") for row in found] != [sent[0]["client_order_id"], sent[2]["client_order_id"]]:
        yield finding(target, BATCH, answer.where, f"{found}", "the first and the third order")
    yield from _cancel_batch(placer)


def _cancel_batch(placer: OrderPlacer) -> Iterator[Finding]:
    unknown = "00000000-0000-4000-8000-000000000000"
    listed = [*placer.made, unknown]
    schema = placer.target.document["components"]["schemas"].get("BatchCancelOrdersRequest", {})
    is_old = placer.generation.is_first and "orders" not in schema["properties"]
    wanted = {"ids": listed} if is_old else {"orders": [{"order_id": one} for one in listed]}
    answer = placer.require_judgeable(placer.target.write(placer.generation.cancel_batch, wanted))
    items = answer.json().get("orders", []) if answer.status == 200 else []
    failed = [item.get("error") is not None for item in items]
    if failed != [False, False, True]:
        yield finding(placer.target, BATCH, answer.where, answer_text(answer), "two canceled orders and an error")


def judge_filled(placer: OrderPlacer) -> Iterator[Finding]:
    """Check that an order that is filled at once is executed, shows its average prices, and is in the fills."""
    target = placer.target
    if not target.may_trade:
        raise NotJudged(NO_FILLS)
    placer.ticker = _offered_market(target)["ticker"]
    order_id, answer = placer.place(cents=99, force=IMMEDIATE)
    row = placer.read(order_id)
    yield from _of_state(target, FILLED, answer, row, _state_text("executed", 1, 0, 1))
    yield from _second_answer(placer, FILLED, answer, Decimal(1))
    fills = target.ask("/portfolio/fills", query={"order_id": order_id}).json()["fills"]
    cost = sum((_cost(fill) for fill in fills), ZERO)
    shown = Decimal(row["taker_fill_cost_dollars"])
    if not fills or shown != cost:
        yield finding(target, FILLED, answer.where, f"cost {shown} of {len(fills)} fills", f"{cost}, of its fills")
    stated = answer.json().get("average_fill_price", None)
    if stated is not None and Decimal(stated) != cost:
        yield finding(target, FILLED, answer.where, f"average_fill_price {stated}", f"{cost}, the price of its fill")


def _cost(fill: Row) -> Decimal:
    exact = fill.get("yes_price_dollars", fill.get("yes_price_fixed"))
    return Decimal(str(exact)) * contract_count(fill, "count").value


def _offered_market(target: Target, *, has_bid: bool = False) -> Row:
    """Return a market of the first shard with an ask, and with a bid too if `has_bid`. Raises NotJudged."""
    rows: list[Row] = target.ask("/markets", query={"status": "open", "limit": "200"}).json()["markets"]
    for row in rows:
        is_offered = row.get("exchange_index", 0) == 0 and ZERO < Decimal(row["yes_ask_dollars"]) < 1
        if is_offered and (not has_bid or Decimal(row["yes_bid_dollars"]) > 0):
            return row
    raise NotJudged("nothing is offered in any open market")


def judge_post_only(placer: OrderPlacer) -> Iterator[Finding]:
    """Check that a post-only order rests, and that one which would match is refused and leaves nothing behind."""
    target = placer.target
    if not target.may_trade:
        raise NotJudged(NO_FILLS)
    placer.ticker = _offered_market(target, has_bid=True)["ticker"]
    for side, opposite in (SIDES, SIDES[::-1]):
        answer = placer.require_judgeable(placer.create(placer.body(side, post_only=True)))
        if answer.status not in DONE:
            yield finding(target, POST_ONLY, answer.where, answer_text(answer), "an order that rests")
        yield from _leaves_nothing(placer, POST_ONLY, placer.body(side, cents=opposite.cents, post_only=True), 400)


def judge_partial(placer: OrderPlacer) -> Iterator[Finding]:
    """Check that an immediate order for more than is offered fills in part, and that a fill-or-kill one does not."""
    target = placer.target
    if not target.may_trade:
        raise NotJudged(NO_FILLS)
    market = _offered_market(target)
    placer.ticker, cents = market["ticker"], math.ceil(Decimal(market["yes_ask_dollars"]) * 100)
    order_id, answer = placer.place(cents=cents, count=MANY, force=IMMEDIATE)
    fills = target.ask("/portfolio/fills", query={"order_id": order_id, "limit": "200"}).json()["fills"]
    filled = sum((contract_count(fill, "count").value for fill in fills), ZERO)
    if filled == MANY:
        raise NotJudged(f"{placer.ticker} offers {MANY} contracts and more at {dollars(cents)}")
    if not filled:
        yield finding(target, PARTIAL, answer.where, "no fill of the order can be read", "what was offered")
    row = _order_of(placer, answer, order_id)
    yield from _of_state(target, PARTIAL, answer, row, _state_text("canceled", filled, 0, MANY))
    yield from _second_answer(placer, PARTIAL, answer, filled)
    whole = placer.body(cents=cents, count=MANY, force=FILL_OR_KILL)
    yield from _leaves_nothing(placer, PARTIAL, whole, 409)


def judge_cancel_all(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that canceling all orders leaves none resting."""
    if not target.may_trade:
        raise NotJudged("other orders of the account are left alone outside a mock")
    with open_placer(target, "CreateOrderV2") as placer:
        order_id, _ = placer.place()
        answer = target.write(operation_id, query={"subaccount": "0"})
        row = placer.read(order_id, lambda row: row.get("status") == "canceled")
        if answer.status != 204 or row.get("status") != "canceled":
            seen = f"{answer_text(answer)}, and the order is {row.get('status')}"
            yield finding(target, CANCEL_ALL, answer.where, seen, "status 204, and the order is canceled")


def _with_orders(judge: Callable[[OrderPlacer], Iterator[Finding]]) -> Callable[[Target, str], Iterator[Finding]]:
    """Return a judge that opens an order placer; its findings count only if the market has not closed meanwhile."""

    def judge_while_open(target: Target, operation_id: str) -> Iterator[Finding]:
        with open_placer(target, operation_id) as placer:
            findings = list(judge(placer))
            if findings:
                placer.require_open()
            yield from findings

    judge_while_open.__doc__ = judge.__doc__  # the page of rules has it
    return judge_while_open


def _generations(target: Target) -> list[str]:
    return [name for name in GENERATIONS if name in target.writes]


def _cancel_all(target: Target) -> list[str]:
    return [name for name in ("CancelAllOrdersV2",) if name in target.writes]


# Order groups, with a group of one small order


LIFE, ORDERS = "groups.life", "groups.orders"
LIMIT = 10
GROUP_REFUSALS = (400, 404, 409)


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
    if refused.status not in GROUP_REFUSALS:
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
# What they read changes by what they do: their orders are canceled before anything could be read again.
CHECKS: tuple[Check[Target], ...] = tuple(
    check._replace(holds_while_moving=True)
    for check in (
        Check(
            READ_BACK,
            "The answer of a new order equals the next read.",
            PLACE,
            _generations,
            _with_orders(judge_read_back),
        ),
        Check(
            COUNTS,
            "Counts add up while an order is decreased and canceled.",
            PLACE,
            _generations,
            _with_orders(judge_counts),
        ),
        Check(
            CANCELED, "What is canceled cannot be changed any more.", PLACE, _generations, _with_orders(judge_canceled)
        ),
        Check(
            DUPLICATE,
            "A used client order id is 409 and leaves nothing behind.",
            PLACE,
            _generations,
            _with_orders(judge_duplicate),
        ),
        Check(REFUSED, "A refused order leaves nothing behind.", PLACE, _generations, _with_orders(judge_refused)),
        Check(
            IMMEDIATE_RULE,
            "What finds nothing at once is canceled unfilled.",
            PLACE,
            _generations,
            _with_orders(judge_immediate),
        ),
        Check(
            AMENDED,
            "An amended order keeps its id and has what is new.",
            PLACE,
            _generations,
            _with_orders(judge_amended),
        ),
        Check(BATCH, "A batch has an item for each order.", PLACE, _generations, _with_orders(judge_batch)),
        Check(
            FILLED,
            "A filled order is executed, with its averages and fills.",
            PLACE,
            _generations,
            _with_orders(judge_filled),
        ),
        Check(CANCEL_ALL, "Canceling all leaves no order resting.", PLACE, _cancel_all, judge_cancel_all),
        Check(POST_ONLY, "Post-only orders rest or are refused.", PLACE, _generations, _with_orders(judge_post_only)),
        Check(
            PARTIAL,
            "An immediate order fills in part, fill-or-kill not.",
            PLACE,
            _generations,
            _with_orders(judge_partial),
        ),
        Check(LIFE, "A group is listed until it is deleted.", PLACE, _groups, judge_life),
        Check(ORDERS, "A triggered group holds no order until it is reset.", PLACE, _triggered_groups, judge_orders),
    )
)
