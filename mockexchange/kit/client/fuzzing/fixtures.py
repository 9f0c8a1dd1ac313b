"""Saves response bodies at which a client failed, as scenario files that serve these bodies again."""

import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

import yaml

from mockexchange.kit.client.adapter.tasks import Task
from mockexchange.scenario.faults.fault_effects import Body
from mockexchange.scenario.faults.fault_rules import Rule
from mockexchange.scenario.loader import load_text

FAULT = "fuzzed"
LINE_CHARS_MAX = 1_000_000
"""The line width of the YAML, so large that a body stays on one line."""
CARD = "R74"
"""The test card that runs response fuzzing."""
TASK_FIELDS = {"base_url": "BASE_URL", "ws_url": "WS_URL", "key_id": "KEY_ID", "private_key_path": "PRIVATE_KEY_PATH"}
"""The fields of a task besides its name, with placeholders."""
AGAIN = (
    f"then run the same `mockexchange verify client` with --cards {CARD},\n"
    "or give the adapter this task, with what serve exports for the four in capitals:\n"
)
"""The text of a file after the command that serves it."""


class FuzzCase(NamedTuple):
    """A task, the body that answered it, and what the client reported beside what was expected."""

    task: Task
    operation: str
    api_date: str
    rule: str
    body: str
    seen: str
    expected: str
    is_shrunk: bool = True

    @property
    def file_name(self) -> str:
        return f"{self.task.name}-{self.rule.rpartition('.')[2]}-{self.api_date}.yaml"


def rule_of(operation: str, body: str) -> Rule:
    """Return a fault that answers an operation with this body."""
    rule = _rule(operation)
    return replace(rule, effect=Body(body), given={**rule.given, "then": {"body": body}})


@cache
def _rule(operation: str) -> Rule:
    """Return the fault with an empty body, cached, since parsing a scenario takes longer than most tasks."""
    return load_text(scenario_of(FAULT, operation, "")).faults[0]


def scenario_of(name: str, operation: str, body: str) -> str:
    """Return a scenario in which an operation is answered with this body."""
    fault = {"name": FAULT, "match": {"operation": operation}, "then": {"body": body}}
    scenario = {"scenario": name, "accounts": {"alice": {"cash": "1000"}}, "faults": [fault]}
    return yaml.safe_dump(scenario, sort_keys=False, allow_unicode=True, width=LINE_CHARS_MAX)


def reproduction_of(case: FuzzCase, directory: Path | None) -> str:
    """Write a case to a directory, if one is given, and return lines for a shell that reproduce it.

    Raises OSError.
    """
    line = json.dumps({"id": 1, "task": case.task.name, **TASK_FIELDS, "arguments": {}})
    file = case.file_name if directory is None else write_case(case, directory)
    text = "" if directory is not None else f"a scenario with this fault, as {file}:\n{_text(case)}"
    return f"{text}mockexchange serve --api-date {case.api_date} --scenario {file}\n{AGAIN}{line}"


def write_case(case: FuzzCase, directory: Path) -> Path:
    """Write a case to a directory and return its file. Raises OSError."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / case.file_name
    path.write_text(_text(case), encoding="utf-8")
    return path


def _text(case: FuzzCase) -> str:
    return f"{_comment(case)}{scenario_of(f'{case.task.name}-{FAULT}', case.operation, case.body)}"


def _comment(case: FuzzCase) -> str:
    """Return the comment at the top of a fixture."""
    size = "as small as it gets" if case.is_shrunk else "not shrunk, since it ended the adapter"
    lines = (
        f"An answer to {case.operation} that a client could not take: {size}.",
        f"seen: {case.seen}",
        f"expected: {case.expected}",
        f"mockexchange serve --api-date {case.api_date} --scenario {case.file_name}",
    )
    return "".join(f"# {re.sub(r'[^ -~]', '?', line)}\n" for line in lines)
