"""The type of a frame: one message that a stream sends to one client."""

from collections.abc import Generator
from typing import NamedTuple, TypeAlias

from mockexchange.core.commands import Command
from mockexchange.core.exchange import Outcome

ANSWERS = frozenset(("subscribed", "unsubscribed", "ok", "error"))
"""The kinds of frames that answer a command about a subscription."""


class CalledOperation(NamedTuple):
    """An operation that a client called by a command on a stream; `account` is None if it is that of the stream."""

    operation: str
    account: str | None = None


class Frame(NamedTuple):
    """One frame; `channel` and `sid` identify the subscription that it belongs to, "" and 0 if there is none.

    `channel` is the channel's name in scenarios. `note` is for the journal: the reason of an error, or the part of the
    command that was ignored.
    """

    raw: bytes
    kind: str
    channel: str = ""
    sid: int = 0
    note: str = ""
    acknowledged: tuple[str, ...] = ()
    """Channels that this frame confirms as subscribed, by their names in scenarios."""
    stub: str | None = None
    """Name of the stub that made the frame, or would have made it if the caller had not been refused."""
    commands: tuple[int, ...] = ()
    """Numbers in the log of the commands that were executed for this answer."""
    pending: "PendingFrame | None" = None
    """The remaining steps of a write, which return the answering frame; None if this frame is the answer."""
    data: "tuple[Frame, ...]" = ()
    """Data that the answered command requested; it is sent after the answer."""

    @property
    def is_answer(self) -> bool:
        """Whether the frame answers a command; all other frames are data of a subscription, which faults may drop."""
        return not self.sid or self.kind in ANSWERS


PendingFrame: TypeAlias = Generator[Command, Outcome, Frame]
"""The steps of a write that a stream's command began: yields commands, receives their outcomes, returns the answer."""
