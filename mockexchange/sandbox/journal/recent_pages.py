"""The newest pages of answers that other processes made: a page that is polled becomes one object, and counts once."""

SHARED_BYTES_MIN = 1_024
"""Smaller pages are kept with each answer: the objects of three pieces would take as much."""
PAGES_MAX = 64


class RecentPages:
    """Pages by operation, account and size. Each comes as an object of its own, since another process made it."""

    def __init__(self) -> None:
        self._pages: dict[tuple[str | None, str | None, int], bytes] = {}

    def shared(self, operation: str | None, account: str | None, pieces: tuple[bytes, ...]) -> tuple[bytes, ...]:
        """Return the pieces of an answer, with an equal page that came before in place of a new one."""
        return tuple([self._known(operation, account, piece) for piece in pieces])

    def _known(self, operation: str | None, account: str | None, piece: bytes) -> bytes:
        if len(piece) < SHARED_BYTES_MIN:
            return piece
        key = operation, account, len(piece)
        known = self._pages.get(key)
        if known == piece:
            return known
        if known is None and len(self._pages) >= PAGES_MAX:
            del self._pages[next(iter(self._pages))]
        self._pages[key] = piece
        return piece
