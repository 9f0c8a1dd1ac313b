"""What a scenario may switch about this venue; the defaults are what the facts say, or the documented choice."""

from dataclasses import dataclass
from typing import Literal

from mockexchange.core.instants import MICROSECONDS_PER_SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class KalshiSettings:
    """`auth_clock`: which time the window is measured on; real clients sign with their own, so host time.

    The window is undocumented: 10 s back is accepted and 30 s refused, 30 s ahead accepted and 60 s refused.
    """

    auth_mode: Literal["on", "off"] = "on"
    auth_clock: Literal["host", "exchange"] = "host"
    auth_salt: Literal["any", "32"] = "any"
    window_past_us: int = 15 * MICROSECONDS_PER_SECOND
    window_future_us: int = 45 * MICROSECONDS_PER_SECOND
    plain_member: Literal["403", "404", "empty"] = "403"
    strict_cursors: bool = False
    settlement_counts: Literal["gross", "net"] = "gross"
    """What a settlement counts of each side: everything bought, or the position that was paid."""
    stream_repeat: Literal["same_sid", "error_6"] = "same_sid"
    """What a subscription to a channel gets that there is one to already; code 6 only on days that had it."""
    stream_anonymous: Literal["refuse", "accept"] = "refuse"
    """Handshakes without a key, on days whose documents do not allow them."""
    stream_origin: Literal["accept", "refuse"] = "accept"
    """Handshakes with the `Origin` of another host: the venue was seen to refuse them."""
    stream_connections: int = 200
    """Open at once for one account (documented: 200, and more by tier)."""
    stream_empty_side: Literal["dated", "omit", "empty"] = "dated"
    """A side of a book without bids: its key is left out (as recorded, so on every day), or an empty list (compat)."""
    stream_answer_numbers: Literal["dated", "never"] = "dated"
    """Whether `ok` and errors carry and use a `seq`: as the day has it, or never, which compat does anyway."""
    stream_position_fee_cost: Literal["held", "paid"] = "held"
    """What the fee cost of a position is: fees of the contracts held, or all that were paid."""
    stream_heartbeat_us: int = 10 * MICROSECONDS_PER_SECOND
    """Of quiet before a Ping, in host time; 0 for none."""
    stream_pong_us: int = 30 * MICROSECONDS_PER_SECOND
    """For the answer to a Ping, in host time; 0 for ever."""
    stream_outbox_bytes: int = 4 * 1024 * 1024
    """That wait for one client: some 15,000 frames. What does not fit ends its subscription."""
