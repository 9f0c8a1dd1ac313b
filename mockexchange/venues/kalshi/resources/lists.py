"""Answers with a page of a list, newest row first; the parameters are a time window, a limit and a cursor.

Filters for which the state has no index select by name, by bounds of times, and by combinations of tests.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

from mockexchange.core.instants import MICROSECONDS_PER_SECOND
from mockexchange.core.model.paged_history import HistoryPage, HistoryRow, Window, by_serial
from mockexchange.venues.caches import Revised
from mockexchange.venues.kalshi.catalogue import life_of
from mockexchange.venues.kalshi.cursor import Cursor, digest_of, read_cursor, write_cursor
from mockexchange.venues.kalshi.errors import Rejected, Situation
from mockexchange.venues.kalshi.resources.call import AccountCall, Call, cached_answer, encoder, write_parts

# --- filters for which the state has no index

T = TypeVar("T")
Named = TypeVar("Named", bound=HistoryRow)
Test = Callable[[T], bool]


def all_of(tests: Sequence[Test[T]]) -> Test[T] | None:
    """Return a function that is true for objects which pass all of `tests`; None if there are no tests."""
    return (lambda row: all(test(row) for test in tests)) if tests else None


def named(rows: Mapping[str, Named], names: Iterable[str]) -> list[Named]:
    """Return the rows with these names, oldest first, each once; unknown names are skipped."""
    return sorted((rows[name] for name in dict.fromkeys(names) if name in rows), key=by_serial)


def bounds(params: Mapping[str, Any], name: str) -> tuple[int | None, int | None]:
    """Return the values of min_NAME_ts and max_NAME_ts (Unix seconds), converted to microseconds; None means no bound.

    Both bounds are inclusive.
    """
    least, most = params.get(f"min_{name}_ts"), params.get(f"max_{name}_ts")
    return (
        None if least is None else least * MICROSECONDS_PER_SECOND,
        None if most is None else most * MICROSECONDS_PER_SECOND,
    )


def is_between(at: int | None, least: int | None, most: int | None) -> bool:
    """Return whether an instant is within the bounds; False if there is no instant (None)."""
    return at is not None and (least is None or least <= at) and (most is None or at <= most)


# --- pages

ARCHIVE_SINCE = life_of("GET", "/historical/fills").since
PAGING = ("cursor", "limit", "page_size")
NO_STATUS = 0
UNFILTERED = (None, "", ())
"""Values of a filter that was left out; 0 is not among them."""
PAGE_ROWS = 100
"""Number of rows in a page of an operation without a limit, and for a limit of 0."""


class Row(HistoryRow, Protocol):
    @property
    def revision(self) -> int: ...


R = TypeVar("R", bound=Row)
Find = Callable[[int, int | None], HistoryPage[R]]
"""A function (limit, serial to continue after) that returns a page of rows."""


class ListTable(NamedTuple):
    """The definition of the list in an answer: its JSON key (`key`), and the table of its objects' fields (`row`)."""

    key: str
    row: str
    is_shared: bool = True
    """Whether an object looks the same to every caller, so that its bytes can be cached."""
    more: tuple[tuple[str, bytes], ...] = ()
    """Further keys of the answer beside the list, as encoded JSON."""
    cursor: str = "cursor"
    limit: str = "limit"
    """Names of the answer's cursor, and of the parameter that limits a page."""


def answer_list(call: Call, table: ListTable, revision: int, find: Find[Any], is_kept: bool = True) -> bytes:
    """Return a page of a list.

    The page is cached by the list's revision, unless `is_kept` is False because time alone changes the page.
    """
    if not is_kept:
        return _make_page(call, table, find)
    return cached_answer(call, revision, lambda: _make_page(call, table, find))


def write_rows(call: Call, table: ListTable, rows: Sequence[Revised]) -> bytes:
    """Return an answer whose list has all `rows`, without pages."""
    return write_parts(call, {table.key: _encode(call, table, rows), "cursor": b'""'})


def encode_rows(call: Call, table: str, rows: Sequence[Revised]) -> bytes:
    return call.caches.of(call.api_date, table).write_list(rows, encoder(table, call.api_date))


def window_of(call: Call, archived_before: int | None = None) -> Window:
    """Return the window from min_ts to max_ts (Unix seconds in the query), no earlier than `archived_before`."""
    earliest, latest = call.params.get("min_ts"), call.params.get("max_ts")
    begin = None if earliest is None else earliest * MICROSECONDS_PER_SECOND
    if archived_before is not None:
        begin = max(begin or 0, archived_before)
    return Window(begin, None if latest is None else latest * MICROSECONDS_PER_SECOND)


def live_since(call: Call) -> int | None:
    """Return the time before which rows are listed only by /historical operations.

    None at `compat`, and at API dates that do not have these operations.
    """
    return call.state.archived_before if call.api_date.is_day_from(ARCHIVE_SINCE) else None


def live_or_all(call: Call) -> bool | None:
    """Return the archive filter of a live list: False for live rows only, None for all rows.

    It is None at API dates at which no /historical operation lists the archived rows.
    """
    return False if call.api_date.is_day_from(ARCHIVE_SINCE) else None


def names_of(asked: str | tuple[str, ...] | None) -> tuple[str, ...]:
    """Return the names in a parameter as a tuple; its value is one name or a tuple, depending on the API date.

    An empty text is no name.
    """
    return (asked,) if isinstance(asked, str) and asked else tuple(asked or ())


def _make_page(call: Call, table: ListTable, find: Find[Any]) -> bytes:
    digest = _digest(call)
    page = find(call.params.get(table.limit) or PAGE_ROWS, _after(call, table, digest))
    cursor = "" if page.after is None else write_cursor(Cursor(digest, NO_STATUS, (page.after, table.row)))
    rows = _encode(call, table, page.rows)
    values = {table.key: rows, table.cursor: b'"%s"' % cursor.encode(), **dict(table.more)}
    return write_parts(call, values)


def _encode(call: Call, table: ListTable, rows: Sequence[Revised]) -> bytes:
    if table.is_shared:
        return encode_rows(call, table.row, rows)
    return b"[%s]" % b",".join(map(encoder(table.row, call.api_date), rows))


def _digest(call: Call) -> bytes:
    filters = sorted(
        (name, value) for name, value in call.params.items() if name not in PAGING and value not in UNFILTERED
    )
    whose = (call.account.name, call.key.subaccount) if isinstance(call, AccountCall) else None
    return digest_of(call.operation.name, whose, tuple(filters))


def _after(call: Call, table: ListTable, digest: bytes) -> int | None:
    """Return the serial of the client's cursor; an unreadable cursor means the first page, as recorded."""
    text = call.params.get("cursor")
    if not text:
        return None
    cursor = read_cursor(text)
    if cursor is None or cursor.rank[1] != table.row:
        report_cursor(
            call, "the cursor is none that this list made: answered the first page", call.settings.strict_cursors
        )
        return None
    if cursor.digest != digest:
        message = "the cursor was made under other filters: continued from its key"
        report_cursor(call, message, call.settings.strict_cursors)
    return cursor.rank[0]


def report_cursor(call: Call, message: str, is_error: bool) -> None:
    """Raise Rejected for an unusable cursor if `is_error`; otherwise only add a finding to the call."""
    if is_error:
        raise Rejected(Situation.BAD_CURSOR, message.partition(":")[0])
    call.findings.append(message)
