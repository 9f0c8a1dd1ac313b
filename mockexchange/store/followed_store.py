"""The store of another process: its sandboxes and their logs, to be followed and never written."""

from collections.abc import Iterator, Sequence

from mockexchange.store.log import Header, LogUnavailable, Record
from mockexchange.store.stores import StoredSandbox, StoreError, StoreReader, decoded

READ_ONLY = "this process only follows the log of another one"


class FollowedStore:
    """A store that another process writes; used in one thread."""

    def __init__(self, reader: StoreReader) -> None:
        self.reader = reader

    def stored(self) -> list[StoredSandbox]:
        """Return the sandboxes in the order of their creation. Raises LogUnavailable."""
        try:
            return self.reader.stored()
        except StoreError as error:
            raise LogUnavailable(str(error)) from None

    def log_of(self, stored: StoredSandbox) -> "FollowedLog":
        """Return the log of a sandbox, with the records that its process appends later."""
        return FollowedLog(self.reader, stored)

    def close(self) -> None:
        self.reader.close()


class FollowedLog:
    """A log that another process writes."""

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
