"""Answers with objects that a scenario provides: filtered pages of a table, and one object by its key."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from mockexchange.core.model.history import ALWAYS, HistoryPage, page_of
from mockexchange.venues.data_tables import DataRow
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.operations.call import Call, write
from mockexchange.venues.kalshi.operations.filters import Test, all_of
from mockexchange.venues.kalshi.operations.lists import UNFILTERED, ListTable, answer_list, write_rows

KEY_CHARS_SHOWN_MAX = 80

Filter = Callable[[Call, DataRow, Any], bool]
"""A function (call, object, the parameter's value) that returns whether an object passes a parameter."""


class One(NamedTuple):
    """The content of an answer with one object."""

    row: object


def equal_to(column: str) -> Filter:
    """Return a filter that passes objects whose column equals the parameter."""
    return lambda call, row, value: bool(getattr(row, column) == value)


def answer_page(call: Call, data: str, table: ListTable, filters: Mapping[str, Filter]) -> bytes:
    """Return a page of the objects of a scenario's table that pass the filters, in the scenario's order."""
    keeps = all_of(tests_of(call, filters))
    rows = call.data.rows(data)

    def find(limit: int, after: int | None) -> HistoryPage[DataRow]:
        return page_of([rows], limit, ALWAYS, after, keeps)

    return answer_list(call, table, 0, find, is_kept=False)


def answer_rows(call: Call, data: str, table: ListTable, filters: Mapping[str, Filter]) -> bytes:
    """Return all objects of a scenario's table that pass the filters, in the scenario's order, without pages."""
    return write_rows(call, table, list(filtered(call, data, filters)))


def filtered(call: Call, data: str, filters: Mapping[str, Filter]) -> Iterable[DataRow]:
    """Return the objects of a table that pass the filters, in the scenario's order."""
    rows: Iterable[DataRow] = reversed(call.data.rows(data))
    keeps = all_of(tests_of(call, filters))
    return rows if keeps is None else filter(keeps, rows)


def answer_one(call: Call, data: str, *key: str) -> bytes:
    """Return an answer with the object that has this key. Raises Rejected if the scenario has no such object."""
    return write(call, One(row_of(call, data, *key)))


def row_of(call: Call, data: str, *key: str) -> DataRow:
    row = call.data.find(data, *key)
    if row is None:
        shown = " ".join(key)[:KEY_CHARS_SHOWN_MAX]
        raise Rejected(Situation.NOT_FOUND, f"there is no {shown!r} in {data}: the scenario lists what there is")
    return row


def tests_of(call: Call, filters: Mapping[str, Filter]) -> list[Test[DataRow]]:
    """Return a test for each of the filters whose parameter the request gives."""
    asked = ((keeps, call.params.get(name)) for name, keeps in filters.items())
    return [_test(call, keeps, value) for keeps, value in asked if value not in UNFILTERED]


def _test(call: Call, keeps: Filter, value: Any) -> Test[DataRow]:
    return lambda row: keeps(call, row, value)
