"""Checks pages of a list to which new rows are added: no row is repeated, and no old row is missing."""

from collections.abc import Iterator, Sequence
from typing import Any

from mockexchange.kit.checks import Check, NotJudged
from mockexchange.kit.findings import Finding
from mockexchange.kit.response import object_of
from mockexchange.kit.rules.finding_format import finding, paged_lists_of, request_line
from mockexchange.kit.target import Target

ARRIVING = "pages.arriving"
PAGES_MAX = 40
"""The most pages of one row each that are read; new rows arrive at the beginning of the list."""
Name = tuple[Any, ...]
"""The values that identify a row."""


def judge_arriving(target: Target, operation_id: str) -> Iterator[Finding]:
    """Read a list in pages of one row between two reads of the whole list, and check that no row is lost or repeated.

    If the two reads are equal, no row has arrived, and the rule cannot be checked.
    """
    before = _names(target, operation_id)
    walked = _names(target, operation_id, 1, PAGES_MAX)
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
    if len(walked) < PAGES_MAX:
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


CHECKS: tuple[Check[Target], ...] = (
    Check(
        ARRIVING,
        "While rows arrive, pages repeat and lose none.",
        "the parameters `limit` and `cursor` of each list",
        _identified,
        judge_arriving,
        holds_while_moving=True,
    ),
)
