"""Checks that a filtered answer has exactly the rows that match, in the order of the list, in every view of it."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import msgspec

from mockexchange.kit.checks import Check
from mockexchange.kit.findings import Finding
from mockexchange.kit.list_facts import NO_SUCH_NAME, Filter, Row, Split
from mockexchange.kit.operations import allows
from mockexchange.kit.rules.finding_format import finding, lists_of, paged_lists_of, request_line, row_text, views_of
from mockexchange.kit.rules.pages import difference, walk
from mockexchange.kit.target import ListRows, NotJudged, Target

# Single filters, and pairs that the facts list


encode_sorted = msgspec.json.Encoder(order="sorted").encode
"""Writes a row as text, in which the order of its fields does not matter; a tenth of the time of `repr`."""
VALUES_MAX = 6
"""The most values that are tried for each filter of a list's view."""
KEPT, NOTHING, TOGETHER, PARTS, LEFT_OUT = (
    f"filters.{name}" for name in ("kept", "nothing", "together", "parts", "left_out")
)


def judge_kept(target: Target, subject: str) -> Iterator[Finding]:
    operation_id, name = subject.split()
    asked = False
    for view in _views(target, operation_id, name):
        whole = target.whole(operation_id, view)
        for value in values_of(target, operation_id, name, whole):
            asked = True
            part = target.whole(operation_id, {**view, name: value})
            yield from compare(target, KEPT, operation_id, {name: value}, whole, part)
    if not asked:
        raise NotJudged(f"no row has a value to filter by {name!r}")


def values_of(target: Target, operation_id: str, name: str, whole: ListRows) -> list[str]:
    """Return values to filter a list by: values in its rows that the API document allows."""
    parameter, filtered = target.operations[operation_id].query[name], target.listing(operation_id).filters[name]
    return [value for value in filtered.values(target, whole.rows) if allows(parameter, value)][:VALUES_MAX]


def _views(target: Target, operation_id: str, *names: str) -> Iterator[dict[str, str]]:
    yield from (view for view in views_of(target, operation_id) if not set(view) & set(names))


def compare(
    target: Target, rule: str, operation_id: str, values: Mapping[str, Any], whole: ListRows, part: ListRows
) -> Iterator[Finding]:
    """Yield findings about a filtered list: rows that do not match, are missing, are new, or are out of order.

    `whole` is the list without the filter, `part` the filtered list.
    """
    meant = {field for name in values for field in (name, *target.listing(operation_id).newest)}

    words = tuple(word for value in values.values() for word in str(value).split(",") if word)

    def of(row: Row) -> str:
        return row_text(row, {*meant, *(field for field in row if field.startswith(words))})

    condition = " and ".join(f"{name}={value}" for name, value in values.items())
    for row in part.rows:
        if _is_kept(target, operation_id, values, row) is False:
            yield finding(
                target, rule, part.where, f"a row that is not of {condition}: {of(row)}", condition, operation_id
            )
    foreign = _foreign(whole, part)
    for row in foreign:
        yield finding(target, rule, part.where, f"a row {of(row)}", "rows of the whole list alone", operation_id)
    for row in _missing(target, operation_id, values, whole, part):
        yield finding(target, rule, part.where, f"no row {of(row)}", f"every row of {condition}", operation_id)
    if whole.is_complete and not foreign and not _is_subsequence(part.rows, whole.rows):
        yield finding(target, rule, part.where, "rows in another order", "the order of the list", operation_id)


def _is_kept(target: Target, operation_id: str, values: Mapping[str, Any], row: Row) -> bool | None:
    filters = target.listing(operation_id).filters
    kept = [filters[name].keeps(target, row, value) for name, value in values.items()]
    return False if False in kept else None if None in kept else True


def _missing(
    target: Target, operation_id: str, values: Mapping[str, Any], whole: ListRows, part: ListRows
) -> Iterator[Row]:
    """Yield matching rows that the filtered list lacks; none if the filtered list was not read to its end."""
    if not part.is_complete:
        return
    left = Counter(map(shown_whole, part.rows))
    for row in whole.rows:
        if left[shown_whole(row)]:
            left[shown_whole(row)] -= 1
        elif _is_kept(target, operation_id, values, row):
            yield row


def _foreign(whole: ListRows, part: ListRows) -> list[Row]:
    """Return the rows of a part that the whole list lacks; none if the whole list was not read to its end."""
    return absent_rows(part.rows, whole.rows) if whole.is_complete else []


def absent_rows(rows: Sequence[Row], others: Sequence[Row]) -> list[Row]:
    """Return the rows that are not among `others`.

    The texts of rows are compared first, so that long lists take little time.
    """
    known = set(map(shown_whole, others))
    return [row for row in rows if shown_whole(row) not in known and row not in others]


def _is_subsequence(part: Sequence[Row], whole: Sequence[Row]) -> bool:
    rows = iter(whole)
    return all(any(row == other for other in rows) for row in part)


def judge_nothing(target: Target, subject: str) -> Iterator[Finding]:
    """Check that filtering by a value that no row has gives an empty list."""
    operation_id, name = subject.split()
    value = target.listing(operation_id).filters[name].nothing
    if not target.whole(operation_id).rows:
        raise NotJudged("the list is empty without the filter too")
    part = target.whole(operation_id, {name: value})
    if part.rows:
        yield finding(target, NOTHING, part.where, f"{len(part.rows)} rows", "none", operation_id)


def judge_together(target: Target, subject: str) -> Iterator[Finding]:
    """Check that a list with two filters has exactly the rows that both of them keep."""
    operation_id, one, other = subject.split()
    whole, asked = target.whole(operation_id), False
    for first in values_of(target, operation_id, one, whole):
        for second in values_of(target, operation_id, other, whole)[:2]:
            asked = True
            part = target.whole(operation_id, {one: first, other: second})
            yield from compare(target, TOGETHER, operation_id, {one: first, other: second}, whole, part)
    if not asked:
        raise NotJudged(f"no row has values to filter by {one!r} and {other!r}")


def judge_parts(target: Target, subject: str) -> Iterator[Finding]:
    """Check that the lists for each value of a parameter together are the whole list, with each row once."""
    operation_id, split = _split(target, subject)
    whole = target.whole(operation_id, {split.name: split.whole} if split.whole else {})
    parts = [target.whole(operation_id, {split.name: value}) for value in split.parts(target)]
    if not whole.rows:
        raise NotJudged("the list is empty")
    if not all(one.is_complete for one in (whole, *parts)):
        raise NotJudged("the list is longer than what is read of it")
    rows = {shown_whole(row): row_text(row, [split.name]) for one in (whole, *parts) for row in one.rows}
    counts, expected = (
        Counter(shown_whole(row) for one in parts for row in one.rows),
        Counter(shown_whole(row) for row in whole.rows),
    )
    for row in expected - counts:
        yield finding(target, PARTS, whole.where, f"in no part: {rows[row]}", "each row in one part", operation_id)
    for row in counts - expected:
        where = f"{whole.where} against {', '.join(one.where for one in parts)}"
        seen = f"only in a part: {rows[row]}"
        yield finding(target, PARTS, where, seen, "each row of a part in the whole", operation_id)


def shown_whole(row: Row) -> bytes:
    return encode_sorted(row)


def judge_left_out(target: Target, subject: str) -> Iterator[Finding]:
    """Check that a request without a parameter returns the same rows as one with the parameter's default."""
    operation_id, split = _split(target, subject)
    left_out, given = target.whole(operation_id), target.whole(operation_id, {split.name: split.default})
    if left_out.rows != given.rows:
        seen = f"{len(left_out.rows)} rows"
        expected = f"the {len(given.rows)} rows of {split.name}={split.default}"
        yield finding(target, LEFT_OUT, left_out.where, seen, expected, operation_id)
    if not given.rows:
        raise NotJudged("the list is empty")


def _split(target: Target, subject: str) -> tuple[str, Split]:
    operation_id, name = subject.split()
    return operation_id, next(one for one in target.listing(operation_id).splits if one.name == name)


def filters_of(target: Target, operation_id: str) -> Iterator[tuple[str, Filter]]:
    """Yield the name and the description of each filter that a list has at the server's API date."""
    known = target.operations[operation_id].query
    yield from ((name, one) for name, one in target.listing(operation_id).filters.items() if name in known)


def _filters(target: Target) -> Iterator[tuple[str, str, Filter]]:
    for operation_id in lists_of(target):
        yield from ((operation_id, name, filtered) for name, filtered in filters_of(target, operation_id))


def _with_nothing(target: Target) -> list[str]:
    """Return the filters that have a value that no row has, except by an `enum`, which refuses such a value."""
    return [
        f"{operation_id} {name}"
        for operation_id, name, filtered in _filters(target)
        if filtered.nothing is not None and "enum" not in target.operations[operation_id].query[name].schema
    ]


def _pairs(target: Target) -> list[str]:
    return [
        f"{operation_id} {one} {other}"
        for operation_id in lists_of(target)
        for one, other in target.listing(operation_id).together
        if {one, other} <= set(target.operations[operation_id].query)
    ]


def _splits(target: Target) -> Iterator[tuple[str, Split]]:
    for operation_id in lists_of(target):
        for split in target.listing(operation_id).splits:
            if split.name in target.operations[operation_id].query:
                yield f"{operation_id} {split.name}", split


# Filters in every view of a list, such as settled positions


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
    for view, whole, query in _views_with_two_filters(target, operation_id):
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
    yield from ((view, query) for view, _, query in _views_with_two_filters(target, operation_id))


def _views_with_two_filters(target: Target, operation_id: str) -> Iterator[tuple[Query, ListRows, Query]]:
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
    Check(
        KEPT,
        "A filter keeps the rows that match it and no others.",
        PLACE,
        lambda target: [f"{operation_id} {name}" for operation_id, name, _ in _filters(target)],
        judge_kept,
    ),
    Check(NOTHING, "A filter that nothing matches gives an empty list.", PLACE, _with_nothing, judge_nothing),
    Check(TOGETHER, "Two filters keep what both of them keep.", PLACE, _pairs, judge_together),
    Check(
        PARTS,
        "The parts of a list are together the list.",
        PLACE,
        lambda target: [subject for subject, _ in _splits(target)],
        judge_parts,
    ),
    Check(
        LEFT_OUT,
        "A parameter that is left out stands for its default.",
        PLACE,
        lambda target: [subject for subject, split in _splits(target) if split.default],
        judge_left_out,
    ),
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
