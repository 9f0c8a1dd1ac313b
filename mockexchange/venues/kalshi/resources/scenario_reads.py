"""Reads of objects that the scenario gives, since the exchange makes no such ones: their type, and their answer.

A read is one row: where it is (`path`), what a request may ask (`parameters`, and what they filter), what the answer
shows (a table of the scenario, as a page, a list or one object), and the days and sources of all of it. Its route, its
checked parameters, its answer, the scenario's schema and the documentation are made from that row. The file of a
resource has the columns of its tables, its filters and its reads.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Literal, NamedTuple, Protocol

from msgspec import Struct
from msgspec.structs import replace

from mockexchange.core.instants import MICROSECONDS_PER_SECOND
from mockexchange.core.model import paged_history
from mockexchange.core.model.accounts import Account
from mockexchange.core.model.paged_history import HistoryPage, page_of
from mockexchange.core.model.state import State
from mockexchange.venues.data_tables import Data, DataColumn, DataKind, DataRow, DataTable
from mockexchange.venues.dated_fields import ALWAYS, FOREVER, ApiDate, Empty, Field, Nested, Spelling
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.formatting import (
    BOOLEAN,
    CONTRACTS,
    COUNT_2,
    DECIMAL,
    DOLLARS_4,
    INSTANT,
    INTEGER,
    PRICE_4,
    PRICE_CENTS,
    TEXT,
    TEXTS,
    UNIX_MILLISECONDS,
    one_of,
)
from mockexchange.venues.kalshi.named_days import FIXED_POINT_ADDED, INTEGERS_REMOVED
from mockexchange.venues.kalshi.resources.call import (
    READ,
    AccountCall,
    AccountOperation,
    Call,
    Operation,
    PublicOperation,
    write,
)
from mockexchange.venues.kalshi.resources.fields import CURSOR, list_of, optional
from mockexchange.venues.kalshi.resources.lists import UNFILTERED, ListTable, all_of, answer_list, write_rows
from mockexchange.venues.kalshi.resources.parameters import Kind, Parameter
from mockexchange.venues.kalshi.resources.row_owner import requested_or_all

# --- columns of the tables that a scenario gives, with the JSON fields that answers show at each API date

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
    return replace(column, wire=tuple(replace(field, spelling=UNIX_MILLISECONDS) for field in column.wire))


# --- reads

KEY_CHARS_SHOWN_MAX = 80
FIRST_DOCUMENTS = "docs-2025-11"


class Asked(Protocol):
    """What a read sees of a request: the decoded parameters, those of the path, and the scenario's objects."""

    state: State
    params: dict[str, Any]
    path_params: dict[str, str]
    at: int
    data: Data
    api_date: ApiDate


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
    made: Callable[[Asked], Iterable[Mapping[str, Any]]] | None = None
    """Returns the objects of this kind that the exchange has made by requests and steps, the oldest first."""

    @property
    def fields(self) -> tuple[Field, ...]:
        return fields_of(self.columns)

    @property
    def table(self) -> DataTable:
        return DataTable(self.columns, self.key)

    def rows(self, call: Asked) -> Sequence[DataRow]:
        """Return the objects of the scenario in the order of their serials, and after them those made since."""
        given = call.data.rows(self.data)
        if self.made is None:
            return given
        return [*given, *(DataRow(self.columns, one, len(given) + n) for n, one in enumerate(self.made(call), 1))]

    def row_of(self, call: Asked, key: str) -> DataRow:
        """Return the object with a key. Raises Rejected if there is no such object."""
        row = call.data.find(self.data, key)
        if row is None and self.made is not None:
            row = next((one for one in self.rows(call) if getattr(one, self.key[0]) == key), None)
        if row is None:
            shown = key[:KEY_CHARS_SHOWN_MAX]
            message = f"there is no {shown!r} in {self.data}: the scenario lists what there is"
            raise Rejected(Situation.NOT_FOUND, message)
        return row


class Viewer(NamedTuple):
    """The caller of a read: the user id of its account, and the only subaccount that its key may see, if any."""

    user: str
    subaccount: str | None


class Privacy(NamedTuple):
    """What a caller may see of a table."""

    may_see: Callable[[Viewer, DataRow], bool]
    seen_by: Callable[[str, DataRow], DataRow]
    """Returns an object without what is private to other users, by the caller's user id."""


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
    """For `made`: a function that returns what the answer's fields read."""
    privacy: Privacy | None = None
    """What accounts may see; None if callers need no key."""
    scopes: tuple[str, ...] = READ
    needs_key: bool = False
    """Whether callers need a key although the answer is the same for every account."""
    is_per_subaccount: bool = False
    """Whether a key restricted to a subaccount may call it; what it sees then is a matter of `privacy`."""
    per_subaccount_since: str = ALWAYS
    """The day from which such a key may call it."""

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


def not_before(column: str) -> Filter:
    """Return a filter that passes objects whose instant is not before the parameter, in Unix seconds."""
    return lambda call, row, seconds: bool(getattr(row, column) >= seconds * MICROSECONDS_PER_SECOND)


def not_after(column: str) -> Filter:
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


# --- answers

NOBODY = Viewer("", None)


class One(NamedTuple):
    """The content of an answer with one object."""

    row: object


def answer(read: Read, call: Call) -> bytes:
    """Return the answer to a read by its row. Raises Rejected."""
    if read.make is not None:
        return write(call, read.make(call))
    objects, privacy = read.objects, read.privacy
    assert objects is not None, "other reads are made"
    viewer = Viewer(call.account.user_id, call.key.subaccount) if isinstance(call, AccountCall) else NOBODY
    user = viewer.user
    if read.shows == "one":
        *_, key = call.path_params.values()
        row = objects.row_of(call, key)
        if privacy is not None and not privacy.may_see(viewer, row):
            raise Rejected(Situation.NOT_FOUND, f"{key[:KEY_CHARS_SHOWN_MAX]!r} of {objects.data} is private to others")
        if read.misfit is not None and (message := read.misfit(row, call.path_params)):
            raise Rejected(Situation.NOT_FOUND, message)
        return write(call, One(row if privacy is None else privacy.seen_by(user, row)))
    asked = [(passes, call.params.get(name)) for name, passes in read.filters.items()]
    keeps = all_of([partial(_passes, call, passes, value) for passes, value in asked if value not in UNFILTERED])
    rows = objects.rows(call)
    table = ListTable(read.list_key, objects.name, privacy is None, cursor=read.cursor, limit=read.limit)
    if read.shows == "rows":
        found = [row for row in reversed(rows) if keeps is None or keeps(row)]
        return write_rows(call, table, found if read.select is None else read.select(call, found))
    if privacy is not None:
        rows = [row for row in rows if privacy.may_see(viewer, row)]
    if call.params.get("subaccount") is not None:
        assert isinstance(call, AccountCall), "subaccounts are of accounts"
        creator = viewer.user, requested_or_all(call)
        rows = [row for row in rows if (row.creator_user_id, str(row.creator_subaccount)) == creator]

    def find(limit: int, after: int | None) -> HistoryPage[DataRow]:
        page = page_of([rows], limit, paged_history.ALWAYS, after, keeps)
        return page if privacy is None else HistoryPage([privacy.seen_by(user, row) for row in page.rows], page.after)

    return answer_list(call, table, 0, find, is_kept=False)


def _passes(call: Call, passes: Filter, value: Any, row: DataRow) -> bool:
    return passes(call, row, value)


def operation_of(read: Read) -> Operation:
    """Return the operation that answers a read."""
    if read.privacy is None and not read.needs_key:
        return PublicOperation(
            name=read.name,
            path=read.path,
            answer=partial(answer, read),
            parameters=read.parameters,
            answer_table=read.table_name,
        )
    return AccountOperation(
        name=read.name,
        scopes=read.scopes,
        path=read.path,
        answer=partial(answer, read),
        parameters=read.parameters,
        answer_table=read.table_name,
        is_per_subaccount=read.is_per_subaccount or read.needs_key,
        per_subaccount_since=read.per_subaccount_since,
    )
