"""Caches hold exactly what would be encoded, within their bounds."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from mockexchange.venues import caches
from mockexchange.venues.caches import PAGE_BYTES_MAX, PAGES_MAX, PageCache, RowCache
from tests.helpers.rows import each_row


class Item:
    """A row of this revision, and how often it was encoded."""

    def __init__(self, revision: int) -> None:
        self.revision = revision
        self.encoded = 0


def encode(item: Item) -> bytes:
    item.encoded += 1
    return b"row %d" % item.revision


def items(*revisions: int) -> list[Item]:
    return [Item(revision) for revision in revisions]


# --- rows


def test_rows_are_joined_and_encoded_once() -> None:
    cache, rows = RowCache(), items(1, 2, 3)
    assert cache.write_list(rows, encode) == b"[row 1,row 2,row 3]"
    assert cache.write_list(rows[::-1], encode) == b"[row 3,row 2,row 1]"
    assert [row.encoded for row in rows] == [1, 1, 1]
    assert cache.write_list([], encode) == b"[]"


def test_another_revision_is_another_row() -> None:
    cache, row = RowCache(), Item(1)
    cache.write_list([row], encode)
    row.revision = 2
    assert cache.write_list([row], encode) == b"[row 2]"


def test_some_known_and_some_new_come_in_order() -> None:
    cache = RowCache()
    cache.write_list(items(2, 4), encode)
    assert cache.write_list(items(1, 2, 3, 4), encode) == b"[row 1,row 2,row 3,row 4]"


def test_what_is_used_stays_and_what_is_not_goes() -> None:
    cache, used, left = RowCache(rows_max=8), Item(0), Item(1_000)
    cache.write_list([left], encode)
    for revision in range(1, 50):
        cache.write_list([used, Item(revision)], encode)
        assert len(cache) <= 9
    cache.write_list([left], encode)
    assert (used.encoded, left.encoded) == (1, 2)


@given(st.lists(st.lists(st.integers(0, 30), max_size=12), max_size=30), st.integers(2, 12))
def test_whatever_is_asked_the_bytes_are_right_and_bounded(asked: list[list[int]], rows_max: int) -> None:
    cache = RowCache(rows_max)
    for revisions in asked:
        assert cache.write_list(items(*revisions), encode) == b"[%b]" % b",".join(b"row %d" % one for one in revisions)
        assert len(cache) <= 2 * (rows_max // 2 + 1)


# --- pages


def maker(page: bytes) -> tuple[Callable[[], bytes], list[int]]:
    calls: list[int] = []

    def make() -> bytes:
        calls.append(1)
        return page

    return make, calls


def test_a_page_is_made_once_a_revision() -> None:
    cache = PageCache()
    make, calls = maker(b"page")
    assert [cache.body("key", 1, make) for _ in range(3)] == [b"page"] * 3
    assert len(calls) == 1
    cache.body("key", 2, make)
    cache.body("other", 2, make)
    assert len(calls) == 3
    assert len(cache) == 2


def test_a_page_of_an_older_revision_is_never_served() -> None:
    cache = PageCache()
    shown = [cache.body("key", revision, maker(b"%d" % revision)[0]) for revision in (1, 2, 1)]
    assert shown == [b"1", b"2", b"1"]


@each_row(("size", "made"), [(PAGE_BYTES_MAX, 1), (PAGE_BYTES_MAX + 1, 2)])
def test_a_large_page_is_made_anew(size: int, made: int) -> None:
    cache = PageCache()
    make, calls = maker(b"x" * size)
    assert [len(cache.body("key", 1, make)) for _ in range(2)] == [size] * 2
    assert len(calls) == made


def test_a_page_that_grew_too_large_leaves_nothing_behind() -> None:
    cache = PageCache()
    cache.body("key", 1, lambda: b"small")
    cache.body("key", 2, lambda: b"x" * (PAGE_BYTES_MAX + 1))
    assert len(cache) == 0


def test_the_pages_made_longest_ago_go_first() -> None:
    cache = PageCache()
    for number in range(PAGES_MAX):
        cache.body(number, 1, lambda: b"first")
    cache.body(0, 2, lambda: b"again")
    cache.body("one more", 1, lambda: b"more")
    assert len(cache) == PAGES_MAX
    assert cache.body(0, 2, lambda: b"anew") == b"again"
    assert cache.body(2, 1, lambda: b"anew") == b"first"
    assert cache.body(1, 1, lambda: b"anew") == b"anew"


def test_the_sizes_are_what_the_comments_say() -> None:
    assert caches.ROWS_MAX == 16_384
    assert PAGES_MAX * PAGE_BYTES_MAX == 64 * 1024 * 1024
