"""What goes to one client of a stream."""

from typing import NamedTuple

ANSWERS = frozenset(("subscribed", "unsubscribed", "ok", "error"))
"""The kinds of frames that answer a command about a subscription."""


class CalledOperation(NamedTuple):
    """An operation that a stream was asked for; `account` is None where only the stream tells whose it is."""

    operation: str
    account: str | None = None


class Frame(NamedTuple):
    """`channel` and `sid` say of which subscription it is, "" and 0 where of none.

    `channel` is the word that scenarios know the channel by. `note` goes out of band: why there is an error, or what
    of the command was left aside.
    """

    raw: bytes
    kind: str
    channel: str = ""
    sid: int = 0
    note: str = ""
    acknowledged: tuple[str, ...] = ()
    """The channels, as scenarios know them, that an answer says are subscribed to now."""
    stub: str | None = None
    """The literal answer that it is, or would be if it were no refusal."""

    @property
    def is_answer(self) -> bool:
        """Whether it answers a command; what else a command brings is data of a subscription, which may be lost."""
        return not self.sid or self.kind in ANSWERS
