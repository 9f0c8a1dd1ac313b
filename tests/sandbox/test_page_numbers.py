"""The page number of a request, by its cursor."""

import pytest

from mockexchange.sandbox import page_numbers
from mockexchange.sandbox.page_numbers import PageNumbers
from tests.helpers.rows import each_row


def test_pages_are_counted_by_the_cursors_handed_out() -> None:
    seen = PageNumbers()
    assert seen.number_of("alice", "GetFills", None) == 1
    seen.note("alice", "GetFills", 1, b'{"cursor":"b","fills":[]}')
    seen.note("alice", "GetFills", 2, b'{"fills":[],"cursor":"c"}')
    assert [seen.number_of("alice", "GetFills", cursor) for cursor in ("", "b", "c", "made up")] == [1, 2, 3, 1]


def test_cursors_are_those_of_an_account_and_an_operation() -> None:
    seen = PageNumbers()
    seen.note("alice", "GetFills", 1, b'{"cursor":"b"}')
    assert seen.number_of("bob", "GetFills", "b") == seen.number_of("alice", "GetOrders", "b") == 1


@each_row("answer", [b"", b"{}", b"[]", b"not json", b'{"cursor":null}', b'{"cursor":""}', b'{"cursor":5}'])
def test_what_has_no_cursor_leads_nowhere(answer: bytes) -> None:
    seen = PageNumbers()
    seen.note("alice", "GetFills", 1, answer)
    assert [seen.number_of("alice", "GetFills", cursor) for cursor in (None, "", "5")] == [1, 1, 1]


def test_the_oldest_cursors_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_numbers, "CURSORS_MAX", 2)
    seen = PageNumbers()
    for cursor in "bcd":
        seen.note("alice", "GetFills", 1, b'{"cursor":"%s"}' % cursor.encode())
    assert [seen.number_of("alice", "GetFills", cursor) for cursor in "bcd"] == [1, 2, 2]
