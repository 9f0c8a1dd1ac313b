"""Decides which worker process serves a new connection, and passes the connection to it with the bytes read so far.

The system divides connections at random: with 16 connections and two workers, one has ten or more in a third of cases.
So each worker counts its connections in shared memory, and the one with the fewest gets the next one.
"""

import asyncio
import mmap
import os
import socket
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from mockexchange.server.http.listener import Listener

CELL_BYTES = 8
Give = Callable[[int, int], object]
"""A function that gives a connection (a file descriptor) to another worker."""


class FairAccepting:
    """Accepts connections for one worker process, and gives a connection away if another worker has fewer."""

    def __init__(
        self, listener: Listener, shares: "ConnectionShares", worker: int, others: Sequence[int], give: Give
    ) -> None:
        """`others` are those that it may give connections to."""
        self._listener, self._shares, self._worker, self._others, self._give = listener, shares, worker, others, give
        shares.begin(worker)
        listener.open_connections.note = partial(shares.set_open, worker)
        listener.new_accepted = partial(Accepted, self)

    def assign(self, transport: Any) -> None:
        """Serve a new connection here, or give it to the worker with the fewest connections."""
        other = min(self._others, key=self._shares.expected)
        if self._shares.expected(other) < self._shares.expected(self._worker):
            self.give(other, os.dup(transport.get_extra_info("socket").fileno()))
            transport.abort()
        else:
            begin(self._listener, transport, b"")

    def give(self, other: int, connection: int) -> None:
        self._shares.note_given(self._worker, other)
        self._give(other, connection)

    async def adopt(self, giver: int, read: bytes, connection: int) -> None:
        """Serve a connection that the worker `giver` passed on.

        It begins with the bytes `read`, which that worker has read from the connection.
        """
        sock = socket.socket(fileno=connection)
        sock.setblocking(False)
        try:
            make = partial(Adopted, self._listener, read)
            await asyncio.get_running_loop().connect_accepted_socket(make, sock)
        finally:
            self._shares.note_taken(self._worker, giver)


class Accepted(asyncio.Protocol):
    """A new connection, before it is decided which worker process serves it."""

    def __init__(self, accepting: FairAccepting) -> None:
        self._accepting = accepting

    def connection_made(self, transport: Any) -> None:
        self._accepting.assign(transport)


class Adopted(asyncio.Protocol):
    """A connection that another worker process accepted and passed on, with the bytes that it had read."""

    def __init__(self, listener: Listener, read: bytes) -> None:
        self._listener, self._read = listener, read

    def connection_made(self, transport: Any) -> None:
        begin(self._listener, transport, self._read)


def begin(listener: Listener, transport: Any, read: bytes) -> None:
    """Let a listener serve an accepted connection, beginning with the bytes `read` that were read from it."""
    protocol: Any = listener.new_protocol()
    transport.set_protocol(protocol)
    protocol.connection_made(transport)
    if read:
        protocol.data_received(read)


# --- how many connections each worker has


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
