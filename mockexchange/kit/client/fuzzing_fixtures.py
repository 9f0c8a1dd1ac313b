"""Bodies that a client cannot take, as scenarios that can be served again."""

import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

import yaml

from mockexchange.kit.client.tasks import Task
from mockexchange.scenario.effects import Body
from mockexchange.scenario.faults import Rule
from mockexchange.scenario.loader import load_text

FAULT = "fuzzed"
LINE_CHARS_MAX = 1_000_000
"""A body stays on one line."""


class Case(NamedTuple):
    """One task, the body that it was answered with, what the client made of it, and what it should have."""

    task: Task
    operation: str
    api_date: str
    rule: str
    body: str
    seen: str
    expected: str

    @property
    def file_name(self) -> str:
        return f"{self.task.name}-{self.rule.rpartition('.')[2]}-{self.api_date}.yaml"


def rule_of(operation: str, body: str) -> Rule:
    """Return the fault that answers an operation with a body."""
    rule = _rule(operation)
    return replace(rule, effect=Body(body), given={**rule.given, "then": {"body": body}})


@cache
def _rule(operation: str) -> Rule:
    """The same of an empty body: reading a scenario takes longer than most clients take to answer."""
    return load_text(scenario_of(FAULT, operation, "")).faults[0]


def scenario_of(name: str, operation: str, body: str) -> str:
    """Return a scenario in which an operation is answered with a body."""
    fault = {"name": FAULT, "match": {"operation": operation}, "then": {"body": body}}
    scenario = {"scenario": name, "accounts": {"alice": {"cash": "1000"}}, "faults": [fault]}
    return yaml.safe_dump(scenario, sort_keys=False, allow_unicode=True, width=LINE_CHARS_MAX)


def saved(case: Case, directory: Path | None) -> str:
    """Write a case down, if there is a folder for it; return how it is seen again, in lines that can be pasted.

    Raises OSError.
    """
    text = f"{_comment(case)}{scenario_of(f'{case.task.name}-{FAULT}', case.operation, case.body)}"
    line = json.dumps({"id": 1, "task": case.task.name, "arguments": {}})
    if directory is None:
        return f"a scenario with this fault:\n{text}and the task {line}"
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / case.file_name
    path.write_text(text, encoding="utf-8")
    return f"mockexchange serve --api-date {case.api_date} --scenario {path}\nand the task {line}"


def _comment(case: Case) -> str:
    """What is said of a case at the top of its file."""
    said = (
        f"An answer to {case.operation} that a client could not take: as small as it gets.",
        f"seen: {case.seen}",
        f"expected: {case.expected}",
        f"mockexchange serve --api-date {case.api_date} --scenario {case.file_name}",
    )
    return "".join(f"# {re.sub(r'[^ -~]', '?', line)}\n" for line in said)
