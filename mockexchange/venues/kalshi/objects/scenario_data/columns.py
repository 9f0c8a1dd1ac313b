"""The columns of tables that a scenario provides, each with the JSON fields that answers show at each API date."""

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from mockexchange.venues.data_tables import DataColumn, DataKind
from mockexchange.venues.dated import ALWAYS, FOREVER, Empty, Field, Nested, Spelling
from mockexchange.venues.kalshi.dates import FIXED_POINT_ADDED, INTEGERS_REMOVED
from mockexchange.venues.kalshi.formatting import (
    BOOLEAN,
    CONTRACTS,
    COUNT_2,
    DOLLARS_4,
    INSTANT,
    INTEGER,
    MILLISECONDS,
    PRICE_4,
    PRICE_CENTS,
    TEXT,
    TEXTS,
    one_of,
)
from mockexchange.venues.kalshi.market_formatting import DECIMAL
from mockexchange.venues.kalshi.objects.rows import optional

RAW_OBJECT = Spelling("JSON object", str)
RAW_OBJECTS = Spelling("list of JSON objects", lambda objects: f"[{','.join(objects)}]")
SPELLINGS: dict[DataKind, Spelling] = {
    "text": TEXT,
    "texts": TEXTS,
    "integer": INTEGER,
    "boolean": BOOLEAN,
    "instant": INSTANT,
    "price": PRICE_4,
    "dollars": DOLLARS_4,
    "number": DECIMAL,
    "object": RAW_OBJECT,
    "objects": RAW_OBJECTS,
}
"""JSON forms of those kinds of values that have the same form at all dates."""
DOLLARS_BESIDE_CENTS = "2025-11-25"


class Column(DataColumn, frozen=True, kw_only=True, eq=True):
    """A column of a scenario's table, with its JSON fields by date; a column that is only used by filters has none."""

    wire: tuple[Field, ...] = ()


def fields_of(columns: Iterable[Column]) -> tuple[Field, ...]:
    """Return the JSON fields of a table's objects, each with the API dates that have it."""
    return tuple(field for column in columns for field in column.wire)


def always(
    name: str,
    kind: DataKind,
    *,
    choices: tuple[str, ...] = (),
    default: Any = None,
    since: str = ALWAYS,
    until: str = FOREVER,
    source: str = "docs-2025-11",
) -> Column:
    """Return a column that every object shows. Without a default, the scenario has to give its value."""
    spelling = one_of(*choices) if choices else SPELLINGS[kind]
    wire = (Field(name=name, spelling=spelling, read=name, since=since, until=until, source=source),)
    return Column(name=name, kind=kind, choices=choices, default=default, is_required=default is None, wire=wire)


def maybe(
    name: str,
    kind: DataKind,
    *,
    choices: tuple[str, ...] = (),
    since: str = ALWAYS,
    until: str = FOREVER,
    empty: Empty = "absent",
    source: str = "docs-2025-11",
) -> Column:
    """Return a column that answers show only for objects with a value in it; if `empty` is "null", others show null."""
    spelling = one_of(*choices) if choices else SPELLINGS[kind]
    wire = (Field(name=name, spelling=spelling, read=name, empty=empty, since=since, until=until, source=source),)
    return Column(name=name, kind=kind, choices=choices, wire=wire)


def nullable(name: str, kind: DataKind, *, since: str = ALWAYS, source: str = "docs-2025-11") -> Column:
    """Return a column that answers show as null if it has no value, and since June 2026 leave out."""
    return Column(name=name, kind=kind, wire=optional(name, SPELLINGS[kind], name, since=since, source=source))


def nested(
    name: str,
    table: str,
    columns: tuple[Column, ...],
    *,
    default: Any = (),
    empty: Empty = "never",
    since: str = ALWAYS,
    source: str = "docs-2025-11",
) -> Column:
    """Return a column whose value is a list of objects with columns of their own."""
    spelling = Nested(table, fields_of(columns), is_list=True)
    wire = (Field(name=name, spelling=spelling, read=name, empty=empty, since=since, source=source),)
    return Column(name=name, kind="rows", columns=columns, default=None if empty == "absent" else default, wire=wire)


def unshown(name: str, kind: DataKind, *, columns: tuple[Column, ...] = (), default: Any = None) -> Column:
    """Return a column that identifies the object or is read by a filter, and that answers do not show."""
    return Column(name=name, kind=kind, columns=columns, default=default, is_required=not columns and default is None)


def count(name: str, *, is_nullable: bool = False, empty: Empty = "never") -> Column:
    """Return a column with a count.

    Answers showed a whole number, then also a text with two decimals, and in the end only the text.
    """
    if is_nullable:
        wire = (
            *optional(name, CONTRACTS, name, until=INTEGERS_REMOVED, source="docs-2025-11"),
            *optional(f"{name}_fp", COUNT_2, name, since=FIXED_POINT_ADDED, source="docs-daily"),
        )
        return Column(name=name, kind="count", wire=wire)
    wire = (
        Field(name=name, spelling=CONTRACTS, read=name, empty=empty, until=INTEGERS_REMOVED, source="docs-2025-11"),
        Field(
            name=f"{name}_fp", spelling=COUNT_2, read=name, empty=empty, since=FIXED_POINT_ADDED, source="docs-daily"
        ),
    )
    return Column(name=name, kind="count", is_required=empty == "never", wire=wire)


def price(name: str) -> Column:
    """Return a column with a price. Answers showed cents, then also dollars, and in the end only dollars."""
    wire = (
        Field(name=name, spelling=PRICE_CENTS, read=name, until=INTEGERS_REMOVED, source="docs-2025-11"),
        Field(name=f"{name}_dollars", spelling=PRICE_4, read=name, since=DOLLARS_BESIDE_CENTS, source="docs-daily"),
    )
    return Column(name=name, kind="price", is_required=True, wire=wire)


def milliseconds(column: Column) -> Column:
    """Return a copy of a column of instants that answers show in milliseconds."""
    return replace(column, wire=tuple(replace(field, spelling=MILLISECONDS) for field in column.wire))
