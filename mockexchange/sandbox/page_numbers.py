"""Which page of a list a request reads: told by the cursor it brings, which an answer before has handed out."""

import msgspec

CURSORS_MAX = 10_000
"""Cursors that are remembered; the oldest are forgotten, and what they lead to counts as a first page then."""
FIRST = 1


class _Cursor(msgspec.Struct):
    cursor: str | None = None


class PageNumbers:
    """The pages that the accounts of one sandbox read."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str | None, str, str], int] = {}

    def number_of(self, account: str | None, operation: str, cursor: str | None) -> int:
        """The page that a cursor leads to; the first without one, or with one that nobody handed out."""
        return self._numbers.get((account, operation, cursor), FIRST) if cursor else FIRST

    def note(self, account: str | None, operation: str, number: int, answer: bytes) -> None:
        """Remember the cursor of an answer, which was page `number`."""
        cursor = _cursor_in(answer)
        if not cursor:
            return
        self._numbers[account, operation, cursor] = number + 1
        if len(self._numbers) > CURSORS_MAX:
            del self._numbers[next(iter(self._numbers))]


def _cursor_in(answer: bytes) -> str | None:
    try:
        return msgspec.json.decode(answer, type=_Cursor).cursor
    except msgspec.MsgspecError:
        return None
