"""Tables of objects, such as milestones, that a scenario gives a venue for its answers.

The exchange makes no such objects. A venue declares a table by its columns. The scenario's schema is made from them,
and answers read an object's values by the columns' names.
"""

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any, Literal, NamedTuple

from msgspec import Struct

from mockexchange.core.model.paged_history import Partition, Selector

DataKind = Literal[
    "text", "texts", "integer", "boolean", "instant", "count", "price", "dollars", "number", "object", "objects", "rows"
]


class DataColumn(Struct, frozen=True, kw_only=True):
    """A column of a data table: one key of the table's objects.

    `choices` are the values of an enumeration, `columns` the keys of a nested object.
    """

    name: str
    kind: DataKind
    choices: tuple[str, ...] = ()
    columns: "tuple[DataColumn, ...]" = ()
    is_required: bool = False
    default: Any = None


class DataTable(NamedTuple):
    """The declaration of a data table: its columns, and the columns (`key`) whose values identify one object."""

    columns: tuple[DataColumn, ...]
    key: tuple[str, ...] = ()


class DataRow:
    """One object of a table, with an attribute for each column: None or the default where the scenario gives no value.

    The first row of a scenario has the highest serial, because lists are answered from the highest to the lowest.
    """

    created_at = 0
    selectors: tuple[Selector, ...] = ()
    partition: Partition = ()

    def __init__(self, columns: Sequence[DataColumn], values: Mapping[str, Any], serial: int) -> None:
        self.serial = self.revision = serial
        for column in columns:
            value = values.get(column.name, column.default)
            if column.kind == "rows" and value is not None:
                value = [DataRow(column.columns, nested, serial) for nested in value]
            setattr(self, column.name, value)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)

    def replaced(self, **values: Any) -> "DataRow":
        """Return a copy of the object with these values of columns replaced."""
        other = copy(self)
        other.__dict__.update(values)
        return other


class Data:
    """The objects of every table of one scenario."""

    def __init__(self, tables: Mapping[str, DataTable], given: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        self._rows: dict[str, list[DataRow]] = {}
        self._by_key: dict[str, dict[tuple[Any, ...], DataRow]] = {}
        for name, values in given.items():
            table = tables[name]
            rows = [DataRow(table.columns, one, len(values) - place) for place, one in enumerate(values)]
            self._rows[name] = rows[::-1]
            self._by_key[name] = {tuple(getattr(row, part) for part in table.key): row for row in rows}

    def rows(self, table: str) -> Sequence[DataRow]:
        """Return the objects of a table in the order of their serials: the last object of the scenario first."""
        return self._rows.get(table, ())

    def find(self, table: str, *key: Any) -> DataRow | None:
        """Return the object of a table that has this key; None if there is none."""
        return self._by_key.get(table, {}).get(key)


NO_DATA = Data({}, {})
