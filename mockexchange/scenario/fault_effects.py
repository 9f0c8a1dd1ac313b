"""What a fault can do, as values. The closed list: what belongs to the exchange's state is a step, not a fault.

Durations are microseconds. What each does to bytes and sockets is in `mockexchange.faults`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

Headers = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Status:
    """Answer with an error in the exchange's place. `shape` None: the one that the venue has for this status."""

    status: int
    shape: str | None = None
    headers: Headers = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RateLimit:
    """Answer 429 beyond so many requests; `burst` is what can be saved up."""

    requests: int
    per_us: int
    burst: int
    clock: str = "host"
    shape: str | None = None
    headers: Headers = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Body:
    """Put another body in the place of the answer's."""

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
    """`at_frame` counts the frames of one connection that the rule matches; None: at the frame that fires."""

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
    """`text` goes out; "$sid" and "$seq" in it stand for the subscription's."""

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
