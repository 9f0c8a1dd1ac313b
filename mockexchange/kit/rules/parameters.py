"""Checks query parameters: invalid, repeated and missing ones are refused, unknown ones are ignored."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from mockexchange.kit.checks import Check
from mockexchange.kit.findings import Finding
from mockexchange.kit.operations import Operation, Parameter
from mockexchange.kit.rules.finding_format import answer_text, finding
from mockexchange.kit.target import NotJudged, Target

BOUNDS, KINDS, CHOICES, REPEATED, REQUIRED, UNKNOWN, DEFAULTS = (
    f"parameters.{name}" for name in ("bounds", "kinds", "choices", "repeated", "required", "unknown", "defaults")
)
REFUSED = 400
WIDE = 10**15
"""The size from which a bound is one of the integer type rather than of the parameter, and is not checked."""
UNKNOWN_NAME = "no_such_parameter"
WRONG = {"integer": ("ten", "1.5", ""), "boolean": ("maybe",), "number": ("ten",)}
NO_CHOICES = ("no_such_value", ",".join("ABCDEFGHIJK"), ",".join(["A"] * 101))


def _judge_refused(target: Target, rule: str, operation_id: str, name: str, value: Any) -> Iterator[Finding]:
    answer = target.read(operation_id, {name: value})
    if answer.status != REFUSED:
        yield finding(target, rule, answer.where, answer_text(answer), f"status {REFUSED}", operation_id)


def _judge_accepted(target: Target, rule: str, operation_id: str, name: str, value: Any) -> Iterator[Finding]:
    answer = target.read(operation_id, {name: value})
    if answer.status != 200:
        yield finding(target, rule, answer.where, answer_text(answer), "status 200", operation_id)


def bounds_of(parameter: Parameter) -> Iterator[tuple[int, int]]:
    """Yield each bound of a numeric parameter, and the next integer beyond that bound."""
    for key, step in (("minimum", -1), ("maximum", 1)):
        bound = parameter.schema.get(key)
        if bound is not None and abs(bound) < WIDE:
            yield bound, bound + step


def judge_bounds(target: Target, operation_id: str) -> Iterator[Finding]:
    for name, parameter in target.operations[operation_id].query.items():
        for bound, beyond in bounds_of(parameter):
            yield from _judge_accepted(target, BOUNDS, operation_id, name, bound)
            yield from _judge_refused(target, BOUNDS, operation_id, name, beyond)


def judge_kinds(target: Target, operation_id: str) -> Iterator[Finding]:
    for name, parameter in target.operations[operation_id].query.items():
        for value in WRONG.get(parameter.schema["type"], ()):
            yield from _judge_refused(target, KINDS, operation_id, name, value)


def judge_choices(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that the documented values of a parameter are accepted, and other values and too long lists refused."""
    for name, parameter in target.operations[operation_id].query.items():
        for value in parameter.schema.get("enum", ()):
            yield from _judge_accepted(target, CHOICES, operation_id, name, value)
        for value in _no_choices(parameter):
            yield from _judge_refused(target, CHOICES, operation_id, name, value)


def _no_choices(parameter: Parameter) -> list[str]:
    if "enum" in parameter.schema:
        return list(NO_CHOICES[:1])
    pattern = parameter.schema.get("pattern")
    return [value for value in NO_CHOICES if pattern is not None and not re.search(pattern, value)]


def judge_repeated(target: Target, operation_id: str) -> Iterator[Finding]:
    for name, parameter in target.operations[operation_id].query.items():
        if parameter.schema["type"] != "array":
            yield from _judge_refused(target, REPEATED, operation_id, name, two_values(parameter))


def two_values(parameter: Parameter) -> list[str]:
    """Return two valid values of a parameter."""
    schema = parameter.schema
    if schema["type"] == "boolean":
        return ["true", "false"]
    if schema["type"] == "integer" and "enum" not in schema:
        least = max(schema.get("minimum", 1), 1)
        return [str(least), str(least + 1)]
    choices = [str(choice) for choice in schema.get("enum", ("A", "B"))]
    return [choices[0], choices[-1]]


def judge_required(target: Target, operation_id: str) -> Iterator[Finding]:
    for name, parameter in target.operations[operation_id].query.items():
        if parameter.is_required:
            yield from _judge_refused(target, REQUIRED, operation_id, name, None)


def judge_unknown(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that sending an undocumented parameter does not change the answer."""
    without, beside = target.read(operation_id), target.read(operation_id, {UNKNOWN_NAME: "1"})
    if without.status != 200:
        raise NotJudged(f"{without.where} was answered {without.status} without it too")
    if target.still(without) != target.still(beside):
        seen, expected = answer_text(beside), f"the answer without {UNKNOWN_NAME}: {answer_text(without)}"
        yield finding(target, UNKNOWN, beside.where, seen, expected, operation_id)


def judge_defaults(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that a request without a parameter has the same answer as one with the documented default."""
    without = target.read(operation_id)
    for name, parameter in target.operations[operation_id].query.items():
        if "default" not in parameter.schema:
            continue
        default = str(parameter.schema["default"]).lower()
        given = target.read(operation_id, {name: default})
        if target.still(without) != target.still(given):
            seen, expected = answer_text(without), f"as with {name}={default}: {answer_text(given)}"
            yield finding(target, DEFAULTS, without.where, seen, expected, operation_id)


def _operations_with(target: Target, *keys: str) -> Sequence[str]:
    """Return the operations with a parameter that has any of these keys in its schema."""
    return [name for name, operation in target.operations.items() if _has(operation, keys)]


def _has(operation: Operation, keys: Sequence[str]) -> bool:
    return any(key in one.schema for one in operation.query.values() for key in keys)


def _with_kinds(target: Target) -> Sequence[str]:
    return [
        name
        for name, operation in target.operations.items()
        if any(one.schema["type"] in WRONG for one in operation.query.values())
    ]


def _with_bounds(target: Target) -> Sequence[str]:
    return [
        name
        for name, operation in target.operations.items()
        if any(True for one in operation.query.values() for _ in bounds_of(one))
    ]


def _with_required(target: Target) -> Sequence[str]:
    return [
        name
        for name, operation in target.operations.items()
        if any(one.is_required for one in operation.query.values())
    ]


def _with_open_query(target: Target) -> Sequence[str]:
    return [name for name, operation in target.operations.items() if not operation.node.get("x-closed-query")]


PLACE = "the parameters of each operation"
CHECKS: tuple[Check[Target], ...] = (
    Check(BOUNDS, "An integer at its bounds is accepted, beyond them refused.", PLACE, _with_bounds, judge_bounds),
    Check(KINDS, "A value of another type is refused.", PLACE, _with_kinds, judge_kinds),
    Check(
        CHOICES,
        "A documented choice is accepted, another one refused.",
        PLACE,
        lambda target: _operations_with(target, "enum", "pattern"),
        judge_choices,
    ),
    Check(
        REPEATED,
        "A repeated parameter is refused.",
        PLACE,
        lambda target: [name for name, operation in target.operations.items() if operation.query],
        judge_repeated,
    ),
    Check(REQUIRED, "A required parameter cannot be left out.", PLACE, _with_required, judge_required),
    Check(UNKNOWN, "An unknown parameter changes nothing.", PLACE, _with_open_query, judge_unknown),
    Check(
        DEFAULTS,
        "A parameter that is left out stands for its default.",
        PLACE,
        lambda target: _operations_with(target, "default"),
        judge_defaults,
    ),
)
