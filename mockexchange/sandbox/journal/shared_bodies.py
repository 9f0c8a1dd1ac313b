"""Counts the memory of bodies that the journal keeps."""


class SharedBodies:
    """The total size of the bodies; a bytes object that several entries share counts once."""

    __slots__ = ("_holders", "size_bytes")

    def __init__(self) -> None:
        self._holders: dict[int, int] = {}
        self.size_bytes = 0

    def hold(self, bodies: list[bytes]) -> None:
        for raw in bodies:
            holders = self._holders.get(id(raw), 0)
            self._holders[id(raw)] = holders + 1
            if not holders:
                self.size_bytes += len(raw)

    def release(self, bodies: list[bytes]) -> None:
        for raw in bodies:
            holders = self._holders[id(raw)] - 1
            if holders:
                self._holders[id(raw)] = holders
            else:
                del self._holders[id(raw)]
                self.size_bytes -= len(raw)
