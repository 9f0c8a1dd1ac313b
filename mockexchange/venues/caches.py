"""Caches of encoded JSON objects and whole pages, keyed by revision, so that a page is joined from cached bytes."""

from collections.abc import Callable, Hashable, Sequence
from operator import attrgetter
from typing import Protocol, TypeVar

from msgspec import Struct, field

from mockexchange.venues.dated_fields import ApiDate

ROWS_MAX = 16_384
"""Size of one cache of encoded objects (one per sandbox, table and API date): about 6 MB, or 16 full pages."""


PAGES_MAX = 256
PAGE_BYTES_MAX = 256 * 1024
"""Largest page that is cached, in bytes; the pages of a sandbox take 64 MB at most, and about 2 MB in practice."""


class Revised(Protocol):
    @property
    def revision(self) -> Hashable: ...


Item = TypeVar("Item", bound=Revised)


_revision = attrgetter("revision")


class RowCache:
    """A bounded map from an object's revision to its encoded bytes; entries that were not used for longest are dropped.

    It has two generations of entries instead of a linked list, so a hit costs one look-up. When the young generation is
    full it becomes the old one, and the former old one is dropped; an old entry that is read becomes young again.
    """

    __slots__ = ("_generation_rows_max", "_old", "_young")

    def __init__(self, rows_max: int = ROWS_MAX) -> None:
        self._young: dict[Hashable, bytes] = {}
        self._old: dict[Hashable, bytes] = {}
        self._generation_rows_max = rows_max // 2

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def write_list(self, items: Sequence[Item], encode: Callable[[Item], bytes]) -> bytes:
        """Return the JSON list of all items; encode only the items that are not cached."""
        try:
            parts = list(map(self._young.__getitem__, map(_revision, items)))
        except KeyError:
            parts = [self._row(item, encode) for item in items]
        if not parts:
            return b"[]"
        parts[0] = b"[" + parts[0]  # brackets around the joined list would copy it again
        parts[-1] += b"]"
        return b",".join(parts)

    def _row(self, item: Item, encode: Callable[[Item], bytes]) -> bytes:
        revision = item.revision
        row = self._young.get(revision) or self._old.pop(revision, None) or encode(item)
        self._young[revision] = row
        if len(self._young) > self._generation_rows_max:
            self._young, self._old = {}, self._young
        return row


class PageCache:
    """The most recently encoded pages of a sandbox: a polled page is served from here until the exchange changes."""

    __slots__ = ("_pages",)

    def __init__(self) -> None:
        self._pages: dict[Hashable, tuple[int, bytes]] = {}

    def __len__(self) -> int:
        return len(self._pages)

    def body(self, key: Hashable, revision: int, make: Callable[[], bytes]) -> bytes:
        """Return the cached page of `key` if it has this revision; otherwise make and cache it."""
        page = self.find(key, revision)
        if page is None:
            page = make()
            self.keep(key, revision, page)
        return page

    def find(self, key: Hashable, revision: int) -> bytes | None:
        """Return the cached page of `key` if it has this revision, otherwise None."""
        kept = self._pages.get(key)
        return kept[1] if kept is not None and kept[0] == revision else None

    def keep(self, key: Hashable, revision: int, page: bytes) -> None:
        """Cache a page for `key`, unless it is too large; the oldest page is dropped if there are too many."""
        self._pages.pop(key, None)
        if len(page) <= PAGE_BYTES_MAX:
            self._pages[key] = (revision, page)
        if len(self._pages) > PAGES_MAX:
            del self._pages[next(iter(self._pages))]


class Caches(Struct):
    """The caches of one sandbox: encoded objects by API date and table, and encoded pages."""

    by_table: dict[tuple[str, str], RowCache] = field(default_factory=dict)
    pages: PageCache = field(default_factory=PageCache)

    def of(self, api_date: ApiDate, table: str) -> RowCache:
        key = (api_date.day or api_date.name, table)
        cache = self.by_table.get(key)
        if cache is None:
            cache = self.by_table[key] = RowCache()
        return cache
