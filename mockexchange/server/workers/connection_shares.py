"""Counts the connections of each worker process, so that the worker with the fewest gets the next one.

The system divides connections at random: with 16 connections and two workers, one has ten or more in a third of cases.
Each number in the shared memory is written by one worker only, so none needs a lock.
"""

import mmap

CELL_BYTES = 8


class ConnectionShares:
    """Counts each worker's open connections, and the connections on their way from one worker to another."""

    def __init__(self, workers: int) -> None:
        self._workers = range(workers)
        size = workers * (1 + 2 * workers)
        self._cells = memoryview(mmap.mmap(-1, CELL_BYTES * size)).cast("q")
        self._given = self._cells[workers : workers + workers * workers]
        self._taken = self._cells[workers + workers * workers :]

    def begin(self, worker: int) -> None:
        """Count from zero for a worker that starts, possibly in place of one that ended."""
        self._cells[worker] = 0
        for other in self._workers:
            place = self._place(worker, other)
            self._given[place] = self._taken[place]

    def set_open(self, worker: int, count: int) -> None:
        self._cells[worker] = count

    def note_given(self, worker: int, other: int) -> None:
        """Count a connection that `worker` has passed to the worker `other`."""
        self._given[self._place(worker, other)] += 1

    def note_taken(self, worker: int, giver: int) -> None:
        """Count a connection that `worker` has received from the worker `giver`."""
        self._taken[self._place(giver, worker)] += 1

    def expected(self, worker: int) -> int:
        """Return the number of a worker's connections, including those that are on their way to it."""
        places = [self._place(giver, worker) for giver in self._workers]
        return self._cells[worker] + sum(max(0, self._given[place] - self._taken[place]) for place in places)

    def _place(self, giver: int, taker: int) -> int:
        return giver * len(self._workers) + taker
