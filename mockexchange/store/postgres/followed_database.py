"""Reads a store in a database that another server writes.

The records that are new since the last reading are fetched together with the last record numbers, in a thread.
"""

import asyncio
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from mockexchange.store.log import LogUnavailable
from mockexchange.store.postgres.connection import Connection, connect, explained_reads
from mockexchange.store.postgres.postgres_store import PostgresReader
from mockexchange.store.postgres.url import PostgresUrl
from mockexchange.store.stores import Row, StoredSandbox, StoreError

HEADS = (
    "select id, (select coalesce(max(seq), 0) from mockexchange.record where sandbox = sandbox.id),"
    " (select version from mockexchange.home)"
    " from mockexchange.sandbox"
)
ROWS = (
    "select sandbox, seq, nonce, body, crc from mockexchange.record"
    " where sandbox = %s and seq > %s and seq <= %s order by seq"
)


class FollowedDatabase:
    """The sandboxes of a database that another server writes: their records, and the numbers of their last records.

    Only one event loop may use it.
    """

    def __init__(self, url: PostgresUrl, version: str) -> None:
        """Open an existing store; `version` is the one whose records this server applies. Raises StoreError."""
        self.shown, self._url, self._version = url.shown, url, version
        self._reader = PostgresReader(url)
        self._connection: Connection | None = None
        self._thread = ThreadPoolExecutor(1, "follower")
        self._positions: dict[int, int] = {}
        """The last number that was asked for, of each sandbox that is followed."""
        self._fetched: dict[int, list[Row]] = {}

    @property
    def mark(self) -> None:
        return None

    async def read(self) -> Mapping[int, int]:
        """Return the number of each sandbox's last record, by sandbox id. Raises LogUnavailable."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._read)

    def stored(self) -> list[StoredSandbox]:
        """Return the stored sandboxes in the order of their creation. Raises StoreError."""
        return self._reader.stored()

    def rows(self, id_: int, after: int = 0, count: int | None = None) -> Iterator[Row]:
        """Yield the rows of a sandbox in order, from memory if `read` has just fetched them. Raises LogUnavailable."""
        fetched = self._fetched.pop(id_, [])
        if count is None:
            return self._reader.rows(id_, after)
        self._positions[id_] = after + count
        if fetched and fetched[0][1] == after + 1 and len(fetched) >= count:
            return iter(fetched[:count])
        return self._reader.rows(id_, after, count)

    def size_of(self, id_: int) -> int:
        return self._reader.size_of(id_)

    def damages(self) -> list[str]:
        return self._reader.damages()

    def close(self) -> None:
        self._thread.shutdown(cancel_futures=True)
        self._disconnect()

    def _read(self) -> dict[int, int]:
        try:
            if self._connection is None:
                self._connection = connect(self._url)
            with explained_reads(self._url):
                found = self._connection.execute(HEADS, prepare=True).fetchall()
                self._fetch(self._connection, found)
        except StoreError as error:
            raise LogUnavailable(str(error)) from None
        except LogUnavailable:
            self._disconnect()
            raise
        others = {version for _, _, version in found} - {self._version}
        if others:
            raise LogUnavailable(f"{self.shown}: version {others.pop()} writes it, and this is {self._version}")
        return {id_: head for id_, head, _ in found}

    def _fetch(self, connection: Connection, found: list[tuple[Any, ...]]) -> None:
        """Read the records behind those that were asked for before."""
        for id_, head, _ in found:
            position = self._positions.get(id_)
            if position is not None and head > position:
                self._fetched[id_] = connection.execute(ROWS, (id_, position, head), prepare=True).fetchall()

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
