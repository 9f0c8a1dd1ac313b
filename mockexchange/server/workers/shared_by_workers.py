"""Holds what the worker processes of one server share: sockets, memory and files, made before the fork."""

from dataclasses import dataclass
from pathlib import Path
from socket import socket

from mockexchange.runtime.ready_file import RunDirectory
from mockexchange.server.workers.accepting import ConnectionShares
from mockexchange.store.heads import SharedHeads
from mockexchange.store.sqlite_store import StoreLock


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedByWorkers:
    """The sockets, the store and the memory that all worker processes share.

    Worker 0 writes; the others are readers.
    """

    pid: int
    """The process id of the parent, which is in the ready file."""
    token: str
    """The token of the control API."""
    store: Path
    lock: StoreLock
    """The lock of the store file, held as long as one of the processes runs."""
    run_directory: RunDirectory
    sockets: list[socket]
    """The listening socket of each worker, all on the main port; the system divides connections among them."""
    control_socket: socket | None
    mailbox_ends: list[tuple[socket, socket]]
    """For each reader, two connected sockets: the first worker's end and the reader's end."""
    heads: SharedHeads
    connection_shares: ConnectionShares
    flags: memoryview
    """For each worker, 1 if it serves; and at the end, 1 if the server stops."""

    @property
    def readers(self) -> range:
        """Return the numbers of the workers that are readers: all but 0."""
        return range(1, len(self.sockets))

    @property
    def ready(self) -> memoryview:
        """Return one byte for each worker, which is 1 while the worker serves."""
        return self.flags[:-1]

    @property
    def is_stopping(self) -> bool:
        return bool(self.flags[-1])

    def close_sockets(self) -> None:
        """Close the sockets in this process; in the others they stay open."""
        for one in (*self.sockets, *(end for ends in self.mailbox_ends for end in ends)):
            one.close()
        if self.control_socket:
            self.control_socket.close()

    def close(self) -> None:
        """Release all that is shared, after the last worker has ended."""
        self.close_sockets()
        self.run_directory.remove()
        self.lock.release()
