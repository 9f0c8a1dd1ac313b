"""Instants of a scenario: fixed ones, ones that count from the sandbox's beginning, and one for each kind of clock.

What counts from the beginning is read anew for each sandbox, with the instant from which it counts, so that a plan and
a log hold absolute instants alone.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from msgspec import Struct

from mockexchange.core.instants import format_instant, parse_duration, parse_instant
from mockexchange.scenario.located_text import Located
from mockexchange.scenario.types.composite_types import Record, may
from mockexchange.scenario.types.value_types import DURATION_PATTERN, INSTANT_MAX, INSTANT_MIN, Scalar, wrong

START_DEFAULT = parse_instant("2025-11-03T00:00:00Z")
NOW = "now"
REAL, OTHER = "real", "other"
OUTSIDE = ": only a scenario has a beginning from which it could count; write the instant"
_RELATIVE = re.compile("(?P<sign>[+-])(?P<distance>[0-9].*)")
_FROM_NOW = re.compile(f"{NOW}(?:{_RELATIVE.pattern})?")


class Now(Struct, frozen=True):
    """The instant (microseconds) from which a scenario's relative instants count, and whether its clock is real."""

    at: int
    is_real: bool = False


class Counting(Struct):
    """What the relative instants of a scenario count from while it is read, and whether it has any."""

    now: Now
    is_used: bool = False
    """Whether a value was read that another `now`, or another kind of clock, would change."""


_COUNTING: ContextVar[Counting | None] = ContextVar("_COUNTING", default=None)


@contextmanager
def counted(counting: Counting | None) -> Iterator[None]:
    """Read relative instants in the `with` block as counted so; with None they are refused."""
    token = _COUNTING.set(counting)
    try:
        yield
    finally:
        _COUNTING.reset(token)


def current_counting() -> Counting | None:
    return _COUNTING.get()


def begins_now(start: Located | None) -> bool:
    """Return whether the value of `start` counts from the wall clock, also on a paused or scaled clock."""
    given = start.value if start else None
    if isinstance(given, dict):
        return begins_now(given.get(OTHER))
    return isinstance(given, str) and given.startswith(NOW)


class InstantType(Scalar, frozen=True):
    """The type of an instant, of `+7d` since the beginning, or of `{real: ..., other: ...}`, by the kind of clock.

    `parse` reads a fixed instant alone. With `takes_now` it is the type of `start`, which is relative as `now-30d`.
    """

    takes_now: bool = False

    def read(self, node: Located, path: str) -> Any:
        given, counting = node.value, _COUNTING.get()
        if isinstance(given, dict):
            if counting is None:
                raise wrong(node, path, self.expected, OUTSIDE)
            values = Record({REAL: may(self), OTHER: may(self)}).read(node, path)
            counting.is_used = True
            return values[REAL if counting.now.is_real else OTHER]
        found = (_FROM_NOW if self.takes_now else _RELATIVE).fullmatch(given) if isinstance(given, str) else None
        if found is None:
            return super().read(node, path)
        if counting is None:
            raise wrong(node, path, self.expected, OUTSIDE)
        counting.is_used = True
        try:
            distance_us = parse_duration(found["distance"] or "0s")
        except ValueError as error:
            raise wrong(node, path, self.expected, f": {error}") from None
        at = counting.now.at + (-distance_us if found["sign"] == "-" else distance_us)
        if not INSTANT_MIN <= at < INSTANT_MAX:
            raise wrong(node, path, self.expected)
        return at

    def json_schema(self) -> dict[str, Any]:
        relative = f"{NOW}([+-]{DURATION_PATTERN})?" if self.takes_now else f"[+-]{DURATION_PATTERN}"
        one = {"type": "string", "pattern": f"^([0-9]{{4}}-|{relative}$)"}
        by_clock = {"type": "object", "properties": {REAL: one, OTHER: one}, "additionalProperties": False}
        also = "now or now-30d" if self.takes_now else "+7d since the beginning"
        description = f"{self.expected}, or {also}; or one on a real clock and one on others"
        return {"anyOf": [one, by_clock], "description": description}


def _instant(text: str) -> int:
    at = parse_instant(text)
    if not INSTANT_MIN <= at < INSTANT_MAX:
        raise ValueError(text)
    return at


EXPECTED = f"an instant such as 2025-11-04T23:00:00Z, from 1970 to {format_instant(INSTANT_MAX)[:4]}"
FIXED = {"type": "string", "pattern": "^[0-9]{4}-"}
INSTANT = InstantType(EXPECTED, _instant, FIXED)
START = InstantType(EXPECTED, _instant, FIXED, takes_now=True)
