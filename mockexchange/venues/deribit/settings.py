"""What a scenario may switch about this venue; the defaults are what the facts say, or the documented choice."""

from dataclasses import dataclass
from typing import Literal

from mockexchange.core.instants import MICROSECONDS_PER_SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class DeribitSettings:
    """`auth_clock`: which time windows, tokens and `usIn` are on; real clients sign with their own, so host time."""

    auth_clock: Literal["host", "exchange"] = "host"
    window_us: int = 60 * MICROSECONDS_PER_SECOND
    """Before and after now (documented: 60 s)."""
    token_lifetime_us: int = 31_536_000 * MICROSECONDS_PER_SECOND
    """A year: what the documentation's example of `expires_in` says."""
    testnet: Literal["yes", "no"] = "yes"
    """What the `testnet` of every answer says."""
    processing_us: int = 100
    """From `usIn` to `usOut`: fixed, so that an answer is a function of the request and the time."""
    flat_rows: Literal["show", "omit"] = "show"
    """Whether a position that is flat again is a `zero` row of `private/get_positions`, until the next settlement."""
    stream_heartbeat_us: int = 0
    """Of quiet before a Ping of the protocol; the venue's own heartbeat is a method, and off until it is set."""
    stream_pong_us: int = 0
    """For the answer to a Ping, in host time; 0 for ever."""
    stream_idle_us: int = 600 * MICROSECONDS_PER_SECOND
    """Without a request, after which a stream without heartbeat is closed (documented: 10 minutes)."""
    stream_outbox_bytes: int = 4 * 1024 * 1024
    """That wait for one client. What does not fit ends its stream."""
