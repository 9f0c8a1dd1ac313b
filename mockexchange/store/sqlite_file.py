"""Opens a store file, which is an SQLite database with the logs of sandboxes.

A file of another program, or of an unknown version, is refused.
"""

import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from mockexchange.store.stores import UPGRADABLE, VERSION, StoreError

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
def closed_after_an_error(path: Path, connection: sqlite3.Connection) -> Iterator[None]:
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
    with closed_after_an_error(path, connection):
        if is_empty(connection):
            connection.executescript(SCHEMA)
        require_ours(path, connection)
        require_whole(path, connection)
        connection.execute("pragma journal_mode = wal")
        connection.execute(f"pragma synchronous = {durability}")
        connection.execute("begin immediate")
        connection.execute("rollback")
    return connection


def open_reader(path: Path) -> sqlite3.Connection:
    """Open an existing store file for reading. Raises StoreError."""
    if not path.is_file():
        raise StoreError(f"{path}: no such file: expected the FILE of `serve --store sqlite:FILE`")
    connection = connect(path, is_reader=True)
    with closed_after_an_error(path, connection):
        require_ours(path, connection)
    return connection


@contextmanager
def unused(path: Path) -> Iterator[sqlite3.Connection]:
    """Open an existing store file for writing for a block. Raises StoreError, also if a server uses it."""
    open_reader(path).close()
    held = lock(path)
    try:
        connection = open_writer(path, "full")
        with closing(connection), closed_after_an_error(path, connection):
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
    """Return the version of the tables of a store."""
    version: int = connection.execute("pragma user_version").fetchone()[0]
    return version


def reason_of(error: sqlite3.Error) -> str:
    """Return a sentence about an error of SQLite: its meaning, and what the user can do."""
    return REASONS.get(code_of(error), str(error))


def code_of(error: sqlite3.Error) -> int:
    """Return SQLite's primary result code of an error; 0 if it has none."""
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF
