"""Counts the memory of bodies that the journal keeps."""


class SharedBodies:
    """The total size of the bodies; a bytes object that several entries share counts once."""

    __slots__ = ("_holders", "size_bytes")

    def __init__(self) -> None:
        self._holders: dict[int, int] = {}
        self.size_bytes = 0

    def hold(self, bodies: list[bytes]) -> None:
        holders = self._holders
        for raw in bodies:
            place = id(raw)
            count = holders.get(place)
            if count is None:
                holders[place] = 1
                self.size_bytes += len(raw)
            else:
                holders[place] = count + 1

    def release(self, bodies: list[bytes]) -> None:
        holders = self._holders
        for raw in bodies:
            place = id(raw)
            count = holders.pop(place) - 1
            if count:
                holders[place] = count
            else:
                self.size_bytes -= len(raw)
