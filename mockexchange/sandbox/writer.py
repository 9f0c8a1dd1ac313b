"""Writes the log of a sandbox: numbers commands, appends them to the log, and applies them in the log's order.

Appending to a log in memory is immediate: nothing waits, and no other code runs in between. Any other log takes time:
commands that come meanwhile wait in a queue, and the next append takes all of them. A command that was not appended is
not executed. If it is unknown whether an append took place, it is repeated until that is known; until then nothing else
is appended.

Applying a record is the same in a running sandbox, in one that is restored from its log, and in a copy that follows
another process. Everything that outlives a restart takes effect there: the state of the exchange by commands; faults,
stubs, changes of the clock and of the script by notes, which are commands that do not change the exchange.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import NamedTuple

from mockexchange.core.commands import Command, Note
from mockexchange.core.exchange import Outcome
from mockexchange.sandbox.interface import (
    CommandFailed,
    SandboxBroken,
    SandboxEnded,
    SandboxPort,
    StoreUnavailable,
    Written,
    log_failure,
)
from mockexchange.sandbox.journal import Firing
from mockexchange.sandbox.streams import Streams
from mockexchange.store.log import (
    Cause,
    Log,
    LogConflict,
    LogEnded,
    LogUnavailable,
    OutcomeUnknown,
    Record,
    failure_note,
    rebuild,
)
from mockexchange.store.memory_log import MemoryLog

BATCH_MAX = 256
"""The most commands in one append; applying 256 takes a few milliseconds."""
REPEATS_MAX = 3
"""How often an append with unknown outcome is repeated before its commands fail."""
REPEAT_PAUSE_S = 0.05
RETRY_PAUSE_S = 0.5
"""The pause between two attempts to find out the outcome of an append, in seconds."""
UNKNOWN = "whether the command was stored is not known yet ({}): read the state before you repeat it"
LOST = "record {} was answered, and the store has it no more: restart the server, which goes on from what is stored"
CommandObserver = Callable[[Record, Outcome], None]
"""A function that is called with every command and its outcome, after the command is executed."""
NoteEffect = Callable[[Record, str], None]
"""A function that carries out a note of the log, such as the installation of a fault: (record, text of the note)."""


class _Waiting(NamedTuple):
    """A command that waits for its append."""

    command: Command
    at: int
    cause: Cause | None
    future: "asyncio.Future[Written]"


class Writer:
    """Writes the log of one sandbox and applies its records; no other object appends to this log."""

    def __init__(self, sandbox: SandboxPort, streams: Streams, close: Callable[[str], None]) -> None:
        self._sandbox, self._streams, self._close = sandbox, streams, close
        self.observers: list[CommandObserver] = []
        self.effects: dict[str, NoteEffect] = {}
        """Effects of notes, by their subjects."""
        self.is_restoring = False
        """Whether the records of a log are applied again: a note that cannot be read then raises its error."""
        self.replaces_failed = True
        """Whether notes take the places of failed commands in the log; not in a copy that follows another process."""
        self._queue: deque[_Waiting] = deque()
        self._posted: deque[Note] = deque()
        """Notes that are posted while a command of a log in memory is applied."""
        self.posts: set[asyncio.Future[Written]] = set()
        """The posted notes that are not applied yet, of a log that is not in memory."""
        self._unsettled: tuple[list[Record], str] | None = None
        """The append of unknown outcome, with its nonce."""
        self._latest: asyncio.Future[Written] | None = None
        self._task: asyncio.Task[None] | None = None
        self._replacing: list[Record] = []
        """Notes that have to take the places of failed commands."""
        self._is_applying = self._is_draining = False
        self.has_failed = False
        """Whether the last append failed: until one succeeds, reads do not wait for steps that are due."""
        self.use(sandbox.log)

    def use(self, log: Log) -> None:
        """Append to the log `log` from now on, which has the same records as the former log."""
        self._log = log
        self.memory = log if isinstance(log, MemoryLog) else None
        """The log if it is in memory, else None."""

    async def write(self, command: Command, at: int, cause: Cause | None = None) -> Written:
        """Append a command to the log and apply it, at the time `at` or later; return its record and outcome.

        Raises StoreUnavailable, SandboxEnded, CommandFailed or SandboxBroken.
        """
        if self.memory is None:
            return await self.enqueue(command, at, cause)
        return self._write_now(self.memory, command, at, cause)

    def post(self, note: Note, failed: Callable[[str], object]) -> None:
        """Append a note to the log without waiting for it; `failed` is called with the reason if that fails."""
        at = self._sandbox.clock.now()
        if self.memory is None:
            future = self.enqueue(note, at)
            self.posts.add(future)
            future.add_done_callback(partial(self._end_post, failed))
        elif self._is_applying:
            self._posted.append(note)
        else:
            self._write_now(self.memory, note, at, None)

    @property
    def is_storing(self) -> bool:
        """Whether commands wait for their append, or for its outcome, or to be applied after it."""
        return self._task is not None and not self._task.done()

    @property
    def post_count(self) -> int:
        """Number of posted notes that are not applied yet."""
        return len(self.posts) + len(self._posted)

    async def wait_until_applied(self) -> None:
        """Wait until all posted notes are applied, or have failed."""
        if self.posts:
            await asyncio.wait(set(self.posts))

    async def finish(self) -> None:
        """Wait until all commands that may be in the log are applied, since other processes may have read them there.

        Raises StoreUnavailable.
        """
        if self._latest is not None and not self._latest.done():
            await asyncio.wait((self._latest,))
        self.require_settled()

    def require_settled(self) -> None:
        """Raise StoreUnavailable while it is unknown whether an append took place.

        If the append did take place, the steps that the caller is about to run could run twice.
        """
        if self._unsettled:
            raise StoreUnavailable(UNKNOWN.format("it is being found out"))

    # A log in memory

    def _write_now(self, log: MemoryLog, command: Command, at: int, cause: Cause | None) -> Written:
        exchange = self._sandbox.exchange
        record = Record(exchange.state.sequence + 1, max(exchange.last_at, at), command, cause)
        log.append_now(record)
        self._is_applying = True
        try:
            return Written(record, self.apply(record))
        finally:
            self._is_applying = False
            if self._posted and not self._is_draining:
                self._is_draining = True
                try:
                    while self._posted:
                        self._write_now(log, self._posted.popleft(), self._sandbox.clock.now(), None)
                finally:
                    self._is_draining = False

    # Any other log

    def enqueue(self, command: Command, at: int, cause: Cause | None = None) -> "asyncio.Future[Written]":
        """Begin to write a command as `write` does, for a log that is not in memory; return the future of it."""
        loop = asyncio.get_running_loop()
        waiting = _Waiting(command, at, cause, loop.create_future())
        self._latest = waiting.future
        self._queue.append(waiting)
        if self._task is None or self._task.done():
            self._task = loop.create_task(self._run(self._sandbox.itself()))
        return waiting.future

    def _end_post(self, failed: Callable[[str], object], future: "asyncio.Future[Written]") -> None:
        self.posts.discard(future)
        error = None if future.cancelled() else future.exception()
        if error is not None and not isinstance(error, SandboxEnded):
            failed(str(error))

    async def _run(self, sandbox: SandboxPort) -> None:
        """Append and apply what waits, until nothing is left, and the outcome of every append is known."""
        while self._queue or self._unsettled:
            batch: list[_Waiting] = []
            try:
                sandbox.require_open()
                if self._unsettled:
                    await self._settle_append(*self._unsettled)
                taken = [self._queue.popleft() for _ in range(min(BATCH_MAX, len(self._queue)))]
                batch = [one for one in taken if not one.future.done()]  # the callers of the others have gone
                if batch:
                    await self._append_and_apply(batch)
            except SandboxEnded as error:
                self._unsettled = None
                self._refuse([*batch, *self._drained()], error)
            except StoreUnavailable as error:
                self._refuse([*batch, *self._drained()], error)
                if self._unsettled:
                    await asyncio.sleep(RETRY_PAUSE_S)
            except Exception as error:  # noqa: BLE001  # every command that waits gets it
                self._refuse(batch, error)

    def _drained(self) -> list[_Waiting]:
        waiting = list(self._queue)
        self._queue.clear()
        return waiting

    def _refuse(self, batch: Sequence[_Waiting], error: Exception) -> None:
        for one in batch:
            if not one.future.done():
                one.future.set_exception(error)

    async def _append_and_apply(self, batch: list[_Waiting]) -> None:
        """Append a batch and apply it. After a conflict the records of the other writer are applied first."""
        exchange = self._sandbox.exchange
        while True:
            records, last_at = list[Record](), exchange.last_at
            for number, one in enumerate(batch, start=exchange.state.sequence + 1):
                last_at = max(one.at, last_at)
                records.append(Record(number, last_at, one.command, one.cause))
            try:
                await self._append(records, secrets.token_hex(8))
            except LogConflict:
                await self._catch_up()
                if exchange.state.sequence < records[0].sequence:
                    raise StoreUnavailable(LOST.format(records[0].sequence - 1)) from None
                continue
            break
        for place, (record, one) in enumerate(zip(records, batch, strict=True)):
            await self._apply(record, one.future)
            if place + 1 < len(records):
                await asyncio.sleep(0)  # the caller goes on before the next command changes what it reads

    async def _append(self, records: list[Record], nonce: str) -> None:
        """Append records, again while the outcome is unknown. Raises StoreUnavailable, LogConflict and SandboxEnded."""
        unknown: Exception | None = None
        for repeat in range(REPEATS_MAX + 1):
            try:
                await self._log.append(records, nonce)
            except LogUnavailable as error:
                self.has_failed = True
                if repeat == 0 and self._unsettled is None:
                    raise StoreUnavailable(str(error)) from None
                unknown = error  # the append before this one may have taken place
            except OutcomeUnknown as error:
                unknown, self.has_failed = error, True
            except LogEnded:
                raise SandboxEnded("the sandbox was reset or deleted before all was done") from None
            else:
                self.has_failed, self._unsettled = False, None
                return
            self._unsettled = records, nonce
            await asyncio.sleep(REPEAT_PAUSE_S * repeat)
        raise StoreUnavailable(UNKNOWN.format(unknown))

    async def _settle_append(self, records: list[Record], nonce: str) -> None:
        """Repeat the append of unknown outcome, and apply it if it took place, before anything else is appended."""
        try:
            await self._append(records, nonce)
        except LogConflict:
            self._unsettled = None  # another writer has these numbers: it did not take place
            await self._catch_up()
            return
        for record in records:
            await self._apply(record, None)

    async def _catch_up(self) -> None:
        """Apply the records of another writer."""
        for record in self._log.records(after=self._sandbox.exchange.state.sequence):
            await self._apply(record, None)

    async def _apply(self, record: Record, future: "asyncio.Future[Written] | None") -> None:
        """Apply a record, and give its caller the outcome, or the exception."""
        try:
            self._sandbox.require_open()
            self.apply(record, future)
        except Exception as error:  # noqa: BLE001  # the caller gets it
            await self.replace_failed()
            if future is not None and not future.done():
                future.set_exception(error)

    async def replace_failed(self) -> None:
        """Replace the failed commands in the log by notes.

        If that is not possible, a restart will find and undo them again.
        """
        while self._replacing:
            with suppress(LogUnavailable, OutcomeUnknown, LogEnded):
                await self._log.replace(self._replacing.pop())

    # Applying

    def apply(self, record: Record, future: "asyncio.Future[Written] | None" = None) -> Outcome:
        """Execute the command of a record and publish its outcome; before that, the caller's future gets it.

        Raises CommandFailed if the command raised an exception and the state is as it was before; raises SandboxBroken
        if the state could not be restored.
        """
        sandbox = self._sandbox
        if record.cause is not None and record.at > sandbox.exchange.last_at:
            sandbox.clock.reach(record.at)  # steps of the script move the time
        try:
            outcome = sandbox.exchange.execute(record.command, record.at)
        except BaseException as error:
            self._take_back(record, error)
            if isinstance(error, Exception):
                raise CommandFailed(record.sequence, record.command, error) from error
            raise
        if future is not None and not future.done():
            future.set_result(Written(record, outcome))
        self._publish(record, outcome)
        return outcome

    def _publish(self, record: Record, outcome: Outcome) -> None:
        """Show an executed command to observers and streams, and let a note take effect.

        A mistake in one of them is reported and ends nothing.
        """
        for observe in tuple(self.observers):
            try:
                observe(record, outcome)
            except Exception as error:  # noqa: BLE001  # it is reported
                self._note_mistake(record, error)
        try:
            sandbox = self._sandbox
            self._streams.publish_outcome(sandbox.exchange.state, outcome, record.at, sandbox.contexts)
        except Exception as error:  # noqa: BLE001  # it is reported
            self._note_mistake(record, error)
            self._streams.close_all()  # frames are missing: clients have to read the state again
        if type(record.command) is Note and (effect := self.effects.get(record.command.subject)):
            try:
                effect(record, record.command.text)
            except Exception as error:
                if self.is_restoring:
                    raise
                self._note_mistake(record, error)

    def _take_back(self, failed: Record, error: BaseException) -> None:
        """Restore the state as it was before a command that raised; a note takes its place.

        If that fails too, the command is half done: stop the sandbox for good and raise SandboxBroken.
        """
        note, sandbox = failure_note(failed, error), self._sandbox
        try:
            rebuild(sandbox.exchange, sandbox.log, failed.sequence)
            outcome = sandbox.exchange.execute(note.command, note.at)
        except BaseException as second:  # noqa: BLE001  # it is reported
            name = f"command {failed.sequence} ({type(failed.command).__name__})"
            log_failure(f"{name} of sandbox {sandbox.name}", error)
            sandbox.broken = (
                f"sandbox {sandbox.name} is broken: {name} ended in the middle ({type(error).__name__}), and the state"
                f" before it could not be rebuilt ({type(second).__name__}: {second}): reset or delete the sandbox"
            )
            self._note_finding(name, sandbox.broken)
            self._close("broken")
            raise SandboxBroken(sandbox.broken) from error
        if self.memory is not None:
            self.memory.replace_now(note)
        elif self.replaces_failed:
            self._replacing.append(note)
        self._publish(note, outcome)

    def _note_mistake(self, record: Record, error: Exception) -> None:
        name = f"command {record.sequence} ({type(record.command).__name__})"
        self._note_finding(name, log_failure(f"what follows {name} of sandbox {self._sandbox.name}", error))

    def _note_finding(self, name: str, text: str) -> None:
        self._sandbox.journal.add_firing(Firing(*self._sandbox.moment(), "finding", name, {"text": text}))
