"""Encoded rows, kept by revision: joining cached bytes is what makes a page cheap."""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

ROWS_MAX = 16_384
"""Per sandbox, table and API date: about 6 MB, and as many rows as a walk of 16 full pages."""


class Revised(Protocol):
    @property
    def revision(self) -> int: ...


Item = TypeVar("Item", bound=Revised)


class RowCache:
    """A bounded least-recently-used map from a row's revision to its bytes."""

    __slots__ = ("_rows", "_rows_max")

    def __init__(self, rows_max: int = ROWS_MAX) -> None:
        self._rows: OrderedDict[int, bytes] = OrderedDict()
        self._rows_max = rows_max

    def __len__(self) -> int:
        return len(self._rows)

    def join(self, items: Iterable[Item], encode: Callable[[Item], bytes]) -> bytes:
        """Return the items' JSON with commas between; encode what is not yet here."""
        rows, parts = self._rows, []
        for item in items:
            revision = item.revision
            part = rows.get(revision)
            if part is None:
                part = rows[revision] = encode(item)
            else:
                rows.move_to_end(revision)
            parts.append(part)
        self._evict()
        return b",".join(parts)

    def _evict(self) -> None:
        while len(self._rows) > self._rows_max:
            self._rows.popitem(last=False)
