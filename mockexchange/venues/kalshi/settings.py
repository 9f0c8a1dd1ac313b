"""What a scenario may switch about this venue; the defaults are what the facts say, or the documented choice."""

from dataclasses import dataclass
from typing import Literal

from mockexchange.core.instants import MICROSECONDS_PER_SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
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
