"""A log in memory: appending completes at once."""

from collections.abc import Iterator

from mockexchange.store.log import Header, Record


class MemoryLog:
    def __init__(self, header: Header) -> None:
        self.header = header
        self._records: list[Record] = []

    async def append(self, record: Record) -> None:
        self._records.append(record)

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[Record]:
        return iter(self._records)
