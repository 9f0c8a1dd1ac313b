"""Compares the rows that an adapter reports with true or expected rows, exactly, by names and units.

1.5, "1.5000" and 150 cents are the same amount. So is 1.50 as a JSON number, but that is a finding of its own
(`float_findings`), since the client held it as a float.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Any, NamedTuple

from mockexchange.kit.client.adapter import Fractional
from mockexchange.kit.client.read_tasks import Meaning, Meanings, ReadTask, Unit
from mockexchange.kit.findings import Finding

# Rows of the reference account


AMOUNT = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
FLOAT = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
FINEST = Decimal("0.000001")
"""The smallest amount that the API serves; digits of a float beyond it are rounding errors."""
CENTS, WHOLE, SECONDS = "cents", "whole", "seconds"
CUT = "cut, not rounded"
GUIDE = "docs/adapters.md"
NAMES = f"{GUIDE}#names"

Row = Mapping[str, Any]


class ReportedValue(NamedTuple):
    """One value in a row that an adapter reported: its label, the name and unit in that label, and the value."""

    label: str
    name: str
    unit: str
    value: Any


def reported_values(task: ReadTask, row: Row) -> Iterator[ReportedValue]:
    """Yield the values of a row that an adapter reported, each with its name and unit."""
    for label, value in row.items():
        base, _, unit = label.rpartition("_")
        is_derived = label not in task.names and base in task.names and unit in (CENTS, WHOLE, SECONDS)
        yield ReportedValue(label, base if is_derived else label, unit if is_derived else "", value)


def float_findings(task: ReadTask, rows: Iterable[Row], where: str) -> Iterator[Finding]:
    """Yield a finding for each name whose amounts an adapter reported as JSON numbers with a fraction."""
    seen: set[str] = set()
    for row in rows:
        for cell in reported_values(task, row):
            if isinstance(cell.value, Fractional) and cell.label not in seen:
                seen.add(cell.label)
                key = _key_of(task, row)
                place = f"{where}{f', row {key}' if key else ''}, {cell.label}"
                yield Finding("understanding.floats", place, f"the JSON number {cell.value}", EXACT, f"{GUIDE}#amounts")


EXACT = "text or a whole number: a float cannot hold every amount of money"


def compare(
    task: ReadTask, reported: Sequence[Row], true: Sequence[Row], meanings: Meanings, where: str
) -> Iterator[Finding]:
    """Yield findings about rows that an adapter reported: wrong or missing rows, names and values.

    `meanings` are the API fields behind the names at the API date of the task.
    """
    yield from _unknown_names(task, reported, where)
    if len(reported) != len(true) or _keys_of(task, reported) not in (None, _keys_of(task, true)):
        yield _wrong_rows(task, reported, true, where)
    yield from _first_of_each(_wrong_cells(task, reported, true, meanings), where)


class WrongValue(NamedTuple):
    """A wrong value in a row that an adapter reported; `key` identifies the row."""

    key: str
    label: str
    rule: str
    seen: str
    expected: str
    place: str


def _wrong_cells(
    task: ReadTask, reported: Sequence[Row], true: Sequence[Row], meanings: Meanings
) -> Iterator[WrongValue]:
    found = {_key_of(task, row): row for row in true}
    for place, row in enumerate(reported):
        key = _key_of(task, row)
        truth = found.get(key) if task.key in row else (true[place] if place < len(true) else None)
        if truth is not None:
            yield from _wrong_cells_of(task, row, truth, meanings, key)


def _first_of_each(wrongs: Iterable[WrongValue], where: str) -> Iterator[Finding]:
    """Yield one finding for all values of one label that break one rule: the first, with the number of others."""
    groups: dict[tuple[str, str], list[WrongValue]] = {}
    for wrong in wrongs:
        groups.setdefault((wrong.label, wrong.rule), []).append(wrong)
    for first, *others in groups.values():
        row = f", row {first.key}" if first.key else ""
        more = f"; {len(others)} more such row{'s' if len(others) > 1 else ''}" if others else ""
        rule = f"understanding.{first.rule}"
        yield Finding(rule, f"{where}{row}, {first.label}", first.seen + more, first.expected, first.place)


def _wrong_cells_of(task: ReadTask, row: Row, true: Row, meanings: Meanings, key: str) -> Iterator[WrongValue]:
    for cell in reported_values(task, row):
        if task.names.get(cell.name):
            meaning = meanings.get(cell.name) or Meaning(task.names[cell.name][0], None, True, "")
            wrong = difference(cell, true.get(cell.name), meaning)
            if wrong is not None:
                rule, hint, expected = wrong
                seen = f"{_shown(cell.value)}{f' ({hint})' if hint else ''}"
                yield WrongValue(key, cell.label, rule, seen, expected, meaning.place or NAMES)


def difference(cell: ReportedValue, true: str | None, meaning: Meaning) -> tuple[str, str, str] | None:
    """Return the broken rule, a hint and the expected value for a wrong value; None if the value is right.

    `true` has full precision. If the meaning has no `place`, the API date has no field for the name: then both null and
    the true value are right.
    """
    representable = meaning.representable(true)
    if cell.value is None:
        return (
            None
            if representable[0] is None or meaning.may_be_null
            else ("absent", "", _in_unit(representable[0], cell.unit))
        )
    wrongs = [_difference(cell, one, meaning.wire.unit) for one in representable]
    wrong = wrongs[0] if all(wrongs) else None
    if wrong is None or meaning.place:
        return wrong
    return "absent", "this date does not have it", "null, or no such name"


def _difference(cell: ReportedValue, representable: str | None, unit: Unit) -> tuple[str, str, str] | None:
    if representable is None:
        return "absent", "the exchange has no value here", "null"
    wanted = _in_unit(representable, cell.unit)
    if unit is Unit.INSTANT and cell.unit != SECONDS:
        return _difference_of_instants(cell.value, wanted)
    if unit is Unit.TEXT:
        return None if _as_text(cell.value) == wanted else ("text", "", repr(wanted))
    return _difference_of_amounts(cell.value, Decimal(wanted), is_cut=_is_cut(representable, wanted, cell.unit))


def _difference_of_amounts(value: Any, wanted: Decimal, is_cut: bool) -> tuple[str, str, str] | None:
    amount = amount_of(value)
    if amount is None:
        return "amount", "that is no number", str(wanted)
    if isinstance(value, Fractional):
        amount = amount.quantize(FINEST, ROUND_HALF_EVEN)
    if amount == wanted:
        return None
    rule, hint = _cause(amount, wanted)
    return rule, hint, f"{wanted}{f' ({CUT})' if is_cut else ''}"


def _difference_of_instants(value: Any, wanted: str) -> tuple[str, str, str] | None:
    try:
        instant = datetime.fromisoformat(_as_text(value))
    except ValueError:
        return "instant", "that is no instant of RFC 3339", wanted
    if instant.tzinfo is None:
        return "instant", "it has no time zone", wanted
    return None if instant == datetime.fromisoformat(wanted) else ("instant", "", wanted)


def amount_of(value: object) -> Decimal | None:
    """Parse an amount that an adapter reports as text or as a JSON number; None if it is no number."""
    if not isinstance(value, str | int):
        return None
    pattern = FLOAT if isinstance(value, Fractional) else AMOUNT
    return Decimal(str(value)) if pattern.fullmatch(str(value)) else None


FACTORS = {
    Decimal(100): "a hundred times too large: cents reported as dollars?",
    Decimal("0.01"): "a hundred times too small: dollars reported as cents?",
    Decimal(10_000): "ten thousand times too large: centi-cents reported as dollars?",
    Decimal("0.0001"): "ten thousand times too small: dollars reported as centi-cents?",
}


def _cause(amount: Decimal, wanted: Decimal) -> tuple[str, str]:
    """Return the rule that a wrong amount breaks, and a hint at its cause."""
    if amount == -wanted:
        return "sign", "the sign is wrong: NO is negative"
    for factor, hint in FACTORS.items():
        if amount and amount in (wanted * factor, (wanted * factor).to_integral_value(ROUND_DOWN)):
            return "units", hint
    if any(amount == wanted.quantize(unit, ROUND_DOWN) for unit in (Decimal(1), Decimal("0.01"), Decimal("0.0001"))):
        return "digits", "digits were cut off"
    return ("zero", "0 instead of what there is") if amount == 0 else ("amount", "")


def _in_unit(representable: str, unit: str) -> str:
    if unit == CENTS:
        return str(int(Decimal(representable) * 100))
    if unit == WHOLE:
        return str(int(Decimal(representable)))
    return str(int(datetime.fromisoformat(representable).timestamp())) if unit == SECONDS else representable


def _is_cut(representable: str, wanted: str, unit: str) -> bool:
    """Return whether the conversion to cents or whole contracts cut off digits."""
    return unit in (CENTS, WHOLE) and Decimal(representable) * (100 if unit == CENTS else 1) != Decimal(wanted)


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _shown(value: Any) -> str:
    return "null" if value is None else repr(str(value)) if isinstance(value, str) else str(value)


def _unknown_names(task: ReadTask, reported: Sequence[Row], where: str) -> Iterator[Finding]:
    unknown = dict.fromkeys(
        cell.label for row in reported for cell in reported_values(task, row) if cell.name not in task.names
    )
    if unknown:
        known = ", ".join(task.names)
        yield Finding("understanding.names", where, f"unknown names: {', '.join(unknown)}", known, NAMES)


def _keys_of(task: ReadTask, rows: Sequence[Row]) -> list[str] | None:
    """Return the sorted keys of rows; None if a row has no key."""
    return sorted(_key_of(task, row) for row in rows) if task.key and all(task.key in row for row in rows) else None


def _key_of(task: ReadTask, row: Row) -> str:
    return _as_text(row.get(task.key, "")) if task.key else ""


def _wrong_rows(task: ReadTask, reported: Sequence[Row], true: Sequence[Row], where: str) -> Finding:
    seen, expected = [_key_of(task, row) for row in reported], [_key_of(task, row) for row in true]
    missing = [key for key in expected if key not in seen]
    extra = [key for place, key in enumerate(seen) if key not in expected or key in seen[:place]]
    parts = [rows_shown(len(reported))]
    parts += [f"missing: {', '.join(missing)}"] if missing and _keys_of(task, reported) is not None else []
    parts += [f"too many: {', '.join(extra)}"] if extra and _keys_of(task, reported) is not None else []
    return Finding("understanding.rows", where, "; ".join(parts), rows_shown(len(true)), f"{GUIDE}#tasks")


def rows_shown(count: int) -> str:
    return f"{count} row{'' if count == 1 else 's'}"


# Rows that a card expects


UNITS = {"_cents": Decimal(100), "_whole": Decimal(1)}
"""Suffixes of names for other units, and how many of that unit make one dollar or one contract."""
ROWS_SHOWN_MAX = 3


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
