"""Decides which worker process serves a new connection, and passes the connection to it with the bytes read so far."""

import asyncio
import os
import socket
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from mockexchange.server.http.listener import Listener
from mockexchange.server.workers.connection_shares import ConnectionShares

Give = Callable[[int, int], object]
"""A function that gives a connection (a file descriptor) to another worker."""


class FairAccepting:
    """Accepts connections for one worker process, and gives a connection away if another worker has fewer."""

    def __init__(
        self, listener: Listener, shares: ConnectionShares, worker: int, others: Sequence[int], give: Give
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
