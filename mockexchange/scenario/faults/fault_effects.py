"""The effects of faults, as data. None of them changes the exchange's state; script steps do that.

Durations are microseconds. `mockexchange.faults` applies the effects to bytes and sockets.
"""

from collections.abc import Mapping

from msgspec import Struct, field

Headers = Mapping[str, str]


class Status(Struct, frozen=True):
    """Answer with an HTTP error in place of the exchange. `shape` None selects the venue's own body for this status."""

    status: int
    shape: str | None = None
    headers: Headers = field(default_factory=dict)


class RateLimit(Struct, frozen=True):
    """Answer 429 beyond this many requests in a period; `burst` is the size of the token bucket."""

    requests: int
    per_us: int
    burst: int
    clock: str = "host"
    shape: str | None = None
    headers: Headers = field(default_factory=dict)


class Body(Struct, frozen=True):
    """Replace the body of the answer."""

    text: str
    content_type: str | None = None


class ContentType(Struct, frozen=True):
    value: str


class TruncateJson(Struct, frozen=True):
    pass


class Cursor(Struct, frozen=True):
    """Change the cursor in the answer: `how` is "null", "absent", or "repeat" (the cursor that the request sent)."""

    how: str


class PageSize(Struct, frozen=True):
    rows: int


class DuplicateRow(Struct, frozen=True):
    pass


class NoRows(Struct, frozen=True):
    """Leave out all rows of a page, and keep its cursor."""


class Legacy(Struct, frozen=True):
    """Change the old number fields that stand beside the fixed-point fields which replaced them.

    `how` is "absent", "zero" or "wrong".
    """

    how: str


class Stale(Struct, frozen=True):
    lag_us: int


class ClockOffset(Struct, frozen=True):
    offset_us: int


class Delay(Struct, frozen=True):
    delay_us: int


class Trickle(Struct, frozen=True):
    bytes_per_second: int


class CutAfter(Struct, frozen=True):
    size_bytes: int


class Drop(Struct, frozen=True):
    pass


class Reset(Struct, frozen=True):
    pass


class LostAnswer(Struct, frozen=True):
    """Execute the request and close the connection without an answer."""


class LostRequest(Struct, frozen=True):
    """Close the connection without an answer, and do not execute the request."""


class UnknownOutcome(Struct, frozen=True):
    """Answer 503, so that the client does not know whether the request was executed.

    It is executed with this probability, in millionths.
    """

    carried_out_ppm: int


class Refuse(Struct, frozen=True):
    """Refuse the handshake of a stream."""

    status: int


class Close(Struct, frozen=True):
    """Close the stream when the rule applies to a frame.

    With `at_frame` it applies to the frame with that number, counted among the connection's frames that meet the
    conditions.
    """

    code: int
    at_frame: int | None = None


class Abort(Struct, frozen=True):
    pass


class Duplicate(Struct, frozen=True):
    pass


class Reorder(Struct, frozen=True):
    pass


class Gap(Struct, frozen=True):
    pass


class Stall(Struct, frozen=True):
    pass


class SilentChannel(Struct, frozen=True):
    pass


class LateAck(Struct, frozen=True):
    delay_us: int


class Terminal(Struct, frozen=True):
    code: int


class LiteralFrame(Struct, frozen=True):
    """Send `text` as a frame, with "$sid" and "$seq" replaced by the subscription's id and its next sequence number."""

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
    | NoRows
    | Legacy
    | Stale
    | ClockOffset
    | Delay
    | Trickle
    | CutAfter
    | Drop
    | Reset
    | LostAnswer
    | LostRequest
    | UnknownOutcome
)
FrameEffect = Close | Abort | Duplicate | Reorder | Gap | Stall | SilentChannel | Terminal | LiteralFrame
Effect = RequestEffect | Refuse | FrameEffect | LateAck
