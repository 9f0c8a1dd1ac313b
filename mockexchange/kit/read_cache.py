"""Caches what was read from a server, and reads everything again before a finding counts."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

from mockexchange.kit.response import Answer, NotJudged, Unreachable, still, without
from mockexchange.kit.rules.list_facts import Query, Row


class ReadKey(NamedTuple):
    """What identifies a cached read: operation id, query, path variables, and the role of the key that signs."""

    operation_id: str
    query: tuple[tuple[str, str], ...]
    names: tuple[tuple[str, str], ...]
    role: str | None


class ListRows(NamedTuple):
    """The rows of a list. `is_complete` is true if the last page was read; `where` is the request of the first page."""

    rows: list[Row]
    is_complete: bool
    where: str


class CachedRead(NamedTuple):
    """A cached read: its request as text, and the body of the response."""

    where: str
    body: dict[str, Any]


Read = Callable[[ReadKey], CachedRead]


class Request(NamedTuple):
    """A read that bypassed the cache. `again` sends it once more; `answer` is the first response."""

    again: Callable[[], Answer]
    answer: Answer


class ReadCache:
    """Caches the results of the function `read`.

    `ticking` names fields that change by themselves and are not compared.
    """

    def __init__(self, read: Read, ticking: Collection[str]) -> None:
        self._read, self._ticking = read, ticking
        self._remembered: dict[ReadKey, CachedRead] = {}
        self._used: set[ReadKey] = set()
        self._requests: list[Request] = []

    def get(self, reading: ReadKey) -> CachedRead:
        """Return the result of a read, from the cache if it is there. Raises the errors of `read`."""
        self._used.add(reading)
        if reading not in self._remembered:
            self._remembered[reading] = self._read(reading)
        return self._remembered[reading]

    def note(self, request: Request) -> None:
        """Add a read that bypassed the cache, so that `have_changed` repeats it."""
        self._requests.append(request)

    def begin(self) -> None:
        """Clear the record of used reads; later reads are recorded anew. The cache itself is kept."""
        self._used.clear()
        self._requests.clear()

    def have_changed(self) -> bool:
        """Repeat the reads used since `begin`; if any answer differs, clear the cache and return True.

        If none differs, each answer was right from its first to its second reading, so that all were right at the same
        moment.
        """
        try:
            moved = self._has_moved()
        except (NotJudged, Unreachable):
            moved = True
        if moved:
            self._remembered.clear()
        return moved

    def _has_moved(self) -> bool:
        used = self._used & self._remembered.keys()
        return any(map(self._is_other, self._requests)) or any(map(self._has_changed, used))

    def _is_other(self, request: Request) -> bool:
        return still(request.answer, self._ticking) != still(request.again(), self._ticking)

    def _has_changed(self, reading: ReadKey) -> bool:
        before, now = self._remembered[reading].body, self._read(reading).body
        return bool(without(before, self._ticking) != without(now, self._ticking))


def read_key(operation_id: str, query: Query | None, names: Mapping[str, str] | None, role: str) -> ReadKey:
    """Return the key under which a read is cached; values of the query are converted to text."""
    asked = tuple((name, str(value)) for name, value in (query or {}).items())
    return ReadKey(operation_id, asked, tuple((names or {}).items()), role or None)
