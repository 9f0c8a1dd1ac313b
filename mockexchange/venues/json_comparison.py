"""Compares two JSON values: keys and their order, rows, types, notations and values.

Imports, drift, stream checks and orders that are read back compare with it, and each says in its own words what it
finds: which of the kinds it minds, and what it calls the two sides.
"""

import re
from collections.abc import Callable, Collection, Iterator
from enum import StrEnum
from operator import eq
from typing import Any

from msgspec import Struct

NUMBER = re.compile(r"-?\d+(?:\.(\d+))?")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)")
WORD = re.compile(r"[a-z]+(?:_[a-z]+)*")
ROW_NAMES = ("id", "ticker")
"""Endings of the names of fields that identify a row."""
INSTANT_NAMES = ("_ts", "ts", "_time", "_ms")
"""Endings of the names of fields whose numbers are instants."""


class Kind(StrEnum):
    """The way in which a received value differs from the expected one."""

    MISSING = "no such key in what was received"
    UNKNOWN = "no such key in what was expected"
    ROWS = "more or fewer rows"
    KEY_ORDER = "the common keys in another order"
    ROW_ORDER = "the same rows in another order"
    TYPE = "another type"
    NOTATION = "another notation: decimals, an instant, or a text"
    INSTANT = "another instant"
    WORD = "another word"
    VALUE = "another value"


class Difference(Struct, frozen=True):
    """One difference, at a path such as "msg.rows[2].price". A side that has nothing there is None; so may be a null.

    For `KEY_ORDER` the sides are the names of the common keys, for `ROWS` and `ROW_ORDER` the lists.
    """

    path: str
    expected: Any
    received: Any
    kind: Kind


def differences(
    expected: Any,
    received: Any,
    path: str = "",
    *,
    by_id: bool = False,
    left_out: Collection[str] = (),
    is_same: Callable[[Any, Any], bool] | None = None,
) -> Iterator[Difference]:
    """Yield the differences between two JSON values, in the order of the expected one.

    With `by_id`, lists with the same rows by an id are compared row by row in any order. Of keys in `left_out` only the
    presence is compared. `is_same` decides about values that are neither objects nor lists; by default they are the
    same if value and type are equal.
    """
    more: Any = {"by_id": by_id, "left_out": left_out, "is_same": is_same}
    if isinstance(expected, dict) and isinstance(received, dict):
        orders = [
            [name for name in one if name in other] for one, other in ((expected, received), (received, expected))
        ]
        if orders[0] != orders[1]:
            yield Difference(path, orders[0], orders[1], Kind.KEY_ORDER)
        for name in [*expected, *(name for name in received if name not in expected)]:
            place = f"{path}.{name}".removeprefix(".")
            if name not in received:
                yield Difference(place, expected[name], None, Kind.MISSING)
            elif name not in expected:
                yield Difference(place, None, received[name], Kind.UNKNOWN)
            elif name not in left_out:
                yield from differences(expected[name], received[name], place, **more)
    elif isinstance(expected, list) and isinstance(received, list):
        rows = _in_order_of(expected, received) if by_id else received
        if rows is not received:
            yield Difference(path, expected, received, Kind.ROW_ORDER)
        for number, (one, other) in enumerate(zip(expected, rows, strict=False)):
            yield from differences(one, other, f"{path}[{number}]", **more)
        if len(expected) != len(rows):
            yield Difference(path, expected, received, Kind.ROWS)
    elif not (is_same or _is_equal)(expected, received):
        yield Difference(path, expected, received, _kind_of(expected, received, path))


def _is_equal(expected: Any, received: Any) -> bool:
    return type(expected) is type(received) and eq(expected, received)


def _in_order_of(expected: list[Any], received: list[Any]) -> list[Any]:
    """Return the received rows in the order of the expected ones, if both have the same rows by an id."""
    names = expected[0].keys() if expected and isinstance(expected[0], dict) else ()
    for name in (one for one in names if one.endswith(ROW_NAMES)):
        wanted, got = ([row.get(name) for row in rows if isinstance(row, dict)] for rows in (expected, received))
        if all(isinstance(key, str) for key in (*wanted, *got)) and len(set(got)) == len(received):
            rows = dict(zip(got, received, strict=True))
            if wanted != got and len(wanted) == len(rows) and rows.keys() == set(wanted):
                return [rows[key] for key in wanted]
    return received


def _kind_of(expected: Any, received: Any, path: str) -> Kind:
    one, other = class_of(expected), class_of(received)
    if type(expected) is not type(received):
        return Kind.TYPE
    if one != other and {one, other} != {"word", "text"}:
        return Kind.NOTATION
    if one == "instant" or (isinstance(expected, int) and path.endswith(INSTANT_NAMES)):
        return Kind.INSTANT
    return Kind.WORD if one == other == "word" else Kind.VALUE


def class_of(value: Any) -> str:
    """Return the notation of a text, such as "2 decimals", "instant" or "word"; for other values the type's name."""
    if not isinstance(value, str):
        return type(value).__name__
    if number := NUMBER.fullmatch(value):
        return f"{len(number[1] or '')} decimals"
    return "instant" if INSTANT.fullmatch(value) else "word" if WORD.fullmatch(value) else "text"


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
