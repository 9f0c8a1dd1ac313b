"""What a client told its user of an order, beside what the exchange has: each mistake, and what is no mistake."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from mockexchange.core.vocabulary import OrderStatus
from mockexchange.kit.client.accounts import ExchangeOrder
from mockexchange.kit.client.adapter import AdapterReply
from mockexchange.kit.client.cards import AMEND, BATCH, CANCEL, PLACE, Task
from mockexchange.kit.client.order_tasks import PlayedTask, PlayedTasks, TaskResult, order_findings
from mockexchange.kit.client.traffic import Call
from tests.helpers.rows import each_row
from tests.kit.client.wiring import call, traffic

WANTED = {"market": "A", "side": "bid", "count": "5.00", "price": "0.30", "client_order_id": "c"}
ORDER = ExchangeOrder(
    order_id="o",
    client_order_id="c",
    market="A",
    side="bid",
    price=Decimal("0.3000"),
    initial=Decimal("5.00"),
    filled=Decimal("2.00"),
    filled_as_taker=Decimal("0.00"),
    remaining=Decimal("3.00"),
    status=OrderStatus.RESTING,
    expires_at=None,
)
GONE = ORDER._replace(remaining=Decimal(0), status=OrderStatus.CANCELED)
NAMED_ELSE = ORDER._replace(order_id="p", client_order_id="own")
PLACING, CANCELING = Task(PLACE, WANTED), Task(CANCEL, {"order": "o", "market": "A"})
AMENDING = Task(AMEND, {**WANTED, "order": "o", "price": "0.31"})
EXPIRING = Task(PLACE, {**WANTED, "expires": "2030-01-01T00:00:00Z"})


def rows(*found: Mapping[str, Any]) -> AdapterReply:
    return AdapterReply([dict(row) for row in found])


def error(status: int | None) -> AdapterReply:
    return AdapterReply(error="no", status=status)


def judged(
    task: Task, reply: AdapterReply | None, orders: list[ExchangeOrder], *statuses: int
) -> list[tuple[str, str]]:
    """Return rule and expectation of the findings about a task, after a placing that was right if it is another one."""
    before = [] if task.name in (PLACE, BATCH) else [PlayedTask(PLACING, TaskResult(rows({}), ""), 0, 0)]
    calls: list[Call] = [call(status=status, method="POST") for status in statuses]
    played = PlayedTasks([*before, PlayedTask(task, TaskResult(reply, ""), 0, len(calls))], orders)
    return [(one.rule, one.expected) for one in order_findings(played, traffic(calls), "place")]


@each_row(
    ("task", "reply", "orders", "statuses"),
    [
        (PLACING, rows({"order": "o", "filled": "0.00", "remaining": "5"}), [ORDER], [201]),
        (PLACING, rows({"result": "placed", "filled": "2"}), [ORDER], [201]),
        (PLACING, rows({"result": "placed", "order": "p"}), [NAMED_ELSE], [201]),
        (PLACING, error(400), [], [400]),
        (PLACING, error(400), [GONE._replace(filled=Decimal(0))], [400]),
        (PLACING, error(None), [ORDER], [0]),
        (PLACING, error(503), [], [503]),
        (PLACING, error(None), [], []),
        (PLACING, None, [], [201]),
        (CANCELING, rows({"reduced": "3.00"}), [GONE], [200]),
        (CANCELING, error(404), [ORDER._replace(status=OrderStatus.EXECUTED)], [404]),
        (CANCELING, error(404), [GONE], [404]),
        (AMENDING, rows({"result": "amended"}), [ORDER._replace(price=Decimal("0.31"))], [200]),
        (AMENDING, error(400), [ORDER], [400]),
        (AMENDING, error(None), [ORDER], [0]),
        (Task(BATCH, {"orders": [WANTED]}), error(429), [], [429]),
    ],
)
def test_what_is_true_is_no_finding(
    task: Task, reply: AdapterReply | None, orders: list[ExchangeOrder], statuses: list[int]
) -> None:
    assert judged(task, reply, orders, *statuses) == []


@each_row(
    ("task", "reply", "orders", "statuses", "rule", "expected"),
    [
        (PLACING, rows({}), [], [201], "orders.told", "refused: the exchange has no such order"),
        (PLACING, rows({"order": "x"}), [ORDER], [201], "orders.told", "refused: the exchange has no such order"),
        (PLACING, error(409), [ORDER], [409], "orders.told", f"placed: the exchange has {ORDER.shown}"),
        (PLACING, error(None), [], [400], "orders.told", "placed or refused: the exchange answered 400"),
        (PLACING, rows({"filled": "5.00"}), [ORDER], [201], "orders.counts", f"0.00 or 2.00: {ORDER.shown}"),
        (PLACING, rows({"filled": "many"}), [ORDER], [201], "orders.counts", f"0.00 or 2.00: {ORDER.shown}"),
        (PLACING, rows({}, {}), [ORDER], [201], "orders.reply", "a row for each order, or an error"),
        (PLACING, rows({"result": "maybe"}), [ORDER], [201], "orders.reply", "a row for each order, or an error"),
        (PLACING, rows({}), [ORDER._replace(side="ask")], [201], "orders.terms", "bid"),
        (
            PLACING,
            rows({}),
            [ORDER._replace(initial=Decimal(6))],
            [201],
            "orders.terms",
            "5.00",
        ),
        (EXPIRING, rows({}), [ORDER], [201], "orders.terms", "2030-01-01T00:00:00Z"),
        (EXPIRING, rows({}), [ORDER._replace(expires_at=1893456000)], [201], "orders.terms", "2030-01-01T00:00:00Z"),
        (PLACING, rows({}), [ORDER, NAMED_ELSE], [201], "orders.once", "one order for one wish of its user"),
        (PLACING, None, [ORDER, NAMED_ELSE], [201], "orders.once", "one order for one wish of its user"),
        (CANCELING, rows({}), [ORDER], [404], "orders.told", f"refused: the exchange has {ORDER.shown}"),
        (CANCELING, rows({"reduced": "5"}), [GONE], [200], "orders.counts", f"3.00: {GONE.shown}"),
        (CANCELING, error(404), [GONE], [200], "orders.told", f"canceled: the exchange has {GONE.shown}"),
        (AMENDING, rows({}), [ORDER], [400], "orders.told", f"what the exchange has: {ORDER.shown}"),
    ],
)
def test_what_is_not_true_is_found(
    task: Task, reply: AdapterReply | None, orders: list[ExchangeOrder], statuses: list[int], rule: str, expected: str
) -> None:
    assert judged(task, reply, orders, *statuses) == [(rule, expected)]
