"""Defines the facts about a venue's lists that an API document cannot express: rows, order and filters.

Each venue has its own tables, written from its documentation; the rules are the same for all.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple, Protocol

Row = Mapping[str, Any]
Query = Mapping[str, Any]


class Reader(Protocol):
    """The interface for reads from the server under verification; `Target` implements it."""

    def rows(self, operation_id: str, query: Query | None = None) -> Sequence[Row]:
        """Return the rows of a list. Raises NotJudged if it cannot be read."""
        ...

    def body(self, operation_id: str) -> Mapping[str, Any]:
        """Return the body of a read. Raises NotJudged if it cannot be read."""
        ...

    def known(self, name: str) -> Sequence[str]:
        """Return existing values of a parameter. Raises NotJudged if none is known."""
        ...

    def row(self, operation_id: str, name: str) -> Row:
        """Read a single object by the name in its path, such as a market by its ticker. Raises NotJudged."""
        ...

    def lasting(self, subject: str) -> dict[str, str]:
        """Return a dictionary of facts that never change, such as the event of each market. Callers add to it."""
        ...


Keeps = Callable[[Reader, Row, str], bool | None]


class Filter(NamedTuple):
    """A parameter that limits a list to some of its rows."""

    keeps: Keeps
    """A function: whether a filter by a value keeps a row; None if the row lacks the field."""
    values: Callable[[Reader, Sequence[Row]], Sequence[str]]
    """A function that picks values to filter by from existing rows."""
    nothing: str | None = None
    """A value that no row has; None if no such value is known."""


class Split(NamedTuple):
    """A parameter whose values `parts` split a list; its value `whole` (None: left out) selects all rows."""

    name: str
    whole: str | None
    parts: Callable[[Reader], Sequence[str]]
    default: str | None = None
    """The value that applies if the parameter is left out; None if the whole list does, or if that is documented."""


class Listing(NamedTuple):
    """The facts about a list that an operation returns."""

    rows: str
    """The key of the rows in the answer."""
    newest: tuple[str, ...] = ()
    """Timestamp fields of a row; the list is sorted, newest first, by the first of them that the row has."""
    filters: Mapping[str, Filter] = {}
    splits: tuple[Split, ...] = ()
    views: tuple[Query, ...] = ({},)
    """Queries whose answers are checked as separate lists, such as settled positions."""
    counted: Callable[[Mapping[str, Any], Query], int] | None = None
    """A function that counts the rows of a page that `limit` applies to; None if these are the rows of the list."""
    together: tuple[tuple[str, str], ...] = ()
    """Pairs of filters that are tried together."""
    identity: tuple[str, ...] = ()
    """The fields that identify a row of a list to which rows are only added; empty if rows move in it."""
    role: str = ""
    """The role whose key reads the list; "" for the operation's own role."""


class Paging(NamedTuple):
    """The names of the parameters for pages, and of the next cursor in an answer.

    `unreadable` is a wrong cursor that the venue answers with the first page.
    """

    limit: str
    cursor: str
    next: str
    unreadable: str | None


class Facts(NamedTuple):
    """The facts about one venue's lists and parameters that its API document cannot express."""

    listings: Mapping[str, Listing]
    """Lists, by operation id."""
    names: Mapping[str, Callable[[Reader], Sequence[str]]]
    """Functions that find existing values of a parameter, by its name, or by "OPERATION NAME" for one operation."""
    needs: tuple[str, ...]
    """Parameters that are always sent where an operation has them, since most keys are refused without them."""
    paging: Paging
    past_fields: frozenset[str]
    """Fields with the time of a past event."""
    clock: tuple[str, str] | None
    """Operation id and key of the exchange's own time; None if the venue has no such read."""
    volatile_fields: frozenset[str]
    """Fields that change by themselves, such as the time of an answer."""
    may_be_missing: frozenset[str] = frozenset()
    """Operations whose object need not exist for every account or market, so that a 404 is no defect."""


# Timestamps in rows


SECONDS_MAX = 253_402_300_799
"""The last second of the year 9999, the latest that `datetime` can hold."""


def instant_of(value: object) -> datetime | None:
    """Return the instant of an RFC 3339 text or of Unix seconds; None for any other value."""
    if isinstance(value, int) and not isinstance(value, bool):
        return datetime.fromtimestamp(value, UTC) if 0 <= value <= SECONDS_MAX else None
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo else None


# Kinds of filters


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
