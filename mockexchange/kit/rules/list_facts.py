"""Defines the facts about a venue's lists that an API document cannot express: rows, order and filters.

Each venue has its own tables, written from its documentation; the rules are the same for all.
"""

from collections.abc import Callable, Mapping, Sequence
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
