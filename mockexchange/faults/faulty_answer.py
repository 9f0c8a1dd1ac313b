"""An answer that a fault touched, with what the server has to do to it on its way."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from mockexchange.venues.request import Answer

End = Literal["", "cut", "drop", "reset"]


@dataclass(slots=True)
class FaultyAnswer(Answer):
    """`body` is what goes out, and `declared_bytes` how long its head says it is.

    Times are microseconds of host time. With the end "drop" or "reset" nothing is answered, and the status is 0.
    """

    declared_bytes: int = 0
    delay_us: int = 0
    bytes_per_second: int = 0
    end: End = ""


class FrameDelivery(NamedTuple):
    """How the answer to a call of a stream goes out: which faults touched it, how late, and whether at all.

    With an end the frame is lost, and the connection ends in its place.
    """

    fault: str = ""
    delay_us: int = 0
    end: End = ""


PLAIN = FrameDelivery()
