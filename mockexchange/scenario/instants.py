"""Instants of a scenario: fixed ones, ones that count from the sandbox's beginning, and one for each kind of clock.

What counts from the beginning is read anew for each sandbox, with the instant from which it counts, so that a plan and
a log hold absolute instants alone.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from msgspec import Struct, structs

from mockexchange.core.instants import MICROSECONDS_PER_SECOND, format_instant, parse_duration, parse_instant
from mockexchange.scenario.located_text import Located
from mockexchange.scenario.value_types import DURATION_PATTERN, INSTANT_MAX, INSTANT_MIN, Record, Scalar, may, wrong

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
    unit_us: int = 0
    """The unit in which values that were read count; 0 if another `now`, or kind of clock, would change none."""


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
    is_of_one_clock: bool = False
    """Whether it is the type of a value within `{real: ..., other: ...}`, which is for one kind of clock already."""

    @property
    def forms(self) -> str:
        """What the type accepts in a scenario, for errors and for the schema."""
        relative = f"{NOW} or {NOW}-30d" if self.takes_now else "+7d or -1h from the beginning"
        by_clock = (
            "" if self.is_of_one_clock else f", or {{{REAL}: ..., {OTHER}: ...}}, one of them for each kind of clock"
        )
        return f"{self.expected}, or {relative}{by_clock}"

    def read(self, node: Located, path: str) -> Any:
        given, counting = node.value, _COUNTING.get()
        if counting is None:
            if isinstance(given, dict) or (isinstance(given, str) and self._relative(given)):
                raise wrong(node, path, self.expected, OUTSIDE)
            return super().read(node, path)
        if isinstance(given, dict):
            if self.is_of_one_clock:
                raise wrong(node, path, self.forms, f": {REAL} and {OTHER} cannot be within one another")
            inner = structs.replace(self, is_of_one_clock=True)
            values = Record({REAL: may(inner), OTHER: may(inner)}).read(node, path)
            counting.unit_us = MICROSECONDS_PER_SECOND
            return values[REAL if counting.now.is_real else OTHER]
        found = self._relative(given) if isinstance(given, str) else None
        try:
            if found is None:
                return self.parse(given if isinstance(given, str) else "")
            counting.unit_us = MICROSECONDS_PER_SECOND
            distance_us = parse_duration(found["distance"] or "0s")
        except ValueError as error:
            raise wrong(node, path, self.forms, f": {error}" if found else "") from None
        at = counting.now.at + (-distance_us if found["sign"] == "-" else distance_us)
        if not INSTANT_MIN <= at < INSTANT_MAX:
            raise wrong(node, path, self.forms)
        return at

    def _relative(self, text: str) -> re.Match[str] | None:
        return (_FROM_NOW if self.takes_now else _RELATIVE).fullmatch(text)

    def json_schema(self) -> dict[str, Any]:
        relative = f"{NOW}([+-]{DURATION_PATTERN})?" if self.takes_now else f"[+-]{DURATION_PATTERN}"
        one = {"type": "string", "pattern": f"^([0-9]{{4}}-|{relative}$)"}
        by_clock = {"type": "object", "properties": {REAL: one, OTHER: one}, "additionalProperties": False}
        return {"anyOf": [one, by_clock], "description": self.forms}


def _instant(text: str) -> int:
    at = parse_instant(text)
    if not INSTANT_MIN <= at < INSTANT_MAX:
        raise ValueError(text)
    return at


EXPECTED = f"an instant such as 2025-11-04T23:00:00Z, from 1970 to {format_instant(INSTANT_MAX)[:4]}"
FIXED = {"type": "string", "pattern": "^[0-9]{4}-"}
INSTANT = InstantType(EXPECTED, _instant, FIXED)
START = InstantType(EXPECTED, _instant, FIXED, takes_now=True)
