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
    """`listings` by operation id. `names`: how values of a parameter are found, by its name, or by "OPERATION NAME"
    for one operation. `needs` are parameters that are given wherever an operation has them, since most keys are
    refused without.

    `past` are the fields that tell of something that has happened; `clock` is the read and the key of the exchange's
    own time. `ticking` are fields that change though nothing else does.
    """

    listings: Mapping[str, Listing]
    names: Mapping[str, Callable[[Reader], Sequence[str]]]
    needs: tuple[str, ...]
    paging: Paging
    past: frozenset[str]
    clock: tuple[str, str] | None
    ticking: frozenset[str]
