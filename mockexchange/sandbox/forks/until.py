"""The point of a log up to which a fork copies it."""

from typing import NamedTuple

from mockexchange.core.instants import parse_instant
from mockexchange.store.log import Record

SEQUENCE_DIGITS_MAX = 18
SPEED_DEFAULT = "1x"


class Until(NamedTuple):
    """The point up to which a fork copies the commands of its source: the number of the last command, or an instant.

    If both are None, the fork copies all commands.
    """

    sequence: int | None = None
    instant: int | None = None

    def covers(self, record: Record) -> bool:
        """Return whether a command belongs to the fork, because it is not after this point."""
        if self.instant is not None:
            return record.at <= self.instant
        return self.sequence is None or record.sequence <= self.sequence


def parse_until(text: str) -> Until:
    """Parse the number of a command, from 1 on, or an instant. Raises ValueError."""
    if text.isascii() and text.isdigit() and len(text) <= SEQUENCE_DIGITS_MAX:
        if int(text) == 0:
            raise ValueError("expected the number of a command, from 1 on, got 0")
        return Until(sequence=int(text))
    try:
        return Until(instant=parse_instant(text))
    except ValueError:
        raise ValueError(
            f"expected the number of a command or an instant such as 2026-06-01T12:00:00Z, got {text[:60]!r}"
        ) from None
