"""Keeps bodies of requests and answers that are equal once, and counts their memory."""

from collections.abc import Iterable

SHARED_BYTES_MIN = 1_024
"""The smallest page that is shared; for smaller pages, the extra objects would take as much memory."""
SHARED_BYTES_MAX = 64 * 1_024
"""The largest page that is shared: the pages here stay when the journal drops them, and take at most 4 MB."""
HEAD_BYTES = 64
"""The first bytes, by which pages of a walk differ: their cursors are there, and their sizes are often equal."""
PAGES_MAX = 64


class RecentPages:
    """The newest pages of answers, by operation, account, size and first bytes.

    Each answer that is made anew, and each answer of another process of the server, is of new bytes, even if it equals
    an earlier one.
    """

    def __init__(self) -> None:
        self._pages: dict[tuple[str | None, str | None, int, bytes], bytes] = {}

    def known(self, operation: str | None, account: str | None, piece: bytes) -> bytes:
        """Return a part of an answer: if it is a page that is kept already, the kept one."""
        if not SHARED_BYTES_MIN <= len(piece) <= SHARED_BYTES_MAX:
            return piece
        key = operation, account, len(piece), piece[:HEAD_BYTES]
        known = self._pages.get(key)
        if known == piece:
            return known
        if known is None and len(self._pages) >= PAGES_MAX:
            del self._pages[next(iter(self._pages))]
        self._pages[key] = piece
        return piece


class SharedBodies:
    """The total size of the bodies; a page that several entries share counts once, a shorter body for each of them."""

    __slots__ = ("_holders", "size_bytes")

    def __init__(self) -> None:
        self._holders: dict[int, int] = {}
        self.size_bytes = 0

    def has(self, raw: bytes) -> bool:
        return id(raw) in self._holders

    def hold(self, bodies: Iterable[bytes | None]) -> None:
        """Count the bodies of an entry."""
        holders = self._holders
        for raw in bodies:
            if raw is None:
                continue
            size = len(raw)
            if size >= SHARED_BYTES_MIN:
                place = id(raw)
                holders[place] = count = holders.get(place, 0) + 1
                if count > 1:
                    continue
            self.size_bytes += size

    def release(self, bodies: Iterable[bytes | None]) -> None:
        """Count the bodies of an entry no more."""
        holders = self._holders
        for raw in bodies:
            if raw is None:
                continue
            size = len(raw)
            if size >= SHARED_BYTES_MIN:
                place = id(raw)
                holders[place] = count = holders[place] - 1
                if count:
                    continue
                del holders[place]
            self.size_bytes -= size
