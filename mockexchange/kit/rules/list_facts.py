"""Facts about a venue's lists that an API document cannot express: their rows, their order and their filters.

Each venue has its own tables, written from its documentation; the rules are the same for all.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

Row = Mapping[str, Any]
Query = Mapping[str, Any]


class Reader(Protocol):
    """Reads from the server that is judged; `Target` implements it."""

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
        """Read a single object by its name in the path, such as a market by its ticker. Raises NotJudged."""
        ...

    def lasting(self, subject: str) -> dict[str, str]:
        """Return what is known of a subject that never changes, such as the event of each market; to be added to."""
        ...


Keeps = Callable[[Reader, Row, str], bool | None]


class Filter(NamedTuple):
    """A parameter that keeps some rows of a list."""

    keeps: Keeps
    """Whether a row belongs to an answer filtered by a value; None if the row does not show it."""
    values: Callable[[Reader, Sequence[Row]], Sequence[str]]
    """Values to filter by, picked from the existing rows."""
    nothing: str | None = None
    """A value that no row has; None if no such value is known."""


class Split(NamedTuple):
    """A parameter whose values split a list: `whole` (None: parameter left out) selects the rows of all `parts`."""

    name: str
    whole: str | None
    parts: Callable[[Reader], Sequence[str]]
    default: str | None = None
    """The value used if the parameter is left out; None if that gives the whole list, or is documented."""


class Listing(NamedTuple):
    """A list that an operation answers with."""

    rows: str
    """The key of the rows in the answer."""
    newest: tuple[str, ...] = ()
    """Timestamp fields of a row; the list is sorted, newest first, by the first of them that the row has."""
    filters: Mapping[str, Filter] = {}
    splits: tuple[Split, ...] = ()
    views: tuple[Query, ...] = ({},)
    """Queries whose answers are judged as separate lists, such as settled positions."""
    counted: Callable[[Mapping[str, Any], Query], int] | None = None
    """Counts the rows of a page that `limit` bounds; None if these are the rows of the list."""
    together: tuple[tuple[str, str], ...] = ()
    """Pairs of filters to combine."""
    identity: tuple[str, ...] = ()
    """The fields that no two rows share, of a list to which rows are only added; empty if rows move in it."""
    role: str = ""
    """The role whose key reads the list; "" for the operation's own role."""


class Paging(NamedTuple):
    """Parameters of a page and the key of the next cursor; `unreadable` is a cursor that gives the first page again."""

    limit: str
    cursor: str
    next: str
    unreadable: str | None


class Facts(NamedTuple):
    """Facts about one venue's lists and parameters that its API document cannot express."""

    listings: Mapping[str, Listing]
    """Lists, by operation id."""
    names: Mapping[str, Callable[[Reader], Sequence[str]]]
    """Functions that find existing values of a parameter, by its name, or by "OPERATION NAME" for one operation."""
    needs: tuple[str, ...]
    """Parameters that are sent wherever an operation has them, since most keys are refused without them."""
    paging: Paging
    past_fields: frozenset[str]
    """Fields with the time of something that has happened."""
    clock: tuple[str, str] | None
    """Operation id and key of the exchange's own time; None if the venue has no such read."""
    volatile_fields: frozenset[str]
    """Fields that change by themselves, such as the time of an answer."""
    may_be_missing: frozenset[str] = frozenset()
    """Operations about objects that not everything has, so that a 404 says nothing."""
