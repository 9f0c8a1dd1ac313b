"""What a document cannot say of a venue's lists, as data: which rows there are, in which order, and what filters mean.

A venue writes these tables from its documentation; the rules are the same for all.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

Row = Mapping[str, Any]
Query = Mapping[str, Any]


class Reader(Protocol):
    """Whoever can look something up at the server that is judged: a `Target`."""

    def rows(self, operation_id: str, query: Query | None = None) -> Sequence[Row]:
        """The rows of a list; raises NotJudged where it cannot be read."""
        ...

    def body(self, operation_id: str) -> Mapping[str, Any]:
        """What a read answers; raises NotJudged where it cannot be read."""
        ...

    def known(self, name: str) -> Sequence[str]:
        """Values of a parameter that are known to be there; raises NotJudged where none is."""
        ...

    def row(self, operation_id: str, name: str) -> Row:
        """The one object of a read by name; raises NotJudged where it cannot be read."""
        ...


Keeps = Callable[[Reader, Row, str], bool | None]


class Filter(NamedTuple):
    """A parameter that keeps some rows of a list.

    `keeps` says whether a row belongs to an answer filtered by a value, None where the row does not tell. `values`
    picks those worth asking from the rows that there are. `nothing` is a value that no row has.
    """

    keeps: Keeps
    values: Callable[[Reader, Sequence[Row]], Sequence[str]]
    nothing: str | None = None


class Split(NamedTuple):
    """A parameter whose values part a list: what `whole` gives (None: leaving it out) is what `parts` give together."""

    name: str
    whole: str | None
    parts: Callable[[Reader], Sequence[str]]
    default: str | None = None
    """The value that leaving it out stands for; None where that is the whole, or where the document says it."""


class Listing(NamedTuple):
    """A list that an operation answers with.

    `rows` is the key of its rows. `newest` names the fields of which the first that a row has orders it, newest first.
    `counted` is what `limit` counts in a page, its rows where there is nothing else. `views` are queries that each
    give a list of its own.
    """

    rows: str
    newest: tuple[str, ...] = ()
    filters: Mapping[str, Filter] = {}
    splits: tuple[Split, ...] = ()
    views: tuple[Query, ...] = ({},)
    counted: Callable[[Mapping[str, Any], Query], int] | None = None
    together: tuple[tuple[str, str], ...] = ()
    """Pairs of filters that are worth asking for at once."""
    role: str = ""
    """Whose list is worth looking at, where that is another than the operation is for."""


class Paging(NamedTuple):
    """Parameters of a page and the key of the next one; `unreadable` is a cursor that gives the first page again."""

    limit: str
    cursor: str
    next: str
    unreadable: str | None


class Facts(NamedTuple):
    """What the rules know of one venue's lists and parameters, beyond its API document."""

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
    """Fields that change although nothing else does."""
