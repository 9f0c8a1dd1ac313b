"""Defines the tasks of adapters: the operation that each task reads, and the API fields behind the names in its rows.

Each venue has a table of its own. A name lists its API fields of all dates, the most precise first.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum
from typing import Any, NamedTuple

from mockexchange.kit.validation.schemas import pointer, resolved
from mockexchange.runtime import api_documents
from mockexchange.runtime.api_documents import Document

Row = Mapping[str, Any]


class Unit(StrEnum):
    """The unit of an API field."""

    DOLLARS = "dollars"
    CENTS = "cents"
    CONTRACTS = "contracts"
    INSTANT = "an instant"
    TEXT = "text"


class WireField(NamedTuple):
    """A field of the venue's API, with its unit.

    With `or_cents`, the oldest documents leave open whether the field is exact or cut to whole cents.
    """

    name: str
    unit: Unit
    or_cents: bool = False


def unchanged(row: Row) -> Row:
    return row


class ReadTask(NamedTuple):
    """A task that an adapter carries out: the operation to read, and the names in the rows that it reports.

    `rows` is the key of the list of rows in the answer's body; if it is "", the body is the only row. `schema` is the
    schema of a row in the document, `key` the name that identifies a row. `make_consistent` takes a generated row, and
    returns it with equal values in fields of equal meaning.
    """

    name: str
    path: str
    rows: str
    schema: str
    key: str
    names: Mapping[str, Sequence[WireField]]
    make_consistent: Callable[[Row], Row] = unchanged


def money(wire: str) -> tuple[WireField, WireField]:
    """Return the API fields of an amount of money: dollars under `<wire>_dollars`, whole cents under `wire`."""
    return WireField(f"{wire}_dollars", Unit.DOLLARS), WireField(wire, Unit.CENTS)


def count(wire: str) -> tuple[WireField, WireField]:
    """Return the API fields of a number of contracts: with decimals under `<wire>_fp`, whole under `wire`."""
    return WireField(f"{wire}_fp", Unit.CONTRACTS), WireField(wire, Unit.CONTRACTS)


def text(*wire: str) -> tuple[WireField, ...]:
    return tuple(WireField(name, Unit.TEXT) for name in wire)


def instant(wire: str) -> tuple[WireField, ...]:
    return (WireField(wire, Unit.INSTANT),)


# The API field behind each name at an API date


COMPAT = "compat"
LATEST = "latest"
CENT_DECIMALS = 2
CENTICENT_DECIMALS = 4
DIGITS_OF_PATTERN = re.compile(r"\[0-9\]\{(\d)\}")
"""The number of decimals in the pattern of an amount; zeros after them are literal in the pattern."""


class Meaning(NamedTuple):
    """The API field behind a name in an adapter's rows. `decimals` is its precision, None if unlimited.

    `place` points to the field in the API document.
    """

    wire: WireField
    decimals: int | None
    may_be_null: bool
    place: str

    def representable(self, true: str | None) -> tuple[str | None, ...]:
        """Return the values as which the API may show a true value, the likeliest first.

        Amounts are cut toward zero.
        """
        if true is None or self.decimals is None or self.wire.unit in (Unit.TEXT, Unit.INSTANT):
            return (true,)
        is_open = self.wire.or_cents and self.decimals == CENTICENT_DECIMALS
        return tuple(_cut(true, decimals) for decimals in (self.decimals, *([CENT_DECIMALS] if is_open else [])))


Meanings = Mapping[str, Meaning]


def aliases_of(venue: str) -> list[str]:
    """Return the API dates for which a venue has documents, oldest first."""
    subjects = (subject.partition("/") for subject in api_documents.subjects())
    return [alias for name, _, alias in subjects if name == venue and alias != COMPAT]


def meanings_at(task: ReadTask, venue: str, api_date: str) -> Meanings:
    """Return the API fields behind the names of a task's rows at an API date.

    At `compat`, which has every field of every date, each name has the field of the newest date with that name.
    """
    aliases = aliases_of(venue)
    chosen = aliases if api_date == COMPAT else aliases[-1:] if api_date == LATEST else [api_date]
    found: dict[str, Meaning] = {}
    for alias in chosen:
        found.update(_meanings(task, f"{venue}/{alias}"))
    return found


def read_body(task: ReadTask, body: Any) -> list[dict[str, str | None]]:
    """Return the rows of an API answer with a task's names. Each value comes from the most precise field."""
    rows = body[task.rows] if task.rows else [body]
    return [
        {
            name: _read(row, wires)
            for name, wires in task.names.items()
            if any(wire.name in row for wire in wires)  # a name without a field at this date is left out
        }
        for row in rows
    ]


def _cut(true: str, decimals: int) -> str:
    return str(Decimal(true).quantize(Decimal(1).scaleb(-decimals), ROUND_DOWN))


def _read(row: Row, wires: Sequence[WireField]) -> str | None:
    wire = next((wire for wire in wires if row.get(wire.name) is not None), None)
    if wire is None:
        return None
    value = row[wire.name]
    if wire.unit is Unit.CENTS:
        return str(Decimal(str(value)).scaleb(-CENT_DECIMALS))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _meanings(task: ReadTask, subject: str) -> Iterator[tuple[str, Meaning]]:
    document = api_documents.parse(api_documents.path_of(subject))
    described = document["components"]["schemas"].get(task.schema, {"properties": {}})
    for name, wires in task.names.items():
        wire = next((wire for wire in wires if wire.name in described["properties"]), None)
        if wire is not None:
            schema, is_nullable = _without_null(document, described["properties"][wire.name])
            place = pointer("components", "schemas", task.schema, "properties", wire.name)
            may_be_null = is_nullable or wire.name not in described["required"]
            yield name, Meaning(wire, _decimals(schema, wire), may_be_null, f"contracts/{subject}/openapi.yaml{place}")


def _without_null(document: Document, node: Any) -> tuple[Any, bool]:
    schema = resolved(document, node)
    others = [one for one in schema.get("oneOf", ()) if one != {"type": "null"}]
    return (resolved(document, others[0]), True) if others else (schema, False)


def _decimals(schema: Any, wire: WireField) -> int | None:
    if schema["type"] == "integer":
        return CENT_DECIMALS if wire.unit is Unit.CENTS else 0
    digits = DIGITS_OF_PATTERN.search(schema.get("pattern", ""))
    return int(digits[1]) if digits else None
