"""Frames that a stream sends to one client."""

from typing import NamedTuple

ANSWERS = frozenset(("subscribed", "unsubscribed", "ok", "error"))
"""The kinds of frames that answer a command about a subscription."""


class CalledOperation(NamedTuple):
    """An operation that a stream's command called; `account` is None if it is the account of the stream."""

    operation: str
    account: str | None = None


class Frame(NamedTuple):
    """One frame; `channel` and `sid` name its subscription, "" and 0 if it has none.

    `channel` is the channel's name in scenarios. `note` is for the journal: the reason of an error, or the part of the
    command that was ignored.
    """

    raw: bytes
    kind: str
    channel: str = ""
    sid: int = 0
    note: str = ""
    acknowledged: tuple[str, ...] = ()
    """Channels, by their names in scenarios, that the frame acknowledges as subscribed."""
    stub: str | None = None
    """Name of the stub that made the frame, or would have if the caller were not refused."""

    @property
    def is_answer(self) -> bool:
        """Whether the frame answers a command; other frames are data of a subscription, which may be lost."""
        return not self.sid or self.kind in ANSWERS
