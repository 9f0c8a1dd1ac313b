"""An answer that a fault touched, with what the server has to do to it on its way."""

from dataclasses import dataclass
from typing import Literal

from mockexchange.venues.request import Answer

End = Literal["", "cut", "drop", "reset"]


@dataclass(slots=True)
class Disturbed(Answer):
    """`body` is what goes out, and `declared_bytes` how long its head says it is.

    Times are microseconds of host time. With the end "drop" or "reset" nothing is answered, and the status is 0.
    """

    declared_bytes: int = 0
    delay_us: int = 0
    bytes_per_second: int = 0
    end: End = ""
