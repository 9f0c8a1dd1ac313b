"""Checks filters in every view of a list, such as settled positions: pairs of filters, cut names, and pages."""

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

from mockexchange.kit.checks import Check, NotJudged
from mockexchange.kit.findings import Finding
from mockexchange.kit.operations import allows
from mockexchange.kit.rules.filter_matching import NO_SUCH_NAME
from mockexchange.kit.rules.filters import absent_rows, compare, filters_of, values_of
from mockexchange.kit.rules.finding_format import finding, lists_of, paged_lists_of, request_line, views_of
from mockexchange.kit.rules.list_facts import Row
from mockexchange.kit.rules.pages import difference, walk
from mockexchange.kit.target import ListRows, Target

CUT_SHORT, ELSEWHERE, PAIRS, FILTERED = "filters.cut_short", "filters.elsewhere", "filters.pairs", "pages.below_filters"
CHARS_MIN = 4
"""The shortest name that is cut short, since the rest of a shorter one may be another name."""
PAGES = 3
"""The number of pages into which a filtered list is cut."""
Query = Mapping[str, Any]


def judge_cut_short(target: Target, subject: str) -> Iterator[Finding]:
    """Check that filtering by a name without its last character returns no rows, since no row has that name."""
    operation_id, name = subject.split()
    filtered, whole = target.listing(operation_id).filters[name], target.whole(operation_id)
    parameter = target.operations[operation_id].query[name]
    judged = False
    for value in values_of(target, operation_id, name, whole):
        short = value[:-1]
        is_name = len(value) >= CHARS_MIN and "," not in value and allows(parameter, short)
        if not is_name or any(filtered.keeps(target, row, short) is not False for row in whole.rows):
            continue
        judged = True
        part = target.whole(operation_id, {name: short})
        if part.rows:
            expected = f"none: no {name} is {short}"
            yield finding(target, CUT_SHORT, part.where, f"{len(part.rows)} rows", expected, operation_id)
    if not judged:
        raise NotJudged(f"no row has a name to filter by {name!r}")


def judge_elsewhere(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that a filter does not bring rows of another view into a view.

    A view is a list with a query, such as settled positions. The filter asks for a value, such as a ticker, that occurs
    in the other view alone.
    """
    judged = False
    wholes = [(view, target.whole(operation_id, view)) for view in views_of(target, operation_id)]
    for view, whole in wholes:
        others = [row for _, other in wholes for row in absent_rows(other.rows, whole.rows)]
        for query in _queries(target, operation_id, others[0]) if others and whole.is_complete else ():
            if not set(query) & set(view):
                judged = True
                part = target.whole(operation_id, {**view, **query})
                yield from compare(target, ELSEWHERE, operation_id, query, whole, part)
    if not judged:
        raise NotJudged("no view has a row that another one lacks")


def judge_pairs(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check every pair of filters with the values of one row: exactly the rows that both filters keep are returned."""
    judged = False
    for view, whole, query in _pairs(target, operation_id):
        judged = True
        part = target.whole(operation_id, {**view, **query})
        yield from compare(target, PAIRS, operation_id, query, whole, part)
    if not judged:
        raise NotJudged("no row has values for two filters")


def judge_filtered_pages(target: Target, operation_id: str) -> Iterator[Finding]:
    """Check that the pages of each list, filtered by one parameter or two, make up the whole filtered list."""
    limit, judged = target.venue.facts.paging.limit, False
    for view, query in _filtered_views(target, operation_id):
        asked = {**view, **query}
        whole = target.whole(operation_id, asked)
        if len(whole.rows) < 2:
            continue
        judged, size = True, max(1, len(whole.rows) // PAGES)
        walked = walk(target, operation_id, {**asked, limit: size})
        found = ("a cursor twice", "each once") if walked.stuck else difference(whole, walked)
        if found:
            where = f"{request_line(target.operations[operation_id], asked)} in pages of {size}"
            yield finding(target, FILTERED, where, *found, operation_id)
    if not judged:
        raise NotJudged("no filter keeps two rows to read in pages")


def _filtered_views(target: Target, operation_id: str) -> Iterator[tuple[Query, Query]]:
    for view in views_of(target, operation_id):
        whole = target.whole(operation_id, view)
        for query in _queries(target, operation_id, _sample(whole)) if whole.rows else ():
            if not set(query) & set(view):
                yield view, query
    yield from ((view, query) for view, _, query in _pairs(target, operation_id))


def _pairs(target: Target, operation_id: str) -> Iterator[tuple[Query, ListRows, Query]]:
    """Yield view, its whole list and a query of two filters with values of one of its rows."""
    for view in views_of(target, operation_id):
        whole = target.whole(operation_id, view)
        for one, other in combinations(_queries(target, operation_id, _sample(whole)) if whole.rows else (), 2):
            query = {**one, **other}
            if not set(query) & set(view) and not _exclude_each_other(target, operation_id, query):
                yield view, whole, query


def _sample(whole: ListRows) -> Row:
    """Return a row of the middle, which most filters of its values separate from others."""
    return whole.rows[len(whole.rows) // 2]


def _queries(target: Target, operation_id: str, row: Row) -> Iterator[Query]:
    """Yield a query for each filter of a list, with a value that keeps a row."""
    for name, filtered in filters_of(target, operation_id):
        alone = ListRows([row], True, "")
        for value in values_of(target, operation_id, name, alone):
            if filtered.keeps(target, row, value):
                yield {name: value}
                break


def _exclude_each_other(target: Target, operation_id: str, names: Query) -> bool:
    """Return whether filters are documented to exclude each other: kinds of time, and times beside some statuses."""
    kinds = target.operations[operation_id].node.get("x-times", {})
    found = [kind for name in names for kind in kinds if name in {f"min_{kind}_ts", f"max_{kind}_ts"}]
    return len(set(found)) > 1 or (bool(found) and "status" in names)


def _named(target: Target) -> list[str]:
    return [
        f"{operation_id} {name}"
        for operation_id in lists_of(target)
        for name, filtered in filters_of(target, operation_id)
        if filtered.nothing == NO_SUCH_NAME and "enum" not in target.operations[operation_id].query[name].schema
    ]


def _with_views(target: Target) -> list[str]:
    return [name for name in _with_filters(target, 1) if len(list(views_of(target, name))) > 1]


def _with_filters(target: Target, least: int) -> list[str]:
    return [name for name in lists_of(target) if len(list(filters_of(target, name))) >= least]


PLACE = "the parameters of each list"
CHECKS: tuple[Check[Target], ...] = (
    Check(CUT_SHORT, "A name that is cut short finds nothing.", PLACE, _named, judge_cut_short),
    Check(ELSEWHERE, "A filter shows no row that its view excludes.", PLACE, _with_views, judge_elsewhere),
    Check(
        PAIRS,
        "Every pair of filters keeps what both keep.",
        PLACE,
        lambda target: _with_filters(target, 2),
        judge_pairs,
    ),
    Check(
        FILTERED,
        "Pages below filters make up the filtered list.",
        PLACE,
        lambda target: [name for name in paged_lists_of(target) if name in _with_filters(target, 1)],
        judge_filtered_pages,
    ),
)
