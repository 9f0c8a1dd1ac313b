"""Stores the logs of all sandboxes of a server in one SQLite file.

One thread writes. It collects all waiting writes in one transaction, so that many commands share one synchronization
with the disk. Reads have a connection of their own, and never wait for the writer. A file of another program, or of an
unknown version, is refused.
"""

import os
import sqlite3
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from mockexchange.store.checksums import checksum, sandbox_checksum
from mockexchange.store.codec import encode_record
from mockexchange.store.commit_marks import CommitMarks, forget, mark_path, read_marks
from mockexchange.store.log import Header, LogConflict, LogEnded, LogUnavailable, OutcomeUnknown, Record
from mockexchange.store.stores import (
    CREATED,
    PAGE_RECORDS,
    UPGRADABLE,
    VERSION,
    Row,
    SandboxRow,
    StoredSandbox,
    StoreError,
    decoded,
    named,
    stored_sandbox,
)
from mockexchange.store.writing_thread import Job, WritingThread

if sys.platform != "win32":
    import fcntl

APPLICATION_ID = 0x6D6F636B
"""The number in the header of an SQLite file that marks it as a store, unlike databases of other programs."""
BUSY_MS = 1_000
"""How long a statement waits for another program's lock, such as a backup's, in milliseconds."""
SCHEMA = f"""
begin immediate;
create table sandbox (
    id integer primary key autoincrement,
    name text not null unique,
    header blob not null,
    description blob not null,
    crc integer not null default 0
);
create table record (
    sandbox integer not null references sandbox on delete cascade,
    seq integer not null,
    nonce text not null,
    body blob not null,
    crc integer not null,
    primary key (sandbox, seq)
) without rowid;
pragma application_id = {APPLICATION_ID};
pragma user_version = {VERSION};
commit;
"""
TEMPORARY = "off"
"""The durability of a file that is deleted with its server: nothing is synchronized with the disk."""
FULL, READ_ONLY, BUSY, NOT_A_DATABASE, CORRUPT, IO_ERROR = 13, 8, 5, 26, 11, 10
"""Result codes of SQLite that messages explain."""
REASONS = {
    FULL: "the disk is full: free some space",
    READ_ONLY: "the file is read-only: make it writable",
    BUSY: "another program has locked the file: end what it does there",
    NOT_A_DATABASE: "it is no SQLite database: give another file",
    CORRUPT: "the file is damaged: stop the server and see `mockexchange store check`",
    IO_ERROR: "the disk reports an error: see the system's log",
}
WAL_LOST = "{path}-wal was cut or lost: put it back, or delete {mark} to go on without them"
"""What may have happened to commits that are missing, and the two ways out."""


# The file


@dataclass(frozen=True, slots=True)
class StoreLock:
    """The lock that only one server can have on a store file.

    The system releases it when the process ends, however it ends.
    """

    descriptor: int

    def again(self) -> "StoreLock":
        """Return a second handle of the lock; the lock is released when both handles are released."""
        return StoreLock(os.dup(self.descriptor))

    def release(self) -> None:
        os.close(self.descriptor)


def lock(path: Path) -> StoreLock:
    """Lock a store file for this process. Raises StoreError if another process has the lock."""
    try:
        descriptor = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StoreError(f"{path}: cannot be used: {error.strerror}: expected a file in a writable folder") from None
    if sys.platform != "win32":
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise StoreError(f"{path}: another server uses it: stop that one, or give another file") from None
    return StoreLock(descriptor)


def connect(path: Path, *, is_reader: bool = False) -> sqlite3.Connection:
    """Open an SQLite database in autocommit mode. Raises StoreError.

    The connection may be used in any thread, by one at a time.
    """
    mode = "ro" if is_reader else "rwc"
    try:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None, check_same_thread=False
        )
        connection.execute(f"pragma busy_timeout = {BUSY_MS}")
        connection.execute("pragma foreign_keys = on")
    except sqlite3.Error as error:
        reason = "it is a directory: give a file" if path.is_dir() else error
        raise StoreError(f"{path}: cannot be opened: {reason}") from None
    return connection


@contextmanager
def store_errors(path: Path, connection: sqlite3.Connection) -> Iterator[None]:
    """Close the connection if the `with` block fails, and turn SQLite's errors into StoreError."""
    try:
        yield
    except sqlite3.Error as error:
        connection.close()
        raise StoreError(f"{path}: {reason_of(error)}") from None
    except StoreError:
        connection.close()
        raise


def open_writer(path: Path, durability: str) -> sqlite3.Connection:
    """Open a store file for writing; a new or empty file becomes a store. Raises StoreError; then it is unchanged."""
    with suppress(OSError):  # the next line says why it cannot be
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # it has private keys
    connection = connect(path)
    with store_errors(path, connection):
        if is_empty(connection):
            connection.executescript(SCHEMA)
        require_ours(path, connection)
        require_whole(path, connection)
        connection.execute("pragma journal_mode = wal")
        connection.execute(f"pragma synchronous = {durability}")
        connection.execute("begin immediate")  # fails now, not at the first command, if the file cannot be written
        connection.execute("rollback")
    return connection


def open_reader(path: Path) -> sqlite3.Connection:
    """Open an existing store file for reading. Raises StoreError."""
    if not path.is_file():
        raise StoreError(f"{path}: no such file: expected the FILE of `serve --store sqlite:FILE`")
    connection = connect(path, is_reader=True)
    with store_errors(path, connection):
        require_ours(path, connection)
    return connection


@contextmanager
def unused(path: Path) -> Iterator[sqlite3.Connection]:
    """Open an existing store file for writing for a block. Raises StoreError, also if a server uses it."""
    open_reader(path).close()
    held = lock(path)
    try:
        connection = open_writer(path, "full")
        with closing(connection), store_errors(path, connection):
            yield connection
    finally:
        held.release()


def compact(path: Path) -> None:
    """Free the disk space of deleted sandboxes in a store file. Raises StoreError."""
    with unused(path) as connection:
        connection.execute("vacuum")
        connection.execute("pragma wal_checkpoint(truncate)")


def damages(connection: sqlite3.Connection) -> list[str]:
    """Return the errors that SQLite finds in the structure of a file, as texts."""
    try:
        return [text for (text,) in connection.execute("pragma integrity_check(10)") if text != "ok"]
    except sqlite3.Error as error:
        return [reason_of(error)]


def require_whole(path: Path, connection: sqlite3.Connection) -> None:
    """Raise StoreError if the structure of a file is damaged, since a part of a log could be missing."""
    [found] = connection.execute("pragma integrity_check(1)").fetchone()
    if found != "ok":
        reason = " ".join(found.replace("*** in database main ***", "").split())
        raise StoreError(f"{path}: the file is damaged ({reason}): restore a copy, or see `mockexchange store check`")


def is_empty(connection: sqlite3.Connection) -> bool:
    """Return whether a database is new: it has no tables, and no program has marked it as its own."""
    [mark], [version] = (connection.execute(f"pragma {name}").fetchone() for name in ("application_id", "user_version"))
    [tables] = connection.execute("select count(*) from sqlite_schema").fetchone()
    return not (mark or version or tables)


def require_ours(path: Path, connection: sqlite3.Connection) -> None:
    """Raise StoreError unless a database is a store of a version that this code reads or upgrades."""
    [mark] = connection.execute("pragma application_id").fetchone()
    if mark != APPLICATION_ID:
        raise StoreError(f"{path}: it is the database of another program: give another file")
    version = version_of(connection)
    if version not in {VERSION, UPGRADABLE}:
        newer = "install a newer mockexchange" if version > VERSION else "start it with the mockexchange that wrote it"
        raise StoreError(f"{path}: it is a store of version {version}, this mockexchange reads {VERSION}: {newer}")


def version_of(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("pragma user_version").fetchone()[0]
    return version


def reason_of(error: sqlite3.Error) -> str:
    """Return a sentence about an error of SQLite: its meaning, and what the user can do."""
    return REASONS.get(code_of(error), str(error))


def code_of(error: sqlite3.Error) -> int:
    """Return SQLite's primary result code of an error; 0 if it has none."""
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF


# The store


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
        return damages(self._connection) or missing_sandboxes(self.path, self._connection)


class SqliteStore:
    """A store file that is open for writing. Call `open` and `close` in the thread that runs the event loop."""

    def __init__(self, path: Path, writer: sqlite3.Connection, held: StoreLock, marks: CommitMarks | None) -> None:
        self.path, self.shown = path, str(path)
        self._reader = SqliteReader(path)
        self.writer, self._lock, self._marks = writer, held, marks
        self._counts: dict[int, int | None] = {}
        """The number of records of each sandbox that the transaction which is open changes; None for a deleted one."""
        self._identity = _identity(path)
        self._thread = WritingThread(self._attempt)
        self.in_transaction = self._thread.in_transaction

    @classmethod
    def open(cls, path: Path, durability: str = "full", held: StoreLock | None = None) -> "SqliteStore":
        """Open a store, or create it. Raises StoreError; then the file is as it was before.

        `held` is the lock of the file, if this process has taken it already.
        """
        held = held or lock(path)
        try:
            writer = open_writer(path, durability)
            with store_errors(path, writer):
                upgrade(writer)
                marks = None if durability == TEMPORARY else open_marks(path, writer, durability)
                return cls(path, writer, held, marks)
        except BaseException:
            held.release()
            raise

    def close(self) -> None:
        """Write everything that waits to be written, and close the file."""
        self._thread.end()
        self._reader.close()
        self.writer.close()
        if self._marks is not None:
            self._marks.close()
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
            self._counts[id_] = len(bodies)
            if replaced is not None:
                self._counts[replaced] = None

        await self.in_transaction(work)
        return SqliteLog(self, made[-1], header, len(bodies))

    async def delete(self, id_: int) -> None:
        """Delete a sandbox with its log. Raises LogUnavailable and OutcomeUnknown."""

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("delete from sandbox where id = ?", (id_,))
            self._counts[id_] = None

        await self.in_transaction(work)

    def rows(self, id_: int, after: int = 0, count: int | None = None) -> Iterator[Row]:
        """Yield the rows of a sandbox's log in order, from the record after the number `after` on, at most `count`.

        Raises LogUnavailable.
        """
        return self._reader.rows(id_, after, count)

    def append(self, connection: sqlite3.Connection, id_: int, bodies: Sequence[tuple[int, bytes]], nonce: str) -> None:
        """Append records in the transaction of the writing thread. Raises LogConflict and LogEnded."""
        first = bodies[0][0]
        if connection.execute("select 1 from sandbox where id = ?", (id_,)).fetchone() is None:
            raise LogEnded
        [last] = connection.execute("select coalesce(max(seq), 0) from record where sandbox = ?", (id_,)).fetchone()
        if first == last + 1:
            _insert(connection, id_, bodies, nonce)
        else:  # an earlier attempt of unknown outcome may have written them
            same = "select nonce from record where sandbox = ? and seq = ?"
            if connection.execute(same, (id_, first)).fetchone() != (nonce,):
                raise LogConflict(f"expected record {last + 1}, got {first}")
        self._counts[id_] = bodies[-1][0]

    def _attempt(self, jobs: Sequence[Job[sqlite3.Connection]]) -> Exception | None:
        connection, is_committing = self.writer, False
        self._counts.clear()
        try:
            if _identity(self.path) != self._identity:
                return LogUnavailable(f"{self.path}: the file was removed or replaced: restart the server")
            connection.execute("begin immediate")
            for job in jobs:
                job.work(connection)
            is_committing = True
            connection.execute("commit")
            if self._marks is not None:
                self._marks.write(self._counts.items())
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
        await self.store.in_transaction(lambda connection: self.store.append(connection, self.id, bodies, nonce))
        self._count = max(self._count, records[-1].sequence)

    async def replace(self, record: Record) -> None:
        body, number = encode_record(record), record.sequence
        values = (body, checksum(self.id, number, body), self.id, number)
        statement = "update record set body = ?, crc = ? where sandbox = ? and seq = ?"
        await self.store.in_transaction(lambda connection: connection.execute(statement, values))

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
        forget(path, found.id)
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
    marks = read_marks(path)  # before the rows, which a server may add to
    try:
        found = list(map(stored_sandbox, _sandbox_rows(connection)))
    except sqlite3.Error as error:
        raise StoreError(f"{path}: {reason_of(error)}") from None
    return [one._replace(problem=one.problem or missing_records(path, one, marks)) for one in found]


def missing_records(path: Path, stored: StoredSandbox, marks: Mapping[int, int]) -> str:
    """Return a sentence that names the committed records which a log lacks; empty if it lacks none."""
    committed = marks.get(stored.id, 0)
    if committed <= stored.commands:
        return ""
    numbers = f"records {stored.commands + 1} to {committed} were"
    if committed == stored.commands + 1:
        numbers = f"record {committed} was"
    return f"{numbers} committed and missing: {WAL_LOST.format(path=path, mark=mark_path(path))}"


def missing_sandboxes(path: Path, connection: sqlite3.Connection) -> list[str]:
    """Return a sentence for each sandbox that was created and is not in the file. Raises sqlite3.Error."""
    marks = read_marks(path)
    kept = {id_ for id_, *_ in _sandbox_rows(connection)}
    lost = WAL_LOST.format(path=path, mark=mark_path(path))
    return [f"the sandbox with the id {id_} was created and is missing: {lost}" for id_ in sorted(marks.keys() - kept)]


def open_marks(path: Path, connection: sqlite3.Connection, durability: str) -> CommitMarks:
    """Begin to mark commits. Raises StoreError if a sandbox is missing whose creation was committed, and sqlite3.Error.

    Sandboxes whose records are missing keep their marks: they are set aside until the records are back, or a reset.
    """
    for problem in missing_sandboxes(path, connection):
        raise StoreError(f"{path}: {problem}")
    marks = read_marks(path)
    stored = map(stored_sandbox, _sandbox_rows(connection))
    behind = {one.id: marks[one.id] for one in stored if marks.get(one.id, 0) > one.commands}
    try:
        return CommitMarks(path, durability, behind)
    except OSError as error:
        raise StoreError(f"{mark_path(path)}: cannot be written: {error.strerror}") from None


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
