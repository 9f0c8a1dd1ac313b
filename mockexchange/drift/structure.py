"""Compares two JSON bodies: keys and their order, types, notations, and values."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from mockexchange.drift.deviations import Kind, Level
from mockexchange.kit.validation.schema_errors import shown

CURSOR = "cursor"
NUMBER = re.compile(r"-?\d+(?:\.(\d+))?")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)")
WORD = re.compile(r"[a-z]+(?:_[a-z]+)*")
ROW_NAMES = ("id", "ticker")
"""Endings of the names of fields that identify a row."""
INSTANT_NAMES = ("_ts", "ts", "_time", "_ms")


class Difference(NamedTuple):
    """One difference between two bodies, at a path in which "[]" stands for the index of a row."""

    level: Level
    kind: Kind
    path: str
    seen: str
    expected: str


def differences(wanted: Any, got: Any, path: str = "") -> Iterator[Difference]:
    """Yield the differences between a recorded body (`wanted`) and the body that the mock returned (`got`)."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        yield from _of_objects(wanted, got, path)
    elif isinstance(wanted, list) and isinstance(got, list):
        paired = _paired(wanted, got)
        if paired is not got:
            yield Difference(Level.VALUES, Kind.ROW_ORDER, f"{path}[]", "the same rows", "another order")
        for one, other in zip(wanted, paired, strict=False):
            yield from differences(one, other, f"{path}[]")
        if len(wanted) != len(got):
            yield Difference(Level.VALUES, Kind.VALUE, f"{path}[]", f"{len(wanted)} rows", f"{len(got)} rows")
    elif wanted != got or type(wanted) is not type(got):
        yield from _of_leaves(wanted, got, path)


def _paired(wanted: list[Any], got: list[Any]) -> list[Any]:
    """Return the rows of `got` in the order of `wanted`, if both have the same rows by an id; else `got` itself."""
    names = wanted[0].keys() if wanted and isinstance(wanted[0], dict) else ()
    for name in (one for one in names if one.endswith(ROW_NAMES)):
        keys = [[row.get(name) for row in rows if isinstance(row, dict)] for rows in (wanted, got)]
        if all(isinstance(key, str) for key in (*keys[0], *keys[1])) and len(set(keys[1])) == len(got):
            rows = dict(zip(keys[1], got, strict=True))
            if keys[0] != keys[1] and len(keys[0]) == len(rows) and rows.keys() == set(keys[0]):
                return [rows[key] for key in keys[0]]
    return got


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield all values except objects and lists, each with its path."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield from leaves(one, f"{path}.{name}".removeprefix("."))
    elif isinstance(value, list):
        for place, one in enumerate(value):
            yield from leaves(one, f"{path}[{place}]")
    else:
        yield path, value


def _of_objects(wanted: dict[str, Any], got: dict[str, Any], path: str) -> Iterator[Difference]:
    ordered = [[name for name in one if name in other] for one, other in ((wanted, got), (got, wanted))]
    if ordered[0] != ordered[1]:
        names = [", ".join(one) for one in ordered]
        yield Difference(Level.TWIN, Kind.KEY_ORDER, path or "body", names[0], names[1])
    for name in [*wanted, *(name for name in got if name not in wanted)]:
        place = f"{path}.{name}".removeprefix(".")
        if name not in got:
            yield Difference(Level.TWIN, Kind.UNKNOWN, place, shown(wanted[name]), "no such field")
        elif name not in wanted:
            yield Difference(Level.TWIN, Kind.MISSING, place, "no such field", shown(got[name]))
        elif name != CURSOR:
            yield from differences(wanted[name], got[name], place)


def _of_leaves(wanted: Any, got: Any, path: str) -> Iterator[Difference]:
    one, other = class_of(wanted), class_of(got)
    if type(wanted) is not type(got):
        yield Difference(Level.TWIN, Kind.TYPE, path, shown(wanted), shown(got))
    elif one != other and {one, other} != {"word", "text"}:
        yield Difference(Level.TWIN, Kind.SPELLING, path, shown(wanted), shown(got))
    elif one != "instant" and not (isinstance(wanted, int) and path.endswith(INSTANT_NAMES)):
        kind = Kind.WORD if one == other == "word" else Kind.VALUE
        yield Difference(Level.VALUES, kind, path, shown(wanted), shown(got))


def class_of(value: Any) -> str:
    """Return the notation of a text, such as "2 decimals", "instant" or "word"; for other values the type's name."""
    if not isinstance(value, str):
        return type(value).__name__
    if number := NUMBER.fullmatch(value):
        return f"{len(number[1] or '')} decimals"
    return "instant" if INSTANT.fullmatch(value) else "word" if WORD.fullmatch(value) else "text"
