"""A first worker and a reader in one process, each with a loop and a port of its own: a test picks who answers."""

import asyncio
import mmap
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple

from mockexchange.runtime.ready_file import RunDirectory
from mockexchange.server.http import listener
from mockexchange.server.workers.accepting import ConnectionShares
from mockexchange.server.workers.mailbox import mailbox_ends
from mockexchange.server.workers.reader import Reader, first_is_ready
from mockexchange.server.workers.shared_by_workers import SharedByWorkers
from mockexchange.store.heads import SharedHeads
from mockexchange.store.sqlite_store import lock
from tests.helpers.patience import PATIENCE_S
from tests.helpers.sandboxes import SMALL
from tests.server.live import TOKEN, Client, Live, SandboxView, serving
from tests.server.wire import ADDRESS, Connection, Reply

PARENT = 4_000_000
"""The process that the ready file names: there is none."""


class Pair(NamedTuple):
    """What a test needs of both workers."""

    live: Live
    reader: Reader
    reader_port: int

    def view(self, name: str = "default") -> SandboxView:
        return SandboxView(self.live, self.live.json("GET", f"/sandboxes/{name}"))

    def through_reader(self) -> Connection:
        return Connection(self.reader_port)

    def read(self, client: Client, path: str) -> Reply:
        """Ask the reader, on a connection of its own."""
        with self.through_reader() as connection:
            return connection.ask(client.get(path))


def share(home: Path, store: Path) -> SharedByWorkers:
    """Return what two workers share, with a port for each."""
    home.mkdir(exist_ok=True)
    return SharedByWorkers(
        pid=PARENT,
        token=TOKEN,
        store=store,
        lock=lock(store),
        run_directory=RunDirectory(home),
        sockets=[listener.bind(ADDRESS, 0), listener.bind(ADDRESS, 0)],
        control_socket=None,
        mailbox_ends=[mailbox_ends()],
        heads=SharedHeads(10),
        connection_shares=ConnectionShares(2),
        flags=memoryview(mmap.mmap(-1, 3)),
    )


@contextmanager
def serving_pair(home: Path, scenario: str = SMALL, clock: str = "paused", **options: Any) -> Iterator[Pair]:
    """Run a first worker and a reader until the end of the block."""
    shared = share(home, home / "mock.db")
    started: Future[tuple[Reader, asyncio.AbstractEventLoop, asyncio.Event]] = Future()
    thread = Thread(target=lambda: asyncio.run(_read(shared, started)), name="reader")
    thread.start()
    try:
        with serving(home, scenario, clock=clock, store=shared.store, shared=shared, **options) as live:
            reader, loop, stop = started.result(PATIENCE_S)
            yield Pair(live, reader, shared.sockets[1].getsockname()[1])
            loop.call_soon_threadsafe(stop.set)
            thread.join(PATIENCE_S)
    finally:
        shared.flags[-1] = 1
        thread.join(PATIENCE_S)
        shared.close()


async def _read(
    shared: SharedByWorkers, started: "Future[tuple[Reader, asyncio.AbstractEventLoop, asyncio.Event]]"
) -> None:
    stop = asyncio.Event()
    if await first_is_ready(shared):
        async with Reader(shared, 1) as reader:
            started.set_result((reader, asyncio.get_running_loop(), stop))
            await stop.wait()
