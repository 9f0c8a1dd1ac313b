"""The interfaces of stores, which SQLite and PostgreSQL implement, and stored sandboxes."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

import msgspec

from mockexchange.store.checksums import checksum, sandbox_checksum
from mockexchange.store.codec import decode_record
from mockexchange.store.log import FORMAT, Header, Log, LogError, Record

PAGE_RECORDS = 1_000
"""The records that one query reads, so that a long log is never held in memory twice as a whole."""
KNOWN_MAX = 20
"""The most sandboxes that a message names."""
CREATED = "created"
"""The nonce of the records that a sandbox is created with."""
DURABILITY = ("full", "normal")
VERSION = 2
"""The version of the tables in a file or a database."""
UPGRADABLE = 1
"""The older version, which a server upgrades: its sandboxes have no checksums of their own."""
Row = tuple[int, int, str, object, int]
"""A stored record: (sandbox id, record number, nonce, body, checksum)."""
SandboxRow = tuple[int, bytes, bytes, bytes, int | None, int]
"""A stored sandbox: (id, name, header, description, checksum or None in the older version, number of records)."""


class StoreError(Exception):
    """Raised if a file or a database cannot be used as a store; the message names it and the remedy."""


class StoredSandbox(NamedTuple):
    """A sandbox in a store.

    `description` is the JSON that a restart needs besides the log, `commands` the log's length. With a `problem`, the
    sandbox cannot be opened, and its header may be an empty one.
    """

    id: int
    name: str
    header: Header
    description: bytes
    commands: int
    problem: str = ""


class StoredLog(Log, Protocol):
    """The log of one sandbox in a store; `id` is the sandbox's id there."""

    id: int


class Store(Protocol):
    """The interface of a server's store, open for writing."""

    shown: str
    """The store's file or URL for messages, without a password."""

    def stored(self) -> list[StoredSandbox]:
        """Return the stored sandboxes in the order of their creation. Raises StoreError."""
        ...

    def log_of(self, stored: StoredSandbox) -> StoredLog: ...
    def rows(self, id_: int) -> Iterator[Row]:
        """Yield the rows of a sandbox's log in order. Raises LogUnavailable."""
        ...

    async def create(
        self, name: str, header: Header, description: bytes, records: Iterable[Record], replaced: int | None = None
    ) -> StoredLog:
        """Store a new sandbox with its history, and delete the sandbox with the id `replaced`, if given.

        Either all of this is done or nothing. Raises LogUnavailable, OutcomeUnknown, and LogConflict if the name is
        taken.
        """
        ...

    async def delete(self, id_: int) -> None:
        """Delete a sandbox with its log. Raises LogUnavailable and OutcomeUnknown."""
        ...

    def close(self) -> None:
        """Write everything that waits to be written, and close the store."""
        ...


class StoreReader(Protocol):
    """The interface of a store that is open only for reading, even while a server writes it."""

    shown: str

    def stored(self) -> list[StoredSandbox]:
        """Return the stored sandboxes in the order of their creation. Raises StoreError."""
        ...

    def rows(self, id_: int, after: int = 0, count: int | None = None) -> Iterator[Row]:
        """Yield the rows of a sandbox's log in order, from the record after the number `after` on, at most `count`.

        Raises LogUnavailable.
        """
        ...

    def size_of(self, id_: int) -> int:
        """Return the size of a sandbox's records in bytes."""
        ...

    def damages(self) -> list[str]:
        """Return the errors in the structure of the store, as texts; empty if it is sound."""
        ...

    def close(self) -> None: ...


def stored_sandbox(row: SandboxRow) -> StoredSandbox:
    """Return the sandbox that a row of the store describes; one that is damaged or unknown has a `problem`."""
    id_, raw_name, raw_header, description, crc, count = row
    name, problem = raw_name.decode(errors="backslashreplace"), ""
    try:
        header = msgspec.json.decode(raw_header, type=Header)
        if header.format != FORMAT:
            problem = f"its log has format {header.format}, and this version reads {FORMAT}"
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        header, problem = _empty_header(name), f"its header cannot be read ({error})"
    problem = f"{problem}: use the version that wrote it" if problem else ""
    if crc is not None and crc != sandbox_checksum(id_, raw_name, raw_header, description):
        problem = "it is damaged: the checksum of its options does not match: restore a copy of the store"
    return StoredSandbox(id_, name, header, description, count if type(count) is int else 0, problem)


def _empty_header(name: str) -> Header:
    return Header(
        version="", sandbox=name, scenario="", scenario_hash="", seed=0, api_date="", clock="", rounding="", settings={}
    )


def named(shown: str, sandboxes: Sequence[StoredSandbox], name: str) -> StoredSandbox:
    """Return the sandbox of a name. Raises StoreError; `shown` is the store's file or URL for messages."""
    found = next((one for one in sandboxes if one.name == name), None)
    if found is None:
        known = ", ".join(one.name for one in sandboxes[:KNOWN_MAX]) or "none"
        raise StoreError(f"{shown}: no sandbox {name!r}; known: {known}")
    return found


def decoded(rows: Iterable[Row], after: int = 0) -> Iterator[Record]:
    """Yield the records of a log's rows. Raises LogError if one is missing, has a wrong checksum or is unknown.

    `after` is the number of the record before the first row.
    """
    for number, body in checked_bodies(rows, after):
        yield decode_record(number, body)


def checked_bodies(rows: Iterable[Row], after: int = 0) -> Iterator[tuple[int, bytes]]:
    """Yield the number and the body of each row of a log. Raises LogError if a row is missing or has a wrong checksum.

    `after` is the number of the record before the first row.
    """
    for expected, (sandbox, number, _, body, crc) in enumerate(rows, start=after + 1):
        if number != expected:
            raise LogError(f"record {expected} is missing")
        if type(body) is not bytes or checksum(sandbox, number, body) != crc:
            raise LogError(f"record {number} is damaged: its checksum does not match")
        yield number, body
