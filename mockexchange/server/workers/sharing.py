"""Makes what the workers of a server share, before they are forked."""

import mmap
import os
from contextlib import ExitStack
from pathlib import Path

from mockexchange.runtime.ready_file import RunDirectory
from mockexchange.sandbox.sandboxes import SANDBOXES_MAX
from mockexchange.server.http.listener import bind, bind_all
from mockexchange.server.serve_options import WorkersOptions, new_token
from mockexchange.server.workers.accepting import ConnectionShares
from mockexchange.server.workers.mailbox import mailbox_ends
from mockexchange.server.workers.shared_by_workers import SharedByWorkers
from mockexchange.store.heads import SharedHeads
from mockexchange.store.sqlite_store import lock


def share(options: WorkersOptions) -> SharedByWorkers:
    """Make and return the sockets, files and memory that the workers share.

    Raises StoreError, PortInUse and OSError.
    """
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
