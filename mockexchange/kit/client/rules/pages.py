"""Checks that a client reads a list from cursor to cursor with the same filters, to its end and no further."""

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from mockexchange.kit.client.api_documents import ApiDocuments
from mockexchange.kit.client.rules.rule import NotSeen, Rule
from mockexchange.kit.client.traffic import Call, Traffic
from mockexchange.kit.findings import Finding

CURSOR, LIMIT = "cursor", "limit"
LIMIT_DEFAULT = 100


class Page(NamedTuple):
    """A page of a list that a client read.

    `sent` is the cursor in the request ("" if there was none), `next` the cursor in the answer.
    """

    call: Call
    sent: str
    next: str
    filters: tuple[tuple[str, str], ...]

    @property
    def is_cut_short(self) -> bool:
        """Return whether the page has fewer rows than its limit.

        A client that needs only the rows of one full page may stop after it.
        """
        limit = (self.call.parameters.get(LIMIT) or [""])[0]
        rows = [value for value in self.call.json().values() if isinstance(value, list)]
        return max(map(len, rows), default=0) < (int(limit) if limit.isdigit() else LIMIT_DEFAULT)


def pages_of(traffic: Traffic) -> dict[str, list[Page]]:
    """Return for each list the pages that the client read, in order."""
    lists: dict[str, list[Page]] = defaultdict(list)
    for call in traffic.requests:
        body = call.json() if call.status == 200 else None
        if call.method == "GET" and isinstance(body, dict) and CURSOR in body:
            lists[call.path].append(_page(call, body[CURSOR] or ""))
    return lists


def _page(call: Call, next_cursor: str) -> Page:
    parameters = call.parameters
    filters = sorted((name, json.dumps(values)) for name, values in parameters.items() if name not in (CURSOR, LIMIT))
    return Page(call, (parameters.get(CURSOR) or [""])[0], next_cursor, tuple(filters))


def _walked(traffic: Traffic) -> list[list[Page]]:
    walked = [pages for pages in pages_of(traffic).values() if any(page.next for page in pages)]
    if not walked:
        raise NotSeen("no list of more than one page was read")
    return walked


def followed(traffic: Traffic, documents: ApiDocuments) -> Iterator[Finding]:
    for pages in _walked(traffic):
        sent_cursors = {page.sent for page in pages}
        left = [page for page in pages if page.next and page.next not in sent_cursors]
        if left and not any(page.next == "" for page in pages) and left[-1].is_cut_short:
            seen = f"{len(pages)} pages were read, and the last one's cursor was not followed"
            yield _finding("pages.followed", left[-1], documents, seen, 'the next page, until the cursor is ""')


def filtered(traffic: Traffic, documents: ApiDocuments) -> Iterator[Finding]:
    for pages in _walked(traffic):
        by_cursor = {page.next: page for page in pages if page.next}
        for page in pages:
            before = by_cursor.get(page.sent)
            if page.sent and before and page.filters != before.filters:
                seen = f"the cursor of {before.call.where} came back under other filters"
                yield _finding("pages.filtered", page, documents, seen, "the same filters with the cursor")
                break


def known_cursors(traffic: Traffic, documents: ApiDocuments) -> Iterator[Finding]:
    """Yield a finding for a cursor that the exchange never sent.

    The venue answers such a cursor with the first page.
    """
    lists = pages_of(traffic)
    if not lists:
        raise NotSeen("no list was read")
    for pages in lists.values():
        next_cursors = {page.next for page in pages}
        strange = next((page for page in pages if page.sent and page.sent not in next_cursors), None)
        if strange:
            seen = f"the cursor {strange.sent!r} was never handed out"
            yield _finding("pages.cursors", strange, documents, seen, "the cursor of the page before, as it came")


def once(traffic: Traffic, documents: ApiDocuments) -> Iterator[Finding]:
    for pages in _walked(traffic):
        repeated = [page for page in pages if page.sent and sum(page.sent == other.sent for other in pages) > 2]
        if repeated:
            seen = f"the same cursor was sent {sum(page.sent == repeated[0].sent for page in pages)} times"
            yield _finding("pages.once", repeated[0], documents, seen, "each page once, twice at most")


def _finding(rule: str, page: Page, documents: ApiDocuments, seen: str, expected: str) -> Finding:
    return Finding(rule, page.call.where, seen, expected, documents.place_of(page.call.method, page.call.path))


RULES = (
    Rule("pages.followed", 'A walk follows the cursors until one is "".', followed),
    Rule("pages.filtered", "A cursor goes with the filters of its walk.", filtered),
    Rule("pages.cursors", "Cursors are sent as they came.", known_cursors),
    Rule("pages.once", "No page is read again and again.", once),
)
