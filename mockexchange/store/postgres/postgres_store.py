"""Stores the logs of one server's sandboxes in a PostgreSQL database.

One thread writes, over one connection whose session holds a lock that only one server can have: while this server can
append, no other server can. The server also keeps its logs in memory, as without a store, and reads them there: a
database that is slow or unreachable delays no read.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from itertools import islice
from time import monotonic
from uuid import uuid4

import msgspec
import psycopg

from mockexchange.store.checksums import checksum, sandbox_checksum
from mockexchange.store.codec import decode_record, encode_record
from mockexchange.store.log import Header, LogConflict, LogEnded, LogUnavailable, OutcomeUnknown, Record
from mockexchange.store.postgres.connection import Connection, connect, explained, explained_reads, reason_of
from mockexchange.store.postgres.schema import (
    Home,
    claim_database,
    claim_database_again,
    lock,
    require_ours,
    sandbox_rows,
    unlock,
)
from mockexchange.store.postgres.url import PostgresUrl
from mockexchange.store.stores import (
    CREATED,
    PAGE_RECORDS,
    Row,
    StoredSandbox,
    StoreError,
    checked_bodies,
    named,
    stored_sandbox,
)
from mockexchange.store.writing_thread import Job, WritingThread

ANSWER_S = 5.0
"""How long the database may take for a transaction, in seconds, until its outcome counts as unknown."""
RECORDS_A_SECOND_MIN = 1_000
"""The records for which a transaction gets a second more than ANSWER_S."""
RECONNECT_PAUSE_S = 0.5
"""The pause after a failed attempt to connect, in seconds; writes are refused meanwhile."""
END_S = 10.0
INSERT = (
    "insert into mockexchange.record select %s, seq, %s, body, crc"
    " from unnest(%b::bigint[], %b::bytea[], %b::bigint[]) as given (seq, body, crc)"
)
NEXT = (
    " where exists (select from mockexchange.sandbox where id = %s)"
    " and %s = (select coalesce(max(seq), 0) + 1 from mockexchange.record where sandbox = %s)"
)
Body = tuple[int, bytes]
"""The number of a record, and its JSON line."""


class PostgresReader:
    """Reads a store, even while a server writes it. Each read opens a connection of its own."""

    def __init__(self, url: PostgresUrl) -> None:
        """Open an existing store. Raises StoreError."""
        self.url, self.shown = url, url.shown
        with closing(connect(url)) as connection, explained(url):
            require_ours(url, connection)

    def close(self) -> None:
        """Do nothing, because no connection stays open."""

    def stored(self) -> list[StoredSandbox]:
        with closing(connect(self.url)) as connection, explained(self.url):
            return list(map(stored_sandbox, sandbox_rows(connection)))

    def rows(self, id_: int, after: int = 0, count: int | None = None) -> Iterator[Row]:
        """Yield the rows of a sandbox's log in order, from the record after the number `after` on, at most `count`.

        Raises LogUnavailable.
        """
        left = count
        statement = (
            "select sandbox, seq, nonce, body, crc from mockexchange.record"
            " where sandbox = %s and seq > %s order by seq limit %s"
        )
        try:
            connection = connect(self.url)
        except StoreError as error:
            raise LogUnavailable(str(error)) from None
        with closing(connection), explained_reads(self.url):
            while left is None or left > 0:
                wanted = PAGE_RECORDS if left is None else min(left, PAGE_RECORDS)
                page = connection.execute(statement, (id_, after, wanted)).fetchall()
                yield from page
                if len(page) < wanted:
                    return
                after, left = page[-1][1], None if left is None else left - len(page)

    def size_of(self, id_: int) -> int:
        statement = "select coalesce(sum(length(body)), 0)::bigint from mockexchange.record where sandbox = %s"
        with closing(connect(self.url)) as connection, explained(self.url):
            [[size]] = connection.execute(statement, (id_,)).fetchall()
        return int(size)

    def damages(self) -> list[str]:
        """Return a sentence for each missing constraint of the tables, such as a primary key."""
        statement = (
            "select relname || ' ' || contype::text from pg_constraint join pg_class on pg_class.oid = conrelid"
            " where relnamespace = 'mockexchange'::regnamespace and contype in ('p', 'u', 'f') and convalidated"
        )
        with closing(connect(self.url)) as connection, explained(self.url):
            found = {str(name) for (name,) in connection.execute(statement)}
        names = {"sandbox p": "primary key", "sandbox u": "unique name", "record p": "primary key", "record f": "key"}
        return [f"table {key[:-2]} has lost its {name}" for key, name in names.items() if key not in found]


class PostgresStore:
    """A store that is open for writing. Call `open` and `close` in the thread that runs the event loop."""

    def __init__(self, url: PostgresUrl, connection: Connection, owner: str, durability: str) -> None:
        self.url, self.shown = url, url.shown
        self._connection, self.owner, self._durability = connection, owner, durability
        self.backend = connection.info.backend_pid
        """The session that holds the lock."""
        self._reader = PostgresReader(url)
        self._refused_until, self._refusal = 0.0, LogUnavailable()
        self._thread = WritingThread(self._attempt, self._unlock)

    @classmethod
    def open(cls, url: PostgresUrl, durability: str = "full", home: Home | None = None) -> "PostgresStore":
        """Open a store, or create it. Raises StoreError; then the database is as it was before.

        `home` is given if this server shares the database with others: its address and version, which they read.
        """
        connection, owner = connect(url, durability), str(uuid4())
        try:
            claim_database(url, connection, owner, home)
            return cls(url, connection, owner, durability)
        except BaseException:
            connection.close()
            raise

    def close(self) -> None:
        """Write everything that waits to be written, release the lock and close the connection."""
        self._thread.end(END_S)
        self._connection.close()

    def stored(self) -> list[StoredSandbox]:
        """Return the stored sandboxes in the order of their creation. Raises StoreError."""
        return self._reader.stored()

    def log_of(self, stored: StoredSandbox) -> "PostgresLog":
        return PostgresLog(self, stored.id, stored.header, None)

    async def create(
        self, name: str, header: Header, description: bytes, records: Iterable[Record], replaced: int | None = None
    ) -> "PostgresLog":
        """Store a new sandbox with its history, all or nothing, and delete any sandbox of the same name.

        That can be the sandbox with the id `replaced`, or one that an earlier call with unknown outcome stored. Raises
        LogUnavailable and OutcomeUnknown.
        """
        made: list[int] = []
        bodies = [(record.sequence, encode_record(record)) for record in records]
        raw = msgspec.json.encode(header)
        statement = "insert into mockexchange.sandbox (name, header, description) values (%s, %s, %s) returning id"

        def work(connection: Connection) -> None:
            connection.execute("delete from mockexchange.sandbox where name = %s", (name,))
            [[id_]] = connection.execute(statement, (name, raw, description)).fetchall()
            crc = sandbox_checksum(id_, name.encode(), raw, description)
            connection.execute("update mockexchange.sandbox set crc = %s where id = %s", (crc, id_))
            connection.execute(INSERT, _values(id_, bodies, CREATED))
            made.append(id_)

        await self.in_transaction(work, records=len(bodies))
        return PostgresLog(self, made[-1], header, [body for _, body in bodies])

    async def delete(self, id_: int) -> None:
        """Delete a sandbox with its log. Raises LogUnavailable and OutcomeUnknown."""
        statement = "delete from mockexchange.sandbox where id = %s"
        await self.in_transaction(lambda connection: connection.execute(statement, (id_,)), is_one_statement=True)

    async def reconnect(self) -> None:
        """Connect and take the lock again if the connection was lost. Raises LogUnavailable and OutcomeUnknown."""
        await self.in_transaction(lambda connection: connection.execute("select 1"), is_one_statement=True)

    async def in_transaction(
        self, work: Callable[[Connection], object], *, is_one_statement: bool = False, records: int = 1
    ) -> None:
        """Call `work` with the connection, in the writing thread, and wait for its end.

        Raises its errors, LogUnavailable and OutcomeUnknown. `records` is the number of records to write, which
        lengthens the timeout.
        """
        timeout_s = ANSWER_S + records / RECORDS_A_SECOND_MIN
        try:
            async with asyncio.timeout(timeout_s):
                await self._thread.in_transaction(work, is_one_statement=is_one_statement)
        except TimeoutError:
            late = f"{self.shown}: the database did not answer within {timeout_s:.0f} seconds: see what holds it"
            raise OutcomeUnknown(late) from None

    def rows(self, id_: int) -> Iterator[Row]:
        """Yield the rows of a sandbox's log in order. Raises LogUnavailable."""
        return self._reader.rows(id_)

    def _attempt(self, jobs: Sequence[Job[Connection]]) -> Exception | None:
        """Do jobs in one transaction; return the error."""
        is_committing = False
        try:
            connection = self._connected()
            if len(jobs) == 1 and jobs[0].is_one_statement:
                is_committing = True
                jobs[0].work(connection)
            else:
                connection.execute("begin")
                for job in jobs:
                    job.work(connection)
                is_committing = True
                connection.execute("commit")
        except psycopg.Error as error:
            message = f"{self.shown}: {reason_of(self.url, error)}"
            is_lost = self._connection.broken or self._connection.closed
            self._roll_back()
            return OutcomeUnknown(message) if is_committing and is_lost else LogUnavailable(message)
        except Exception as error:  # noqa: BLE001  # the caller gets it
            self._roll_back()
            return error
        return None

    def _connected(self) -> Connection:
        """Return the connection, a new one if it was lost. Raises LogUnavailable."""
        if not (self._connection.closed or self._connection.broken):
            return self._connection
        if monotonic() < self._refused_until:
            raise self._refusal
        try:
            connection = connect(self.url, self._durability)
            try:
                claim_database_again(self.url, connection, self.owner, self.backend)
            except BaseException:
                connection.close()
                raise
        except StoreError as error:
            self._refused_until, self._refusal = monotonic() + RECONNECT_PAUSE_S, LogUnavailable(str(error))
            raise self._refusal from None
        self._connection, self.backend = connection, connection.info.backend_pid
        return connection

    def _unlock(self) -> None:
        """Release the lock now: the database releases it some time after the connection has ended."""
        with suppress(psycopg.Error):  # the connection is lost, and with it the lock
            unlock(self._connection)

    def _roll_back(self) -> None:
        with suppress(psycopg.Error):  # the connection is lost, and with it the transaction
            self._connection.rollback()


class PostgresLog:
    """The log of one sandbox in a store. Its lines are in memory, or if `lines` is None, are read from the database."""

    def __init__(self, store: PostgresStore, id_: int, header: Header, lines: list[bytes] | None) -> None:
        self.store, self.id, self.header = store, id_, header
        self._kept = lines

    async def append(self, records: Sequence[Record], nonce: str) -> None:
        bodies = [(record.sequence, encode_record(record)) for record in records]
        before = bodies[0][0] - 1
        try:
            await self.store.in_transaction(
                lambda connection: _append(connection, self.id, bodies, nonce),
                is_one_statement=True,
                records=len(bodies),
            )
        except LogConflict:
            self._kept = None  # the records of the other writer are to be read
            raise
        except LogEnded:
            self._kept = []
            raise
        if self._kept is not None and len(self._kept) == before:
            self._kept += [body for _, body in bodies]

    async def replace(self, record: Record) -> None:
        body, number = encode_record(record), record.sequence
        values = (body, checksum(self.id, number, body), self.id, number)
        statement = "update mockexchange.record set body = %s, crc = %s where sandbox = %s and seq = %s"
        await self.store.in_transaction(lambda connection: connection.execute(statement, values), is_one_statement=True)
        if self._kept is not None:
            self._kept[number - 1] = body

    @property
    def _lines(self) -> list[bytes]:
        if self._kept is None:
            self._kept = [body for _, body in checked_bodies(self.store.rows(self.id))]
        return self._kept

    def records(self, after: int = 0, count: int | None = None) -> Iterator[Record]:
        lines = islice(self._lines, after, None if count is None else after + count)
        return (decode_record(number, line) for number, line in enumerate(lines, start=after + 1))

    def __len__(self) -> int:
        return len(self._lines)

    def __iter__(self) -> Iterator[Record]:
        return self.records()


def delete(url: PostgresUrl, name: str) -> StoredSandbox:
    """Delete a sandbox from a database that no server uses; return what it was. Raises StoreError."""
    with closing(connect(url)) as connection, explained(url):
        lock(url, connection)
        require_ours(url, connection)
        found = named(url.shown, list(map(stored_sandbox, sandbox_rows(connection))), name)
        connection.execute("delete from mockexchange.sandbox where id = %s", (found.id,))
        unlock(connection)
    return found


def compact(url: PostgresUrl) -> tuple[int, int]:
    """Free the disk space of deleted sandboxes; return the size in bytes before and after. Raises StoreError."""
    statement = (
        "select sum(pg_total_relation_size(oid))::bigint from pg_class"
        " where relnamespace = 'mockexchange'::regnamespace and relkind = 'r'"
    )
    with closing(connect(url)) as connection, explained(url):
        lock(url, connection)
        require_ours(url, connection)
        [[before]] = connection.execute(statement).fetchall()
        connection.execute("vacuum full mockexchange.record")
        connection.execute("vacuum full mockexchange.sandbox")
        [[now]] = connection.execute(statement).fetchall()
        unlock(connection)
    return int(before), int(now)


def _append(connection: Connection, id_: int, bodies: Sequence[Body], nonce: str) -> None:
    """Append records if their numbers are the next ones. Raises LogConflict and LogEnded."""
    first = bodies[0][0]
    values = (*_values(id_, bodies, nonce), id_, first, id_)
    if connection.execute(INSERT + NEXT, values).rowcount == len(bodies):
        return
    if connection.execute("select from mockexchange.sandbox where id = %s", (id_,)).fetchone() is None:
        raise LogEnded
    statement = "select nonce from mockexchange.record where sandbox = %s and seq = %s"
    if connection.execute(statement, (id_, first)).fetchone() != (nonce,):
        raise LogConflict(f"the numbers from {first} on are not the next ones")


def _values(id_: int, bodies: Sequence[Body], nonce: str) -> tuple[int, str, list[int], list[bytes], list[int]]:
    numbers = [number for number, _ in bodies]
    checksums = [checksum(id_, number, body) for number, body in bodies]
    return id_, nonce, numbers, [body for _, body in bodies], checksums
