"""Plays the tasks of a test card, and compares what the client reported about orders with the exchange's orders."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, NamedTuple

from mockexchange.core.instants import format_instant, parse_instant
from mockexchange.core.vocabulary import OrderStatus
from mockexchange.kit.client.accounts import ExchangeOrder
from mockexchange.kit.client.adapter import AdapterReply, one_line
from mockexchange.kit.client.cards import (
    AMEND,
    AMENDED,
    BATCH,
    CANCEL,
    CANCELED,
    PLACE,
    PLACED,
    REFUSED,
    TRADE,
    UNKNOWN,
    Task,
)
from mockexchange.kit.client.rows import number
from mockexchange.kit.client.sandboxes import Session
from mockexchange.kit.client.traffic import Call, Traffic
from mockexchange.kit.findings import Finding

# Playing the tasks


ORDER = "$order"
"""A placeholder in a task's arguments for the id of the test card's first order."""


class TaskResult(NamedTuple):
    """The result of a task: the adapter's reply or, without one, the reason in `no_reply`.

    There is no reply if the task took too long, or if the adapter ended.
    """

    reply: AdapterReply | None
    no_reply: str
    is_late: bool = False


class PlayedTask(NamedTuple):
    """A task that was sent, its result, and the numbers of the requests that the client sent for it.

    `first_call` is the number of the first request, `end_call` the number after the last.
    """

    task: Task
    result: TaskResult
    first_call: int
    end_call: int


class PlayedTasks(NamedTuple):
    """The tasks of a test card that were sent to an adapter, and the orders of the account after them."""

    tasks: Sequence[PlayedTask]
    orders: Sequence[ExchangeOrder]

    @property
    def last(self) -> TaskResult:
        return self.tasks[-1].result

    @property
    def unsupported(self) -> str:
        """Return the name of a task that the adapter does not support; "" if it supports all."""
        return next((one.task.name for one in self.tasks if one.result.reply and one.result.reply.is_unsupported), "")

    @property
    def failure(self) -> str:
        """Return the first error, or the reason of the first missing reply; "" if every task was answered with rows."""
        results = (one.result for one in self.tasks)
        return next((one.no_reply or (one.reply.error if one.reply else "") for one in results if _failed(one)), "")


def _failed(result: TaskResult) -> bool:
    return bool(result.no_reply or (result.reply and result.reply.error))


def play_tasks(tasks: Sequence[Task], session: Session, account: str, ask: Callable[[Task], TaskResult]) -> PlayedTasks:
    """Send the tasks of a test card to an adapter in order, until one is unsupported or gets no reply.

    Raises the errors of `ask`, ScenarioError if the exchange refuses a step, and NoSuchAccount.
    """
    known = {order.order_id for order in session.orders(account)}

    def new_orders() -> list[ExchangeOrder]:
        return [order for order in session.orders(account) if order.order_id not in known]

    played: list[PlayedTask] = []
    for task in tasks:
        session.carry_out(task.before, task.advance_us)
        first = session.call_count
        order_id = _order_id(played, new_orders())
        arguments = {name: order_id if value == ORDER else value for name, value in task.arguments.items()}
        result = ask(replace(task, arguments=arguments))
        played.append(PlayedTask(task, result, first, session.call_count))
        if result.reply is None or result.reply.is_unsupported:
            break
    return PlayedTasks(played, new_orders())


def _order_id(played: Sequence[PlayedTask], orders: Sequence[ExchangeOrder]) -> str:
    """Return the id of the first order that the client reported, else of the first that the exchange has."""
    rows = (row for one in played for row in (one.result.reply.rows if one.result.reply else None) or ())
    reported = (str(row["order"]) for row in rows if row.get("order"))
    return next(reported, orders[0].order_id if orders else "")


# What a client reported


Row = Mapping[str, Any]
SUCCESS = {PLACE: PLACED, TRADE: PLACED, BATCH: PLACED, CANCEL: CANCELED, AMEND: AMENDED}
"""The result that a row without a `result` stands for, by task."""
DOUBTFUL = frozenset((408, 425))
"""Statuses below 500 that leave open whether a request was carried out."""


class Report(NamedTuple):
    """What a client reported about one order.

    `row` has the fields that the client reported; `seen` is the whole report as the text of a finding, such as
    "placed (order 7f)".
    """

    result: str
    row: Row
    status: int | None
    seen: str


def reports_of(task: Task, reply: AdapterReply) -> list[Report]:
    """Return a report for each order of a task.

    Raises ValueError if the reply's rows do not fit the task; the message names the misfit.
    """
    orders = _wanted(task)
    if reply.rows is None:
        return [_of_error(reply)] * len(orders)
    if len(reply.rows) != len(orders):
        raise ValueError(f"{len(reply.rows)} rows instead of {len(orders)}")
    return [_of_row(task, row) for row in reply.rows]


def _of_error(reply: AdapterReply) -> Report:
    """Read an error: a status from 400 to 499 is a refusal, anything else leaves open what was done."""
    status = reply.status
    is_refusal = status is not None and 400 <= status < 500 and status not in DOUBTFUL
    result = REFUSED if is_refusal else UNKNOWN
    return Report(result, {}, status, f"{result} (status {status}: {one_line(reply.error)})")


def _of_row(task: Task, row: Row) -> Report:
    status = row.get("status")
    result = row.get("result", SUCCESS[task.name])
    if result not in (SUCCESS[task.name], REFUSED, UNKNOWN):
        raise ValueError(f"the result {result!r} instead of {SUCCESS[task.name]}, {REFUSED} or {UNKNOWN}")
    details = ", ".join(f"{name} {value}" for name, value in row.items() if name != "result")
    return Report(
        result, row, status if isinstance(status, int) else None, f"{result} ({details})" if details else result
    )


# The report compared with the exchange


PLACES = (PLACE, TRADE, BATCH)
CONFLICT = 409
READ = "GET"


class Leg(NamedTuple):
    """One order that a task asked for, and the orders that the exchange has for it: none, one or several."""

    wanted: Mapping[str, Any]
    orders: Sequence[ExchangeOrder]

    @property
    def effective(self) -> list[ExchangeOrder]:
        return [order for order in self.orders if order.has_effect]


class Change(NamedTuple):
    """One order that a task asked to place or change, with the client's report and the requests that it sent."""

    played: PlayedTask
    report: Report
    leg: Leg
    writes: Sequence[Call]
    is_disturbed: bool
    is_repeated: bool
    """Whether an earlier task had asked for the same order."""

    @property
    def is_in_doubt(self) -> bool:
        """Return whether the client could not know if the change took place.

        That is so if it sent no write, if a fault disturbed a write, or if no proper answer came.
        """
        return (
            self.is_disturbed or not self.writes or any(call.status == 0 or call.status >= 500 for call in self.writes)
        )


class Problem(NamedTuple):
    """A mistake of a client, from which a finding is made."""

    rule: str
    task: str
    seen: str
    expected: str


def order_findings(played: PlayedTasks, traffic: Traffic, place: str) -> Iterator[Finding]:
    """Yield a finding for each difference between a client's reports and the exchange's orders.

    `place` is where the rule is documented, for the findings.
    """
    for one in _problems(played, traffic):
        yield Finding(one.rule, f"task {one.task}", one.seen, one.expected, place)


def _problems(played: PlayedTasks, traffic: Traffic) -> Iterator[Problem]:
    legs = legs_of(played)
    for leg in legs.values():
        if len(leg.effective) > 1:
            shown = "; ".join(order.shown for order in leg.effective)
            seen, expected = f"{len(leg.effective)} orders: {shown}", "one order for one wish of its user"
            yield Problem("orders.once", played.tasks[0].task.name, seen, expected)
    is_amended = any(one.task.name == AMEND for one in played.tasks)
    asked: set[str] = set()
    for one in played.tasks:
        if not one.task.changes_orders or one.result.reply is None:
            continue
        try:
            reports = reports_of(one.task, one.result.reply)
        except ValueError as error:
            yield Problem("orders.reply", one.task.name, str(error), "a row for each order, or an error")
            continue
        writes = [call for call in traffic.calls[one.first_call : one.end_call] if call.method != READ]
        is_disturbed = one.task.name == TRADE and bool(traffic.fault_count)
        for wanted, report in zip(_wanted(one.task), reports, strict=True):
            key = _key(wanted)
            leg = legs.get(key) or next(iter(legs.values()))
            change = Change(one, report, leg, writes, is_disturbed, is_repeated=key in asked)
            asked.add(key)
            yield from _of_change(change, is_amended=is_amended)


def _wanted(task: Task) -> list[Mapping[str, Any]]:
    """Return what a task asks for, order by order."""
    return list(task.arguments["orders"]) if task.name == BATCH else [task.arguments]


def _key(wanted: Mapping[str, Any]) -> str:
    return str(wanted.get("client_order_id", ""))


def legs_of(played: PlayedTasks) -> dict[str, Leg]:
    """Return the orders that the tasks asked for, by client order id, each with the exchange's orders for it.

    Clients may choose client order ids of their own. An order with an unknown id is assigned to the first wanted order
    of its market that has none yet, else to the first of its market.
    """
    wanted = {_key(each): each for one in played.tasks if one.task.name in PLACES for each in _wanted(one.task)}
    found: dict[str, list[ExchangeOrder]] = {key: [] for key in wanted}
    for order in played.orders:
        if order.client_order_id in found:
            found[order.client_order_id].append(order)
    for order in (one for one in played.orders if one.client_order_id not in found):
        keys = [key for key, each in wanted.items() if each["market"] == order.market] or list(wanted)
        found[next((key for key in keys if not found[key]), keys[0])].append(order)
    return {key: Leg(each, found[key]) for key, each in wanted.items()}


def _of_change(change: Change, *, is_amended: bool) -> Iterator[Problem]:
    task, report = change.played.task, change.report
    if task.allowed_results and report.result not in task.allowed_results:
        fact = f": the exchange has {change.leg.effective[0].shown}" if change.leg.effective else ""
        yield Problem(
            "orders.told", task.name, f"its user is told {report.seen}", f"{' or '.join(task.allowed_results)}{fact}"
        )
    elif report.result == UNKNOWN and not change.is_in_doubt:
        answers = ", ".join(str(call.status) for call in change.writes)
        expected = f"{PLACED if task.name in PLACES else task.name} or {REFUSED}: the exchange answered {answers}"
        yield Problem("orders.told", task.name, f"its user is told {report.seen}", expected)
    elif task.name in PLACES:
        yield from _of_placing(change, is_amended=is_amended)
    elif task.name == CANCEL:
        yield from _of_cancel(change)
    else:
        yield from _of_amendment(change)


def _of_placing(change: Change, *, is_amended: bool) -> Iterator[Problem]:
    task, report, leg = change.played.task.name, change.report, change.leg
    order = _reported_order(leg, report)
    if report.result == PLACED and order is None:
        yield Problem("orders.told", task, f"its user is told {report.seen}", "refused: the exchange has no such order")
    elif report.result == REFUSED and leg.effective:
        if not (change.is_repeated and report.status == CONFLICT):
            shown = leg.effective[0].shown
            yield Problem("orders.told", task, f"its user is told {report.seen}", f"placed: the exchange has {shown}")
    elif report.result == PLACED and order is not None and not is_amended:
        yield from _of_report(task, report, order)
    if order is not None and order.has_effect and not is_amended:
        yield from _of_terms(task, leg.wanted, order)


def _reported_order(leg: Leg, report: Report) -> ExchangeOrder | None:
    """Return the order that a report names, else the leg's order; None if the exchange has no such order."""
    named = report.row.get("order")
    if named:
        return next((order for order in leg.orders if order.order_id == str(named)), None)
    return next(iter([*leg.effective, *leg.orders]), None)


def _of_report(task: str, report: Report, order: ExchangeOrder) -> Iterator[Problem]:
    """Compare the counts of a report with those of its order: at its placing, or now."""
    filled = {order.filled} if task == TRADE else {order.filled, order.filled_as_taker}
    rest = {order.remaining} if task == TRADE else {order.remaining, order.initial - order.filled_as_taker}
    for name, known in (("filled", filled), ("remaining", rest)):
        if name in report.row and number(str(report.row[name])) not in known:
            expected = " or ".join(f"{value:f}" for value in sorted(known))
            yield Problem(
                "orders.counts", task, f"{name} is reported as {report.row[name]!r}", f"{expected}: {order.shown}"
            )


def _of_terms(task: str, wanted: Mapping[str, Any], order: ExchangeOrder) -> Iterator[Problem]:
    """Compare an order of the exchange with the order that the user wanted."""
    for name, value in (("side", order.side), ("price", order.price), ("count", order.initial)):
        is_equal = value == (wanted[name] if name == "side" else Decimal(wanted[name]))
        if not is_equal:
            yield Problem("orders.terms", task, f"the order at the exchange has the {name} {value}", f"{wanted[name]}")
    expires = wanted.get("expires")
    if expires and order.expires_at != parse_instant(expires):
        seen = "never expires" if order.expires_at is None else f"expires {format_instant(order.expires_at)}"
        yield Problem("orders.terms", task, f"the order at the exchange {seen}", f"{expires}")


def _of_cancel(change: Change) -> Iterator[Problem]:
    report, order = change.report, next(iter(change.leg.orders), None)
    seen = f"its user is told {report.seen}"
    if order is None:
        return
    is_canceled = order.status is OrderStatus.CANCELED
    if report.result == CANCELED and not is_canceled:
        yield Problem("orders.told", CANCEL, seen, f"{REFUSED}: the exchange has {order.shown}")
    elif report.result == REFUSED and is_canceled and any(call.status < 400 and call.status for call in change.writes):
        yield Problem("orders.told", CANCEL, seen, f"{CANCELED}: the exchange has {order.shown}")
    reduced = report.row.get("reduced")
    if report.result == CANCELED and is_canceled and reduced is not None:
        canceled = order.initial - order.filled
        if number(str(reduced)) != canceled:
            seen = f"reduced is reported as {reduced!r}"
            yield Problem("orders.counts", CANCEL, seen, f"{canceled:f}: {order.shown}")


def _of_amendment(change: Change) -> Iterator[Problem]:
    report, order, wanted = change.report, next(iter(change.leg.orders), None), change.played.task.arguments
    if order is None or report.result == UNKNOWN:
        return
    is_done = order.price == Decimal(wanted["price"]) and order.initial == Decimal(wanted["count"])
    if is_done != (report.result != REFUSED):
        expected = f"what the exchange has: {order.shown}"
        yield Problem("orders.told", AMEND, f"its user is told {report.seen}", expected)
