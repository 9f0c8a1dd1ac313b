"""How far the logs of a store may be read by the processes that follow them.

The process that writes a log publishes each number after it has applied the record, and before the command is
answered. A process that follows has read enough for an answer when it has applied every number that was published
before the request: so no answer is older than one that came before it, from whichever process.
"""

import mmap
from collections.abc import Mapping
from typing import Protocol

CELL_BYTES = 8
ENTRIES_FROM = 2
"""The number of the first cell of the table; before it are the mark, and the number of places that were ever used."""


class Heads(Protocol):
    """The last numbers that were published, by the id of the sandbox. A sandbox that is not there was deleted."""

    @property
    def mark(self) -> int | None:
        """A number that is another one after every change; None if a change is only found by `read`."""
        ...

    async def read(self) -> Mapping[int, int]:
        """Return the published numbers. Raises LogUnavailable if they cannot be known now."""
        ...


class SharedHeads:
    """The numbers in memory that processes share which are forked from one. One of them publishes, any number read.

    A process that is started in place of the publishing one finds what was published, and goes on with it.
    """

    def __init__(self, sandboxes_max: int) -> None:
        self._count = sandboxes_max + 1  # a reset has two for a moment
        self._cells = memoryview(mmap.mmap(-1, CELL_BYTES * (ENTRIES_FROM + 2 * self._count))).cast("Q")
        self._places: dict[int, int] = {}
        """Where the publishing process has the entries, by id."""

    @property
    def mark(self) -> int:
        return self._cells[0]

    async def read(self) -> Mapping[int, int]:
        return self.table()

    def table(self) -> dict[int, int]:
        """Return the published numbers by id."""
        cells = self._cells
        used = range(ENTRIES_FROM, ENTRIES_FROM + 2 * cells[1], 2)
        return {cells[place]: cells[place + 1] for place in used if cells[place]}

    def publish(self, id_: int, number: int) -> None:
        """Publish the number of a sandbox's last record, or the sandbox itself."""
        place = self._places.get(id_)
        if place is None:
            place = self._places[id_] = self._place_of(id_)
            self._cells[1] = max(self._cells[1], (place - ENTRIES_FROM) // 2 + 1)
        self._cells[place + 1] = number
        self._cells[place] = id_
        self._cells[0] += 1

    def withdraw(self, id_: int) -> None:
        """Publish that a sandbox was deleted, or replaced."""
        place = self._places.pop(id_, None) or self._place_of(id_)
        self._cells[place] = 0
        self._cells[0] += 1

    def _place_of(self, id_: int) -> int:
        """Return the place that has an id, or else a free one."""
        places = {self._cells[place]: place for place in reversed(self._all_places())}
        return places[id_] if id_ in places else places[0]

    def _all_places(self) -> range:
        return range(ENTRIES_FROM, ENTRIES_FROM + 2 * self._count, 2)
