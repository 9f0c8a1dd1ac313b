"""Counts the memory of bodies that the journal keeps."""

from collections.abc import Iterable

from mockexchange.sandbox.journal.recent_pages import SHARED_BYTES_MIN


class SharedBodies:
    """The total size of the bodies; a page that several entries share counts once, a shorter body for each of them."""

    __slots__ = ("_holders", "size_bytes")

    def __init__(self) -> None:
        self._holders: dict[int, int] = {}
        self.size_bytes = 0

    def has(self, raw: bytes) -> bool:
        return id(raw) in self._holders

    def hold(self, bodies: Iterable[bytes | None]) -> None:
        """Count the bodies of an entry."""
        holders = self._holders
        for raw in bodies:
            if raw is None:
                continue
            size = len(raw)
            if size >= SHARED_BYTES_MIN:
                place = id(raw)
                holders[place] = count = holders.get(place, 0) + 1
                if count > 1:
                    continue
            self.size_bytes += size

    def release(self, bodies: Iterable[bytes | None]) -> None:
        """Count the bodies of an entry no more."""
        holders = self._holders
        for raw in bodies:
            if raw is None:
                continue
            size = len(raw)
            if size >= SHARED_BYTES_MIN:
                place = id(raw)
                holders[place] = count = holders[place] - 1
                if count:
                    continue
                del holders[place]
            self.size_bytes -= size
