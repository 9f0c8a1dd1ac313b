"""Runs the first worker process, the only one that writes, beside the readers, which answer reads.

It publishes how many records of each log are applied, and handles the requests that readers send to it.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

from mockexchange.core.exchange import Outcome
from mockexchange.sandbox.options import DEFAULT
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.server.persistence import id_of
from mockexchange.server.server_state import ServerState
from mockexchange.server.workers.accepting import FairAccepting
from mockexchange.server.workers.mailbox import Answered, HandOver, Mailbox, Message, RunDue, answer_run_due
from mockexchange.server.workers.shared_by_workers import SharedByWorkers
from mockexchange.store.heads import SET_ASIDE
from mockexchange.store.log import Record

START_POLL_S = 0.01


class FirstWorker:
    """The first of a server's worker processes, the only one that writes.

    The others, called readers, send it the requests that they cannot answer.
    """

    def __init__(self, shared: SharedByWorkers, server_state: ServerState) -> None:
        self._shared, self._server_state = shared, server_state
        self._mailboxes: list[Mailbox] = []
        self._accepting: FairAccepting
        self._published: dict[str, int] = {}
        """The ids of the sandboxes that readers have, by name."""
        self._sandboxes: dict[int, Sandbox] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def begin(self) -> None:
        """Publish the sandboxes to the readers (processes that answer reads), and wait until all of them are ready."""
        for slot in self._server_state.sandboxes:
            self._publish(slot.sandbox)
        for id_ in set(self._shared.heads.table()) - set(self._sandboxes):
            self._shared.heads.withdraw(id_)
        self._server_state.on_change.append(self._note_change)
        main = self._server_state.main
        assert main is not None, "it listens first"
        main.app.has_readers = True
        readers = self._shared.readers
        self._accepting = FairAccepting(main, self._shared.connection_shares, 0, readers, self._give)
        for end, _ in self._shared.mailbox_ends:
            self._mailboxes.append(Mailbox(end, self._receive))
        self._shared.ready[0] = 1
        while not all(self._shared.ready) and not self._shared.is_stopping:  # noqa: ASYNC110  # other processes set it
            await asyncio.sleep(START_POLL_S)

    def end(self) -> None:
        for mailbox in self._mailboxes:
            mailbox.close()
        for task in self._tasks:
            task.cancel()

    def _note_change(self, change: str, sandbox: Sandbox) -> None:
        replaced = self._published.get(sandbox.name)
        if change != "deleted":
            self._publish(sandbox)
        else:
            self._published.pop(sandbox.name, None)
        if replaced is not None:
            self._shared.heads.withdraw(replaced)
            del self._sandboxes[replaced]

    def _publish(self, sandbox: Sandbox) -> None:
        """Let readers follow a sandbox, unless it has a port of its own, which is the first worker's alone.

        One that is set aside is answered by the first worker, too, as all requests with unknown keys are.
        """
        id_ = id_of(sandbox)
        slots, heads = self._server_state.sandboxes, self._shared.heads
        if id_ is None or any(slot.sandbox is sandbox and slot.has_own_port for slot in slots):
            return
        if sandbox.aside:
            if sandbox.name == DEFAULT:
                heads.publish(id_, SET_ASIDE)
                self._published[sandbox.name], self._sandboxes[id_] = id_, sandbox
            return

        def publish(record: Record, outcome: Outcome) -> None:
            heads.publish(id_, record.sequence)

        sandbox.observers.append(publish)
        heads.publish(id_, sandbox.exchange.state.sequence)
        self._published[sandbox.name], self._sandboxes[id_] = id_, sandbox

    def _receive(self, message: Message, file: int | None, mailbox: Mailbox) -> None:
        if isinstance(message, Answered):
            sandbox = self._sandboxes.get(message.sandbox)
            if sandbox is not None:  # else it was reset or deleted meanwhile, with its journal
                sandbox.note_answered_elsewhere(message.entry)
        elif isinstance(message, HandOver) and file is not None:
            giver = self._mailboxes.index(mailbox) + 1
            self._start(self._accepting.adopt(giver, message.read, file))
        elif isinstance(message, RunDue):
            self._start(answer_run_due(self._sandboxes.get(message.sandbox), message, mailbox.send))

    def _give(self, reader: int, connection: int) -> None:
        self._mailboxes[reader - 1].send(HandOver(b""), connection)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
