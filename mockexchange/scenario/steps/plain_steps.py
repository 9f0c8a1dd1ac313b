"""Reads steps from lines of JSON without locating each of their values, as long as all of them are plain and valid.

Plain values are texts, numbers and booleans, and no text has an escape. Any other step is left to `STEP`, which reads
it with the place of each value, and which explains what is wrong: here a mistake is only noticed. A step that is read
here has the same command there.
"""

import json
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

from msgspec import Struct

from mockexchange.core.commands import Command
from mockexchange.scenario.located_text import Located
from mockexchange.scenario.steps import STEPS, Step
from mockexchange.scenario.steps.step_type import StepKind, frozen
from mockexchange.scenario.types.instants import INSTANT
from mockexchange.scenario.types.value_types import DURATION, TEXT, Scalar

CHARS_MAX = 4_096
"""The longest line that is read here; the limits of longer ones are checked where all steps are read."""
PARSED_MAX = 1_024
"""The most texts of which later steps share the value, for each type of value."""
NOT_PLAIN = (ValueError, KeyError, TypeError, AttributeError, StopIteration, RecursionError)
Parse = Callable[[str], Any]


def read_plain_step(text: str, file: str, line: int) -> Step | None:
    """Return the step of a line; None if it has to be read with the place of each value."""
    if len(text) > CHARS_MAX or "\\" in text:
        return None
    try:
        return _read(text, file, line)
    except NOT_PLAIN:
        return None


def _read(text: str, file: str, line: int) -> Step:
    """Return the step of a line. Raises one of NOT_PLAIN if it is not valid, or not plain."""
    step, end = _scan(text, 0)
    if text[end:].strip():
        raise ValueError("text after the step")
    at = _text_of(step.pop("at")) if "at" in step else None
    after = _text_of(step.pop("after")) if "after" in step else None
    ((name, given),) = step.items()
    keys = 1 + len(given) + (at is not None) + (after is not None)
    if text.count(":") != keys:
        _require_each_key_once(text, keys, (at, after, *given.values()))
    if at is not None and after is not None:
        raise ValueError("both times")
    command = _plain(name).read(given)
    if at is None and after is None:
        return Step(command, None, None, Located(None, file, line))
    at_us = None if at is None else INSTANT.parse(at)
    after_us = None if after is None else DURATION.parse(after)
    return Step(command, at_us, after_us, Located(None, file, line))


def _require_each_key_once(text: str, keys: int, values: tuple[Any, ...]) -> None:
    """Raise ValueError if a key is there twice: then the text has more colons than the keys and values that are left.

    This holds for a text without escapes.
    """
    inside = sum(value.count(":") for value in values if isinstance(value, str))
    if text.count(":") != keys + inside:
        raise ValueError("a key is there twice")


class PlainStep(Struct, frozen=True):
    """A kind of step, as it is read where its values are plain."""

    kind: StepKind
    parsers: dict[str, tuple[str, Parse]]
    """The command's field and the type's `parse` of each key with a scalar value."""
    required: frozenset[str]
    defaults: dict[str, Any]
    """The values of fields that are not given."""
    is_direct: bool
    """Whether the values are the arguments of the command."""

    def read(self, given: dict[str, Any]) -> Command:
        """Return the command of a step. Raises one of NOT_PLAIN if the values are not valid, or not plain."""
        if not self.required <= given.keys():
            raise ValueError("a key is missing")
        if not self.is_direct:
            return self._build(given)
        parsers, values = self.parsers, self.defaults.copy()
        for key, value in given.items():
            field, parse = parsers[key]
            if "." in field:
                return self._build(given)
            values[field] = parse(value if type(value) is str else _text_of(value))
        return self.kind.command(**values)

    def _build(self, given: dict[str, Any]) -> Command:
        values = {key: field.default for key, field in self.kind.record.fields.items()}
        return self.kind.build(
            {**values, **{key: self.parsers[key][1](_text_of(value)) for key, value in given.items()}}
        )


def _text_of(value: Any) -> str:
    """Return the text of a plain value. Raises TypeError for other values."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        raise TypeError("not plain")
    return value


@cache
def _plain(name: str) -> PlainStep:
    """Return a kind of step by its name. Raises KeyError if it is unknown."""
    kind = STEPS[name]
    fields = kind.record.fields
    given = {kind.names[key]: frozen(field.default) for key, field in fields.items() if field.default is not None}
    return PlainStep(
        kind=kind,
        parsers={
            key: (kind.names[key], _remembering(field.kind.parse))
            for key, field in fields.items()
            if isinstance(field.kind, Scalar)
        },
        required=frozenset(key for key, field in fields.items() if field.required),
        defaults=given,
        is_direct=kind.prepare is None and not any("." in field for field in given),
    )


@cache
def _remembering(parse: Parse) -> Parse:
    """Return a parser that knows the values of the latest texts, except of those that are their own value."""
    return parse if parse is TEXT.parse else lru_cache(PARSED_MAX)(parse)


_DECODER: Any = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)
_scan = _DECODER.scan_once
