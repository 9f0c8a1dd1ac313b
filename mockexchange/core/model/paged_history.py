"""A list of rows such as fills, indexed so that every page, newest first, costs O(log n + limit).

A selector is a key under which a row can be found, such as ("series", S), or a market's ticker; each row has several,
and the selector () finds all rows. A partition is the tuple of a row's values that filters compare, such as
(subaccount, status). There is one list, sorted by serial, for each selector and partition. A page merges the lists of
the requested selectors whose partition passes the filter. Serials rise with time, so one order serves lists, windows of
time and cursors. New rows are put into the lists when one is read, so a row that changes its partition before that is
never moved. The only row of a selector is kept without a list, and rows of one partition without a table of partitions,
which saves most of the memory where each market has few rows.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Collection, Hashable, Iterator, Sequence
from heapq import merge
from itertools import islice
from operator import attrgetter
from typing import Any, Generic, NamedTuple, Protocol, TypeVar, cast

Selector = Hashable
"""A market's ticker, which needs no tuple of its own, or a tuple such as ("series", S)."""
Partition = tuple[Any, ...]
EVERYTHING: Selector = ()
UNFILED_MAX = 256
"""Largest number of rows that wait to be filed; more are filed at once, so that no read has to file many."""


class HistoryRow(Protocol):
    """A row of a `History`, such as a fill: it has a serial number, a time of creation, selectors and a partition."""

    @property
    def serial(self) -> int: ...

    @property
    def created_at(self) -> int: ...

    @property
    def selectors(self) -> tuple[Selector, ...]: ...

    @property
    def partition(self) -> Partition: ...


R = TypeVar("R", bound=HistoryRow)
T = TypeVar("T")
by_serial = attrgetter("serial")
by_creation = attrgetter("created_at")


class Window(NamedTuple):
    """A range of times of creation, both ends included; None means no bound."""

    earliest: int | None = None
    latest: int | None = None


ALWAYS = Window()


def _anything(partition: Partition) -> bool:
    return True


class HistoryPage(NamedTuple, Generic[T]):
    """A page of rows, newest first, with the serial number after which the next page begins."""

    rows: list[T]
    after: int | None
    """The serial after which the next page continues; None on the last page."""


class History(Generic[R]):
    """A list of rows, indexed by selector and partition. After a change of a row's partition call `refile`."""

    __slots__ = ("_filed", "_unfiled", "revision")

    def __init__(self) -> None:
        self._filed: dict[Selector, dict[Partition, list[R]] | list[R] | R] = {}
        """The lists of each selector by partition; the list of its only partition; or its only row."""
        self._unfiled: list[R] = []
        """The newest rows, which are in no list before one is read."""
        self.revision = 0
        """The newest revision of its rows: a cache key of every page."""

    def __len__(self) -> int:
        return sum(map(len, self._lists(EVERYTHING).values()))

    def __iter__(self) -> Iterator[R]:
        """Iterate over every row, oldest first."""
        return merge(*self._lists(EVERYTHING).values(), key=by_serial)

    def add(self, row: R, revision: int) -> None:
        """Add a row, whose serial must be higher than all earlier serials."""
        self.revision = revision
        self._unfiled.append(row)
        if len(self._unfiled) > UNFILED_MAX:
            self._file()

    def refile(self, row: R, revision: int, before: Partition) -> None:
        """Move a row whose partition changed to the lists of its new partition; `before` is the old one.

        The row's selectors must be unchanged.
        """
        self.revision = revision
        after = row.partition
        if after == before or (self._unfiled and row.serial >= self._unfiled[0].serial):
            return
        serial, filed = row.serial, self._filed
        for selector in row.selectors:
            lists = filed[selector]
            if not isinstance(lists, dict):
                if not isinstance(lists, list):
                    continue
                lists = filed[selector] = {before: lists}
            rows = lists[before]
            del rows[bisect_left(rows, serial, key=by_serial)]
            others = lists.get(after)
            if others is None:
                lists[after] = [row]
            elif others[-1:] and others[-1].serial < serial:
                others.append(row)
            else:
                insort(others, row, key=by_serial)

    def filed(self, selector: Selector, partition: Partition) -> Sequence[R]:
        """Return the rows of one selector and partition, oldest first, for the invariant checks."""
        return self._lists(selector).get(partition, ())

    def index(self) -> dict[tuple[Selector, Partition], list[R]]:
        """Return every non-empty list by selector and partition, for the invariant checks."""
        return {
            (selector, partition): rows
            for selector in self._file()
            for partition, rows in self._lists(selector).items()
            if rows
        }

    def find(
        self,
        limit: int,
        selectors: Collection[Selector] = (EVERYTHING,),
        admits: Callable[[Partition], bool] = _anything,
        window: Window = ALWAYS,
        after: int | None = None,
        keeps: Callable[[R], bool] | None = None,
    ) -> HistoryPage[R]:
        """Return a page, newest first: rows of any of the selectors, created in `window`, older than `after`.

        No row may be in the lists of two of the selectors. `keeps` is called for every row that passes the other
        conditions, so it is meant for selectors with few rows.
        """
        lists = [
            rows
            for selector in dict.fromkeys(selectors)
            for partition, rows in self._lists(selector).items()
            if admits(partition)
        ]
        return page_of(lists, limit, window, after, keeps)

    def _lists(self, selector: Selector) -> dict[Partition, list[R]]:
        """Return the lists of a selector by partition."""
        lists = self._file().get(selector)
        return {} if lists is None else _by_partition(lists)

    def _file(self) -> dict[Selector, dict[Partition, list[R]] | list[R] | R]:
        """Put the newest rows into their lists; return all lists."""
        if self._unfiled:
            places: dict[tuple[tuple[Selector, ...], Partition], list[list[R]]] = {}
            for row in self._unfiled:
                selectors, partition = place = row.selectors, row.partition
                lists = places.get(place)
                if lists is None:
                    found = [self._append(selector, partition, row) for selector in selectors]
                    if None not in found:
                        places[place] = cast(list[list[R]], found)
                    continue
                for rows in lists:
                    rows.append(row)
            self._unfiled.clear()
        return self._filed

    def _append(self, selector: Selector, partition: Partition, row: R) -> list[R] | None:
        """Append a row to its list of a selector; return the list, or None if the row is the selector's first."""
        lists = self._filed.get(selector)
        if lists is None:
            self._filed[selector] = row
            return None
        if not isinstance(lists, dict):
            rows = lists if isinstance(lists, list) else [lists]
            if rows[0].partition == partition:
                self._filed[selector] = rows
                rows.append(row)
                return rows
            lists = self._filed[selector] = _by_partition(lists)
        rows = lists.setdefault(partition, [])
        rows.append(row)
        return rows


def _by_partition(lists: dict[Partition, list[R]] | list[R] | R) -> dict[Partition, list[R]]:
    if isinstance(lists, dict):
        return lists
    return {lists[0].partition: lists} if isinstance(lists, list) else {lists.partition: [lists]}


def page_of(
    lists: Collection[Sequence[R]],
    limit: int,
    window: Window = ALWAYS,
    after: int | None = None,
    keeps: Callable[[R], bool] | None = None,
) -> HistoryPage[R]:
    """Return one page of the rows of several lists, each of which is sorted by serial."""
    runs = [_backwards(rows, window, after) for rows in lists]
    rows = runs[0] if len(runs) == 1 else merge(*runs, key=by_serial, reverse=True)
    found = list(islice(rows if keeps is None else filter(keeps, rows), limit + 1))
    if len(found) <= limit:
        return HistoryPage(found, None)
    return HistoryPage(found[:limit], found[limit - 1].serial)


def _backwards(rows: Sequence[R], window: Window, after: int | None) -> Iterator[R]:
    end = len(rows) if after is None else bisect_left(rows, after, key=by_serial)
    if window.latest is not None:
        end = bisect_right(rows, window.latest, 0, end, key=by_creation)
    begin = 0 if window.earliest is None else bisect_left(rows, window.earliest, 0, end, key=by_creation)
    return (rows[place] for place in range(end - 1, begin - 1, -1))
