"""Starts a server's worker processes, and runs those that are readers."""

import asyncio
import mmap
import os
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from mockexchange.runtime.ready_file import RunDirectory, remove_ready_file
from mockexchange.sandbox.inspector import Inspector
from mockexchange.sandbox.port import LOGGER
from mockexchange.sandbox.sandboxes import SANDBOXES_MAX
from mockexchange.server.event_loops import loop_factory
from mockexchange.server.http.listener import bind, bind_all
from mockexchange.server.serve_options import ServeOptions, new_token
from mockexchange.server.stop_signals import STOP_SIGNALS, signals_set
from mockexchange.server.workers.connection_shares import ConnectionShares
from mockexchange.server.workers.mailbox import mailbox_ends
from mockexchange.server.workers.parent import Parent
from mockexchange.server.workers.reader import Reader, first_is_ready
from mockexchange.server.workers.shared_by_workers import SharedByWorkers
from mockexchange.store.heads import SharedHeads
from mockexchange.store.opening import Location
from mockexchange.store.sqlite_file import TEMPORARY, lock


class WorkersOptions(NamedTuple):
    """The options of a server that are needed before its worker processes are started."""

    workers: int
    host: str
    port: int
    ready_file: Path
    store: Location | None
    token: str | None
    control_port: int | None
    sandboxes_max: int | None


class StartedWorker(NamedTuple):
    """This process in a server: one of several worker processes, or the only process, which shares nothing."""

    number: int = 0
    replaced: str = ""
    """A sentence about the end of the worker that this one replaces; "" if it replaces none."""
    shared: SharedByWorkers | None = None


def become_worker(options: WorkersOptions) -> StartedWorker:
    """Fork the worker processes, and return in each of them. The parent process raises SystemExit after their end.

    With `workers` 1 nothing is forked. Raises StoreError, PortInUse and OSError.
    """
    if options.workers == 1:
        return StartedWorker()
    shared = _share(options)
    own = None
    try:
        own = Parent(shared.flags, STOP_SIGNALS).run()
    finally:
        if own is None:
            remove_ready_file(options.ready_file)
            shared.close()
    return StartedWorker(own.number, own.replaced, shared)


def _share(options: WorkersOptions) -> SharedByWorkers:
    with ExitStack() as undoing:
        directory = RunDirectory()
        undoing.callback(directory.remove)
        store = options.store if isinstance(options.store, Path) else directory.path / "store.db"
        held = lock(store)
        undoing.callback(held.release)
        control = None if options.control_port is None else bind(options.host, options.control_port)
        if control:
            undoing.callback(control.close)
        shared = SharedByWorkers(
            pid=os.getpid(),
            token=options.token or new_token(),
            store=store,
            lock=held,
            run_directory=directory,
            sockets=bind_all(options.host, options.port, options.workers),
            control_socket=control,
            mailbox_ends=[mailbox_ends() for _ in range(options.workers - 1)],
            heads=SharedHeads(options.sandboxes_max or SANDBOXES_MAX),
            connection_shares=ConnectionShares(options.workers),
            flags=memoryview(mmap.mmap(-1, options.workers + 1)),
        )
        undoing.pop_all()
    return shared


def with_shared(options: ServeOptions, worker: StartedWorker) -> ServeOptions:
    """Return the options of a server with the token and the store that this worker shares with the others, if any."""
    shared = worker.shared
    if shared is None:
        return options
    durability = options.durability if options.store else TEMPORARY
    return replace(options, shared=shared, token=shared.token, store=shared.store, durability=durability)


def has_served_as_reader(worker: StartedWorker, inspector: Inspector | None) -> bool:
    """Run this process until a signal asks to stop, and return True, if it is a reader; else return False at once."""
    if worker.replaced:
        LOGGER.warning("%s", worker.replaced)
    if worker.shared is None or not worker.number:
        return False
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_read_until_stopped(worker.shared, worker.number, inspector))
    return True


async def _read_until_stopped(shared: SharedByWorkers, number: int, inspector: Inspector | None) -> None:
    stopping = asyncio.Event()
    with signals_set(stopping):
        if await first_is_ready(shared):
            async with Reader(shared, number, inspector):
                await stopping.wait()
