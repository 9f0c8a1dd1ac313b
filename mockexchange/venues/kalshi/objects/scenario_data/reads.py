"""The type of a read: a GET whose answer shows objects that the scenario gives, since the exchange makes no such ones.

A read is one row: where it is (`path`), what a request may ask (`parameters`, and what they filter), what the answer
shows (a table of the scenario, as a page, a list or one object), and the days and sources of all of it. Its route, its
checked parameters, its answer, the scenario's schema and the documentation are made from that row. The file of a
resource has the columns of its tables, its filters and its reads.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, Protocol

from msgspec import Struct

from mockexchange.core.instants import MICROSECONDS_PER_SECOND
from mockexchange.core.model.accounts import Account
from mockexchange.core.model.state import State
from mockexchange.venues.data_tables import Data, DataRow, DataTable
from mockexchange.venues.dated import ALWAYS, FOREVER, Field, Nested
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.objects.rows import CURSOR, list_of
from mockexchange.venues.kalshi.objects.scenario_data.columns import Column, fields_of
from mockexchange.venues.kalshi.parameters.rows import Kind, Parameter

KEY_CHARS_SHOWN_MAX = 80
FIRST_DOCUMENTS = "docs-2025-11"


class Asked(Protocol):
    """What a read sees of a request: the decoded parameters, those of the path, and the scenario's objects."""

    state: State
    params: dict[str, Any]
    path_params: dict[str, str]
    at: int
    data: Data


class AskedByAccount(Asked, Protocol):
    """A request with a verified key."""

    account: Account


Filter = Callable[[Asked, DataRow, Any], bool]
"""A function (call, object, the parameter's value) that returns whether an object passes a parameter."""


class Objects(Struct, frozen=True, dict=True):
    """A table that a scenario may give: its name there, and the name of its objects in the venue's documents.

    `name` is empty for objects that no answer shows as they are; the columns in `key` identify an object.
    """

    data: str
    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()

    @property
    def fields(self) -> tuple[Field, ...]:
        return fields_of(self.columns)

    @property
    def table(self) -> DataTable:
        return DataTable(self.columns, self.key)

    def row_of(self, call: Asked, key: str) -> DataRow:
        """Return the object with a key. Raises Rejected if the scenario has no such object."""
        row = call.data.find(self.data, key)
        if row is None:
            shown = key[:KEY_CHARS_SHOWN_MAX]
            message = f"there is no {shown!r} in {self.data}: the scenario lists what there is"
            raise Rejected(Situation.NOT_FOUND, message)
        return row


class Privacy(NamedTuple):
    """What an account may see of a table, by the caller's user id."""

    may_see: Callable[[str, DataRow], bool]
    seen_by: Callable[[str, DataRow], DataRow]
    """Returns an object without what is private to other users."""


class Read(Struct, frozen=True, kw_only=True):
    """One read, by the name that the venue's documents give its operation."""

    name: str
    path: str
    answer: tuple[Field, ...]
    answer_table: str = ""
    """The name of the answer's object in the documents; empty if it is that of the operation."""
    parameters: tuple[Parameter, ...] = ()
    shows: Literal["page", "rows", "one", "made"] = "made"
    objects: Objects | None = None
    list_key: str = ""
    cursor: str = "cursor"
    limit: str = "limit"
    """The names of the list in the answer, of its cursor, and of the parameter that limits a page."""
    filters: Mapping[str, Filter] = {}
    """The filters by parameter; a parameter that is not given filters nothing."""
    select: Callable[[Asked, Sequence[DataRow]], Sequence[DataRow]] | None = None
    """For `rows`: a function that chooses among the objects that passed the filters."""
    misfit: Callable[[DataRow, Mapping[str, str]], str] | None = None
    """For `one`: a function that says why an object does not fit the other parts of the path; empty if it does."""
    make: Callable[[Any], object] | None = None
    """For `made`: a function that returns what the answer's fields read; None if an operation by hand answers."""
    privacy: Privacy | None = None
    """What accounts may see; None if callers need no key."""
    is_per_subaccount: bool = False
    """Whether a key restricted to a subaccount may call it, and sees its own alone (column `creator_subaccount`)."""

    @property
    def table_name(self) -> str:
        return self.answer_table or f"{self.name}Response"


def page(
    name: str,
    path: str,
    objects: Objects,
    list_key: str,
    *parameters: Parameter,
    source: str = FIRST_DOCUMENTS,
    **more: Any,
) -> Read:
    """Return the read of a filtered list in pages, in the scenario's order; `more` are further members of the read."""
    shown = list_of(list_key, objects.name, objects.fields, source=source)
    named = more.get("cursor", CURSOR.name)
    answer = (
        (CURSOR, shown)
        if named == CURSOR.name
        else (shown, Field(name=named, spelling=CURSOR.spelling, read=named, source=source))
    )
    return Read(
        name=name,
        path=path,
        answer=answer,
        parameters=parameters,
        shows="page",
        objects=objects,
        list_key=list_key,
        **more,
    )


def rows(name: str, path: str, objects: Objects, list_key: str, *parameters: Parameter, **more: Any) -> Read:
    """Return the read of a whole filtered list."""
    answer = (list_of(list_key, objects.name, objects.fields),)
    return Read(
        name=name,
        path=path,
        answer=answer,
        parameters=parameters,
        shows="rows",
        objects=objects,
        list_key=list_key,
        **more,
    )


def one(
    name: str, path: str, objects: Objects, key: str, *parameters: Parameter, source: str = FIRST_DOCUMENTS, **more: Any
) -> Read:
    """Return the read of one object, which the last parameter of the path names, under a key of the answer."""
    answer = (Field(name=key, spelling=Nested(objects.name, objects.fields), read="row", source=source),)
    return Read(name=name, path=path, answer=answer, parameters=parameters, shows="one", objects=objects, **more)


# Filters that several reads have


def equal_to(column: str) -> Filter:
    """Return a filter that passes objects whose column equals the parameter."""
    return lambda call, row, value: bool(getattr(row, column) == value)


def equal(*columns: str) -> dict[str, Filter]:
    """Return the filters by parameters that have the names of columns."""
    return {column: equal_to(column) for column in columns}


def since(column: str) -> Filter:
    """Return a filter that passes objects whose instant is not before the parameter, in Unix seconds."""
    return lambda call, row, seconds: bool(getattr(row, column) >= seconds * MICROSECONDS_PER_SECOND)


def until(column: str) -> Filter:
    return lambda call, row, seconds: bool(getattr(row, column) <= seconds * MICROSECONDS_PER_SECOND)


def own(column: str) -> Filter:
    """Return a filter that passes objects whose column has the caller's user id, whatever the parameter's value."""

    def keeps(call: Asked, row: DataRow, value: Any) -> bool:
        account: Account = getattr(call, "account")  # noqa: B009  # only accounts read these lists
        return bool(getattr(row, column) == account.user_id)

    return keeps


# Parameters that several reads have


def texts(
    *names: str, kind: Kind = "text", since: str = ALWAYS, until: str = FOREVER, source: str = FIRST_DOCUMENTS
) -> tuple[Parameter, ...]:
    return tuple(Parameter(name=name, kind=kind, since=since, until=until, source=source) for name in names)


def limit(maximum: int, default: int = 100, name: str = "limit", source: str = FIRST_DOCUMENTS) -> Parameter:
    return Parameter(name=name, kind="integer", minimum=1, maximum=maximum, default=default, source=source)


def choice(name: str, *choices: str, since: str = ALWAYS, source: str = FIRST_DOCUMENTS) -> Parameter:
    return Parameter(name=name, kind="choice", choices=choices, since=since, source=source)


def flag(name: str, since: str = ALWAYS, source: str = FIRST_DOCUMENTS) -> Parameter:
    return Parameter(name=name, kind="boolean", default=False, since=since, source=source)
