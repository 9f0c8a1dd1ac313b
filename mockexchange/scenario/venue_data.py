"""Makes the schema of the data that a scenario gives a venue for its answers, from the venue's data tables."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.located_text import Located
from mockexchange.scenario.steps.shared_fields import keywords
from mockexchange.scenario.types.composite_types import Field, ListOf, Record
from mockexchange.scenario.types.instants import INSTANT
from mockexchange.scenario.types.literal_json import EXACT_JSON
from mockexchange.scenario.types.value_types import (
    AMOUNT,
    BOOLEAN,
    COUNT,
    PAYOUT,
    STRIKE,
    TEXT,
    Kind,
    integer,
    wrong,
)
from mockexchange.venues.data_tables import DataColumn, DataTable

WHOLE_MAX = 2**53 - 1
"""The largest whole number in such data: the largest that every JSON reader keeps exact."""


class JsonObject:
    """The type of a mapping with any JSON in it, which the venue returns unchanged."""

    def read(self, node: Located, path: str) -> str:
        if not isinstance(node.value, dict):
            raise wrong(node, path, "a mapping")
        return EXACT_JSON.read(node, path)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "object", "description": "any JSON object, which goes out as it is"}


KINDS: dict[str, Kind] = {
    "text": TEXT,
    "texts": ListOf(TEXT),
    "integer": integer(-WHOLE_MAX, WHOLE_MAX),
    "boolean": BOOLEAN,
    "instant": INSTANT,
    "count": COUNT,
    "price": PAYOUT,
    "dollars": AMOUNT,
    "number": STRIKE,
    "object": JsonObject(),
    "objects": ListOf(JsonObject()),
}
"""The type of a value in a scenario, by the kind of the table's column."""


class Row(Struct, frozen=True):
    """The type of one object of a data table; keys that are not given are left out."""

    record: Record

    def read(self, node: Located, path: str) -> dict[str, Any]:
        return {name: value for name, value in self.record.read(node, path).items() if value is not None}

    def json_schema(self) -> dict[str, Any]:
        return self.record.json_schema()


class Table(Struct, frozen=True):
    """The type of a data table: a list of objects, of which no two have the same key."""

    rows: ListOf
    key: tuple[str, ...]

    def read(self, node: Located, path: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.rows.read(node, path)
        seen: set[tuple[Any, ...]] = set()
        for place, row in enumerate(rows):
            key = tuple(row.get(name) for name in self.key)
            if key in seen:
                raise _twice(node, f"{path}[{place}]", key)
            seen |= {key} if self.key else set()
        return rows

    def json_schema(self) -> dict[str, Any]:
        return self.rows.json_schema()


def table_type(table: DataTable) -> Kind:
    """Return the type of values for one of a venue's data tables."""
    return Table(ListOf(_row(table.columns), "a list of objects"), table.key)


def _row(columns: Sequence[DataColumn]) -> Row:
    return Row(Record({column.name: Field(_kind(column), column.is_required) for column in columns}))


def _kind(column: DataColumn) -> Kind:
    if column.columns:
        return ListOf(_row(column.columns), "a list of objects")
    return keywords(*column.choices) if column.choices else KINDS[column.kind]


def _twice(node: Located, path: str, key: tuple[Any, ...]) -> ScenarioError:
    return ScenarioError(f"{' '.join(map(str, key))!r} is there twice", node.file, node.line, path)
