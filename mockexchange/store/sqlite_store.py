"""The SQLite store: the logs of all sandboxes of a server in one file.

One thread writes. It takes everything that waits and writes it in one transaction, so that many commands share one
synchronization with the disk. Reads have a connection of their own, and never wait for the writer.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from queue import SimpleQueue
from typing import Any, NamedTuple

import msgspec

from mockexchange.store.codec import LogError, decode_record, encode_record
from mockexchange.store.log import Header, LogConflict, LogEnded, LogUnavailable, OutcomeUnknown, Record
from mockexchange.store.sqlite_file import (
    IO_ERROR,
    StoreError,
    StoreLock,
    checksum,
    code_of,
    lock,
    open_reader,
    open_writer,
    reason_of,
)

PAGE_RECORDS = 1_000
"""Records that one query reads: a long log is never in memory as a whole, and no read keeps the file from shrinking."""
CREATED = "created"
"""The nonce of the records that a sandbox is created with."""
Work = Callable[[sqlite3.Connection], object]
Row = tuple[int, int, str, object, int]


class _Job(NamedTuple):
    work: Work
    loop: asyncio.AbstractEventLoop
    future: "asyncio.Future[None]"


class StoredSandbox(NamedTuple):
    """A sandbox in a store; `description` is what a restart needs besides the log, as the sandbox wrote it."""

    id: int
    name: str
    header: Header
    description: bytes
    commands: int


class SqliteStore:
    """An open store. `open` and `close` it in the thread of the loop."""

    def __init__(self, path: Path, writer: sqlite3.Connection, reader: sqlite3.Connection, held: StoreLock) -> None:
        self.path = path
        self.writer, self._reader, self._lock = writer, reader, held
        self._identity = _identity(path)
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="store", daemon=True)
        self._thread.start()

    @classmethod
    def open(cls, path: Path, durability: str = "full") -> "SqliteStore":
        """Open a store, or create it. Raises StoreError; then the file is as it was before."""
        held = lock(path)
        try:
            writer = open_writer(path, durability)
            return cls(path, writer, open_reader(path), held)
        except BaseException:
            held.release()
            raise

    def close(self) -> None:
        """Write what waits, and close the file."""
        self._jobs.put(None)
        self._thread.join()
        self._reader.close()
        self.writer.close()
        self._lock.release()

    def stored(self) -> list[StoredSandbox]:
        """Return the sandboxes in the order of their creation. Raises StoreError."""
        return stored_sandboxes(self.path, self._reader)

    def log_of(self, stored: StoredSandbox) -> "SqliteLog":
        return SqliteLog(self, stored.id, stored.header, stored.commands)

    async def create(
        self, name: str, header: Header, description: bytes, records: Iterable[Record], replaced: int | None = None
    ) -> "SqliteLog":
        """Store a new sandbox with its history, in place of one with the id `replaced`, all or nothing.

        Raises LogUnavailable, OutcomeUnknown, and LogConflict if the name is taken.
        """
        made: list[int] = []
        bodies = [(record.sequence, encode_record(record)) for record in records]

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("delete from sandbox where id = ?", (replaced,))
            statement = "insert into sandbox (name, header, description) values (?, ?, ?) returning id"
            [id_] = connection.execute(statement, (name, msgspec.json.encode(header), description)).fetchone()
            _insert(connection, id_, bodies, CREATED)
            made.append(id_)

        await self.carry_out(work)
        return SqliteLog(self, made[-1], header, len(bodies))

    async def delete(self, id_: int) -> None:
        """Delete a sandbox with its log. Raises LogUnavailable and OutcomeUnknown."""
        await self.carry_out(lambda connection: connection.execute("delete from sandbox where id = ?", (id_,)))

    async def carry_out(self, work: Work) -> None:
        """Do a work in a transaction of the writing thread. Raises what it raises, LogUnavailable, OutcomeUnknown."""
        loop = asyncio.get_running_loop()
        job = _Job(work, loop, loop.create_future())
        self._jobs.put(job)
        await job.future

    def rows(self, id_: int, after: int, count: int | None) -> Iterator[Row]:
        """Yield (sandbox, number, nonce, body, checksum) of records in order. Raises LogUnavailable."""
        return stored_rows(self._reader, id_, after, count)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            jobs = [job]
            is_last = False
            while not self._jobs.empty():
                more = self._jobs.get()
                if more is None:
                    is_last = True
                    break
                jobs.append(more)
            self._commit(jobs)
            if is_last:
                return

    def _commit(self, jobs: Sequence[_Job]) -> None:
        """Do jobs in one transaction; if one fails, each of them in a transaction of its own."""
        errors = [self._try(jobs)]
        if errors[0] is not None and len(jobs) > 1:
            errors = [self._try([job]) for job in jobs]
        for job, error in zip(jobs, errors * len(jobs) if len(errors) == 1 else errors, strict=True):
            try:
                job.loop.call_soon_threadsafe(_settle, job.future, error)
            except RuntimeError:
                continue  # the loop has ended, and nothing waits any more

    def _try(self, jobs: Sequence[_Job]) -> Exception | None:
        connection, is_committing = self.writer, False
        try:
            if _identity(self.path) != self._identity:
                return LogUnavailable(f"{self.path}: the file was removed or replaced: restart the server")
            connection.execute("begin immediate")
            for job in jobs:
                job.work(connection)
            is_committing = True
            connection.execute("commit")
        except sqlite3.Error as error:
            _roll_back(connection)
            message = f"{self.path}: {reason_of(error)}"
            return OutcomeUnknown(message) if is_committing and code_of(error) == IO_ERROR else LogUnavailable(message)
        except Exception as error:  # noqa: BLE001  # the caller gets it
            _roll_back(connection)
            return error
        return None


class SqliteLog:
    """The log of one sandbox in a store."""

    def __init__(self, store: SqliteStore, id_: int, header: Header, count: int) -> None:
        self.store, self.id, self.header = store, id_, header
        self._count = count

    async def append(self, records: Sequence[Record], nonce: str) -> None:
        bodies = [(record.sequence, encode_record(record)) for record in records]
        await self.store.carry_out(lambda connection: _append(connection, self.id, bodies, nonce))
        self._count = max(self._count, records[-1].sequence)

    async def replace(self, record: Record) -> None:
        body, number = encode_record(record), record.sequence
        values = (body, checksum(self.id, number, body), self.id, number)
        statement = "update record set body = ?, crc = ? where sandbox = ? and seq = ?"
        await self.store.carry_out(lambda connection: connection.execute(statement, values))

    def records(self, after: int = 0, count: int | None = None) -> Iterator[Record]:
        return decoded(self.store.rows(self.id, after, count), after)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Record]:
        return self.records()


def decoded(rows: Iterable[Row], after: int = 0) -> Iterator[Record]:
    """Yield the records of rows. Raises LogError on a hole, a wrong checksum or an unknown record."""
    for expected, (sandbox, number, _, body, crc) in enumerate(rows, start=after + 1):
        if number != expected:
            raise LogError(f"record {expected} is missing")
        if type(body) is not bytes or checksum(sandbox, number, body) != crc:
            raise LogError(f"record {number} is damaged: its checksum does not match")
        yield decode_record(number, body)


def stored_rows(connection: sqlite3.Connection, id_: int, after: int = 0, count: int | None = None) -> Iterator[Row]:
    """Yield the rows of a sandbox in order, page by page. Raises LogUnavailable."""
    left = count
    while left is None or left > 0:
        wanted = PAGE_RECORDS if left is None else min(left, PAGE_RECORDS)
        statement = (
            "select sandbox, seq, nonce, body, crc from record where sandbox = ? and seq > ? order by seq limit ?"
        )
        try:
            page: list[Row] = connection.execute(statement, (id_, after, wanted)).fetchall()
        except sqlite3.Error as error:
            raise LogUnavailable(f"the log cannot be read: {reason_of(error)}") from None
        yield from page
        if len(page) < wanted:
            return
        after, left = page[-1][1], None if left is None else left - len(page)


def stored_sandboxes(path: Path, connection: sqlite3.Connection) -> list[StoredSandbox]:
    """Return the sandboxes of a store in the order of their creation. Raises StoreError."""
    try:
        rows: list[Any] = connection.execute(
            "select id, name, header, description,"
            " (select coalesce(max(seq), 0) from record where record.sandbox = sandbox.id) from sandbox order by id"
        ).fetchall()
        return [
            StoredSandbox(id_, name, msgspec.json.decode(header, type=Header), description, count)
            for id_, name, header, description, count in rows
        ]
    except sqlite3.Error as error:
        raise StoreError(f"{path}: {reason_of(error)}") from None
    except msgspec.MsgspecError as error:
        raise StoreError(
            f"{path}: the header of a sandbox cannot be read ({error}): use the version that wrote it"
        ) from None


def _append(connection: sqlite3.Connection, id_: int, bodies: Sequence[tuple[int, bytes]], nonce: str) -> None:
    """Append records if their numbers are the next ones. Raises LogConflict and LogEnded."""
    first = bodies[0][0]
    if connection.execute("select 1 from sandbox where id = ?", (id_,)).fetchone() is None:
        raise LogEnded
    [last] = connection.execute("select coalesce(max(seq), 0) from record where sandbox = ?", (id_,)).fetchone()
    if first != last + 1:
        found = connection.execute("select nonce from record where sandbox = ? and seq = ?", (id_, first)).fetchone()
        if found == (nonce,):
            return
        raise LogConflict(f"expected record {last + 1}, got {first}")
    _insert(connection, id_, bodies, nonce)


def _insert(connection: sqlite3.Connection, id_: int, bodies: Iterable[tuple[int, bytes]], nonce: str) -> None:
    rows = ((id_, number, nonce, body, checksum(id_, number, body)) for number, body in bodies)
    connection.executemany("insert into record values (?, ?, ?, ?, ?)", rows)


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        try:
            connection.execute("rollback")
        except sqlite3.Error:
            return  # SQLite has done it


def _settle(future: "asyncio.Future[None]", error: Exception | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error)


def _identity(path: Path) -> tuple[int, int] | None:
    """Return what identifies a file, also when it is renamed; None if it does not exist."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
