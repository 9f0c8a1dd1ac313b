"""The effects of faults, as values. The list is closed: changes of the exchange's state are steps, not faults.

Durations are microseconds. `mockexchange.faults` applies the effects to bytes and sockets.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

Headers = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Status:
    """Answer with an error in place of the exchange. `shape` None is the venue's own for this status."""

    status: int
    shape: str | None = None
    headers: Headers = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RateLimit:
    """Answer 429 beyond this many requests in a period; `burst` is the size of the token bucket."""

    requests: int
    per_us: int
    burst: int
    clock: str = "host"
    shape: str | None = None
    headers: Headers = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Body:
    """Replace the body of the answer."""

    text: str
    content_type: str | None = None


@dataclass(frozen=True, slots=True)
class ContentType:
    value: str


@dataclass(frozen=True, slots=True)
class TruncateJson:
    pass


@dataclass(frozen=True, slots=True)
class Cursor:
    """`how` is null, absent or repeat."""

    how: str


@dataclass(frozen=True, slots=True)
class PageSize:
    rows: int


@dataclass(frozen=True, slots=True)
class DuplicateRow:
    pass


@dataclass(frozen=True, slots=True)
class Legacy:
    """`how` is absent, zero or wrong."""

    how: str


@dataclass(frozen=True, slots=True)
class Stale:
    lag_us: int


@dataclass(frozen=True, slots=True)
class ClockOffset:
    offset_us: int


@dataclass(frozen=True, slots=True)
class Delay:
    delay_us: int


@dataclass(frozen=True, slots=True)
class Trickle:
    bytes_per_second: int


@dataclass(frozen=True, slots=True)
class CutAfter:
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Drop:
    pass


@dataclass(frozen=True, slots=True)
class Reset:
    pass


@dataclass(frozen=True, slots=True)
class Refuse:
    """Refuse the handshake of a stream."""

    status: int


@dataclass(frozen=True, slots=True)
class Close:
    """Close at the n-th matching frame of a connection (`at_frame`); None is the frame that the rule fires on."""

    code: int
    at_frame: int | None = None


@dataclass(frozen=True, slots=True)
class Abort:
    pass


@dataclass(frozen=True, slots=True)
class Duplicate:
    pass


@dataclass(frozen=True, slots=True)
class Reorder:
    pass


@dataclass(frozen=True, slots=True)
class Gap:
    pass


@dataclass(frozen=True, slots=True)
class Stall:
    pass


@dataclass(frozen=True, slots=True)
class SilentChannel:
    pass


@dataclass(frozen=True, slots=True)
class LateAck:
    delay_us: int


@dataclass(frozen=True, slots=True)
class Terminal:
    code: int


@dataclass(frozen=True, slots=True)
class LiteralFrame:
    """Send `text`; "$sid" and "$seq" in it are replaced by those of the subscription."""

    text: str


RequestEffect = (
    Status
    | RateLimit
    | Body
    | ContentType
    | TruncateJson
    | Cursor
    | PageSize
    | DuplicateRow
    | Legacy
    | Stale
    | ClockOffset
    | Delay
    | Trickle
    | CutAfter
    | Drop
    | Reset
)
FrameEffect = Close | Abort | Duplicate | Reorder | Gap | Stall | SilentChannel | Terminal | LiteralFrame
Effect = RequestEffect | Refuse | FrameEffect | LateAck
