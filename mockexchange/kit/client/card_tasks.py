"""Defines the tasks of test cards: what the exchange does before a task, and what the adapter has to do."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mockexchange.core.commands import Command
from mockexchange.scenario.steps import STEP
from mockexchange.scenario.types.composite_types import ListOf, MapOf, Record, may, must
from mockexchange.scenario.types.value_types import DURATION, TEXT, Scalar, choice

READS = ("positions", "event_positions", "balance", "fills", "orders", "settlements", "listen", "book")
PLACE, TRADE, CANCEL, AMEND, BATCH = "place", "trade", "cancel", "amend", "batch"
ORDER_TASKS = (PLACE, CANCEL, AMEND, BATCH, TRADE)
"""The tasks that change orders."""
TASKS = (*READS, *ORDER_TASKS)
"""The tasks that adapters carry out."""
PLACED, REFUSED, UNKNOWN, CANCELED, AMENDED = "placed", "refused", "unknown", "canceled", "amended"
RESULTS = (PLACED, CANCELED, AMENDED, REFUSED, UNKNOWN)
"""What a client may report to its user about a change of an order."""
SWITCHES = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Task:
    """A task of a test card. Before it, exchange time advances by `advance_us`, and the steps `before` are executed.

    `allowed_results` lists what the client may report about a change of an order; if empty, it may report anything
    true.
    """

    name: str
    arguments: dict[str, Any]
    before: tuple[Command, ...] = ()
    advance_us: int = 0
    allowed_results: tuple[str, ...] = ()

    @property
    def changes_orders(self) -> bool:
        return self.name in ORDER_TASKS


def choice_of(known: Iterable[str], what: str) -> Scalar:
    """Return the type of a scalar in a test card that accepts only the words in `known`.

    `what` describes these words in errors.
    """
    words = {word: word for word in known}

    def parse(text: str) -> str:
        if text not in words:
            raise ValueError
        return text

    return Scalar(what, parse, {"enum": list(words)}, tuple(words))


TASK = Record(
    {
        "name": must(choice_of(TASKS, "a task such as positions")),
        "arguments": may(MapOf(TEXT), {}),
        "orders": may(ListOf(MapOf(TEXT, expected="the arguments of an order"), "a list of orders"), []),
        "before": may(ListOf(STEP, "a list of steps"), []),
        "advance": may(DURATION, 0),
        "told": may(ListOf(choice({word: word for word in RESULTS})), []),
    }
)


def task_of(values: dict[str, Any]) -> Task:
    """Return the task that a test card describes, from values that `TASK` has parsed."""
    name = values["name"]
    convert = _order_argument if name in ORDER_TASKS else _argument
    arguments = {key: convert(key, text) for key, text in values["arguments"].items()}
    if values["orders"]:
        arguments["orders"] = [{key: convert(key, text) for key, text in order.items()} for order in values["orders"]]
    before = tuple(step.command for step in values["before"])
    return Task(name, arguments, before, values["advance"], tuple(values["told"]))


def _order_argument(name: str, text: str) -> Any:
    """Convert an argument of an order, whose amounts stay text, as money always does."""
    return _argument(name, text) if name == "seconds" else SWITCHES.get(text, text)


def _argument(name: str, text: str) -> Any:
    """Convert an argument to text, a number or, for plural names, a list (from "a,b")."""
    if name.endswith("s") and name != "seconds":
        return text.split(",")
    if re.fullmatch("[0-9]+", text):
        return int(text)
    return float(text) if re.fullmatch(r"[0-9]+\.[0-9]+", text) else text
