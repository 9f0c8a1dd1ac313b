"""Serves generated bodies that an API document allows to a client, and checks what the client makes of them.

A `body` fault serves them. A client must not raise, and must report as many rows as the body has, with the amounts of
the body. Otherwise the body is shrunk to the smallest one that fails, and saved as a scenario.

The seed and the number of bodies decide what is served, not the time: every machine finds the same.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from warnings import catch_warnings

import hypothesis
import yaml
from hypothesis.errors import HypothesisWarning, NoSuchExample

from mockexchange.kit.client.adapter import AdapterReply, AskedAdapter, one_line
from mockexchange.kit.client.generated_values import UNKNOWN, values_of
from mockexchange.kit.client.processes import AdapterBroken
from mockexchange.kit.client.read_tasks import (
    CENT_DECIMALS,
    LATEST,
    Meanings,
    ReadTask,
    Row,
    Unit,
    aliases_of,
    meanings_at,
    read_body,
)
from mockexchange.kit.client.rows import GUIDE, compare, reported_values, rows_shown
from mockexchange.kit.client.sandboxes import Session, open_session
from mockexchange.kit.client.whole_account_judges import UNSUPPORTED, all_failed, raised, read_reference_account
from mockexchange.kit.findings import Finding
from mockexchange.kit.hypothesis_support import SAME_EVERYWHERE
from mockexchange.kit.local_exchange import Exchange
from mockexchange.kit.target import NotJudged
from mockexchange.kit.validation.schemas import pointer, resolved
from mockexchange.kit.venue import VenueKit
from mockexchange.runtime import api_documents
from mockexchange.runtime.api_documents import Document
from mockexchange.scenario.fault_effects import Body
from mockexchange.scenario.fault_rules import Rule
from mockexchange.scenario.loader import load_text

EXAMPLES = 150
"""The number of bodies for each task, in both modes together."""
SHRINK_TASKS_MAX = 200
"""The most tasks for shrinking a body, of which most need 60.

It is a count and not a time, so that a busy machine shrinks as far as an idle one.
"""
BODY, UNKNOWN_FIELD = "fuzzing.body", "fuzzing.unknown_field"
LEFT_OUT = "fuzzing.left_out"
"""The rule of a note about a task that was not fuzzed."""
VALUES = re.compile(r"; [0-9]+ more such rows?|row [^,]*,|'[^']*'|\"[^\"]*\"|[0-9.]+")
"""A pattern for values in an error's text, which differ from body to body."""
MODES = {BODY: None, UNKNOWN_FIELD: UNKNOWN}
"""The two modes: valid bodies, and bodies with an undocumented field in each object, since venues add fields."""


class FuzzSettings(NamedTuple):
    """The settings of response fuzzing; `examples` is the number of bodies for each task."""

    fixtures: Path | None = None
    """The folder for bodies that the client reads wrongly, created if necessary; None saves none."""
    seed: int = 0
    examples: int = EXAMPLES


FUZZ_DEFAULTS = FuzzSettings()


class WrongResult(NamedTuple):
    """A wrong result of a client for a body: `seen` and `expected` as in a finding."""

    seen: str
    expected: str
    kind: str
    """The name and rule of the wrong values, or the text of an error without values; equal for equal errors."""


class FuzzCase(NamedTuple):
    """A task, the body that answered it, and what the client reported beside what was expected."""

    task: ReadTask
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


class _Enough(BaseException):
    """Ends the search. It is no Exception, so that Hypothesis does not take it for a failing test."""


def judge_fuzz(
    adapter: AskedAdapter,
    exchange: Exchange,
    venue: VenueKit,
    api_date: str = LATEST,
    settings: FuzzSettings = FUZZ_DEFAULTS,
) -> Iterator[Finding]:
    """Yield a finding for each kind of error that a client makes, with the smallest body that causes it.

    The same seed and number of examples generate the same bodies. Findings of the rule LEFT_OUT name the tasks that
    were not fuzzed. Raises NotJudged if the client can do no task without faults, OSError if a file cannot be written.
    """
    alias = aliases_of(venue.name)[-1] if api_date == LATEST else api_date
    document = api_documents.read(f"{venue.name}/{alias}")
    with open_session(exchange, load_text(read_reference_account().scenario), alias) as session:
        replies = {task.name: adapter.ask(task.name, session.connection_details()) for task in venue.tasks}
        yield from _left_out(venue, replies, alias)
        for task in _possible(venue, replies):
            known: set[str] = set()
            for rule in MODES:
                fuzzer = Fuzzer(adapter, session, venue.name, alias, document, task, rule, settings.fixtures, known)
                yield from fuzzer.findings(Random(settings.seed), settings.examples // len(MODES))  # noqa: S311  # repeatable, not secret


def _possible(venue: VenueKit, replies: Mapping[str, AdapterReply]) -> list[ReadTask]:
    """Return the tasks that a client can do without faults. Raises NotJudged if there are none."""
    possible = [task for task in venue.tasks if replies[task.name].rows is not None]
    if not possible:
        is_any = any(not one.is_unsupported for one in replies.values())
        raise NotJudged(all_failed(replies) if is_any else UNSUPPORTED.format(", ".join(replies)))
    return possible


def _left_out(venue: VenueKit, replies: Mapping[str, AdapterReply], alias: str) -> Iterator[Finding]:
    """Yield a note for each task without rows, if another task has some."""
    possible = [name for name, reply in replies.items() if reply.rows is not None]
    for name, reply in replies.items():
        if possible and reply.rows is None:
            seen = f"not fuzzed: {'the adapter does not support it' if reply.is_unsupported else raised(reply)}"
            yield Finding(LEFT_OUT, f"{name} at {alias}", seen, "the rows of the answer", f"{GUIDE}#response-fuzzing")


class Fuzzer(NamedTuple):
    """Tests one task of an adapter with generated bodies. `rule` names the kind of bodies, a key of MODES.

    Failing bodies are saved in the directory `fixtures`, if given.
    """

    adapter: AskedAdapter
    session: Session
    venue: str
    alias: str
    document: Document
    task: ReadTask
    rule: str
    fixtures: Path | None
    known: set[str]
    """Kinds of errors of this task that have a finding already; the search goes on for others."""

    def findings(self, random: Random, examples: int) -> Iterator[Finding]:
        """Yield a finding with the smallest failing body, if one is found, or with the body that ended the adapter."""
        try:
            body = smallest_failing(self.bodies(), self.is_wrong, random, examples)
            body = None if body is None else trimmed(body, self.smaller, self.is_wrong)
            problem = None if body is None else self.problem(body)
        except AdapterBroken as broken:
            self.known.add(kind_of(str(broken)))
            yield Finding(self.rule, f"{self.task.name} at {self.alias}", str(broken), "rows, or an error", self._place)
            return
        if problem is None:
            return
        self.known.add(problem.kind)
        case = self._case(body, problem)
        where = f"{self.task.name} at {self.alias}, {self.operation['operationId']} answered with {_json(body)}"
        reproduction = reproduction_of(case, self.fixtures)
        yield Finding(self.rule, where, problem.seen, problem.expected, self._place, reproduction)

    @property
    def _place(self) -> str:
        place = f"contracts/{self.venue}/{self.alias}/openapi.yaml{pointer('paths', self.task.path, 'get')}"
        return place if self.rule == BODY else f"{GUIDE}#response-fuzzing"

    @property
    def operation(self) -> Any:
        return self.document["paths"][self.task.path]["get"]

    def bodies(self) -> Any:
        """Return a Hypothesis strategy for bodies that the schema of the 200 response allows.

        The rows of a body have distinct keys.
        """
        return values_of(self.document, self._schema(), MODES[self.rule]).map(
            lambda body: consistent_body(self.task, body)
        )

    def smaller(self, body: Any) -> Iterator[Any]:
        """Yield the bodies that have one row or one field less than `body`."""
        return (consistent_body(self.task, less) for less in smaller_bodies(self.document, self._schema(), body))

    def is_wrong(self, body: Any) -> bool:
        problem = self.problem(body)
        return problem is not None and problem.kind not in self.known

    def problem(self, body: Any) -> WrongResult | None:
        """Serve a body and return the client's wrong result; None if the client reads it right."""
        self._serve(body)
        try:
            reply = self.adapter.ask(self.task.name, self.session.connection_details())
        except AdapterBroken as error:
            raise type(error)(f"{error}; {self._end_saved(body, error)}") from None
        if reply.rows is None:
            seen = raised(reply)
            return WrongResult(seen, rows_shown(len(read_body(self.task, body))), kind_of(seen))
        meanings = {
            name: meaning._replace(decimals=None, may_be_null=False)
            for name, meaning in meanings_at(self.task, self.venue, self.alias).items()
        }
        for finding in compare(
            self.task, self._documented_rows(reply.rows, meanings), read_body(self.task, body), meanings, ""
        ):
            seen, label = (
                f"{finding.where.removeprefix(', ')} {finding.seen}".strip(),
                finding.where.rpartition(", ")[2],
            )
            return WrongResult(seen, finding.expected, f"{label} {finding.rule}")
        return None

    def _schema(self) -> Any:
        answer = resolved(self.document, self.operation["responses"]["200"])
        return answer["content"]["application/json"]["schema"]

    def _case(self, body: Any, problem: WrongResult, *, is_shrunk: bool = True) -> FuzzCase:
        operation = self.operation["operationId"]
        return FuzzCase(
            self.task, operation, self.alias, self.rule, _json(body), problem.seen, problem.expected, is_shrunk
        )

    def _end_saved(self, body: Any, error: AdapterBroken) -> str:
        """Save the body that ended the adapter, unshrunk since no task can follow; return a text for the error."""
        text = f"it was reading {one_line(_json(body))}"
        if self.fixtures is None:
            return text
        seen = one_line(str(error))
        problem = WrongResult(seen, rows_shown(len(read_body(self.task, body))), kind_of(seen))
        path = write_case(self._case(body, problem, is_shrunk=False), self.fixtures)
        return f"{text} (all of it, not shrunk: {path})"

    def _documented_rows(self, rows: Sequence[Row], meanings: Meanings) -> list[Row]:
        """Return rows without names that the API date does not document: a client may derive such values itself."""
        silent = set(self.task.names) - set(meanings)
        return [
            {cell.label: cell.value for cell in reported_values(self.task, row) if cell.name not in silent}
            for row in rows
        ]

    def _serve(self, body: Any) -> None:
        faults = self.session.sandbox.faults
        rule = rule_of(self.operation["operationId"], _json(body))
        self.session.exchange.portal.call(faults.install, rule)


def kind_of(error: str) -> str:
    """Return an error's text without its values, so that two errors of the same kind have the same text."""
    return VALUES.sub("", error.partition("; it was reading ")[0])


def smallest_failing(bodies: Any, is_wrong: Callable[[Any], bool], random: Random, examples: int) -> Any:
    """Return the smallest failing body that SHRINK_TASKS_MAX tasks can find; None if no example fails.

    Raises AdapterBroken.
    """
    best: list[Any] = []
    broken: list[AdapterBroken] = []
    shrinks_left = SHRINK_TASKS_MAX

    def condition(body: Any) -> bool:
        nonlocal shrinks_left
        shrinks_left -= bool(best)
        if shrinks_left < 0:
            raise _Enough
        try:
            is_found = is_wrong(body)
        except AdapterBroken as error:
            broken.append(error)
            raise _Enough from None
        if not is_found:
            return False
        if not best or _size(body) < _size(best[0]):
            best[:] = [body]
        return True

    chosen = hypothesis.settings(
        max_examples=max(1, examples),
        deadline=None,
        database=None,
        phases=(hypothesis.Phase.generate, hypothesis.Phase.shrink),
        derandomize=False,
        backend=SAME_EVERYWHERE,
    )
    with suppress(NoSuchExample, _Enough), catch_warnings(action="ignore", category=HypothesisWarning):
        hypothesis.find(bodies, condition, settings=chosen, random=random)
    if broken:
        raise broken[0]
    return best[0] if best else None


def consistent_body(task: ReadTask, body: Any) -> Any:
    """Return a body whose rows have distinct keys, and in which fields with the same meaning agree."""
    if not task.rows:
        return _consistent_row(task, body)
    key = task.names[task.key][0].name
    rows = {row[key]: _consistent_row(task, row) for row in body[task.rows]}
    return {**body, task.rows: list(rows.values())}


def _consistent_row(task: ReadTask, row: Row) -> Row:
    changed = dict(task.make_consistent(row))
    for wires in task.names.values():
        there = [wire for wire in wires if changed.get(wire.name) is not None]
        for wire in there[1:]:
            finest = changed[there[0].name]
            if isinstance(changed[wire.name], int):
                finest = int(Decimal(finest).scaleb(CENT_DECIMALS if wire.unit is Unit.CENTS else 0))
            changed[wire.name] = finest
    return changed


def _size(body: Any) -> tuple[int, str]:
    text = _json(body)
    return len(text), text


def _json(body: Any) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


# Smaller bodies: rows, then optional fields, are removed one after the other while the body fails


TRIM_TASKS_MAX = 100
"""The most tasks for trimming, enough for twelve rows of twenty fields.

It is a count and not a time, so that a slow client gets the same body.
"""


def trimmed(
    body: Any, smaller: Callable[[Any], Iterator[Any]], is_wrong: Callable[[Any], bool], tasks_max: int = TRIM_TASKS_MAX
) -> Any:
    """Shrink a failing body, and return the smallest one found that still fails.

    `smaller(body)` yields the bodies with one part of `body` removed. `is_wrong(body)` serves a body in one task and
    returns whether it fails; it is called at most `tasks_max` times.
    """
    tried = {_key(body)}
    candidates = smaller(body)
    while len(tried) <= tasks_max:
        candidate = next((one for one in candidates if _key(one) not in tried), None)
        if candidate is None:
            break
        tried.add(_key(candidate))
        if is_wrong(candidate):
            body, candidates = candidate, smaller(candidate)
    return body


def smaller_bodies(document: Document, schema: Any, body: Any) -> Iterator[Any]:
    """Yield the bodies that lack one part of `body` and that its schema still allows.

    For a list, these are first each row alone.
    """
    node = resolved(document, schema)
    if isinstance(body, dict) and "properties" in node:
        yield from _lesser_objects(document, node, body)
    if isinstance(body, list) and "items" in node:
        yield from _lesser_lists(document, node, body)


def _lesser_objects(document: Document, node: Any, body: dict[str, Any]) -> Iterator[Any]:
    known = node["properties"]
    optional = {name for name in body if name in known} - set(node.get("required", ()))
    for left_out in (optional, *({name} for name in sorted(optional))):
        yield {name: value for name, value in body.items() if name not in left_out}
    for name in [name for name in body if name in known]:
        for less in smaller_bodies(document, known[name], body[name]):
            yield {**body, name: less}


def _lesser_lists(document: Document, node: Any, rows: list[Any]) -> Iterator[Any]:
    least = node.get("minItems", 0)
    if least <= 1:
        yield from ([row] for row in rows)
    if len(rows) > least:
        yield from (rows[:index] + rows[index + 1 :] for index in range(len(rows)))
    for index, row in enumerate(rows):
        for less in smaller_bodies(document, node["items"], row):
            yield [*rows[:index], less, *rows[index + 1 :]]


def _key(body: Any) -> str:
    return json.dumps(body, sort_keys=True)


# Scenario files that serve a body again


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
