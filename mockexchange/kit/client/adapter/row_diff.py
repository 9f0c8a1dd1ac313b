"""Compares the rows that an adapter reports with the rows that a test card expects, with exact amounts."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from mockexchange.kit.client.adapter.adapter import Fractional

UNITS = {"_cents": Decimal(100), "_whole": Decimal(1)}
"""Suffixes of names for other units, and how many of that unit make one dollar or one contract."""
ROWS_SHOWN_MAX = 3

Row = Mapping[str, Any]


class Difference(NamedTuple):
    seen: str
    expected: str


def row_differences(reported: Sequence[Row], wanted: Sequence[Row]) -> Iterator[Difference]:
    """Yield the differences between all reported and all expected rows, which may be in any order.

    A reported row belongs to the expected row with the same value under the expected row's first name. Names that a
    reported row lacks are not compared.
    """
    if not wanted:
        if reported:
            yield Difference(f"{len(reported)} rows, {shown_rows(reported)}", "no rows")
        return
    key = next(iter(wanted[0]))
    known = {row[key] for row in wanted}
    strange = [row for row in reported if key in row and str(row[key]) not in known]
    if strange:
        yield Difference(f"rows that there are not: {shown_rows(strange)}", f"{key}: {', '.join(sorted(known))}")
    yield from subset_differences(reported, wanted)


def subset_differences(reported: Sequence[Row], wanted: Sequence[Row]) -> Iterator[Difference]:
    """Yield the differences for expected rows, each of which must be among the reported rows."""
    for row in wanted:
        key, value = next(iter(row.items()))
        found = [one for one in reported if str(one.get(key)) == value]
        if not found:
            yield Difference(f"no row with {key} {value} among {len(reported)}", shown_row(row))
        for one in found[:1]:
            yield from value_differences(one, row)


def value_differences(reported: Row, wanted: Row) -> Iterator[Difference]:
    """Yield a difference for each value of a reported row that is not the expected one."""
    title = " ".join(str(value) for value in list(wanted.values())[:1])
    for name, value in wanted.items():
        for spelling, expected in _spellings(name, value):
            if spelling in reported and not _is_equal(reported[spelling], expected):
                yield Difference(f"{title}: {spelling} is {reported[spelling]!r}", f"{expected!r}")


def duplicate_values(reported: Sequence[Row], name: str) -> list[str]:
    """Return the values of a field that several reported rows share, sorted."""
    values = [str(row[name]) for row in reported if name in row]
    return sorted({value for value in values if values.count(value) > 1})


def float_values(reported: Sequence[Row]) -> Iterator[tuple[str, str]]:
    """Yield (name, text) for each amount that was reported as a JSON number with a fraction, and so was a float."""
    for row in reported:
        yield from _fractions_in("", row)


def _fractions_in(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Fractional):
        yield name, str(value)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _fractions_in(key, item)
    elif isinstance(value, list):
        for item in value:
            yield from _fractions_in(name, item)


def _spellings(name: str, value: str) -> Iterator[tuple[str, str]]:
    """Yield the names under which a value can be reported, each with its value in that unit."""
    yield name, value
    amount = number(value)
    for suffix, scale in UNITS.items():
        if amount is not None and amount * scale == (amount * scale).to_integral_value():
            yield name + suffix, str((amount * scale).to_integral_value())


def _is_equal(reported: Any, expected: str) -> bool:
    if isinstance(reported, bool) or reported is None:
        return str(reported).lower() == expected
    one, other = number(str(reported)), number(expected)
    return str(reported) == expected if one is None or other is None else one == other


def number(text: str) -> Decimal | None:
    """Parse an amount; None if the text is no finite number."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def shown_rows(rows: Sequence[Row]) -> str:
    shown = "; ".join(shown_row(row) for row in rows[:ROWS_SHOWN_MAX])
    return f"{shown}; ..." if len(rows) > ROWS_SHOWN_MAX else shown


def shown_row(row: Row) -> str:
    return " ".join(f"{name}={value}" for name, value in row.items())
