"""Counts the memory of bodies that the journal keeps."""

from collections.abc import Iterable


class SharedBodies:
    """The total size of the bodies; a bytes object that several entries share counts once."""

    __slots__ = ("_holders", "size_bytes")

    def __init__(self) -> None:
        self._holders: dict[int, int] = {}
        self.size_bytes = 0

    def has(self, raw: bytes) -> bool:
        return id(raw) in self._holders

    def hold(self, bodies: Iterable[bytes | None]) -> None:
        holders = self._holders
        for raw in bodies:
            if raw:
                place = id(raw)
                count = holders.get(place)
                if count is None:
                    holders[place] = 1
                    self.size_bytes += len(raw)
                else:
                    holders[place] = count + 1

    def release(self, bodies: Iterable[bytes | None]) -> None:
        holders = self._holders
        for raw in bodies:
            if raw:
                place = id(raw)
                count = holders[place]
                if count == 1:
                    del holders[place]
                    self.size_bytes -= len(raw)
                else:
                    holders[place] = count - 1
