"""Steps: the text form of an exchange's commands in scenarios, the control API and the command line.

A step is a mapping with one command:
`{fill: {account: alice, market: M, side: yes, action: buy, count: 10, price: 0.56}}`.
Steps of a scenario may also have a time, either an instant or a duration since the step before:
`{at: 2025-11-05T12:00:00Z, settle: {market: M, result: yes}}`, `{after: 5s, settle: {market: M, result: yes}}`.
"""

from typing import Any, NamedTuple

from mockexchange.core.commands import Command
from mockexchange.scenario.error_collection import is_collecting
from mockexchange.scenario.errors import ScenarioError, did_you_mean
from mockexchange.scenario.located_text import Located
from mockexchange.scenario.steps import accounts, cash, derivative_orders, derivatives, markets, trading
from mockexchange.scenario.steps.step_type import StepKind
from mockexchange.scenario.types.instants import INSTANT
from mockexchange.scenario.types.value_types import DURATION, below, wrong

TIMES = ("at", "after")
STEPS: dict[str, StepKind] = {
    **trading.STEPS,
    **cash.STEPS,
    **accounts.STEPS,
    **markets.STEPS,
    **derivatives.STEPS,
    **derivative_orders.STEPS,
}


class Step(NamedTuple):
    """A command with its time: an instant, a duration after the previous step, or neither.

    `node` has file and line for errors, and while errors are collected, the step's parsed text.
    """

    command: Command
    at: int | None
    after_us: int | None
    node: Located


class StepType:
    """The schema of a step: one command with an optional time."""

    def read(self, node: Located, path: str) -> Step:
        given = node.value
        if isinstance(given, str) and given in STEPS:
            raise wrong(node, path, f"a mapping such as `{given}: {{...}}`")
        if not isinstance(given, dict):
            raise wrong(node, path, f"a step with one of {', '.join(STEPS)}")
        names = [key for key in given if key not in TIMES]
        name = names[0] if len(names) == 1 else ""
        if name not in STEPS:
            raise _no_step(node, names, path)
        if len(given) > 2:
            raise ScenarioError("expected `at` or `after`, got both", node.file, node.line, path)
        at = INSTANT.read(given["at"], below(path, "at")) if "at" in given else None
        after_us = DURATION.read(given["after"], below(path, "after")) if "after" in given else None
        command = read_command(name, given[name], below(path, name))
        # A check looks into steps that are refused; else a long history would keep all of its text.
        place = node if is_collecting() else Located(None, node.file, node.line, node.key_lines)
        return Step(command, at, after_us, place)

    def json_schema(self) -> dict[str, Any]:
        steps = {name: kind.record.json_schema() for name, kind in STEPS.items()}
        return {
            "type": "object",
            "properties": {**steps, "at": INSTANT.json_schema(), "after": DURATION.json_schema()},
            "maxProperties": 2,
            "additionalProperties": False,
            "oneOf": [{"required": [name]} for name in STEPS],
        }


STEP = StepType()


def _no_step(node: Located, names: list[str], path: str) -> ScenarioError:
    unknown = next((name for name in names if name not in STEPS), None)
    if unknown is not None:
        advice = did_you_mean(unknown, (*STEPS, *TIMES)) or f": known are {', '.join(STEPS)}"
        return ScenarioError(f"unknown step {unknown!r}{advice}", node.file, node.line_of(unknown), path)
    found = ", ".join(names) or "none"
    return ScenarioError(f"expected one of {', '.join(STEPS)}; got {found}", node.file, node.line, path)


def read_command(name: str, node: Located, path: str) -> Command:
    kind = STEPS[name]
    values = kind.record.read(node, path)
    try:
        return kind.build(values)
    except ValueError as error:
        raise ScenarioError(str(error), node.file, node.line, path) from None
