"""Reads from the reply to a task what a client reported about each order that it placed or changed."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from mockexchange.kit.client.adapter.adapter import AdapterReply, one_line
from mockexchange.kit.client.card_tasks import (
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
    orders = task.arguments["orders"] if task.name == BATCH else [task.arguments]
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
