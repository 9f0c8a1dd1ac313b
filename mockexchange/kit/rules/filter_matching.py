"""Defines kinds of filters: a field equals a value, is one of several, is before or after an instant, or not zero."""

from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation

from mockexchange.kit.rules.list_facts import Filter, Reader, Row
from mockexchange.kit.rules.timestamps import instant_of

NO_SUCH_NAME = "NO-SUCH-NAME"
Find = Callable[[Reader, Row], str | None]
"""A function that returns the text that a filter compares, from the row or by a read; None if it is unknown."""


def field_of(*names: str) -> Find:
    """Return a function that reads a row's value, as text, from the first of these fields that the row has."""

    def find(reader: Reader, row: Row) -> str | None:
        return next(
            (
                str(row[name]).lower() if isinstance(row[name], bool) else str(row[name])
                for name in names
                if name in row
            ),
            None,
        )

    return find


def equal_to(find: Find, nothing: str | None = NO_SUCH_NAME) -> Filter:
    """Return a filter that keeps the rows whose field equals the value. `nothing` is a value that no row has."""

    def keeps(reader: Reader, row: Row, value: str) -> bool | None:
        found = find(reader, row)
        return None if found is None else found == value

    return Filter(keeps, lambda reader, rows: _distinct(reader, rows, find), nothing)


def one_of(find: Find, nothing: str | None = NO_SUCH_NAME) -> Filter:
    """Return a filter that keeps the rows whose field is one of the comma-separated values."""

    def keeps(reader: Reader, row: Row, value: str) -> bool | None:
        found = find(reader, row)
        return None if found is None else found in value.split(",")

    def values(reader: Reader, rows: Sequence[Row]) -> Sequence[str]:
        found = _distinct(reader, rows, find)
        return [*([",".join(found[:2]), f"{found[-1]},{NO_SUCH_NAME}"] if found else []), *found]

    return Filter(keeps, values, nothing)


def _distinct(reader: Reader, rows: Sequence[Row], find: Find) -> list[str]:
    return list(dict.fromkeys(text for row in rows if (text := find(reader, row))))


def not_before(*names: str) -> Filter:
    """Return a filter whose value is a time in Unix seconds: it keeps rows with an instant in that second or later."""
    return Filter(lambda reader, row, value: _is_within(row, names, int(value), None), _seconds(names), str(10**11))


def not_after(*names: str) -> Filter:
    """Return a filter whose value is a time in Unix seconds: it keeps rows up to the beginning of that second.

    For later instants in that second the result is undefined, since the value has no fraction.
    """
    return Filter(lambda reader, row, value: _is_within(row, names, None, int(value)), _seconds(names), "1")


def _is_within(row: Row, names: Sequence[str], least_s: int | None, most_s: int | None) -> bool | None:
    at_s = _at_s(row, names)
    if at_s is None:
        return None
    if least_s is not None:
        return at_s >= least_s
    assert most_s is not None, "one of the bounds is there"
    return True if at_s <= most_s else None if at_s < most_s + 1 else False


def _at_s(row: Row, names: Sequence[str]) -> float | None:
    at = next((instant_of(row[name]) for name in names if row.get(name) is not None), None)
    return at.timestamp() if at else None


def _seconds(names: Sequence[str]) -> Callable[[Reader, Sequence[Row]], Sequence[str]]:
    """Return a function that picks Unix seconds to filter by: oldest, middle and newest row, and a second later."""

    def values(reader: Reader, rows: Sequence[Row]) -> Sequence[str]:
        found = sorted({int(at_s) for row in rows if (at_s := _at_s(row, names)) is not None})
        picked = [found[0], found[len(found) // 2], found[-1]] if found else []
        return [str(second) for second in dict.fromkeys([*picked, *(one + 1 for one in picked[-1:])])]

    return values


def nonzero_of(exact: dict[str, Sequence[str]], rough: dict[str, Sequence[str]]) -> Filter:
    """Return a filter whose value names counts: it keeps rows in which at least one of these is not zero.

    `exact` and `rough` are the fields of each count. A rough field may show zero although the count is not.
    """

    def keeps(reader: Reader, row: Row, value: str) -> bool | None:
        found = [_is_nonzero(row, exact.get(name, ()), rough.get(name, ())) for name in value.split(",")]
        return True if True in found else None if None in found else False

    def values(reader: Reader, rows: Sequence[Row]) -> Sequence[str]:
        names = [name for name in exact if any(_has_any(row, (*exact[name], *rough[name])) for row in rows)]
        return [*names, ",".join(names[:2])] if len(names) > 1 else names

    return Filter(keeps, values, None)


def _has_any(row: Row, names: Sequence[str]) -> bool:
    return any(name in row for name in names)


def _is_nonzero(row: Row, exact: Sequence[str], rough: Sequence[str]) -> bool | None:
    for name in exact:
        if name in row:
            return amount(row[name]) != 0
    for name in rough:
        if name in row:
            return True if amount(row[name]) != 0 else None
    return None


def amount(value: object) -> Decimal:
    """Return the number of a JSON value; zero if it is not a number."""
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return Decimal(0)
