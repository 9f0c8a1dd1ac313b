"""Defines kinds of steps: the keys of a step in a scenario, and the command that it becomes."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from msgspec import Struct

from mockexchange.core.commands import Command
from mockexchange.scenario.types.composite_types import Field, Record
from mockexchange.scenario.types.value_types import Scalar

Details = Callable[..., Any]
"""A constructor of a nested part of a command, such as its field `details`."""
Prepare = Callable[[dict[str, Any]], dict[str, Any]]
"""A function that changes the values of a step, by key, before they become fields.

Raises ValueError on contradictions.
"""
Check = Callable[[Any], None]
"""A function that raises ValueError if a command's details contradict each other."""


class StepKind(Struct, frozen=True, dict=True):
    """A kind of step: the schema of its keys, and the command that a step becomes.

    `names` maps the keys of the step to fields of the command. A field such as "details.title" belongs to a nested
    value, here `details`. A step without any key of `details` gives the command no `details`.
    """

    command: Callable[..., Command]
    record: Record
    names: dict[str, str]
    details: Details | None = None
    check: Check | None = None
    prepare: Prepare | None = None

    @cached_property
    def _composite(self) -> frozenset[str]:
        """The fields of the command whose values may be lists or mappings, which become tuples."""
        fields = self.record.fields.items()
        return frozenset(self.names[key] for key, field in fields if not isinstance(field.kind, Scalar))

    def build(self, values: dict[str, Any]) -> Command:
        """Return the command for the values of a step. Raises ValueError if they contradict each other."""
        if self.prepare:
            values = self.prepare({key: value for key, value in values.items() if value is not None})
        given = {self.names[key]: value for key, value in values.items() if value is not None}
        for name in self._composite & given.keys():
            value = given[name]
            if isinstance(value, list):
                given[name] = tuple(value)
            elif isinstance(value, dict):
                given[name] = tuple(value.items())
        plain = given if self.details is None else plain_fields(given, self.details)
        if self.check and "details" in plain:
            self.check(plain["details"])
        return self.command(**plain)


def step(
    command: Callable[..., Command],
    details: Details | None = None,
    check: Check | None = None,
    prepare: Prepare | None = None,
    /,
    **fields: tuple[str, Field],
) -> StepKind:
    """Define a kind of step; `fields` maps each of its keys to (field of the command, type of the value)."""
    record = Record({key: field for key, (_, field) in fields.items()})
    names = {key: name for key, (name, _) in fields.items()}
    return StepKind(command, record, names, details, check, prepare)


def plain_fields(given: dict[str, Any], details: Details) -> dict[str, Any]:
    """Return the arguments of a command, made from the values of a step by field.

    Values of fields with a point in their name ("details.title", ...) are combined into one argument.
    """
    plain = {name: value for name, value in given.items() if "." not in name}
    parts: dict[str, dict[str, Any]] = {}
    for name, value in given.items():
        part, dot, field = name.partition(".")
        if dot:
            parts.setdefault(part, {})[field] = value
    return {**plain, **{part: details(**own) for part, own in parts.items()}}
