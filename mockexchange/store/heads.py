"""Publishes the number of each log's last record, from the process that writes the logs to those that read them.

The writing process publishes a number after it has applied the record, and before it answers the command. A reading
process applies all records up to the numbers that were published before a request, and then answers. So no answer shows
an older state than an earlier answer did, from whichever process.
"""

import mmap
from collections.abc import Mapping
from typing import Protocol

CELL_BYTES = 8
ENTRIES_FROM = 2
"""The index of the table's first entry; the cells before it hold the mark, and the number of used entries."""


SET_ASIDE = (1 << 64) - 1
"""What is published, instead of a number, of the default sandbox if the writing process could not open it."""


class Heads(Protocol):
    """Reads the last published record number of each sandbox, by the sandbox's id. A deleted sandbox has no number."""

    @property
    def mark(self) -> int | None:
        """A number that changes with each change of the published numbers.

        None if only `read` can find out about a change.
        """
        ...

    async def read(self) -> Mapping[int, int]:
        """Return the published numbers by sandbox id. Raises LogUnavailable if they cannot be read now."""
        ...


class SharedHeads:
    """The published record numbers in memory that forked processes share: one process publishes, the others read.

    A process that is started in place of the publishing one finds the published numbers, and continues with them.
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
        """Return the published record numbers by sandbox id."""
        cells = self._cells
        used = range(ENTRIES_FROM, ENTRIES_FROM + 2 * cells[1], 2)
        return {cells[place]: cells[place + 1] for place in used if cells[place]}

    def publish(self, id_: int, number: int) -> None:
        """Publish the number of the last record of the sandbox `id_`; the first call also makes the sandbox known."""
        place = self._places.get(id_)
        if place is None:
            place = self._places[id_] = self._place_of(id_)
            self._cells[1] = max(self._cells[1], (place - ENTRIES_FROM) // 2 + 1)
        self._cells[place + 1] = number
        self._cells[place] = id_
        self._cells[0] += 1

    def withdraw(self, id_: int) -> None:
        """Remove the entry of a sandbox, because it was deleted or replaced."""
        place = self._places.pop(id_, None) or self._place_of(id_)
        self._cells[place] = 0
        self._cells[0] += 1

    def _place_of(self, id_: int) -> int:
        """Return the place that has an id, or else a free one."""
        all_places = range(ENTRIES_FROM, ENTRIES_FROM + 2 * self._count, 2)
        places = {self._cells[place]: place for place in reversed(all_places)}
        return places[id_] if id_ in places else places[0]
