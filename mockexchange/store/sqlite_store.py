"""Stores the logs of all sandboxes of a server in one SQLite file.

One thread writes. It collects all waiting writes in one transaction, so that many commands share one synchronization
with the disk. Reads have a connection of their own, and never wait for the writer.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from mockexchange.store.codec import encode_record
from mockexchange.store.log import Header, LogConflict, LogEnded, LogUnavailable, OutcomeUnknown, Record
from mockexchange.store.sqlite_file import (
    IO_ERROR,
    StoreLock,
    closed_after_an_error,
    code_of,
    damages,
    lock,
    open_reader,
    open_writer,
    reason_of,
    unused,
    version_of,
)
from mockexchange.store.stores import (
    CREATED,
    PAGE_RECORDS,
    UPGRADABLE,
    VERSION,
    Row,
    SandboxRow,
    StoredSandbox,
    StoreError,
    checksum,
    decoded,
    named,
    sandbox_checksum,
    stored_sandbox,
)
from mockexchange.store.writing_thread import Job, WritingThread


class SqliteReader:
    """Reads a store file, even while a server writes it."""

    def __init__(self, path: Path) -> None:
        """Open an existing store. Raises StoreError."""
        self.path, self.shown = path, str(path)
        self._connection = open_reader(path)

    def close(self) -> None:
        self._connection.close()

    def stored(self) -> list[StoredSandbox]:
        return stored_sandboxes(self.path, self._connection)

    def rows(self, id_: int, after: int = 0, count: int | None = None) -> Iterator[Row]:
        return stored_rows(self._connection, id_, after, count)

    def size_of(self, id_: int) -> int:
        statement = "select coalesce(sum(length(body)), 0) from record where sandbox = ?"
        size: int = self._connection.execute(statement, (id_,)).fetchone()[0]
        return size

    def damages(self) -> list[str]:
        return damages(self._connection)


class SqliteStore:
    """A store file that is open for writing. Call `open` and `close` in the thread that runs the event loop."""

    def __init__(self, path: Path, writer: sqlite3.Connection, held: StoreLock) -> None:
        self.path, self.shown = path, str(path)
        self._reader = SqliteReader(path)
        self.writer, self._lock = writer, held
        self._identity = _identity(path)
        self._thread = WritingThread(self._attempt)
        self.carry_out = self._thread.carry_out

    @classmethod
    def open(cls, path: Path, durability: str = "full", held: StoreLock | None = None) -> "SqliteStore":
        """Open a store, or create it. Raises StoreError; then the file is as it was before.

        `held` is the lock of the file, if this process has taken it already.
        """
        held = held or lock(path)
        try:
            writer = open_writer(path, durability)
            with closed_after_an_error(path, writer):
                upgrade(writer)
                return cls(path, writer, held)
        except BaseException:
            held.release()
            raise

    def close(self) -> None:
        """Write everything that waits to be written, and close the file."""
        self._thread.end()
        self._reader.close()
        self.writer.close()
        self._lock.release()

    def stored(self) -> list[StoredSandbox]:
        """Return the stored sandboxes in the order of their creation. Raises StoreError."""
        return self._reader.stored()

    def log_of(self, stored: StoredSandbox) -> "SqliteLog":
        return SqliteLog(self, stored.id, stored.header, stored.commands)

    async def create(
        self, name: str, header: Header, description: bytes, records: Iterable[Record], replaced: int | None = None
    ) -> "SqliteLog":
        """Store a new sandbox with its history, and delete the sandbox with the id `replaced`, if given.

        Either all of this is done or nothing. Raises LogUnavailable, OutcomeUnknown, and LogConflict if the name is
        taken.
        """
        made: list[int] = []
        bodies = [(record.sequence, encode_record(record)) for record in records]
        raw = msgspec.json.encode(header)

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("delete from sandbox where id = ?", (replaced,))
            statement = "insert into sandbox (name, header, description) values (?, ?, ?) returning id"
            [id_] = connection.execute(statement, (name, raw, description)).fetchone()
            crc = sandbox_checksum(id_, name.encode(), raw, description)
            connection.execute("update sandbox set crc = ? where id = ?", (crc, id_))
            _insert(connection, id_, bodies, CREATED)
            made.append(id_)

        await self.carry_out(work)
        return SqliteLog(self, made[-1], header, len(bodies))

    async def delete(self, id_: int) -> None:
        """Delete a sandbox with its log. Raises LogUnavailable and OutcomeUnknown."""
        await self.carry_out(lambda connection: connection.execute("delete from sandbox where id = ?", (id_,)))

    def rows(self, id_: int, after: int = 0, count: int | None = None) -> Iterator[Row]:
        """Yield the rows of a sandbox's log in order, from the record after the number `after` on, at most `count`.

        Raises LogUnavailable.
        """
        return self._reader.rows(id_, after, count)

    def _attempt(self, jobs: Sequence[Job[sqlite3.Connection]]) -> Exception | None:
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
    """The log of one sandbox in a store file."""

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


def delete(path: Path, name: str) -> StoredSandbox:
    """Delete a sandbox from a store file that no server uses; return what it was. Raises StoreError."""
    with unused(path) as connection:
        found = named(str(path), stored_sandboxes(path, connection), name)
        connection.execute("delete from sandbox where id = ?", (found.id,))
    return found


def stored_rows(connection: sqlite3.Connection, id_: int, after: int = 0, count: int | None = None) -> Iterator[Row]:
    """Yield the rows of a sandbox's log in order, from the record after the number `after` on, at most `count`.

    They are read in pages, so that a long log is not in memory as a whole. Raises LogUnavailable.
    """
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
    """Return the sandboxes of a store file in the order of their creation. Raises StoreError."""
    try:
        return list(map(stored_sandbox, _sandbox_rows(connection)))
    except sqlite3.Error as error:
        raise StoreError(f"{path}: {reason_of(error)}") from None


def upgrade(connection: sqlite3.Connection) -> None:
    """Add the checksums that the sandboxes of an older version of store files lack. Raises sqlite3.Error."""
    if version_of(connection) != UPGRADABLE:
        return
    connection.execute("begin immediate")
    connection.execute("alter table sandbox add column crc integer not null default 0")
    for id_, name, header, description, *_ in _sandbox_rows(connection):
        crc = sandbox_checksum(id_, name, header, description)
        connection.execute("update sandbox set crc = ? where id = ?", (crc, id_))
    connection.execute(f"pragma user_version = {VERSION}")
    connection.execute("commit")


def _sandbox_rows(connection: sqlite3.Connection) -> list[SandboxRow]:
    """Return the rows of all sandboxes in the order of their creation."""
    crc = "null" if version_of(connection) == UPGRADABLE else "crc"
    parts = ", ".join(f"cast({part} as blob)" for part in ("name", "header", "description"))
    count = "(select coalesce(max(seq), 0) from record where record.sandbox = sandbox.id)"
    statement = f"select id, {parts}, {crc}, {count} from sandbox order by id"  # noqa: S608  # of constants
    return connection.execute(statement).fetchall()


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


def _identity(path: Path) -> tuple[int, int] | None:
    """Return what identifies a file, also when it is renamed; None if it does not exist."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
