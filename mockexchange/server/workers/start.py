"""Starts a server's worker processes, and runs those that are readers.

The code for several workers is imported when there are several.
"""

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from mockexchange.runtime.ready_file import remove_ready_file
from mockexchange.runtime.redaction import WholeSecrets
from mockexchange.sandbox.interface import LOGGER
from mockexchange.sandbox.options import Inspector
from mockexchange.server.control.access import NamedToken, Tokens
from mockexchange.server.operating_system import STOP_SIGNALS, loop_factory
from mockexchange.server.serve_options import ServeOptions, WorkersOptions

if TYPE_CHECKING:
    from mockexchange.server.workers.shared_by_workers import SharedByWorkers


class StartedWorker(NamedTuple):
    """This process in a server: one of several worker processes, or the only process, which shares nothing."""

    number: int = 0
    replaced: str = ""
    """A sentence about the end of the worker that this one replaces; "" if it replaces none."""
    shared: "SharedByWorkers | None" = None

    def close(self) -> None:
        """Close in this process the sockets that the worker processes share."""
        if self.shared:
            self.shared.close_sockets()


def become_worker(options: WorkersOptions) -> StartedWorker:
    """Fork the worker processes, and return in each of them. The parent process raises SystemExit after their end.

    With `workers` 1 nothing is forked. Raises StoreError, PortInUse and OSError.
    """
    if options.workers == 1:
        return StartedWorker()
    from mockexchange.server.workers.parent import Parent
    from mockexchange.server.workers.sharing import share

    shared = share(options)
    own = None
    try:
        own = Parent(shared.flags, STOP_SIGNALS).run()
    finally:
        if own is None:
            remove_ready_file(options.ready_file)
            shared.close()
    return StartedWorker(own.number, own.replaced, shared)


def with_shared(options: ServeOptions, worker: StartedWorker) -> ServeOptions:
    """Return the options of a server with the token and the store that this worker shares with the others, if any."""
    shared = worker.shared
    if shared is None:
        return options
    from mockexchange.store.sqlite_store import TEMPORARY

    durability = options.durability if options.store else TEMPORARY
    return replace(options, shared=shared, token=shared.token, store=shared.store, durability=durability)


def has_served_as_reader(
    worker: StartedWorker, inspector: Inspector | None, tokens: tuple[NamedToken, ...], hidden: WholeSecrets
) -> bool:
    """Run this process until a signal asks to stop, and return True, if it is a reader; else return False at once.

    A reader adds the server's token and these to `hidden`, and hides them in the diagnoses of refused requests.
    """
    if worker.replaced:
        LOGGER.warning("%s", worker.replaced)
    if worker.shared is None or not worker.number:
        return False
    from mockexchange.server.workers.reader import read_until_stopped

    Tokens(worker.shared.token, tokens, hidden)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(read_until_stopped(worker.shared, worker.number, inspector, hidden.hide))
    return True
