"""A log in memory. The oldest records of a long one are kept compressed, in blocks of lines as a file has them."""

import zlib
from collections.abc import Iterator, Sequence
from itertools import islice

from mockexchange.store.codec import decode_record, encode_record
from mockexchange.store.log import Header, LogConflict, Record

BLOCK_RECORDS = 256
"""How many records are compressed together; to read one of them takes about a millisecond."""
LEVEL = 1
"""The level of zlib: higher ones take twice the time for a quarter less of 16 bytes a record."""


class MemoryLog:
    """A log in memory.

    `append_now` and `extend_now` append records without waiting; call them only if nothing else appends to the log.
    """

    def __init__(self, header: Header) -> None:
        self.header = header
        self._blocks: list[bytes] = []
        """The oldest records, each block with BLOCK_RECORDS of them."""
        self._records: list[Record] = []
        """The other records."""
        self._nonces: dict[int, str] = {}
        self.append_now = self._records.append
        self.extend_now = self._records.extend

    async def append(self, records: Sequence[Record], nonce: str) -> None:
        first = records[0].sequence
        if first != len(self) + 1:
            if self._nonces.get(first) == nonce:
                return
            raise LogConflict(f"expected record {len(self) + 1}, got {first}")
        self._nonces |= dict.fromkeys((record.sequence for record in records), nonce)
        self._records += records

    async def replace(self, record: Record) -> None:
        self.replace_now(record)

    def replace_now(self, record: Record) -> None:
        place = record.sequence - 1 - self._packed
        if place >= 0:
            self._records[place] = record
            return
        block, place = divmod(record.sequence - 1, BLOCK_RECORDS)
        records = self._unpack(block)
        records[place] = record
        self._blocks[block] = _pack(records)

    def pack(self, kept: int) -> None:
        """Compress records until about `kept` of the newest are left; to be called while nothing reads the log."""
        while len(self._records) >= kept + BLOCK_RECORDS:
            self._blocks.append(_pack(self._records[:BLOCK_RECORDS]))
            del self._records[:BLOCK_RECORDS]

    def records(self, after: int = 0, count: int | None = None) -> Iterator[Record]:
        end = None if count is None else after + count
        if after >= self._packed:
            return islice(self._records, after - self._packed, None if end is None else max(0, end - self._packed))
        return islice(
            self._from_block(after // BLOCK_RECORDS),
            after % BLOCK_RECORDS,
            None if count is None else after % BLOCK_RECORDS + count,
        )

    def __len__(self) -> int:
        return self._packed + len(self._records)

    def __iter__(self) -> Iterator[Record]:
        return self.records()

    @property
    def _packed(self) -> int:
        """The number of records in blocks."""
        return len(self._blocks) * BLOCK_RECORDS

    def _from_block(self, first: int) -> Iterator[Record]:
        """Yield the records of a block and of all after it."""
        for block in range(first, len(self._blocks)):
            yield from self._unpack(block)
        yield from self._records

    def _unpack(self, block: int) -> list[Record]:
        lines = zlib.decompress(self._blocks[block]).split(b"\n")
        return [decode_record(number, line) for number, line in enumerate(lines, start=block * BLOCK_RECORDS + 1)]


def _pack(records: Sequence[Record]) -> bytes:
    return zlib.compress(b"\n".join(map(encode_record, records)), LEVEL)
