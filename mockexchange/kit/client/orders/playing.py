"""Sends the tasks of a test card to an adapter one after the other, and keeps replies, requests and orders."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from mockexchange.kit.client.adapter.adapter import AdapterReply
from mockexchange.kit.client.card_tasks import Task
from mockexchange.kit.client.orders.exchange_orders import ExchangeOrder
from mockexchange.kit.client.session import Session

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
        result = ask(replace(task, arguments=_filled_in(task.arguments, _order_id(played, new_orders()))))
        played.append(PlayedTask(task, result, first, session.call_count))
        if result.reply is None or result.reply.is_unsupported:
            break
    return PlayedTasks(played, new_orders())


def _order_id(played: Sequence[PlayedTask], orders: Sequence[ExchangeOrder]) -> str:
    """Return the id of the first order that the client reported, else of the first that the exchange has."""
    rows = (row for one in played for row in (one.result.reply.rows if one.result.reply else None) or ())
    reported = (str(row["order"]) for row in rows if row.get("order"))
    return next(reported, orders[0].order_id if orders else "")


def _filled_in(arguments: Mapping[str, Any], order_id: str) -> dict[str, Any]:
    return dict(_replaced(arguments, order_id))


def _replaced(arguments: Mapping[str, Any], order_id: str) -> Iterator[tuple[str, Any]]:
    for name, value in arguments.items():
        yield name, order_id if value == ORDER else value
