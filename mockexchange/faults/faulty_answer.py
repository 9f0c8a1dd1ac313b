"""The type of an answer that a fault changed; it contains the delivery faults, which the server applies."""

from typing import Literal, NamedTuple

from mockexchange.venues.request import Answer

NOT_ASKED = "the exchange was not asked"
"""Last words of the diagnosis of an answer that a fault made in place of the venue."""
End = Literal["", "cut", "drop", "reset"]


class FaultyAnswer(Answer):
    """An answer as faults change it: `body` is sent, `declared_bytes` is its Content-Length.

    Times are microseconds of host time. If `end` is "drop" or "reset" nothing is sent, and the status is 0.
    """

    declared_bytes: int = 0
    delay_us: int = 0
    bytes_per_second: int = 0
    end: End = ""


class FrameDelivery(NamedTuple):
    """How the answer to a call on a stream is delivered: the names of its faults, its delay, and the end of the stream.

    With an end ("drop", "reset" or "cut") the answer is not sent, and the connection ends.
    """

    fault: str = ""
    delay_us: int = 0
    end: End = ""


PLAIN = FrameDelivery()
