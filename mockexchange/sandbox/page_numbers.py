"""Finds the page number of a list request: an earlier answer has returned the request's cursor."""

import msgspec

CURSORS_MAX = 10_000
"""How many cursors are kept; a request with an older cursor counts as a first page."""
FIRST = 1


class _Cursor(msgspec.Struct):
    cursor: str | None = None


class PageNumbers:
    """The page numbers to which cursors lead, by account, operation and cursor, for one sandbox."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str | None, str, str], int] = {}

    def number_of(self, account: str | None, operation: str, cursor: str | None) -> int:
        """Return the number of the page that a cursor leads to; 1 for an unknown cursor or without one."""
        return self._numbers.get((account, operation, cursor), FIRST) if cursor else FIRST

    def note(self, account: str | None, operation: str, number: int, answer: bytes) -> None:
        """Store the cursor in an answer, which was page `number`; the cursor leads to the next page."""
        try:
            cursor = msgspec.json.decode(answer, type=_Cursor).cursor
        except msgspec.MsgspecError:
            return
        if not cursor:
            return
        self._numbers[account, operation, cursor] = number + 1
        if len(self._numbers) > CURSORS_MAX:
            del self._numbers[next(iter(self._numbers))]
