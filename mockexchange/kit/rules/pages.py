"""Checks that pages of any size make up the list, that none exceeds its limit, and that the last has no cursor."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from mockexchange.kit.checks import Check
from mockexchange.kit.findings import Finding
from mockexchange.kit.list_facts import Row
from mockexchange.kit.rules.finding_format import differing, finding, paged_lists_of, request_line, row_text, views_of
from mockexchange.kit.target import ListRows, NotJudged, Target, object_of

SIZES = (1, 2, 7)
PAGES_MAX = 60
"""The most pages read in one walk through a list; of a longer list, small pages cover only the beginning."""
PARTITION, BOUNDED, ENDS, UNREADABLE, DEFAULT = (
    f"pages.{name}" for name in ("partition", "bounded", "end", "unreadable_cursor", "default_size")
)


class Page(NamedTuple):
    """A page of a list; `where` is the request that the server answered with the page."""

    where: str
    body: dict[str, Any]
    rows: list[Row]
    cursor: object


class Walk(NamedTuple):
    """The pages of a list, read from cursor to cursor. `stuck` is a cursor that the server returned twice, or ""."""

    pages: list[Page]
    stuck: str = ""

    @property
    def rows(self) -> list[Row]:
        return [row for page in self.pages for row in page.rows]

    @property
    def is_complete(self) -> bool:
        return not self.stuck and not self.pages[-1].cursor


def walk(target: Target, operation_id: str, query: Mapping[str, Any]) -> Walk:
    """Read a list page by page, at most PAGES_MAX pages. Raises NotJudged if a page is refused."""
    paging, seen, cursor = target.venue.facts.paging, set[str](), ""
    pages: list[Page] = []
    while len(pages) < PAGES_MAX:
        page = _page(target, operation_id, {**query, **({paging.cursor: cursor} if cursor else {})})
        pages.append(page)
        cursor = str(page.cursor or "")
        if not cursor:
            break
        if cursor in seen:
            return Walk(pages, cursor)
        seen.add(cursor)
    return Walk(pages)


def _page(target: Target, operation_id: str, query: Mapping[str, Any]) -> Page:
    facts, asked = target.venue.facts, {**target.needed(operation_id), **query}
    body = target.body(operation_id, asked)
    rows = body.get(facts.listings[operation_id].rows) or []
    return Page(request_line(target.operations[operation_id], asked), body, rows, body.get(facts.paging.next))


def _walks(target: Target, operation_id: str) -> Iterator[tuple[int, dict[str, Any], ListRows, Walk]]:
    """Yield size, view, whole list and walk for each view of a list, with small pages and with large ones."""
    limit = target.venue.facts.paging.limit
    most = target.operations[operation_id].query[limit].schema["maximum"]
    for view in views_of(target, operation_id):
        whole = target.whole(operation_id, view)
        half = max(SIZES[-1] + 1, -(-len(whole.rows) // 2))
        for size in (*SIZES, min(half, most)):
            yield size, view, whole, walk(target, operation_id, {**view, limit: size})


def judge_partition(target: Target, operation_id: str) -> Iterator[Finding]:
    judged = 0
    for size, view, whole, walked in _walks(target, operation_id):
        where = f"{request_line(target.operations[operation_id], view)} in pages of {size}"
        judged += len(whole.rows) > 1
        if walked.stuck:
            yield finding(target, PARTITION, where, f"the cursor {walked.stuck!r} twice", "each once", operation_id)
            continue
        found = difference(whole, walked)
        if found:
            yield finding(target, PARTITION, where, *found, operation_id)
    if not judged:
        raise NotJudged("there are fewer than two rows to read in pages")


def difference(whole: ListRows, walked: Walk) -> tuple[str, str] | None:
    """Return what the pages have and what the whole list has, if pages miss, repeat or misplace rows; else None."""
    rows, expected = walked.rows, whole.rows
    if not (walked.is_complete and whole.is_complete):
        common = min(len(rows), len(expected))
        rows, expected = rows[:common], expected[:common]
    if rows == expected:
        return None
    at = next((index for index, pair in enumerate(zip(rows, expected, strict=False)) if pair[0] != pair[1]), None)
    if at is None:
        return f"{len(rows)} rows in all", f"the {len(expected)} rows of one whole page"
    names = differing(rows[at], expected[at])
    return f"row {at + 1}: {row_text(rows[at], names)}", f"as in one whole page: {row_text(expected[at], names)}"


def judge_bounded(target: Target, operation_id: str) -> Iterator[Finding]:
    counted, limit = target.listing(operation_id).counted, target.venue.facts.paging.limit
    found = False
    for size, view, _, walked in _walks(target, operation_id):
        for page in walked.pages:
            count = counted(page.body, {**view, limit: size}) if counted else len(page.rows)
            found |= bool(page.rows)
            if count > size:
                yield finding(target, BOUNDED, page.where, f"{count} rows", f"at most {size}", operation_id)
    if not found:
        raise NotJudged("the list is empty")


def judge_end(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that every page before the last has rows and a cursor, and that the last has an empty cursor or none."""
    for size, _, _, walked in _walks(target, operation_id):
        last = walked.pages[-1]
        if not last.rows and len(walked.pages) > 1 and len(walked.pages[-2].rows) < size:
            seen = f"a cursor after {len(walked.pages[-2].rows)} rows of {size}, and nothing behind it"
            yield finding(target, ENDS, walked.pages[-2].where, seen, 'cursor ""', operation_id)
        if last.cursor not in ("", None) and len(walked.pages) < PAGES_MAX:
            yield finding(target, ENDS, last.where, f"cursor {last.cursor!r}", 'cursor ""', operation_id)
        for page in walked.pages[:-1]:
            if not page.rows:
                where, seen = page.where, "a page without rows before the last one"
                yield finding(target, ENDS, where, seen, "rows, or an empty cursor", operation_id)


def judge_unreadable(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that an unreadable cursor gives the first page, if the venue documents that."""
    paging = target.venue.facts.paging
    first = _page(target, operation_id, {})
    if not first.rows:
        raise NotJudged("the list is empty")
    for cursor in (paging.unreadable, ""):
        page = _page(target, operation_id, {paging.cursor: cursor})
        if page.rows != first.rows:
            seen = f"{len(page.rows)} rows, not those of the first page"
            yield finding(target, UNREADABLE, page.where, seen, "the first page", operation_id)


def judge_default(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that a page without a limit has the documented default size."""
    limit = target.venue.facts.paging.limit
    default = target.operations[operation_id].query[limit].schema["default"]
    left_out, given = _page(target, operation_id, {}), _page(target, operation_id, {limit: default})
    if not given.rows:
        raise NotJudged("the list is empty")
    if (left_out.rows, left_out.cursor) != (given.rows, given.cursor):
        seen = f"{len(left_out.rows)} rows, cursor {left_out.cursor!r}"
        expected = f"{len(given.rows)} rows, cursor {given.cursor!r}, as with {limit}={default}"
        yield finding(target, DEFAULT, left_out.where, seen, expected, operation_id)


def _with_default(target: Target) -> Sequence[str]:
    limit = target.venue.facts.paging.limit
    return [name for name in paged_lists_of(target) if "default" in target.operations[name].query[limit].schema]


def _with_unreadable(target: Target) -> Sequence[str]:
    """Return the lists with pages; none if the venue does not document unreadable cursors."""
    return paged_lists_of(target) if target.venue.facts.paging.unreadable else ()


# Pages of a list to which rows are added meanwhile


ARRIVING = "pages.arriving"
ARRIVING_PAGES_MAX = 40
"""The most pages of one row each that are read; new rows arrive at the beginning of the list."""
Name = tuple[Any, ...]
"""The values that identify a row."""


def judge_arriving(target: Target, operation_id: str) -> Iterator[Finding]:
    """Read a list in pages of one row between two reads of the whole list, and check that no row is lost or repeated.

    If the two reads are equal, no row has arrived, and the rule cannot be checked.
    """
    before = _names(target, operation_id)
    walked = _names(target, operation_id, 1, ARRIVING_PAGES_MAX)
    after = _names(target, operation_id)
    where = f"{request_line(target.operations[operation_id], {})} in pages of 1, while rows arrive"
    twice = next((row for number, row in enumerate(walked) if row in walked[:number]), None)
    if twice:
        yield finding(target, ARRIVING, where, f"the row {twice} twice", "each row once", operation_id)
    lost = next((row for row in _passed(before, walked) if row in after and row not in walked), None)
    if lost:
        expected = "every row that was there before and after"
        yield finding(target, ARRIVING, where, f"no row {lost}", expected, operation_id)
    if before == after:
        raise NotJudged("no row arrived while the pages were read")


def _passed(before: Sequence[Name], walked: Sequence[Name]) -> Sequence[Name]:
    """Return the rows of the list that the walk has passed: all of them if it reached the end."""
    if len(walked) < ARRIVING_PAGES_MAX:
        return before
    return before[: before.index(walked[-1])] if walked[-1] in before else ()


def _names(target: Target, operation_id: str, size: int = 0, pages_max: int = 1) -> list[Name]:
    """Read pages without the cache and return the names of their rows. Raises NotJudged."""
    facts, listing = target.venue.facts, target.listing(operation_id)
    limit, cursor, found = facts.paging.limit, "", list[Name]()
    most = target.operations[operation_id].query[limit].schema["maximum"]
    for _ in range(pages_max):
        query = {limit: size or most, facts.paging.cursor: cursor or None}
        body = object_of(target.read(operation_id, query, listing.role))
        rows = body.get(listing.rows) or []
        found.extend(tuple(row.get(name) for name in listing.identity) for row in rows)
        cursor = str(body.get(facts.paging.next) or "")
        if not cursor:
            break
    return found


def _identified(target: Target) -> list[str]:
    return [name for name in paged_lists_of(target) if target.listing(name).identity]


PLACE = "the parameters `limit` and `cursor` of each list"
CHECKS: tuple[Check[Target], ...] = (
    Check(PARTITION, "Pages of any size make up the list.", PLACE, paged_lists_of, judge_partition),
    Check(BOUNDED, "No page is longer than its limit.", PLACE, paged_lists_of, judge_bounded),
    Check(ENDS, "Only the last page has no cursor.", PLACE, paged_lists_of, judge_end),
    Check(UNREADABLE, "An unreadable cursor gives the first page.", PLACE, _with_unreadable, judge_unreadable),
    Check(DEFAULT, "Without a limit, pages have the documented size.", PLACE, _with_default, judge_default),
    Check(
        ARRIVING,
        "While rows arrive, pages repeat and lose none.",
        PLACE,
        _identified,
        judge_arriving,
        holds_while_moving=True,
    ),
)
