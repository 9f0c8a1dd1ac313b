"""Opens a store by its location, which is an SQLite file or the URL of a PostgreSQL database.

The code of a kind of store is imported when one is opened; the driver of PostgreSQL is an extra.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mockexchange.store.postgres.url import SCHEMES, PostgresUrl, masked
from mockexchange.store.stores import Store, StoredSandbox, StoreError, StoreReader
from mockexchange.version import install_command

if TYPE_CHECKING:
    from mockexchange.store.sqlite_store import StoreLock

Location = Path | PostgresUrl


def read_serve_location(text: str) -> Location:
    """Parse the location in the option `serve --store`. Raises ValueError, whose message shows no password."""
    location = _location(text)
    if location is None:
        raise ValueError(
            f"expected sqlite:FILE, such as sqlite:mock.db, or postgresql://USER@HOST/DATABASE, got {masked(text)!r}"
        )
    return location


def read_location(text: str) -> Location:
    """Parse the location in the command `mockexchange store`, which may also be a plain FILE.

    Raises ValueError, whose message shows no password.
    """
    location = _location(text)
    if location is None and "://" in text:
        raise ValueError(f"expected FILE or postgresql://USER@HOST/DATABASE, got {masked(text)!r}")
    return location or Path(text)


def _location(text: str) -> Location | None:
    if text.startswith(SCHEMES):
        return PostgresUrl(text)
    kind, _, file = text.partition(":")
    return Path(file) if kind == "sqlite" and file else None


def shown(location: Location) -> str:
    """Return the file or the URL of a store as messages show it, without a password."""
    return str(location) if isinstance(location, Path) else location.shown


def open_store(location: Location, durability: str = "full", held: "StoreLock | None" = None) -> Store:
    """Open a store for a server, or create it. Raises StoreError; then the store is as it was before.

    `held` is the lock of the file, if this process has taken it already.
    """
    if isinstance(location, Path):
        from mockexchange.store.sqlite_store import SqliteStore

        return SqliteStore.open(location, durability, held)
    with _driver_explained(location):
        from mockexchange.store.postgres.postgres_store import PostgresStore
    return PostgresStore.open(location, durability)


def open_reader(location: Location) -> StoreReader:
    """Open an existing store for reading. Raises StoreError."""
    if isinstance(location, Path):
        from mockexchange.store.sqlite_store import SqliteReader

        return SqliteReader(location)
    with _driver_explained(location):
        from mockexchange.store.postgres.postgres_store import PostgresReader
    return PostgresReader(location)


def compact(location: Location) -> tuple[int, int]:
    """Free the disk space of deleted sandboxes; return the size in bytes before and after. Raises StoreError."""
    if isinstance(location, Path):
        from mockexchange.store import sqlite_store

        before = location.stat().st_size if location.is_file() else 0
        sqlite_store.compact(location)
        return before, location.stat().st_size
    with _driver_explained(location):
        from mockexchange.store.postgres import postgres_store
    return postgres_store.compact(location)


def delete(location: Location, name: str) -> StoredSandbox:
    """Delete a sandbox from a store that no server uses; return what it was. Raises StoreError."""
    if isinstance(location, Path):
        from mockexchange.store import sqlite_store

        return sqlite_store.delete(location, name)
    with _driver_explained(location):
        from mockexchange.store.postgres import postgres_store
    return postgres_store.delete(location, name)


@contextmanager
def _driver_explained(location: PostgresUrl) -> Iterator[None]:
    """Turn a failed import into StoreError with the command that installs the driver for this interpreter."""
    try:
        yield
    except ImportError as error:
        command = install_command("mockexchange[postgres]")
        raise StoreError(f"{location.shown}: PostgreSQL needs psycopg ({error}): {command}") from None
