"""Tables that describe a venue's API at every date, and the JSON encoders that are compiled from them.

A row of a table describes, for example, one field, and holds from `since` (inclusive) to `until` (exclusive); ISO days
compare as text. A name may have several rows with disjoint spans: a later change is one more row. `compat` is not a
day: it uses the newest row of every name that ever existed, or the row marked `lenient` if the newest is not the most
permissive.
"""

import re
from calendar import monthrange
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from difflib import get_close_matches
from operator import attrgetter
from typing import Any, Literal, TypeVar

from msgspec import Struct

ALWAYS = "0000-00-00"
FOREVER = "9999-99-99"
COMPAT_ONLY = "9999-12-31"
"""Value of `since` for rows that hold only at the API date `compat` and on no day; `compat` prefers these rows."""
COMPAT = "compat"
LATEST = "latest"
DATES_KEPT_MAX = 64
"""Size of a cache by API date; more dates than these are hardly used at the same time."""
MONTH = re.compile("[0-9]{4}-[0-9]{2}")
MISTYPED_DATE = re.compile(r"(?P<year>[0-9]{4})(\D(?P<month>[0-9]{1,2})(\D[0-9]{1,2})?)?")


class ApiDate(Struct, frozen=True):
    """An API date: a day, or `compat` (`day` is None), which serves every field of every day.

    `name` is the user's text.
    """

    name: str
    day: str | None

    @property
    def is_compat(self) -> bool:
        return self.day is None

    def holds(self, since: str, until: str = FOREVER) -> bool:
        """Return whether the span from `since` to `until` includes this API date; every span includes `compat`."""
        return self.day is None or since <= self.day < until

    def is_day_from(self, since: str, until: str = FOREVER) -> bool:
        """Return whether this is a day from `since` on and before `until`; `compat` is no day."""
        return self.day is not None and since <= self.day < until

    def __str__(self) -> str:
        return self.name if self.day in (None, self.name) else f"{self.name} ({self.day})"


class DatedRow(Struct, frozen=True, kw_only=True, eq=False):
    """The base of table rows that hold between two days. A row equals only itself, so that it is cheap to hash."""

    name: str
    since: str = ALWAYS
    until: str = FOREVER
    lenient: bool = False
    source: str = ""


Row = TypeVar("Row", bound=DatedRow)


class Spelling(Struct, frozen=True):
    """The JSON form of a value of the core: a function that writes the value, and a name for the form.

    The name, `kind`, describes the form in `api diff` and in the documentation. `choices` are the values of an
    enumeration, empty if any text is possible.
    """

    kind: str
    write: Callable[[Any], str]
    choices: tuple[str, ...] = ()


class Nested(Struct, frozen=True):
    """The JSON form of a value that is an object, or a list of objects, described by another table at the same date."""

    table: str
    fields: "tuple[Field, ...]"
    is_list: bool = False
    is_ordered: bool = False
    """Whether the object's keys are in the order of its table's rows instead of alphabetical order."""

    @property
    def kind(self) -> str:
        return f"list of {self.table}" if self.is_list else self.table


Empty = Literal["never", "null", "absent"]


class Field(DatedRow, frozen=True, kw_only=True, eq=True):
    """One key of a JSON object between two days; `read` is the attribute path of its value in the core.

    `empty` is the form of a value of None: not possible, null, or the key is left out.
    """

    spelling: Spelling | Nested
    read: str
    empty: Empty = "never"


def pick(rows: Iterable[Row], api_date: ApiDate) -> dict[str, Row]:
    """Return the rows of a table that hold at an API date, by name, in alphabetical order."""
    chosen: dict[str, Row] = {}
    for row in rows:
        rival = chosen.get(row.name)
        if api_date.holds(row.since, row.until) and (
            rival is None or (row.lenient, row.since) > (rival.lenient, rival.since)
        ):
            chosen[row.name] = row
    return dict(sorted(chosen.items()))


def compile_object(fields: Iterable[Field], api_date: ApiDate) -> Callable[[Any], bytes]:
    """Return a function that encodes a core value as a JSON object, with the keys in alphabetical order."""
    write = _compile(fields, api_date)
    return lambda value: write(value).encode()


def compile_message(fields: Iterable[Field], api_date: ApiDate) -> Callable[[Any], bytes]:
    """Return a function that encodes a core value as a JSON object, with the keys in the order of the table's rows."""
    write = _compile_in_order(fields, api_date)
    return lambda value: write(value).encode()


def compile_envelope(fields: Iterable[Field], api_date: ApiDate) -> Callable[[Mapping[str, bytes]], bytes]:
    """Return a function that joins encoded JSON values, given by key, into one object with the keys of an API date.

    A key that may be absent is left out if its value is the empty text.
    """
    parts = [(name, f'"{name}":'.encode(), row.empty == "absent") for name, row in pick(fields, api_date).items()]

    def encode(values: Mapping[str, bytes]) -> bytes:
        pieces: list[bytes] = []
        separator = b"{"
        for name, head, may_go in parts:
            value = values[name]
            if not may_go or value != b'""':
                pieces += separator, head, value
                separator = b","
        return b"".join((*pieces, b"}")) if pieces else b"{}"

    return encode


def _compile(fields: Iterable[Field], api_date: ApiDate) -> Callable[[Any], str]:
    return _compile_rows(list(pick(fields, api_date).values()), api_date)


def _compile_in_order(fields: Iterable[Field], api_date: ApiDate) -> Callable[[Any], str]:
    rows = list(fields)
    picked = pick(rows, api_date)
    names = dict.fromkeys(row.name for row in rows)
    return _compile_rows([picked[name] for name in names if name in picked], api_date)


def _compile_rows(rows: list[Field], api_date: ApiDate) -> Callable[[Any], str]:
    if any(row.empty == "absent" for row in rows):
        return _sparse(rows, api_date)
    template = "{" + ",".join(f'"{row.name}":%s' for row in rows) + "}"
    read, places = _reader(rows)
    writers = [(_writer(row, api_date), place) for row, place in zip(rows, places, strict=True)]

    def write_all(value: Any) -> str:
        found = read(value)
        return template % tuple([write(found[place]) for write, place in writers])

    return write_all


def _sparse(rows: list[Field], api_date: ApiDate) -> Callable[[Any], str]:
    """Compile an object whose keys may be left out."""
    read, places = _reader(rows)
    parts = [(f'"{row.name}":', _writer(row, api_date), place) for row, place in zip(rows, places, strict=True)]

    def write_some(value: Any) -> str:
        found = read(value)
        return "{" + ",".join([head + text for head, write, place in parts if (text := write(found[place]))]) + "}"

    return write_some


def _reader(rows: list[Field]) -> tuple[Callable[[Any], tuple[Any, ...]], list[int]]:
    """Return a function that reads the values of all rows at once, each once, and the place of each row's value."""
    paths = list(dict.fromkeys(row.read for row in rows))
    places = [paths.index(row.read) for row in rows]
    if len(paths) > 1:
        return attrgetter(*paths), places
    getters = [attrgetter(path) for path in paths]
    return lambda value: tuple([get(value) for get in getters]), places


def _writer(row: Field, api_date: ApiDate) -> Callable[[Any], str]:
    """Return the function that writes the value of a row."""
    write = _spell(row.spelling, api_date)
    if row.empty == "never":
        return write
    nothing = "null" if row.empty == "null" else ""
    return lambda found: nothing if found is None else write(found)


def _spell(spelling: Spelling | Nested, api_date: ApiDate) -> Callable[[Any], str]:
    if isinstance(spelling, Spelling):
        return spelling.write
    compiled = _compile_in_order if spelling.is_ordered else _compile
    write = compiled(spelling.fields, api_date)
    if not spelling.is_list:
        return write
    return lambda values: f"[{','.join([write(value) for value in values])}]"


def parse_api_date(text: str, aliases: Mapping[str, str], first_day: str) -> ApiDate:
    """Parse an API date: "compat", "latest", an alias, a month (which means its last day) or a day.

    Raises ValueError with the known dates.
    """
    if text == COMPAT:
        return ApiDate(COMPAT, None)
    if text == LATEST:
        return ApiDate(max(aliases), aliases[max(aliases)])
    if text in aliases:
        return ApiDate(text, aliases[text])
    try:
        name, day = _month(text) if MONTH.fullmatch(text) else _day(text)
    except ValueError:
        raise ValueError(_explain_unknown(text, aliases, first_day)) from None
    if day < first_day:
        raise ValueError(f"API date {name} is before {first_day}, the first day whose wire is known")
    return ApiDate(name, day)


def _month(text: str) -> tuple[str, str]:
    year, month = map(int, text.split("-"))
    return text, date(year, month, monthrange(year, month)[1]).isoformat()


def _day(text: str) -> tuple[str, str]:
    day = date.fromisoformat(text).isoformat()
    return day, day


def _explain_unknown(text: str, aliases: Mapping[str, str], first_day: str) -> str:
    known = (COMPAT, LATEST, *aliases)
    near = _nearest_month(text, first_day) or next(iter(get_close_matches(text, known, n=1)), "")
    hint = f"; did you mean {near}?" if near else ""
    return f"unknown API date {text!r}: expected {', '.join(known)}, a month, or a day such as {first_day}{hint}"


def _nearest_month(text: str, first_day: str) -> str:
    """Return the month that a mistyped date is nearest to, such as 2026-12 for 2026-13; "" for other text."""
    found = MISTYPED_DATE.fullmatch(text)
    if found is None:
        return ""
    month = min(max(int(found["month"] or 1), 1), 12)
    return max(f"{found['year']}-{month:02}", first_day[:7])
