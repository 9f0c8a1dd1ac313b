"""What the stores have in common: the sandboxes in them, checksums of records, and what a server and a reader call."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol
from zlib import crc32

from mockexchange.store.codec import LogError, decode_record
from mockexchange.store.log import Header, Log, Record

PAGE_RECORDS = 1_000
"""Records that one query reads: a long log is never in memory as a whole twice."""
CREATED = "created"
"""The nonce of the records that a sandbox is created with."""
DURABILITY = ("full", "normal")
Row = tuple[int, int, str, object, int]
"""(sandbox, number, nonce, body, checksum) of a record."""


class StoreError(Exception):
    """A file or a database cannot be used as a store; the message names it and says what to do."""


class StoredSandbox(NamedTuple):
    """A sandbox in a store; `description` is what a restart needs besides the log, as the sandbox wrote it."""

    id: int
    name: str
    header: Header
    description: bytes
    commands: int


class StoredLog(Log, Protocol):
    """The log of one sandbox in a store."""

    id: int


class Store(Protocol):
    """The store of a server, open for writing."""

    shown: str
    """The file or the URL, for messages: without a password."""

    def stored(self) -> list[StoredSandbox]:
        """Return the sandboxes in the order of their creation. Raises StoreError."""
        ...

    def log_of(self, stored: StoredSandbox) -> StoredLog: ...

    async def create(
        self, name: str, header: Header, description: bytes, records: Iterable[Record], replaced: int | None = None
    ) -> StoredLog:
        """Store a new sandbox with its history, in place of one with the id `replaced`, all or nothing.

        Raises LogUnavailable, OutcomeUnknown, and LogConflict if the name is taken.
        """
        ...

    async def delete(self, id_: int) -> None:
        """Delete a sandbox with its log. Raises LogUnavailable and OutcomeUnknown."""
        ...

    def close(self) -> None:
        """Write what waits, and close the store."""
        ...


class StoreReader(Protocol):
    """A store that is only read, also while a server uses it."""

    shown: str

    def stored(self) -> list[StoredSandbox]:
        """Return the sandboxes in the order of their creation. Raises StoreError."""
        ...

    def rows(self, id_: int, after: int = 0, count: int | None = None) -> Iterator[Row]:
        """Yield the rows of a sandbox in order, page by page. Raises LogUnavailable."""
        ...

    def size_of(self, id_: int) -> int:
        """Return the bytes of a sandbox's records."""
        ...

    def damages(self) -> list[str]:
        """Return what is wrong in the structure of the store."""
        ...

    def close(self) -> None: ...


def checksum(sandbox: int, sequence: int, body: bytes) -> int:
    """Return the checksum of a record at its place."""
    return crc32(body, crc32(b"%d/%d" % (sandbox, sequence)))


def decoded(rows: Iterable[Row], after: int = 0) -> Iterator[Record]:
    """Yield the records of rows. Raises LogError on a hole, a wrong checksum or an unknown record."""
    for number, body in checked_bodies(rows, after):
        yield decode_record(number, body)


def checked_bodies(rows: Iterable[Row], after: int = 0) -> Iterator[tuple[int, bytes]]:
    """Yield the number and the body of each row. Raises LogError on a hole or a wrong checksum."""
    for expected, (sandbox, number, _, body, crc) in enumerate(rows, start=after + 1):
        if number != expected:
            raise LogError(f"record {expected} is missing")
        if type(body) is not bytes or checksum(sandbox, number, body) != crc:
            raise LogError(f"record {number} is damaged: its checksum does not match")
        yield number, body
