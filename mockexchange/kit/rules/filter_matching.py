"""What filters may mean: a row's field is the value, is one of several, is at or after an instant, is not zero."""

from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation

from mockexchange.kit.rules.list_facts import Filter, Reader, Row
from mockexchange.kit.rules.timestamps import instant_of

NOBODY = "NO-SUCH-NAME"
Find = Callable[[Reader, Row], str | None]
"""What a filter looks at: a text of the row, or one that is looked up by it; None where that cannot be told."""


def field_of(*names: str) -> Find:
    """The first of the fields that a row has."""

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


def equal_to(find: Find, nothing: str | None = NOBODY) -> Filter:
    """Rows of which the field is the value."""

    def keeps(reader: Reader, row: Row, value: str) -> bool | None:
        found = find(reader, row)
        return None if found is None else found == value

    return Filter(keeps, lambda reader, rows: _distinct(reader, rows, find), nothing)


def one_of(find: Find, nothing: str | None = NOBODY) -> Filter:
    """Rows of which the field is one of the values, with commas between."""

    def keeps(reader: Reader, row: Row, value: str) -> bool | None:
        found = find(reader, row)
        return None if found is None else found in value.split(",")

    def values(reader: Reader, rows: Sequence[Row]) -> Sequence[str]:
        found = _distinct(reader, rows, find)
        return [*([",".join(found[:2]), f"{found[-1]},{NOBODY}"] if found else []), *found]

    return Filter(keeps, values, nothing)


def _distinct(reader: Reader, rows: Sequence[Row], find: Find) -> list[str]:
    return list(dict.fromkeys(text for row in rows if (text := find(reader, row))))


def not_before(*names: str) -> Filter:
    """Rows of which the instant is in the second of the value or after it; a filter by Unix seconds."""
    return Filter(lambda reader, row, value: _is_within(row, names, int(value), None), _seconds(names), str(10**11))


def not_after(*names: str) -> Filter:
    """Rows of which the instant is before the second of the value, or at its beginning.

    Within that second it is not told: an instant has a fraction, the value has none.
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
    """The seconds around some rows: of the newest, the oldest and the one between."""

    def values(reader: Reader, rows: Sequence[Row]) -> Sequence[str]:
        found = sorted({int(at_s) for row in rows if (at_s := _at_s(row, names)) is not None})
        picked = [found[0], found[len(found) // 2], found[-1]] if found else []
        return [str(second) for second in dict.fromkeys([*picked, *(one + 1 for one in picked[-1:])])]

    return values


def nonzero_of(exact: dict[str, Sequence[str]], rough: dict[str, Sequence[str]]) -> Filter:
    """Rows in which any of the named counts is not zero.

    `exact` and `rough` are the fields by the name of a count: what is told roughly may be zero and not be.
    """

    def keeps(reader: Reader, row: Row, value: str) -> bool | None:
        told = [_is_nonzero(row, exact.get(name, ()), rough.get(name, ())) for name in value.split(",")]
        return True if True in told else None if None in told else False

    def values(reader: Reader, rows: Sequence[Row]) -> Sequence[str]:
        names = [name for name in exact if any(_is_told(row, (*exact[name], *rough[name])) for row in rows)]
        return [*names, ",".join(names[:2])] if len(names) > 1 else names

    return Filter(keeps, values, None)


def _is_told(row: Row, names: Sequence[str]) -> bool:
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
    """The number that a JSON value tells; zero where it tells none."""
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return Decimal(0)
