"""Reads the sandboxes and logs of a store that another process of the server writes; it never writes."""

from collections.abc import Iterator, Sequence

from mockexchange.store.log import Header, LogUnavailable, Record
from mockexchange.store.stores import Row, StoredSandbox, StoreError, StoreReader, decoded

READ_ONLY = "this process only follows the log of another one"


class FollowedStore:
    """A store that another process writes and this process only reads; only one thread may use it."""

    def __init__(self, reader: StoreReader) -> None:
        self.reader = reader

    def stored(self) -> list[StoredSandbox]:
        """Return the stored sandboxes in the order of their creation. Raises LogUnavailable."""
        try:
            return self.reader.stored()
        except StoreError as error:
            raise LogUnavailable(str(error)) from None

    def log_of(self, stored: StoredSandbox) -> "FollowedLog":
        """Return the log of a sandbox; it includes the records that the writing process appends later."""
        return FollowedLog(self.reader, stored)

    def rows(self, id_: int) -> Iterator[Row]:
        """Yield the rows of a sandbox's log in order. Raises LogUnavailable."""
        return self.reader.rows(id_)

    def close(self) -> None:
        self.reader.close()


class FollowedLog:
    """The log of a sandbox that another process writes; `append` and `replace` raise LogUnavailable."""

    def __init__(self, reader: StoreReader, stored: StoredSandbox) -> None:
        self._reader, self.id = reader, stored.id
        self.header: Header = stored.header

    async def append(self, records: Sequence[Record], nonce: str) -> None:
        raise LogUnavailable(READ_ONLY)

    async def replace(self, record: Record) -> None:
        raise LogUnavailable(READ_ONLY)

    def records(self, after: int = 0, count: int | None = None) -> Iterator[Record]:
        return decoded(self._reader.rows(self.id, after, count), after)

    def __len__(self) -> int:
        return sum(1 for _ in self.records())

    def __iter__(self) -> Iterator[Record]:
        return self.records()
