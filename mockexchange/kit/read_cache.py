"""What was read at a target: remembered, until it turns out to have changed."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

from mockexchange.kit.response import NotJudged, Unreachable, without
from mockexchange.kit.rules.list_facts import Query, Row


class ReadKey(NamedTuple):
    """A read as it is asked for again: operation id, query, variables of the path, role."""

    operation_id: str
    query: tuple[tuple[str, str], ...]
    names: tuple[tuple[str, str], ...]
    role: str | None


class ListRows(NamedTuple):
    """A list; `is_complete` where its last page was among those read. `where` is what was asked for it."""

    rows: list[Row]
    is_complete: bool
    where: str


class CachedRead(NamedTuple):
    """What was asked for a reading, and what came."""

    where: str
    body: dict[str, Any]


Read = Callable[[ReadKey], CachedRead]


class ReadCache:
    """Asks with `read`; `ticking` are fields that change though nothing else does."""

    def __init__(self, read: Read, ticking: Collection[str]) -> None:
        self._read, self._ticking = read, ticking
        self._remembered: dict[ReadKey, CachedRead] = {}
        self._used: set[ReadKey] = set()

    def get(self, reading: ReadKey) -> CachedRead:
        """Return a reading, asked once. Raises what asking does."""
        self._used.add(reading)
        if reading not in self._remembered:
            self._remembered[reading] = self._read(reading)
        return self._remembered[reading]

    def begin(self) -> None:
        """Note from here on what is recalled."""
        self._used.clear()

    def have_changed(self) -> bool:
        """Whether anything that was recalled since `begin` reads otherwise now; then all of it is forgotten."""
        try:
            moved = any(self._has_changed(reading) for reading in self._used & self._remembered.keys())
        except (NotJudged, Unreachable):
            moved = True
        if moved:
            self._remembered.clear()
        return moved

    def _has_changed(self, reading: ReadKey) -> bool:
        before, now = self._remembered[reading].body, self._read(reading).body
        return bool(without(before, self._ticking) != without(now, self._ticking))


def read_key(operation_id: str, query: Query | None, names: Mapping[str, str] | None, role: str) -> ReadKey:
    """Return a reading; a query of other values than texts asks the same."""
    asked = tuple((name, str(value)) for name, value in (query or {}).items())
    return ReadKey(operation_id, asked, tuple((names or {}).items()), role or None)
