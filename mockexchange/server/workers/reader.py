"""Runs a reader: a worker process that answers reads from sandboxes which the first worker writes to the store."""

import asyncio
from collections.abc import Callable

from mockexchange.sandbox.options import Inspector
from mockexchange.server.http.listener import Listener
from mockexchange.server.http.rest_endpoint import DiagnosisWorker
from mockexchange.server.operating_system import signals_set
from mockexchange.server.workers.accepting import FairAccepting
from mockexchange.server.workers.mailbox import Done, HandOver, Mailbox, Message
from mockexchange.server.workers.reads import ReaderApp, ReaderConnection, Reads
from mockexchange.server.workers.shared_by_workers import SharedByWorkers
from mockexchange.store.followed_store import FollowedStore
from mockexchange.store.opening import open_reader

START_POLL_S = 0.01


async def first_is_ready(shared: SharedByWorkers) -> bool:
    """Wait until the first worker has opened all sandboxes; return False if the server stops before."""
    while not shared.ready[0] and not shared.is_stopping:  # noqa: ASYNC110  # another process sets it
        await asyncio.sleep(START_POLL_S)
    return not shared.is_stopping


class Reader:
    """A running reader (a worker process that answers reads), as an asynchronous context manager."""

    def __init__(
        self,
        shared: SharedByWorkers,
        number: int,
        inspector: Inspector | None = None,
        hide: Callable[[str], str] = str,
    ) -> None:
        """Open the store, which the first worker has made. Raises StoreError."""
        self._shared, self._number = shared, number
        self.store = FollowedStore(open_reader(shared.store))
        self._mailbox = Mailbox(shared.mailbox_ends[number - 1][1], self._receive)
        send = self._mailbox.send
        self.reads = Reads(self.store, shared.heads, send, self._hand_over, inspector, f"worker {number}")
        self._diagnosis_worker = DiagnosisWorker()
        self._diagnosis_worker.hide = hide
        self._listener = Listener(
            ReaderApp(self.reads, self._diagnosis_worker), shared.sockets[number], connection=ReaderConnection
        )

        self._accepting = FairAccepting(self._listener, shared.connection_shares, number, (0,), self._give)
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "Reader":
        await self.reads.catch_up()
        await self._listener.start()
        self.reads.start()
        self._shared.ready[self._number] = 1
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self.reads.stop()
        await self._listener.stop()
        self._mailbox.close()
        self._diagnosis_worker.close()
        self.store.close()

    @property
    def connection_count(self) -> int:
        """Return the number of open connections of this worker, without those that were passed to the first worker."""
        return self._listener.connection_count

    def _hand_over(self, read: bytes, connection: int) -> None:
        """Give a connection to the first worker, with what was read of it."""
        self._shared.connection_shares.note_given(self._number, 0)
        self._mailbox.send(HandOver(read), connection)

    def _give(self, first: int, connection: int) -> None:
        """Give a new connection to the first worker."""
        self._mailbox.send(HandOver(b""), connection)

    def _receive(self, message: Message, file: int | None, mailbox: Mailbox) -> None:
        if isinstance(message, Done):
            self.reads.note_done(message.number)
        elif isinstance(message, HandOver) and file is not None:
            task = asyncio.get_running_loop().create_task(self._accepting.adopt(0, message.read, file))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


async def read_until_stopped(
    shared: SharedByWorkers, number: int, inspector: Inspector | None, hide: Callable[[str], str]
) -> None:
    """Run a reader until a signal asks to stop."""
    stopping = asyncio.Event()
    with signals_set(stopping):
        if await first_is_ready(shared):
            async with Reader(shared, number, inspector, hide):
                await stopping.wait()
