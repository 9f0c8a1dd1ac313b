"""Pages of every list, at every API date: each limit gives the same rows in the same order, each row once."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from mockexchange.venues.kalshi.named_days import ALIASES, api_date
from mockexchange.venues.kalshi.parameter_decoding import parameters
from mockexchange.venues.kalshi.resources import OPERATIONS
from tests.contracts.reads import ask
from tests.helpers.rows import each_row

pytestmark = pytest.mark.untraced

EVERY = (*ALIASES, "compat")
LIMITS = (1, 2, 7)
PAGES_MAX = 60
CURSORS = ("cursor", "next_cursor")
BESIDE = {"/events": "milestones"}
"""The list beside the rows of an answer that has pages."""
BY_EVENT = {"/portfolio/positions", "/fcm/positions", "/historical/positions"}
"""Their pages hold whole events in some modes, and two lists."""


def lists_of(date: str) -> Iterator[tuple[str, str, int]]:
    """Yield the path of each list that has pages, the parameter that bounds them, and its largest value."""
    day = api_date(date)
    for operation in OPERATIONS:
        rows = parameters(operation.name, day) if operation.method == "GET" and day.holds(*operation.life) else {}
        limit = next((name for name in ("limit", "page_size") if name in rows), None)
        if limit and "cursor" in rows and operation.path not in BY_EVENT:
            yield operation.path, limit, rows[limit].maximum or 100


def walk(path: str, date: str, limit: dict[str, object]) -> Iterator[list[Any]]:
    cursor = ""
    for _ in range(PAGES_MAX):
        answer = ask(path, date, {**limit, **({"cursor": cursor} if cursor else {})})
        assert answer.status == 200, (path, date, answer.body)
        body = json.loads(answer.body)
        lists = [value for name, value in body.items() if isinstance(value, list) and name != BESIDE.get(path)]
        assert len(lists) == 1, (path, date, body)
        yield lists[0]
        cursor = next((body[name] for name in CURSORS if body.get(name)), "")
        if not cursor:
            return
    raise AssertionError(f"{path} at {date} has no last page with {limit}")


@each_row("date", EVERY)
def test_every_limit_gives_the_same_rows(date: str) -> None:
    lists = list(lists_of(date))
    assert len(lists) >= 8
    for path, name, largest in lists:
        whole = [row for page in walk(path, date, {name: largest}) for row in page]
        for limit in LIMITS:
            pages = list(walk(path, date, {name: limit}))
            assert [row for page in pages for row in page] == whole, (path, limit)
            assert {len(page) for page in pages[:-1]} <= {limit}, (path, limit)
