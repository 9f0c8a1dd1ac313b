"""Keeps the newest pages of answers, so that equal pages share memory."""

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

    def shared(self, operation: str | None, account: str | None, pieces: tuple[bytes, ...]) -> tuple[bytes, ...]:
        """Return the parts of an answer, with each page replaced by an equal one that is kept already."""
        return tuple([self._known(operation, account, piece) for piece in pieces])

    def _known(self, operation: str | None, account: str | None, piece: bytes) -> bytes:
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
